import { Firestore } from "@google-cloud/firestore";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { openStore } from "../../../shared/state/open.ts";
import { type Emulator, missingEmulator, startEmulator } from "../../emulators/emulator.ts";
import { describeStore } from "./contract.ts";
import { head, mark, monday9 } from "./samples.ts";

describe.skipIf(missingEmulator("firestore"))("on Google's Firestore emulator", () => {
  let emulator: Emulator;
  let made = 0;
  const newProject = () => `project-${made++}`;
  beforeAll(async () => {
    emulator = await startEmulator("firestore");
    vi.stubEnv("FIRESTORE_EMULATOR_HOST", emulator.host);
    vi.stubEnv("METADATA_SERVER_DETECTION", "none");
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    await emulator.stop();
  });

  describeStore("Firestore", () => openStore(`firestore:${newProject()}`));

  test("a document with an expiry carries it as the Timestamp of the TTL policy, another has none", async () => {
    const projectId = newProject();
    const store = await openStore(`firestore:${projectId}`);
    await store.transaction(async (tx) => {
      tx.put("events", "publisher/7", mark("publisher/7", monday9 + 5));
      tx.put("fleet", "head", head(1));
    });
    const raw = new Firestore({ projectId });
    const event = await raw.doc("tidekeeper-events/publisher%2F7").get();
    expect(event.get("expireAt").toMillis()).toBe(monday9 + 5);
    expect(event.get("id")).toBe("publisher/7");
    expect((await raw.doc("tidekeeper-fleet/head").get()).data()).toEqual({
      id: "head",
      text: JSON.stringify(head(1)),
    });
    expect(await store.sweep(monday9 + 10)).toBe(0);
    await raw.terminate();
    await store.close();
  });

  test("a named database is another store than the default one", async () => {
    const projectId = newProject();
    const ours = await openStore(`firestore:${projectId}`);
    const named = await openStore(`firestore:${projectId}/tidekeeper`);
    await named.transaction(async (tx) => tx.put("fleet", "head", head(3)));
    expect(await ours.get("fleet", "head")).toBeUndefined();
    expect((await named.get("fleet", "head"))?.value.version).toBe(3);
    await ours.close();
    await named.close();
  });
});
