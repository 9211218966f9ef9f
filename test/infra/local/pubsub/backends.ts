/** The two Pub/Subs that one suite runs against: ours, and Google's emulator where Java and the Cloud SDK are installed. */
import { execFileSync, spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { vi } from "vitest";
import { createWireClock } from "../../../../infra/local/clock/wire-clock.ts";
import { createPubsub } from "../../../../infra/local/pubsub/pubsub.ts";
import { startDoors } from "../../../../infra/local/wire/doors.ts";

export interface Backend {
  /** `host:port` that speaks gRPC. */
  readonly grpc: string;
  /** Base URL that speaks REST. */
  readonly rest: string;
  close(): Promise<void>;
}

/** Starts ours. */
export async function startOurs(): Promise<Backend> {
  const wire = createWireClock();
  const pubsub = createPubsub({ wire });
  const doors = await startDoors({ services: pubsub.services, restPort: 0, grpcPort: 0 });
  return {
    grpc: `127.0.0.1:${doors.grpcPort}`,
    rest: `http://127.0.0.1:${doors.restPort}`,
    close: async () => {
      pubsub.close();
      wire.stop();
      await doors.close();
    },
  };
}

/** The emulator's jar, or why it cannot be used. */
export function findEmulator(): { jar: string } | { missing: string } {
  const output = (command: string, args: string[]) => {
    try {
      return execFileSync(command, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
    } catch {
      return undefined;
    }
  };
  const root = output("gcloud", ["info", "--format=value(installation.sdk_root)"]);
  if (root === undefined) return { missing: "gcloud is not installed" };
  const lib = join(root, "platform", "pubsub-emulator", "lib");
  const jar = existsSync(lib)
    ? readdirSync(lib).find((file) => /^cloud-pubsub-emulator.*\.jar$/.test(file))
    : undefined;
  if (jar === undefined) return { missing: "the Cloud SDK has no pubsub-emulator component" };
  if (output("java", ["-version"]) === undefined) return { missing: "java is not installed" };
  return { jar: join(lib, jar) };
}

/** Starts Google's emulator; one port speaks both. */
export async function startGoogles(jar: string): Promise<Backend> {
  const port = await freePort();
  const child = spawn("java", ["-jar", jar, "--host=127.0.0.1", `--port=${port}`], { stdio: "ignore" });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const rest = `http://127.0.0.1:${port}`;
  await vi.waitFor(async () => (await fetch(rest)).text(), { timeout: 25_000, interval: 100 });
  return {
    grpc: `127.0.0.1:${port}`,
    rest,
    close: async () => {
      child.kill();
      await ended;
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}
