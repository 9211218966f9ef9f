/**
 * Whether what a command needs can be called at all, asked before a client library calls it: such a library tries for a
 * minute where nothing answers, and where it finds no credentials it throws what nobody can catch.
 */
import { connect } from "node:net";
import type { Settings } from "../../shared/settings.ts";
import { missingFile, type WhenMissing } from "../../shared/state/store-file.ts";
import { second } from "../../shared/time/clock.ts";
import { Failure } from "./command.ts";

/** Longest wait for a connection, wire time; one on the same machine takes a millisecond. */
const knockLasts = 5 * second;

/** What to do where nothing is behind an address of a local cloud. */
export function startLocal(variable: string): string {
  return `is \`tidekeeper local\` running? It prints what ${variable} must be`;
}

/** Each service with the variable that points its client library at an emulator, and what to do where that is not there. */
const emulators = {
  Firestore: {
    variable: "FIRESTORE_EMULATOR_HOST",
    start: "is the Firestore emulator running? Start it, or correct FIRESTORE_EMULATOR_HOST",
  },
  "Pub/Sub": { variable: "PUBSUB_EMULATOR_HOST", start: startLocal("PUBSUB_EMULATOR_HOST") },
} as const;

/** Resolves with why nobody opens at an address, or with undefined. */
function knock(address: string): Promise<string | undefined> {
  const url = URL.parse(address.includes("://") ? address : `http://${address}`);
  if (url === null) return Promise.resolve("it is no address");
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const socket = connect({
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: Number(url.port || 80),
    timeout: knockLasts,
  });
  socket.on("connect", () => resolve(undefined));
  socket.on("timeout", () => resolve(`no connection within ${knockLasts / second} s`));
  socket.on("error", ({ message, code }: NodeJS.ErrnoException) => resolve(message || code));
  return promise.finally(() => socket.destroy());
}

/** @throws Failure when nothing accepts connections at the address in an environment variable. */
async function mustAnswer(address: string, variable: string, failing: string, next: string): Promise<void> {
  const why = await knock(address);
  if (why === undefined) return;
  throw new Failure(
    `${failing}: nothing answers at ${address.replace(/^https?:\/\//, "")} (${variable}): ${why}`,
    next,
  );
}

async function mustHaveCredentials(failing: string): Promise<void> {
  const { GoogleAuth } = await import("google-auth-library");
  try {
    await new GoogleAuth({ scopes: "https://www.googleapis.com/auth/cloud-platform" }).getClient();
  } catch (cause) {
    const { message } = cause as Error;
    const login = "run `gcloud auth application-default login`";
    if (message.startsWith("Could not load the default credentials")) {
      throw new Failure(`${failing}: no Google credentials`, login, { cause });
    }
    const next = `correct GOOGLE_APPLICATION_CREDENTIALS, or unset it and ${login}`;
    throw new Failure(`${failing}: no Google credentials: ${message}`, next, { cause });
  }
}

/**
 * Makes sure that a service can be called.
 * @param failing what cannot be done otherwise, e.g. `the dead letters cannot be read`.
 * @throws Failure when nothing answers at its emulator's address, or there are no credentials for Google's own.
 */
export async function mustReach(service: keyof typeof emulators, failing: string): Promise<void> {
  const { variable, start } = emulators[service];
  const address = process.env[variable];
  if (address) await mustAnswer(address, variable, failing, start);
  else await mustHaveCredentials(failing);
}

/**
 * Makes sure that the store can be called, and that its file is there unless something else is done where it is not.
 * @throws Failure
 */
export async function mustReachStore({ store, storeId }: Settings, missing: WhenMissing = "refuse"): Promise<void> {
  if (store.startsWith("firestore:")) await mustReach("Firestore", `the store ${store} cannot be read`);
  const file = missingFile(store);
  if (file === undefined || missing !== "refuse") return;
  throw new Failure(
    `there is no file ${file}, which TIDEKEEPER_STORE names`,
    storeId === undefined
      ? "correct TIDEKEEPER_STORE, or make a new store there with `tidekeeper apply FILE`"
      : `correct TIDEKEEPER_STORE, or if the store is lost, run \`tidekeeper apply FILE --recover ${storeId}\``,
  );
}

/** Makes sure that Vertex AI can be called. @throws Failure */
export async function mustReachVertex({ local }: Settings): Promise<void> {
  const failing = "Vertex AI cannot be asked";
  const variable = "TIDEKEEPER_VERTEX_REST";
  if (local === undefined) await mustHaveCredentials(failing);
  else await mustAnswer(local.rest, variable, failing, startLocal(variable));
}
