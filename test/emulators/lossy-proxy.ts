/** A TCP proxy in front of an emulator that can swallow the answers: what was sent arrives, and nobody hears of it. */
import { connect, createServer, type Socket } from "node:net";

export interface LossyProxy {
  /** `127.0.0.1:PORT` */
  readonly host: string;
  /** From now on answers are swallowed, on connections that are open. */
  swallow(): void;
  /** Breaks every open connection; new ones work. */
  cut(): void;
  close(): Promise<void>;
}

/** @param host where to, `ADDRESS:PORT`. */
export async function startLossyProxy(host: string): Promise<LossyProxy> {
  const [address = "", port = ""] = host.split(":");
  const open = new Set<{ readonly ends: readonly [Socket, Socket]; swallow: boolean }>();
  const server = createServer((client) => {
    const upstream = connect(Number(port), address);
    const pair = { ends: [client, upstream] as const, swallow: false };
    open.add(pair);
    client.pipe(upstream);
    upstream.on("data", (chunk) => {
      if (!pair.swallow) client.write(chunk);
    });
    for (const end of pair.ends) {
      end.on("error", () => end.destroy());
      end.on("close", () => {
        for (const each of pair.ends) each.destroy();
        open.delete(pair);
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const listening = server.address();
  const cut = () => {
    for (const { ends } of open) for (const end of ends) end.destroy();
  };
  return {
    host: `127.0.0.1:${listening && typeof listening === "object" ? listening.port : ""}`,
    swallow() {
      for (const pair of open) pair.swallow = true;
    },
    cut,
    async close() {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
