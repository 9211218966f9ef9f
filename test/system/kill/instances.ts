/** Several processes of one function behind one address, as Cloud Run would have them; any of them may be killed. */
import { once } from "node:events";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";
import { type RunningFunctions, startFunctions } from "../../../infra/cli/local/functions.ts";
import { freePorts } from "../../free-ports.ts";

/** What to run. */
export interface InstancesOptions {
  readonly name: string;
  readonly signature: string;
  readonly count: number;
  readonly environment: Readonly<Record<string, string>>;
  readonly onLine: (name: string, line: string) => void;
  /** Told what each request was answered with: 0 for one whose sender, or whose instance, hung up in the middle. */
  readonly onAnswer: (name: string, body: Buffer, status: number) => void;
}

/** Running instances. */
export interface Instances {
  /** Port of the balancer. */
  readonly port: number;
  /** Kills one of those that are up (SIGKILL), and starts it again. @returns false when it would be the last one. */
  kill(choose: (up: number) => number): Promise<boolean>;
  /** Resolves when every instance that was killed is up again. */
  whole(): Promise<void>;
  stop(): Promise<void>;
}

interface Instance {
  readonly port: number;
  running: RunningFunctions | undefined;
  /** Killed, and not known to be gone yet: the balancer learns of it by the connections that break, not before. */
  dying: boolean;
}

/**
 * Hands a request on; an instance that dies under it is a 502, as a balancer would answer. The request is read to its end
 * first: Google's Pub/Sub emulator never delivers a message again whose push was answered before it was read.
 */
async function forward(
  from: IncomingMessage,
  to: ServerResponse,
  choose: () => number | undefined,
  onAnswer: (body: Buffer, status: number) => void,
): Promise<void> {
  const body = await buffer(from);
  to.once("close", () => onAnswer(body, to.writableFinished ? to.statusCode : 0));
  const port = choose();
  const unavailable = (status: number) => {
    if (!to.headersSent) to.writeHead(status);
    to.end();
  };
  if (port === undefined) {
    unavailable(503);
    return;
  }
  const { method, url, headers } = from;
  const passed = request({ host: "127.0.0.1", port, method, path: url, headers, agent: false }, (answer) => {
    to.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.on("error", () => to.destroy());
    answer.pipe(to);
  });
  passed.on("error", () => unavailable(502));
  passed.end(body);
}

/** Starts the instances and their balancer, which hands requests to those that are up, in turn. */
export async function startInstances(options: InstancesOptions): Promise<Instances> {
  const { name, signature, count, environment, onLine } = options;
  const start = async (port: number) => startFunctions([{ name, signature, port, environment }], onLine);
  const instances: Instance[] = await Promise.all(
    Array.from({ length: count }, async () => {
      const port = await freePorts();
      return { port, running: await start(port), dying: false };
    }),
  );
  let turn = 0;
  const server = createServer((from, to) => {
    const next = () => {
      const up = instances.filter(({ running }) => running !== undefined);
      turn += 1;
      return up[turn % Math.max(1, up.length)]?.port;
    };
    // One that hangs up before it has sent everything gets no answer.
    const told = (body: Buffer, status: number) => options.onAnswer(name, body, status);
    void forward(from, to, next, told).catch(() => to.destroy());
  });
  // A connection that is closed for being idle just when a push begins is one more that the emulator never repeats.
  server.keepAliveTimeout = 0;
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const restarts = new Set<Promise<void>>();
  return {
    port: address.port,
    async kill(choose) {
      const up = instances.filter(({ running, dying }) => running !== undefined && !dying);
      const victim = up[choose(up.length)];
      const running = victim?.running;
      if (up.length < 2 || victim === undefined || running === undefined) return false;
      process.kill(running.pids[name] ?? 0, "SIGKILL");
      victim.dying = true;
      const restarted = (async () => {
        await running.stop();
        victim.running = undefined;
        victim.dying = false;
        victim.running = await start(victim.port);
      })();
      restarts.add(restarted);
      void restarted.finally(() => restarts.delete(restarted)).catch(() => undefined);
      return true;
    },
    whole: async () => {
      await Promise.all(restarts);
    },
    async stop() {
      await Promise.allSettled(restarts);
      server.closeAllConnections();
      server.close();
      await Promise.all(instances.map(({ running }) => running?.stop()));
    },
  };
}
