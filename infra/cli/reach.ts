/**
 * Whether a service of Google's can be called at all, asked before its client library is: where that finds no credentials,
 * it throws what nobody can catch.
 */
import { Failure } from "./command.ts";

/** Each service with the variable that points its client library at an emulator. */
const emulators = { Firestore: "FIRESTORE_EMULATOR_HOST", "Pub/Sub": "PUBSUB_EMULATOR_HOST" } as const;

/**
 * Makes sure that a service can be called.
 * @param failing what cannot be done otherwise, e.g. `the dead letters cannot be read`.
 * @throws Failure when Google is to be called, and there are no credentials for it.
 */
export async function mustReach(service: keyof typeof emulators, failing: string): Promise<void> {
  if (process.env[emulators[service]]) return;
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
