/**
 * Google's own emulators, for tests: the jar of the Cloud SDK started directly, so that there is one process to end.
 * Without the SDK or Java the suites that need one are skipped, loudly.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, readdirSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { freePorts } from "../free-ports.ts";

/** Which emulator, and where in the Cloud SDK it lies. */
const jars = {
  firestore: {
    folder: "platform/cloud-firestore-emulator",
    jar: /^cloud-firestore-emulator.*\.jar$/,
    main: "com.google.cloud.datastore.emulator.firestore.CloudFirestore",
  },
  pubsub: {
    folder: "platform/pubsub-emulator/lib",
    jar: /^cloud-pubsub-emulator-.*\.jar$/,
    main: "com.google.cloud.pubsub.testing.v1.Main",
  },
} as const;

export type EmulatorName = keyof typeof jars;

/** An emulator that runs; `host` is `127.0.0.1:PORT`. */
export interface Emulator {
  readonly host: string;
  stop(): Promise<void>;
}

function whereIs(command: string): string | undefined {
  try {
    return (
      execFileSync("which", [command], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim() || undefined
    );
  } catch {
    return undefined;
  }
}

/** The emulator's jar, or why there is none. */
function findJar(name: EmulatorName): { readonly jar: string } | { readonly missing: string } {
  if (!whereIs("java")) return { missing: "no java on this machine" };
  const gcloud = whereIs("gcloud");
  if (!gcloud) return { missing: "no gcloud on this machine" };
  const places = [dirname(dirname(realpathSync(gcloud))), "/usr/lib/google-cloud-sdk"];
  for (const place of places) {
    const folder = join(place, jars[name].folder);
    const file = existsSync(folder) && readdirSync(folder).find((entry) => jars[name].jar.test(entry));
    if (file) return { jar: join(folder, file) };
  }
  return { missing: `gcloud is here without its component ${jars[name].folder.split("/")[1]}` };
}

/**
 * For `describe.skipIf`: why this emulator cannot be had here, said aloud; undefined where it can. A machine that has it
 * and cannot start it fails the suite, and so does a CI with gcloud and without the emulator.
 */
export function missingEmulator(name: EmulatorName): string | undefined {
  const found = findJar(name);
  if ("jar" in found) return undefined;
  if (process.env["CI"] === "true" && whereIs("gcloud")) throw new Error(`CI must not skip this: ${found.missing}`);
  console.warn(`SKIPPED: everything on Google's ${name} emulator: ${found.missing}`);
  return found.missing;
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await ended;
}

/** Resolves once the emulator answers over HTTP; rejects when it ends, or says nothing for long. */
async function ready(child: ChildProcess, url: string, output: () => string): Promise<void> {
  for (let tried = 0; tried < 300; tried++) {
    if (child.exitCode !== null) throw new Error(`the emulator ended with ${child.exitCode}: ${output()}`);
    const answer = await fetch(url).catch(() => undefined);
    if (answer?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`the emulator did not answer at ${url} within 30 s: ${output()}`);
}

/**
 * Starts it on a free port of 127.0.0.1 and waits until it answers.
 * @throws Error with the emulator's own words when it does not come up.
 */
export async function startEmulator(name: EmulatorName): Promise<Emulator> {
  const found = findJar(name);
  if ("missing" in found) throw new Error(found.missing);
  const port = await freePorts();
  const flags = ["-Duser.language=en", "-cp", found.jar, jars[name].main, "--host=127.0.0.1", `--port=${port}`];
  const child = spawn("java", flags, { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk) => {
      output = (output + chunk).slice(-4_000);
    });
  }
  const abandoned = () => child.kill("SIGKILL");
  process.once("exit", abandoned);
  try {
    await ready(child, `http://127.0.0.1:${port}/`, () => output);
  } catch (error) {
    await stop(child);
    throw error;
  }
  return {
    host: `127.0.0.1:${port}`,
    stop: async () => {
      process.removeListener("exit", abandoned);
      await stop(child);
    },
  };
}
