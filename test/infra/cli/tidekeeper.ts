/** Runs the real command, as a process of its own, against a local cloud and a store of the test's. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { type LocalCloud, startLocalCloud } from "../../../infra/local/server.ts";
import { openStore } from "../../../shared/state/open.ts";
import type { Store } from "../../../shared/state/store.ts";

const main = resolve("infra/cli/main.ts");

/** How a run ended. */
export interface Run {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** A place to run commands in. */
export interface Workplace {
  readonly cloud: LocalCloud;
  /** Holds the store and the files; nothing else is in it. */
  readonly folder: string;
  /** `http://127.0.0.1:PORT` of the local cloud. */
  readonly rest: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Starts `tidekeeper ARGS`. */
  start(...args: string[]): Running;
  /** Runs `tidekeeper ARGS` to its end. */
  run(...args: string[]): Promise<Run>;
  /** Runs it and reads its JSON. */
  json<T>(...args: string[]): Promise<T>;
  /** Writes a file and answers its path. */
  file(name: string, content: string): Promise<string>;
  /** The store that the commands work on. */
  openStore(): Promise<Store>;
  close(): Promise<void>;
}

/** A run that has not ended yet. */
interface Running {
  /** Presses Ctrl-C. */
  interrupt(): void;
  readonly ended: Promise<Run>;
}

/**
 * Starts the command with an environment of its own: nothing of the surrounding one but the path.
 * @param reader `gone`: nobody reads what it prints, as behind `| head -1` once that has its line.
 */
function startTidekeeper(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
  reader: "there" | "gone" = "there",
): Running {
  const child = spawn(process.execPath, [main, ...args], {
    env: { PATH: process.env["PATH"], HOME: process.env["HOME"], METADATA_SERVER_DETECTION: "none", ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  if (reader === "gone") child.stdout.destroy();
  const out = reader === "gone" ? "" : text(child.stdout);
  const ended = Promise.all([out, text(child.stderr), once(child, reader === "gone" ? "exit" : "close")]);
  return {
    interrupt: () => child.kill("SIGINT"),
    ended: ended.then(([printed, err]) => ({ code: child.exitCode, out: printed, err })),
  };
}

/** Runs the command as {@link startTidekeeper} does, to its end. */
export function runTidekeeper(...how: Parameters<typeof startTidekeeper>): Promise<Run> {
  return startTidekeeper(...how).ended;
}

/**
 * Runs the command at a terminal, whose two streams are one.
 * @param prompt what is waited for before `typed` is typed.
 */
export async function runAtTerminal(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
  { prompt, typed }: { readonly prompt: string; readonly typed: string },
): Promise<Run> {
  const command = [process.execPath, main, ...args].map((word) => `'${word}'`).join(" ");
  const child = spawn("script", ["--quiet", "--return", "--command", command, "/dev/null"], {
    env: { PATH: process.env["PATH"], TERM: "dumb", METADATA_SERVER_DETECTION: "none", ...environment },
    stdio: ["pipe", "pipe", "inherit"],
  });
  let out = "";
  let asked = false;
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    out += text;
    if (asked || !out.includes(prompt)) return;
    asked = true;
    child.stdin.write(typed);
  });
  await once(child, "close");
  return { code: child.exitCode, out, err: "" };
}

/**
 * Opens a workplace.
 * @param from world time of the local cloud.
 */
export async function openWorkplace(from: string): Promise<Workplace> {
  const folder = await mkdtemp(join(tmpdir(), "tidekeeper-cli-"));
  const cloud = await startLocalCloud({ restPort: 0, grpcPort: 0, from: Date.parse(from), speed: 1 });
  const rest = `http://127.0.0.1:${cloud.restPort}`;
  const url = `sqlite:${join(folder, "store.sqlite")}`;
  const environment = {
    ...cloud.environment("demo"),
    TIDEKEEPER_PROJECT: "demo",
    TIDEKEEPER_STORE: url,
    TIDEKEEPER_VERTEX_REST: rest,
    TIDEKEEPER_VERTEX_GRPC: `127.0.0.1:${cloud.grpcPort}`,
    TIDEKEEPER_CLOCK: `${rest}/clock`,
  };
  const start = (...args: string[]) => startTidekeeper(args, environment);
  const run = (...args: string[]) => start(...args).ended;
  return {
    cloud,
    folder,
    rest,
    environment,
    start,
    run,
    async json<T>(...args: string[]) {
      const { out, err } = await run(...args, "--json");
      try {
        return JSON.parse(out) as T;
      } catch (cause) {
        throw new Error(`${args.join(" ")} --json printed no JSON: ${out}${err}`, { cause });
      }
    },
    async file(name, content) {
      const path = join(folder, name);
      await writeFile(path, content);
      return path;
    },
    openStore: () => openStore(url),
    async close() {
      await cloud.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
