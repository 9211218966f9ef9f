import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Fleet } from "../../../shared/fleet/fleet.ts";
import type { Held, Slot } from "../../../shared/operations/operation.ts";
import { applyFleet } from "../../../shared/state/apply.ts";
import type { RestoreRecord, TargetDocument } from "../../../shared/state/documents.ts";
import { HeadRefused, pauseFleet, resumeFleet } from "../../../shared/state/pause.ts";
import { recall, recallFleet, slotOf } from "../../../shared/state/recall.ts";
import { ApplyRefused, releaseTarget } from "../../../shared/state/release-target.ts";
import { openSqlite } from "../../../shared/state/sqlite.ts";
import type { Store } from "../../../shared/state/store.ts";
import { bringUpToDate } from "../../../shared/state/target-document.ts";
import { hour } from "../../../shared/time/clock.ts";
import { persistentResourceName } from "../../../shared/vertex/names.ts";
import { CommandDied, closingAfter } from "./closing-after.ts";
import { fleet, resource } from "./fleet.ts";
import { monday9 } from "./samples.ts";
import { take } from "./take.ts";

const training = persistentResourceName("demo", "us-central1", "training");
const chat = "projects/demo/locations/us-central1/endpoints/100#chat";
const by = { by: "ann", now: monday9 } as const;
const without = (name: string): Fleet => ({ ...fleet, targets: fleet.targets.filter((one) => one.name !== name) });

let store: Store;
beforeEach(() => {
  store = openSqlite(":memory:");
});
afterEach(() => store.close());

const targetOf = async (key: string) => (await store.get("targets", key))?.value as TargetDocument;
async function change(key: string, fields: Partial<TargetDocument>): Promise<void> {
  const target = await targetOf(key);
  await store.transaction(async (tx) => tx.put("targets", key, { ...target, ...fields }));
}

describe("the first apply", () => {
  test("makes the store's id, the head, and a document for every target", async () => {
    const applied = await applyFleet(store, fleet, by);
    expect(applied).toMatchObject({ version: 1, updated: [], released: [] });
    expect(applied.created).toEqual(fleet.targets.map(({ name }) => name));
    expect(applied.storeId).toMatch(/^[0-9a-f-]{36}$/);
    expect((await store.get("fleet", "head"))?.value).toMatchObject({
      version: 1,
      appliedBy: "ann",
      appliedAt: monday9,
    });
    expect(await targetOf(training)).toEqual({
      schema: 1,
      name: "training",
      kind: "persistentResource",
      appliedVersion: 1,
      requests: [],
      decisions: [],
      phase: "unknown",
      memory: { kind: "persistentResource", deletes: [], startUps: [] },
    });
    expect((await targetOf(chat)).memory).toEqual({ kind: "spotModel", ours: [], bench: [], deploys: [], sequence: 0 });
  });

  test("can be recalled as it was applied", async () => {
    await applyFleet(store, fleet, by);
    const recalled = await recallFleet(store);
    expect("refused" in recalled ? recalled : recalled.fleet).toEqual(fleet);
  });
});

