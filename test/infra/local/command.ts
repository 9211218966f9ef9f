/** `tidekeeper local` as people start it: a process of its own, from its first line to its end. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { watch } from "node:fs";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { freePorts } from "../../free-ports.ts";

const command = resolve("infra/cli/tidekeeper.js");

/** What the command prints with `--json` once it is ready. */
interface Ready {
  readonly addresses: { readonly rest: string; readonly grpc: string; readonly status?: string };
  readonly environment: Readonly<Record<string, string>>;
}

/** A running `tidekeeper local`. */
export interface LocalProcess extends Ready {
  readonly pid: number;
  readonly grpcPort: number;
  /** REST call; answers the JSON whatever the status. */
  call<T = Record<string, unknown>>(method: string, path: string, body?: unknown): Promise<T>;
  /** Presses Ctrl-C and waits for the end. @returns the exit code. */
  interrupt(): Promise<number | null>;
  /** Kills it, so that it can end nothing itself. */
  kill(): Promise<void>;
}

function start(args: readonly string[], environment: Readonly<Record<string, string>> = {}): ChildProcess {
  const env = { ...process.env, ...environment };
  return spawn(process.execPath, [command, "local", ...args], { stdio: ["ignore", "pipe", "pipe"], env });
}

/** Starts it on free ports and waits until it says that it is ready. Throws Error with what it printed when it ends before. */
export async function startCommand(...args: string[]): Promise<LocalProcess> {
  const child = start(["--json", "--port", String(await freePorts(8)), ...args]);
  const { stdout, stderr, pid } = child;
  if (stdout === null || stderr === null || pid === undefined) throw new Error("the command has no output");
  const complaint = text(stderr);
  const lines = createInterface({ input: stdout });
  const first = once(lines, "line") as Promise<[string]>;
  const ended = once(child, "close");
  const [line] = await Promise.race([
    first,
    ended.then(async () => {
      throw new Error(`tidekeeper local ended before it was ready: ${await complaint}`);
    }),
  ]);
  const ready = JSON.parse(line) as Ready;
  return {
    ...ready,
    pid,
    grpcPort: Number(ready.addresses.grpc.split(":").at(-1)),
    async call<T>(method: string, path: string, body?: unknown) {
      const answer = await fetch(ready.addresses.rest + path, {
        method,
        headers: { "content-type": "application/json" },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return (await answer.json()) as T;
    },
    async interrupt() {
      child.kill("SIGINT");
      await ended;
      return child.exitCode;
    },
    async kill() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

/**
 * Starts it with `folder` for its temporary files, and presses Ctrl-C as soon as it has made one, long before it is ready.
 * @returns the exit code and what it printed.
 */
export async function interruptedCommand(
  folder: string,
  ...args: string[]
): Promise<{ code: number | null; printed: string }> {
  const child = start(["--port", String(await freePorts(8)), ...args], { TMPDIR: folder });
  const watcher = watch(folder, (_, name) => {
    if (!name?.startsWith("tidekeeper-")) return;
    child.kill("SIGINT");
    // Its removal is told, too: pressed again so late, Ctrl-C would end a process that has just stopped in order.
    watcher.close();
  });
  const [printed] = await Promise.all([child.stdout === null ? "" : text(child.stdout), once(child, "close")]);
  watcher.close();
  return { code: child.exitCode, printed };
}

/** Runs it where it must refuse at once. */
export async function refusedCommand(...args: string[]): Promise<{ code: number | null; told: string }> {
  const child = start(["--port", String(await freePorts(8)), ...args]);
  const [told] = await Promise.all([child.stderr === null ? "" : text(child.stderr), once(child, "close")]);
  return { code: child.exitCode, told };
}
