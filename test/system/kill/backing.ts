/** The two homes of the kill test: ours, and Google's own emulators. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { vi } from "vitest";
import type { LocalCloud } from "../../../infra/local/server.ts";
import { startEmulator } from "../../emulators/emulator.ts";

/** Where messages and state are kept. */
export interface Backing {
  /** `host:port` of Pub/Sub, for Google's clients. */
  readonly pubsub: string;
  /** Base URL of Pub/Sub's REST. */
  readonly rest: string;
  readonly store: string;
  readonly environment: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/** SQLite and our Pub/Sub. */
export async function ours(cloud: LocalCloud): Promise<Backing> {
  const folder = await mkdtemp(join(tmpdir(), "tidekeeper-kill-"));
  return {
    pubsub: `127.0.0.1:${cloud.grpcPort}`,
    rest: `http://127.0.0.1:${cloud.restPort}`,
    store: `sqlite:${join(folder, "store.sqlite")}`,
    environment: {},
    stop: () => rm(folder, { recursive: true, force: true }),
  };
}

/** Firestore and Pub/Sub of Google's emulators. */
export async function googles(): Promise<Backing> {
  const [pubsub, firestore] = await Promise.all([startEmulator("pubsub"), startEmulator("firestore")]);
  vi.stubEnv("FIRESTORE_EMULATOR_HOST", firestore.host);
  return {
    pubsub: pubsub.host,
    rest: `http://${pubsub.host}`,
    store: "firestore:demo",
    environment: { FIRESTORE_EMULATOR_HOST: firestore.host },
    stop: async () => {
      await Promise.all([pubsub.stop(), firestore.stop()]);
    },
  };
}