describe("the next apply", () => {
  test("keeps store id, memory, requests and pause, and ends drift, parking and first looks", async () => {
    const first = await applyFleet(store, fleet, by);
    const known = { createTime: "t", fingerprint: "f", replicas: { workers: 5 } };
    await change(training, {
      memory: {
        kind: "persistentResource",
        deletes: [monday9],
        startUps: [],
        known,
        drift: { since: monday9, what: "resized by hand" },
        attemptsAt: {
          create: { count: 3, class: "denied", note: "no", nextAt: monday9, parked: { at: monday9, why: "no" } },
        },
        look: { createTime: "t", at: monday9 },
      },
    });
    await pauseFleet(store, { by: "bob", now: monday9, note: "migration" });
    const second = await applyFleet(store, fleet, { ...by, now: monday9 + hour });
    expect(second).toMatchObject({ version: 2, storeId: first.storeId, created: [] });
    expect(second.updated).toHaveLength(fleet.targets.length);
    expect(await targetOf(training)).toMatchObject({
      appliedVersion: 2,
      memory: { kind: "persistentResource", deletes: [monday9], startUps: [], known },
    });
    expect((await targetOf(training)).memory).not.toHaveProperty("drift");
    expect((await targetOf(training)).memory).not.toHaveProperty("attemptsAt");
    expect((await targetOf(training)).memory).not.toHaveProperty("look");
    expect((await store.get("fleet", "head"))?.value.paused).toEqual({ at: monday9, by: "bob", note: "migration" });
  });

  test("that ends half-way has changed nothing, or is completed by those who wake up", async () => {
    const clock = { now: () => monday9, wire: () => monday9 };
    const fewer = { ...fleet, targets: fleet.targets.filter(({ key }) => key !== chat) };
    let transactions = 0;
    for (let ended = false; !ended; transactions += 1) {
      const own = openSqlite(":memory:");
      await applyFleet(own, fewer, by);
      const document = (await own.get("targets", training))?.value as TargetDocument;
      const memory = { ...document.memory, drift: { since: monday9, what: "by hand" } } as TargetDocument["memory"];
      await own.transaction(async (tx) => tx.put("targets", training, { ...document, memory }));
      const event = { type: "wake", target: "training" } as const;
      await take(own, { event, envelope: { messageId: "1", publishedAt: monday9 } }, { fleet, clock });
      const next = { ...fleet, targets: fleet.targets.filter(({ key }) => key !== training) };
      ended = await applyFleet(closingAfter(transactions, own), next, by).then(
        () => true,
        (error) => {
          expect(error).toBeInstanceOf(CommandDied);
          return false;
        },
      );
      const { value: head } = (await own.get("fleet", "head")) ?? {};
      const { value: left } = (await own.get("targets", training)) ?? {};
      if (head?.version === 1) {
        expect(left).toMatchObject({ appliedVersion: 1, memory: { drift: {} }, requests: [{ eventId: "1" }] });
        expect(left).not.toHaveProperty("releasedAt");
      } else {
        for (const policy of next.targets) await bringUpToDate(own, [policy], 2);
        await releaseTarget(own, training, { version: 2, now: monday9 });
        expect((await own.get("targets", training))?.value).toMatchObject({ releasedAt: monday9, requests: [] });
        const versions = (await own.list("targets")).map(({ id, value }) => id !== training && value.appliedVersion);
        expect(new Set(versions)).toEqual(new Set([false, 2]));
        expect((await own.list("outbox")).map(({ id }) => id)).toEqual(["1/accepted", "1/superseded"]);
      }
      await own.close();
    }
    expect(transactions).toBeGreaterThan(5);
  });

  test("that ends before its head leaves released what it was to take up again", async () => {
    await applyFleet(store, fleet, by);
    await applyFleet(store, without("training"), by);
    for (let transactions = 0; (await store.get("fleet", "head"))?.value.version === 2; transactions += 1) {
      expect((await targetOf(training)).releasedAt, `after ${transactions} transactions`).toBe(monday9);
      await applyFleet(closingAfter(transactions, store), fleet, by).catch((error) => {
        expect(error).toBeInstanceOf(CommandDied);
      });
    }
    await bringUpToDate(store, fleet.targets, 3);
    expect(await targetOf(training)).not.toHaveProperty("releasedAt");
  });

  test("tries again what only a person mends, and leaves set aside what has no capacity", async () => {
    await applyFleet(store, fleet, by);
    const entry = { until: monday9 + hour, strikes: 1, at: monday9 };
    const classes = ["failed", "quota", "stockout", "preempted"] as const;
    const bench = classes.map((reason) => ({ ...entry, rungId: reason, class: reason }));
    const memory = {
      kind: "spotModel",
      ours: [],
      deploys: [],
      sequence: 0,
      floor: { deployedModelId: "1", replicas: 2 },
    };
    await change(chat, { memory: { ...memory, bench } as TargetDocument["memory"] });
    await applyFleet(store, fleet, by);
    const after = (await targetOf(chat)).memory;
    expect(after).not.toHaveProperty("floor");
    expect(after.kind === "spotModel" && after.bench.map(({ rungId }) => rungId)).toEqual(["stockout", "preempted"]);
  });

  test("begins with the first machines again where alternatives were tried", async () => {
    await applyFleet(store, fleet, by);
    const sleep = { since: monday9, cause: "off-hours", restoreId: "r", alternative: 2 } as const;
    const memory = { kind: "persistentResource", deletes: [], startUps: [] } as const;
    await change(training, { memory: { ...memory, sleep, setAside: [{ alternative: 1 }] } });
    await applyFleet(store, fleet, by);
    expect((await targetOf(training)).memory).toEqual({ ...memory, sleep: { ...sleep, alternative: 0 } });
  });

  test("keeps the parts of the version before for those who read them, and forgets older ones", async () => {
    const digests = async () => new Set((await store.list("fleetParts")).map(({ id }) => id.split("/")[0]));
    for (const name of ["training", "fixed", "plain"]) await applyFleet(store, without(name), by);
    const head = (await store.get("fleet", "head"))?.value;
    expect(await digests()).toEqual(new Set([head?.digest, head?.previousDigest]));
    await applyFleet(store, without("plain"), by);
    expect((await recallFleet(store)) satisfies object).not.toHaveProperty("refused");
  });

  test("writes a large fleet in parts and chunks, and reads it back", async () => {
    const many = Array.from({ length: 3_000 }, (_, index) =>
      resource(`pool-${index}`, { strategy: "patch", pools: { workers: { min: 0, max: 8 } } }),
    );
    const applied = await applyFleet(store, { ...fleet, targets: many }, by);
    expect(applied.created).toHaveLength(3_000);
    const recalled = await recallFleet(store);
    if ("refused" in recalled) throw new Error(recalled.refused);
    expect(recalled.head.value.parts).toBeGreaterThan(1);
    expect(recalled.fleet.targets).toHaveLength(3_000);
    expect((await store.list("targets")).length).toBe(3_000);
  });
});

