/** Google's Firestore emulator for the tests of one `describe`. */
import { afterAll, beforeAll, vi } from "vitest";
import { type Emulator, startEmulator } from "./emulator.ts";

/** Starts it before the tests around, points Google's client at it, and stops it after them. @returns it, within a test. */
export function useFirestore(): () => Emulator {
  let emulator: Emulator | undefined;
  beforeAll(async () => {
    emulator = await startEmulator("firestore");
    vi.stubEnv("FIRESTORE_EMULATOR_HOST", emulator.host);
    vi.stubEnv("METADATA_SERVER_DETECTION", "none");
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    await emulator?.stop();
  });
  return () => {
    if (emulator === undefined) throw new Error("the emulator runs only while tests do");
    return emulator;
  };
}
