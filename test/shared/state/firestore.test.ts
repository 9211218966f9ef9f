import { Firestore } from "@google-cloud/firestore";
import { describe, expect, test, vi } from "vitest";
import { openFirestore } from "../../../shared/state/firestore.ts";
import { openStore } from "../../../shared/state/open.ts";
import { StoreUnavailable } from "../../../shared/state/store.ts";
import { missingEmulator } from "../../emulators/emulator.ts";
import { startLossyProxy } from "../../emulators/lossy-proxy.ts";
import { useFirestore } from "../../emulators/use-firestore.ts";
import { describeStore } from "./contract.ts";
import { head, mark, monday9 } from "./samples.ts";

describe.skipIf(missingEmulator("firestore"))("on Google's Firestore emulator", () => {
  const emulator = useFirestore();
  let made = 0;
  const newProject = () => `project-${made++}`;

  describeStore("Firestore", () => openStore(`firestore:${newProject()}`));

  test("a document with an expiry carries it as a Timestamp, as a TTL policy wants it; another has none", async () => {
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
      commit: expect.any(String),
    });
    await raw.terminate();
    await store.close();
  });

  test("a commit whose answer is lost counts once, though the client library repeats it", async () => {
    const projectId = newProject();
    const direct = await openStore(`firestore:${projectId}`);
    const proxy = await startLossyProxy(emulator().host);
    vi.stubEnv("FIRESTORE_EMULATOR_HOST", proxy.host);
    const store = await openStore(`firestore:${projectId}`);
    vi.stubEnv("FIRESTORE_EMULATOR_HOST", emulator().host);
    const increment = async (beforeCommit: () => void) => {
      await store.transaction(async (tx) => {
        const found = await tx.get("fleet", "head");
        tx.put("fleet", "head", head((found?.value.version ?? 0) + 1));
        beforeCommit();
      });
    };
    const counted = async () => (await direct.get("fleet", "head"))?.value.version;
    for (const expected of [1, 2]) {
      const incrementing = increment(() => proxy.swallow());
      await vi.waitFor(async () => expect(await counted()).toBe(expected), { timeout: 20_000 });
      proxy.cut();
      await incrementing;
    }
    expect(await counted()).toBe(2);
    await store.close();
    await direct.close();
    await proxy.close();
  });

  test("a store that does not answer ends in StoreUnavailable, in a function's time", async () => {
    const proxy = await startLossyProxy("127.0.0.1:1");
    vi.stubEnv("FIRESTORE_EMULATOR_HOST", proxy.host);
    const store = await openFirestore(newProject(), { longestCall: 200 });
    vi.stubEnv("FIRESTORE_EMULATOR_HOST", emulator().host);
    const uses = {
      "reading fleet/head failed": () => store.get("fleet", "head"),
      "listing fleet failed": () => store.list("fleet"),
      "sweeping events failed": () => store.sweep(monday9),
      "reading in a transaction failed": () => store.transaction((tx) => tx.get("fleet", "head")),
      "a commit ended in an error": () => store.transaction(async (tx) => tx.put("fleet", "head", head(1))),
    };
    for (const [what, use] of Object.entries(uses)) {
      const ending = use();
      await expect(ending).rejects.toBeInstanceOf(StoreUnavailable);
      await expect(ending).rejects.toThrow(what);
      await expect(ending).rejects.toThrow("no answer within 0.2 s");
    }
    await store.close();
    await proxy.close();
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