describe("a target that the fleet does not name any more", () => {
  const clock = { now: () => monday9, wire: () => monday9 };
  const wake = (messageId: string) =>
    take(
      store,
      { event: { type: "wake", target: "training" }, envelope: { messageId, publishedAt: monday9 } },
      { fleet, clock },
    );
  const held: Held = {
    resource: training,
    targetKey: training,
    change: { kind: "create", resource: training, body: {} },
    attempt: 1,
    claimedAt: monday9,
    claimedAtWire: monday9,
    startBy: monday9,
    eventIds: ["m1"],
    why: "asked",
    seen: "absent",
  };

  test("is let go: its document stays, and whoever waits is told", async () => {
    await applyFleet(store, fleet, by);
    await wake("m1");
    const applied = await applyFleet(store, without("training"), by);
    expect(applied.released).toEqual([{ name: "training", key: training, asleep: false }]);
    expect(await targetOf(training)).toMatchObject({ appliedVersion: 1, requests: [], releasedAt: monday9 });
    expect((await store.get("outbox", "m1/superseded"))?.value.outcome).toMatchObject({
      final: true,
      why: "training was taken out of the fleet by an apply; it is left as it is",
    });
  });

  test("leaves the answer to a running operation that will give it", async () => {
    await applyFleet(store, fleet, by);
    await wake("m1");
    const slot: Slot = { state: "running", operationName: "o", startedAt: monday9, ...held };
    await store.transaction(async (tx) => tx.put("slots", training, slot));
    await applyFleet(store, without("training"), by);
    expect((await targetOf(training)).requests.map(({ eventId }) => eventId)).toEqual(["m1"]);
    expect(await store.get("outbox", "m1/superseded")).toBeUndefined();
  });

  const memory = { kind: "persistentResource", deletes: [], startUps: [] } as const;
  const sleep = { since: monday9, cause: "off-hours", restoreId: "r", alternative: 0 } as const;
  const deletion = { kind: "delete", resource: training, createTime: "t", restoreId: "r" } as const;
  const model = { kind: "spotModel", ours: ["1"], bench: [], deploys: [], sequence: 1 } as const;

  test.each([
    { what: "is asleep", name: "training", key: training, fields: { memory: { ...memory, sleep } } },
    { what: "is being deleted", name: "training", key: training, slot: { ...held, change: deletion } },
    { what: "is undeployed", name: "chat", key: chat, fields: { memory: { ...model, asleepSince: monday9 } } },
    {
      what: "is being undeployed",
      name: "chat",
      key: chat,
      fields: { memory: { ...model, serving: { deployedModelId: "1", rungId: "r", since: monday9 } } },
      slot: { ...held, targetKey: chat, change: { kind: "undeploy", resource: slotOf(chat), deployedModelId: "1" } },
    },
  ] as const)(
    "$what: the apply is refused and changes nothing, unless it may stay so",
    async ({ name, key, ...given }) => {
      await applyFleet(store, fleet, by);
      if ("fields" in given) await change(key, given.fields);
      if ("slot" in given) {
        const slot = { state: "running", operationName: "o", startedAt: monday9, ...given.slot } as Slot;
        await store.transaction(async (tx) => tx.put("slots", slotOf(key), slot));
      }
      await expect(applyFleet(store, without(name), by)).rejects.toThrow(
        new ApplyRefused(
          `${name} leaves the fleet and is asleep: nobody would rebuild it; restore it first (\`tidekeeper wake ${name} --wait\`), or say that it shall stay deleted (\`apply --leave-asleep\`)`,
        ),
      );
      expect((await store.get("fleet", "head"))?.value.version).toBe(1);
      expect(await targetOf(key)).not.toHaveProperty("releasedAt");
      const { released } = await applyFleet(store, without(name), { ...by, leaveAsleep: true });
      expect(released).toEqual([{ name, key, asleep: true }]);
      expect((await applyFleet(store, without(name), by)).released).toEqual([]);
    },
  );

  test("is let go where only a wreck that never ran was deleted", async () => {
    await applyFleet(store, fleet, by);
    await change(training, { memory: { ...memory, sleep: { ...sleep, neverRan: true } } });
    expect((await applyFleet(store, without("training"), by)).released).toMatchObject([{ asleep: false }]);
  });

  test("is taken up again with what was remembered when it comes back", async () => {
    await applyFleet(store, fleet, by);
    await applyFleet(store, without("training"), by);
    const back = await applyFleet(store, fleet, by);
    expect(back.updated).toContain("training");
    expect(await targetOf(training)).toMatchObject({ appliedVersion: 3 });
    expect(await targetOf(training)).not.toHaveProperty("releasedAt");
  });

  test("keeps a hold: a fleet that names it again still holds it", async () => {
    await applyFleet(store, fleet, by);
    const hold = { type: "hold", target: "chat", ttl: 5 * hour } as const;
    const clock = { now: () => monday9, wire: () => monday9 };
    await take(store, { event: hold, envelope: { messageId: "h1", publishedAt: monday9 } }, { fleet, clock });
    await applyFleet(store, without("chat"), by);
    await applyFleet(store, fleet, by);
    expect((await targetOf(chat)).requests).toMatchObject([{ eventId: "h1", wish: { type: "hold" } }]);
  });
});

