/** The functions as processes of their own on this machine: real functions-framework, as Cloud Run would run them. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { connect } from "node:net";
import { dirname, extname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { mustBeFree } from "../../local/wire/port-taken.ts";

// The package exports no path to its own command; it lies beside its entry point.
const framework = join(dirname(createRequire(import.meta.url).resolve("@google-cloud/functions-framework")), "main.js");
// A clone runs its sources, an installed package what was built of them.
const ending = extname(import.meta.filename);
const source = fileURLToPath(new URL(`../../../functions/index${ending}`, import.meta.url));
const preload = new URL(`./preload${ending}`, import.meta.url).href;

/** One function to run. */
export interface FunctionProcess {
  readonly name: string;
  readonly signature: string;
  readonly port: number;
  readonly environment: Readonly<Record<string, string>>;
}

/** Running functions. */
export interface RunningFunctions {
  /** Resolves when every process has ended. */
  stop(): Promise<void>;
  /** Process ids by function name, for tests that kill. */
  readonly pids: Readonly<Record<string, number>>;
}

async function accepts(port: number, child: ChildProcess): Promise<void> {
  while (child.exitCode === null && child.signalCode === null) {
    const socket = connect(port, "127.0.0.1");
    try {
      await once(socket, "connect");
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 20));
    } finally {
      socket.destroy();
    }
  }
  throw new Error(`the process ended with ${child.exitCode ?? child.signalCode} before it listened on port ${port}`);
}

/**
 * Starts the functions and resolves when all accept connections, which they do on 127.0.0.1 only.
 * @param onLine receives each line a function prints, with the function's name.
 * @throws PortTaken, before any is started; Error naming the function that did not come up, the others stopped first.
 */
export async function startFunctions(
  functions: readonly FunctionProcess[],
  onLine: (name: string, line: string) => void,
): Promise<RunningFunctions> {
  // A connection to somebody else's server would look like a function that has come up.
  for (const { name, port } of functions) await mustBeFree(`The function ${name}`, "127.0.0.1", port);
  const children = functions.map(({ name, signature, port, environment }) => {
    const child = spawn(
      process.execPath,
      [
        `--import=${preload}`,
        framework,
        `--target=${name}`,
        `--source=${source}`,
        `--signature-type=${signature}`,
        `--port=${port}`,
      ],
      { env: { ...process.env, NODE_ENV: "production", ...environment }, stdio: ["ignore", "pipe", "pipe", "ipc"] },
    );
    for (const stream of [child.stdout, child.stderr]) {
      if (stream !== null) createInterface({ input: stream }).on("line", (line) => onLine(name, line));
    }
    return { name, port, child };
  });
  const stop = async () => {
    await Promise.all(
      children.map(async ({ child }) => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        const ended = once(child, "exit");
        child.kill("SIGTERM");
        const impatient = setTimeout(() => child.kill("SIGKILL"), 3_000);
        await ended;
        clearTimeout(impatient);
      }),
    );
  };
  const results = await Promise.allSettled(children.map(({ port, child }) => accepts(port, child)));
  const failed = results.findIndex((result) => result.status === "rejected");
  if (failed >= 0) {
    await stop();
    const reason = results[failed] as PromiseRejectedResult;
    throw new Error(`function ${children[failed]?.name} did not start: ${(reason.reason as Error).message}`);
  }
  return { stop, pids: Object.fromEntries(children.map(({ name, child }) => [name, child.pid ?? 0])) };
}