describe("an apply is refused, and changes nothing,", () => {
  test("when somebody else applied after the plan was made", async () => {
    await applyFleet(store, fleet, by);
    const late = applyFleet(store, without("training"), { ...by, expectedVersion: 0 });
    await expect(late).rejects.toThrow(
      new ApplyRefused("somebody applied version 1 after this plan was made for version 0; look at the plan again"),
    );
    expect((await store.get("fleet", "head"))?.value.version).toBe(1);
  });

  test("when two apply at the same time: one of them wins, whole", async () => {
    await applyFleet(store, fleet, by);
    const ends = await Promise.allSettled([
      applyFleet(store, without("training"), by),
      applyFleet(store, without("fixed"), by),
    ]);
    expect(ends.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    const recalled = await recallFleet(store);
    expect("refused" in recalled ? recalled.refused : recalled.fleet.targets).toHaveLength(fleet.targets.length - 1);
  });

  test.each([
    [
      "the head",
      async () =>
        store.transaction(async (tx) => {
          const head = await tx.get("fleet", "head");
          if (head) tx.put("fleet", "head", { ...head.value, schema: 2 });
        }),
    ],
    ["a target", () => change(training, { schema: 2 })],
  ])("when %s was written by a newer Tidekeeper", async (_, makeNewer) => {
    await applyFleet(store, fleet, by);
    await makeNewer();
    await expect(applyFleet(store, fleet, by)).rejects.toThrow(
      "was written by a newer Tidekeeper (schema 2, this one knows 1)",
    );
    expect((await store.get("fleet", "head"))?.value.version).toBe(1);
  });
});

describe("recovering a lost store", () => {
  const record: RestoreRecord = {
    schema: 1,
    targetKey: training,
    createTime: "2026-11-20T08:00:00Z",
    savedAt: monday9 - hour,
    resource: {},
    body: { displayName: "training" },
    replicas: { workers: 4 },
  };
  const recover = { storeId: "lost-one", asleep: [record] };

  test("keeps its id, and remembers what was asleep with the record that rebuilds it", async () => {
    const applied = await applyFleet(store, fleet, { ...by, recover });
    expect(applied.storeId).toBe("lost-one");
    const restoreId = `${training}@${record.createTime}`;
    expect((await store.get("restores", restoreId))?.value).toEqual(record);
    expect((await targetOf(training)).memory).toMatchObject({
      sleep: { since: record.savedAt, restoreId, alternative: 0 },
    });
  });

  test("overwrites no record that is there", async () => {
    await applyFleet(store, fleet, { ...by, recover });
    const smaller = { ...record, replicas: { workers: 1 } };
    await applyFleet(store, fleet, { ...by, recover: { storeId: "lost-one", asleep: [smaller] } });
    expect((await store.get("restores", `${training}@${record.createTime}`))?.value).toEqual(record);
  });

  test("is refused on a store that is another's", async () => {
    const { storeId } = await applyFleet(store, fleet, by);
    await expect(applyFleet(store, fleet, { ...by, recover })).rejects.toThrow(
      `the store is ${storeId}, not the lost lost-one`,
    );
  });
});

describe("recall", () => {
  const reasonOf = async (key: string = training, expected?: string) => {
    const recalled = await recall(store, key, expected);
    return "refused" in recalled ? `${recalled.reason}: ${recalled.refused}` : "ready";
  };

  test("gives everything a decision is made on, with its versions", async () => {
    const { storeId } = await applyFleet(store, fleet, by);
    const recalled = await recall(store, chat, storeId);
    if ("refused" in recalled) throw new Error(recalled.refused);
    expect(recalled.policy.name).toBe("chat");
    expect(recalled.target).toEqual(await store.get("targets", chat));
    expect(recalled.head).toEqual(await store.get("fleet", "head"));
    expect(recalled.slot).toBeUndefined();
  });

  test.each([
    [chat, "projects/demo/locations/us-central1/endpoints/100"],
    [training, training],
  ])("the slot of %s is that of %s", (key, slot) => {
    expect(slotOf(key)).toBe(slot);
  });

  test("refuses without a fleet", async () => {
    expect(await reasonOf()).toBe("no-fleet: no fleet has been applied; run `tidekeeper apply FILE`");
    expect(await reasonOf(training, "mine")).toBe(
      "no-fleet: the store is empty, and should be mine (TIDEKEEPER_STORE_ID); find the right store, or run `tidekeeper apply FILE --recover mine`",
    );
  });

  test("refuses another store than the one deployed for", async () => {
    const { storeId } = await applyFleet(store, fleet, by);
    expect(await reasonOf(training, "mine")).toBe(
      `other-store: the store is ${storeId}, and should be mine (TIDEKEEPER_STORE_ID); set TIDEKEEPER_STORE and TIDEKEEPER_STORE_ID to one and the same store`,
    );
  });

  test.each([
    ["is changed", "{}"],
    ["is missing", undefined],
  ])("refuses a fleet of which a part %s", async (_, text) => {
    await applyFleet(store, fleet, by);
    const [part] = await store.list("fleetParts");
    await store.transaction(async (tx) => {
      if (text === undefined) tx.remove("fleetParts", part?.id ?? "");
      else tx.put("fleetParts", part?.id ?? "", { schema: 1, text });
    });
    expect(await reasonOf()).toBe(
      "fleet-damaged: the applied fleet's parts do not match its digest; run `tidekeeper apply` again",
    );
  });

  test("refuses a target of a newer schema, one without a document, and gives a released one for settling only", async () => {
    await applyFleet(store, fleet, by);
    await change(training, { schema: 2 });
    expect(await reasonOf()).toContain("newer-schema: the document of training was written by a newer Tidekeeper");
    await store.transaction(async (tx) => tx.remove("targets", chat));
    expect(await reasonOf(chat)).toBe(
      "no-target: chat is in the fleet, but the store does not know it; run `tidekeeper apply` again",
    );
    await change(training, { schema: 1 });
    await applyFleet(store, without("training"), by);
    const released = await recall(store, training);
    expect(released).toMatchObject({ reason: "not-in-fleet", target: { value: { name: "training" } } });
  });
});

describe("pause", () => {
  test("keeps the first pause until resume, and both may be repeated", async () => {
    await applyFleet(store, fleet, by);
    const first = await pauseFleet(store, { by: "ann", now: monday9 });
    expect(first.paused).toEqual({ at: monday9, by: "ann" });
    expect(await pauseFleet(store, { by: "bob", now: monday9 + hour })).toEqual(first);
    expect((await resumeFleet(store)).head).not.toHaveProperty("paused");
    const version = (await store.get("fleet", "head"))?.version;
    await resumeFleet(store);
    expect((await store.get("fleet", "head"))?.version).toBe(version);
  });

  test("needs a fleet", async () => {
    await expect(resumeFleet(store)).rejects.toBeInstanceOf(HeadRefused);
  });
});
