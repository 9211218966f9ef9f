/** How operations end in the world: what failed, what had no effect, what nobody can tell, and other people's hands. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { FaultInput } from "../../../infra/local/vertex/behaviour/fault-rules.ts";
import { fingerprint } from "../../../shared/decide/persistent-resource/fingerprint.ts";
import { afterLeaving } from "../../../shared/decide/spot-model/settle.ts";
import { claim, startWithin } from "../../../shared/operations/claim.ts";
import { create } from "../../../shared/operations/create.ts";
import { finish } from "../../../shared/operations/finish.ts";
import { callMargin, lapseMargin } from "../../../shared/operations/judge.ts";
import type { Change, Held } from "../../../shared/operations/operation.ts";
import { record } from "../../../shared/operations/record.ts";
import { settle, withdraw } from "../../../shared/operations/settle.ts";
import { startAndRecord } from "../../../shared/operations/start.ts";
import type { TargetDocument } from "../../../shared/state/documents.ts";
import { isAsleep } from "../../../shared/state/release-target.ts";
import { VertexError } from "../../../shared/vertex/errors.ts";
import { endpointName, persistentResourceName } from "../../../shared/vertex/names.ts";
import type { PersistentResource } from "../../../shared/vertex/vertex.ts";
import { callAsStranger, deployedModel, location, pools, runningPool, servingEndpoint } from "./fixtures.ts";
import { openWorld, type World } from "./world.ts";

let world: World;
let count = 0;
beforeAll(async () => {
  world = await openWorld();
});
afterEach(() => {
  world.vertex.model.faults.remove(undefined);
  world.vertex.model.behaviour.change({ updatePersistentResource: "works" });
});
afterAll(() => world.close());

const fresh = (prefix: string): string => {
  count += 1;
  return `${prefix}${count}`;
};
const onPool = (id: string) => persistentResourceName("demo", "us-central1", id);
const onEndpoint = (id: string) => endpointName("demo", "us-central1", id);
const createOf = (id: string): Change => ({
  kind: "create",
  resource: onPool(id),
  body: { resourcePools: pools("2") },
});
const deleteOf = (id: string): Change => ({
  kind: "delete",
  resource: onPool(id),
  createTime: "2026-11-19T07:00:00Z",
  restoreId: "r",
});
const deployTo = (id: string, deployedModelId: string): Change => ({
  kind: "deploy",
  resource: onEndpoint(id),
  deployedModelId,
  rungId: "rung",
  deployedModel: deployedModel(deployedModelId),
});
const fault = (method: string, effect: FaultInput["effect"]) =>
  world.vertex.model.faults.add([{ match: { method }, count: 1, effect }]);
const eventOf = (change: Change) => `event-${change.resource}-${change.kind}`;

async function carryOut(change: Change) {
  const started = await world.start(await world.claimed(change));
  return started.start === "ended" ? started.settlement : world.settleToTheEnd(change.resource);
}

describe("an operation that fails, fails with its class", () => {
  test.each([
    { what: "stockout while provisioning", effect: { kind: "stockout", as: "operation" }, is: "stockout" },
    { what: "stockout that leaves a wreck", effect: { kind: "stockout", as: "error-state" }, is: "stockout" },
    { what: "quota", effect: { kind: "quota" }, is: "quota" },
    { what: "too many submissions a minute", effect: { kind: "request-quota" }, is: "throttled" },
  ] as const)("create: $what", async ({ effect, is }) => {
    const change = createOf(fresh("create"));
    fault("CreatePersistentResource", effect);
    expect(await carryOut(change)).toMatchObject({ end: "failed", class: is });
    expect(await world.told(eventOf(change))).toContain("failed");
  });

  test.each([
    { what: "stockout", effect: { kind: "stockout", as: "operation" }, is: "stockout" },
    { what: "stockout at once", effect: { kind: "stockout", as: "error" }, is: "stockout" },
    {
      what: "a container that does not come up",
      effect: { kind: "operation-error", code: "INVALID_ARGUMENT", message: "Model server exited unexpectedly." },
      is: "model-fault",
    },
  ] as const)("deploy: $what", async ({ effect, is }) => {
    const id = fresh("900");
    await servingEndpoint(world, id, []);
    fault("DeployModel", effect);
    const settlement = await carryOut(deployTo(id, "4711"));
    expect(settlement).toMatchObject({ end: "failed", class: is });
  });

  test("a stranger's operation on the endpoint is busy, not a failure of ours", async () => {
    const id = fresh("900");
    await servingEndpoint(world, id, []);
    await callAsStranger(world, "POST", `${onEndpoint(id)}:deployModel`, { deployedModel: deployedModel("1") });
    expect(await carryOut(deployTo(id, "2"))).toMatchObject({ end: "failed", class: "busy" });
  });

  test("a stranger changed the split first: conflict, and nothing is overwritten", async () => {
    const id = fresh("900");
    await servingEndpoint(world, id, ["1", "2"]);
    const etag = (await world.reader.getEndpoint(onEndpoint(id)))?.etag ?? "";
    await callAsStranger(world, "PATCH", `${onEndpoint(id)}?updateMask=traffic_split`, { trafficSplit: { "1": 100 } });
    const change: Change = { kind: "traffic", resource: onEndpoint(id), etag, trafficSplit: { "2": 100 } };
    expect(await carryOut(change)).toMatchObject({ end: "failed", class: "conflict" });
    expect((await world.reader.getEndpoint(onEndpoint(id)))?.trafficSplit).toEqual({ "1": 100 });
  });
});

describe("an operation that ends while it is looked at", () => {
  test("is looked at again: its resource may have been read before it ended", async () => {
    const id = fresh("900");
    await servingEndpoint(world, id, []);
    const change = deployTo(id, "4711");
    await world.start(await world.claimed(change));
    const { reader } = world;
    // The endpoint is read first, and the answer about the operation comes an hour later.
    const stale = await reader.getEndpoint(onEndpoint(id));
    const slow: typeof reader = {
      ...reader,
      getEndpoint: async () => stale,
      async getOperation(name) {
        await world.world.advance(3_600_000);
        return reader.getOperation(name);
      },
    };
    const slot = await world.slotOf(change.resource);
    expect(await settle({ ...world.tools, reader: slow }, slot, world.afterSettling)).toMatchObject({
      slot: "occupied",
    });
    expect(await world.settleToTheEnd(change.resource)).toMatchObject({ end: "done" });
  });
});

test("what a failed create left is told by its error, though it shows no sizes", () => {
  const resource = onPool("wreck");
  const asked = { kind: "create", resource, body: { resourcePools: pools("2") } } as const;
  const [{ replicaCount: _, ...shown } = {}] = pools("2");
  const error = { code: 8, message: "The following quotas are exceeded: X" };
  const value = { name: resource, createTime: "2026-11-22T09:00:01Z", resourcePools: [shown], error };
  const held = { claimedAt: Date.parse("2026-11-22T09:00:00Z") } as Held;
  const recognise = (state: string) =>
    create.recognise(asked, held, { resource: { look: "present", value: { ...value, state } as PersistentResource } });
  expect(recognise("ERROR")).toMatchObject({ seen: "impossible", class: "quota" });
  expect(recognise("RUNNING")).toMatchObject({ seen: "impossible", class: "exists" });
});

describe("a resize is believed only when the replica counts show it", () => {
  test.each([
    { mode: "no-effect", is: "no-effect" },
    { mode: "refuses", is: "invalid" },
  ] as const)("a service that $mode", async ({ mode, is }) => {
    const id = fresh("resize");
    const createTime = await runningPool(world, id);
    world.vertex.model.behaviour.change({ updatePersistentResource: mode });
    const change: Change = { kind: "resize", resource: onPool(id), createTime, pools: [{ id: "p0", replicaCount: 4 }] };
    expect(await carryOut(change)).toMatchObject({ end: "failed", class: is });
  });

  test("pools that are not those decided on: not sent", async () => {
    const id = fresh("resize");
    const createTime = await runningPool(world, id);
    const change: Change = {
      kind: "resize",
      resource: onPool(id),
      createTime,
      pools: [{ id: "gpu", replicaCount: 4 }],
    };
    expect(await carryOut(change)).toMatchObject({ end: "failed", class: "invalid", note: "pools are p0, not gpu" });
    expect((await world.reader.listOperations(change.resource)).items).toHaveLength(1);
  });
});

describe("whatever the service is like, an operation is settled by what the resource shows", () => {
  afterEach(() =>
    world.vertex.model.behaviour.change({
      projectNames: "given",
      notFoundAfterCreateSeconds: 0,
      deployingModels: "hidden",
      deployedModelStatus: "filled",
    }),
  );

  test("names come back with the project's number", async () => {
    const id = fresh("number");
    const createTime = await runningPool(world, id);
    world.vertex.model.behaviour.change({ projectNames: "number" });
    const change: Change = { kind: "resize", resource: onPool(id), createTime, pools: [{ id: "p0", replicaCount: 3 }] };
    expect(await carryOut(change)).toMatchObject({ end: "done" });
  });

  test("a resource that Get does not show for a while after its creation", async () => {
    world.vertex.model.behaviour.change({ notFoundAfterCreateSeconds: 600 });
    expect(await carryOut(createOf(fresh("late")))).toMatchObject({ end: "done" });
  });

  test.each(["shown", "hidden"] as const)("a model that is %s while it is being deployed", async (deployingModels) => {
    const id = fresh("900");
    await servingEndpoint(world, id, []);
    world.vertex.model.behaviour.change({ deployingModels });
    expect(await carryOut(deployTo(id, "4711"))).toMatchObject({ end: "done" });
    expect((await world.reader.getEndpoint(onEndpoint(id)))?.deployedModels?.[0]).toMatchObject({ id: "4711" });
  });

  test("deployed models without a status: only the operation tells", async () => {
    const id = fresh("900");
    await servingEndpoint(world, id, []);
    world.vertex.model.behaviour.change({ deployedModelStatus: "absent" });
    expect(await carryOut(deployTo(id, "4711"))).toMatchObject({ end: "done" });
  });

  test("a status that lags a minute behind", async () => {
    const id = fresh("lags");
    const createTime = await runningPool(world, id);
    world.vertex.model.faults.add([
      { match: { method: "GetPersistentResource", resource: id }, effect: { kind: "status-lags", seconds: 60 } },
    ]);
    const change: Change = { kind: "resize", resource: onPool(id), createTime, pools: [{ id: "p0", replicaCount: 3 }] };
    expect(await carryOut(change)).toMatchObject({ end: "done" });
  });
});

describe("only the incarnation that was looked at is touched", () => {
  test.each(["delete", "resize", "reboot", "job"] as const)(
    "%s: recreated by somebody meanwhile, nothing is sent",
    async (kind) => {
      const id = fresh("again");
      const createTime = await runningPool(world, id);
      const held = await world.claimed(
        (
          {
            delete: { kind: "delete", resource: onPool(id), createTime, restoreId: id },
            resize: { kind: "resize", resource: onPool(id), createTime, pools: [{ id: "p0", replicaCount: 1 }] },
            reboot: { kind: "reboot", resource: onPool(id), createTime },
            job: { kind: "job", resource: onPool(id), createTime, eventId: id, customJob: { displayName: id } },
          } satisfies Record<typeof kind, Change>
        )[kind],
      );
      await callAsStranger(world, "DELETE", onPool(id));
      await world.world.advance(3_600_000);
      const theirs = await runningPool(world, id);
      expect(await world.start(held)).toMatchObject({ start: "ended", settlement: { end: "failed", class: "gone" } });
      await world.world.advance(3_600_000);
      const there = await world.reader.getPersistentResource(onPool(id));
      expect(there).toMatchObject({ createTime: theirs, state: "RUNNING" });
    },
  );

  test("our delete is done when somebody has created it anew", async () => {
    const id = fresh("again");
    const createTime = await runningPool(world, id);
    const change: Change = { kind: "delete", resource: onPool(id), createTime, restoreId: id };
    expect(await world.start(await world.claimed(change))).toMatchObject({ start: "running" });
    await world.world.advance(3_600_000);
    await runningPool(world, id);
    expect(await world.settle(change.resource)).toMatchObject({
      slot: "ended",
      settlement: { end: "done", note: expect.stringContaining(`of ${createTime} is gone`) },
    });
  });

  test("a create that finds the id taken by somebody else has failed, once it is certain that it is not ours", async () => {
    const id = fresh("taken");
    await runningPool(world, id);
    const change = createOf(id);
    await world.world.advance(3_600_000);
    expect(await world.start(await world.claimed(change))).toMatchObject({ start: "unclear" });
    world.passWire(startWithin + lapseMargin + 1);
    expect(await world.settle(change.resource)).toMatchObject({
      slot: "ended",
      settlement: { end: "failed", class: "exists", note: expect.stringContaining("exists since") },
    });
  });
});

test("what our own create has made is ours, though somebody resized it before we looked", async () => {
  const change = createOf(fresh("resized"));
  await world.start(await world.claimed(change));
  await world.world.advance(3_600_000);
  const name = `${change.resource}?updateMask=resource_pools.replica_count`;
  await callAsStranger(world, "PATCH", name, { resourcePools: pools("5") });
  await world.world.advance(3_600_000);
  expect(await world.settleToTheEnd(change.resource)).toMatchObject({ end: "done" });
});

describe("a create whose answer was lost", () => {
  test("while somebody else created the same id with other pools: theirs is not taken for ours", async () => {
    const id = fresh("race");
    const change = createOf(id);
    await world.claimed(change);
    await callAsStranger(world, "POST", `${location}/persistentResources?persistentResourceId=${id}`, {
      resourcePools: pools("5"),
    });
    await world.world.advance(3_600_000);
    world.vertex.model.faults.add([
      { match: { method: "ListOperations" }, count: 1, effect: { kind: "list-ends-early", items: 0 } },
    ]);
    world.passWire(startWithin + lapseMargin + 1);
    expect(await world.settle(change.resource)).toMatchObject({
      slot: "ended",
      settlement: { end: "failed", class: "exists", note: expect.stringContaining("5 replicas instead of 2") },
    });
  });
});

describe("a deploy under an id that is taken", () => {
  test("by an earlier call of ours: it is adopted", async () => {
    const id = fresh("900");
    await servingEndpoint(world, id, ["4711"]);
    const change = deployTo(id, "4711");
    expect(await world.start(await world.claimed(change))).toMatchObject({ start: "unclear" });
    world.passWire(startWithin + callMargin + 1);
    expect(await world.settle(change.resource)).toMatchObject({ slot: "ended", settlement: { end: "done" } });
    expect((await world.reader.getEndpoint(onEndpoint(id)))?.deployedModels).toHaveLength(1);
  });
});

describe("what nobody can tell stays unknown, until somebody can", () => {
  test("an operation that never ends: people are told once, the resource stays held", async () => {
    const change = createOf(fresh("never"));
    fault("CreatePersistentResource", { kind: "never-finishes" });
    expect(await world.start(await world.claimed(change))).toMatchObject({ start: "running" });
    for (let hour = 0; hour < 6; hour += 1) {
      expect(await world.settle(change.resource)).toMatchObject({ slot: "occupied" });
      await world.world.advance(3_600_000);
    }
    const slot = await world.slotOf(change.resource);
    expect(slot?.value).toMatchObject({ state: "unknown", alerted: true });
    expect(await world.alerts(`${change.resource}#create`)).toHaveLength(1);
    expect(await world.told(eventOf(change))).toEqual(["started"]);
    await world.world.advance(3_600_000);
    expect(await world.settle(change.resource)).toMatchObject({ slot: "occupied" });
    expect(await world.slotOf(change.resource)).toEqual(slot);
  });

  test("it never ends, but what was asked for is there: done", async () => {
    const change = createOf(fresh("never"));
    fault("CreatePersistentResource", { kind: "never-finishes", effect: true });
    expect(await world.start(await world.claimed(change))).toMatchObject({ start: "running" });
    await world.world.advance(6 * 3_600_000);
    expect(await world.settle(change.resource)).toMatchObject({ slot: "ended", settlement: { end: "done" } });
  });

  test("Vertex cannot be read after a crash: unknown, told after ten minutes, settled when it can be read again", async () => {
    const change = createOf(fresh("blind"));
    await world.claimed(change);
    world.passWire(startWithin + lapseMargin + 1);
    const blind = {
      ...world.tools,
      reader: {
        ...world.reader,
        getPersistentResource: () =>
          Promise.reject(new VertexError("UNAVAILABLE: away", { class: "unavailable", code: 14, refused: false })),
      },
    };
    const look = async () => settle(blind, await world.slotOf(change.resource), world.afterSettling);
    expect(await look()).toMatchObject({ slot: "occupied" });
    expect(await world.alerts(`${change.resource}#create`)).toEqual([]);
    await world.world.advance(11 * 60_000);
    expect(await look()).toMatchObject({ slot: "occupied" });
    await world.world.advance(11 * 60_000);
    expect(await look()).toMatchObject({ slot: "occupied" });
    expect(await world.alerts(`${change.resource}#create`)).toHaveLength(1);
    expect(await world.settle(change.resource)).toMatchObject({ slot: "ended", settlement: { end: "lapsed" } });
  });

  test("Vertex cannot be read right before a delete: it is not sent", async () => {
    const id = fresh("blind");
    const createTime = await runningPool(world, id);
    const held = await world.claimed({ kind: "delete", resource: onPool(id), createTime, restoreId: id });
    const reader = {
      ...world.reader,
      getPersistentResource: () =>
        Promise.reject(new VertexError("UNAVAILABLE: away", { class: "unavailable", code: 14, refused: false })),
    };
    expect(await startAndRecord({ ...world.tools, reader }, held, world.afterSettling)).toMatchObject({
      start: "ended",
      settlement: { end: "lapsed", note: "not called: UNAVAILABLE: away" },
    });
    expect((await world.reader.getPersistentResource(onPool(id)))?.state).toBe("RUNNING");
  });
});

describe("who hears of the end", () => {
  test("a request that was replaced meanwhile has had its final answer and gets no other", async () => {
    const change = createOf(fresh("replaced"));
    const held = await world.claimed(change);
    const key = held.targetKey;
    const target = await world.store.get("targets", key);
    if (!target) throw new Error("no target");
    await world.store.transaction(async (tx) => tx.put("targets", key, { ...target.value, requests: [] }));
    expect(await world.start(held)).toMatchObject({ start: "running" });
    expect(await world.settleToTheEnd(change.resource)).toMatchObject({ end: "done" });
    expect(await world.told(eventOf(change))).toEqual([]);
  });

  test("the target that holds the slot, whoever looks: two models share an endpoint", async () => {
    const id = fresh("900");
    await servingEndpoint(world, id, []);
    const change = deployTo(id, "4711");
    await world.start(await world.claimed(change));
    const other = `${change.resource}#other`;
    await world.addTarget(other);
    const claimed = await claim(
      world.tools,
      await world.basisOf(other, change.resource),
      await world.decisionFor(other, deployTo(id, "4712"), []),
    );
    expect(claimed).toMatchObject({ claim: "stale", why: expect.stringContaining("holds another operation") });
    expect(await world.settleToTheEnd(change.resource)).toMatchObject({ end: "done" });
    expect(await world.told(eventOf(change))).toEqual(["done", "started"]);
    expect((await world.store.get("targets", `${change.resource}#deploy`))?.value.decisions[0]).toMatchObject({
      rule: "operation-done",
      action: `deploy rung to endpoint ${id} as 4711`,
    });
  });

  test("a target that has left the fleet: nobody decides for it, but who asked gets an answer", async () => {
    const change = createOf(fresh("left"));
    await world.start(await world.claimed(change));
    await world.world.advance(3_600_000);
    expect(await settle(world.tools, await world.slotOf(change.resource), () => undefined)).toMatchObject({
      slot: "ended",
    });
    expect(await world.told(eventOf(change))).toEqual(["done", "started"]);
    expect((await world.store.get("targets", `${change.resource}#create`))?.value.requests).toEqual([]);
  });

  test("a target that has left the fleet: the size that we have set is known when it comes back", async () => {
    const id = fresh("shrunk");
    const createTime = await runningPool(world, id);
    const change: Change = { kind: "resize", resource: onPool(id), createTime, pools: [{ id: "p0", replicaCount: 1 }] };
    const known = async () => {
      const shown = await world.reader.getPersistentResource(onPool(id));
      if (shown === undefined) throw new Error(`${id} is gone`);
      return { createTime, fingerprint: fingerprint(shown), replicas: { p0: 2 } };
    };
    const held = await world.claimed(change);
    const key = held.targetKey;
    const target = (await world.store.get("targets", key))?.value as TargetDocument;
    const draining = { since: 1, shrunk: true } as const;
    const memory = { kind: "persistentResource", deletes: [], startUps: [], known: await known(), draining } as const;
    await world.store.transaction(async (tx) => tx.put("targets", key, { ...target, memory }));
    await world.start(held);
    await world.world.advance(3_600_000);
    await settle(world.tools, await world.slotOf(change.resource), () => undefined);
    // The day's size stays what a restore record will have.
    expect((await world.store.get("targets", key))?.value.memory).toMatchObject({ known: await known() });
  });

  test.each([
    ["a delete that was refused: it is not asleep", deleteOf, { end: "failed", class: "denied", note: "403" }, false],
    ["a delete that was done: it is", deleteOf, { end: "done", note: "" }, true],
    ["a create that was done: it is not", createOf, { end: "done", note: "" }, false],
    ["a create that failed: it is", createOf, { end: "failed", class: "stockout", note: "" }, true],
  ] as const)("a target that has left the fleet: %s", async (_why, changeOf, settlement, asleep) => {
    const change = changeOf(fresh("left"));
    const held = await world.claimed(change);
    const target = (await world.store.get("targets", held.targetKey))?.value as TargetDocument;
    const incarnation = change.kind === "delete" ? change.createTime : "earlier";
    const sleep = { since: 1, cause: "off-hours", incarnation, restoreId: "r", alternative: 0 } as const;
    const memory = { kind: "persistentResource", deletes: [], startUps: [], sleep } as const;
    await world.store.transaction(async (tx) => tx.put("targets", held.targetKey, { ...target, memory }));
    const ending = { held, settlement, resource: { look: "absent" }, still: () => true } as const;
    expect(await finish(world.tools, () => undefined, ending)).toBe(true);
    const left = (await world.store.get("targets", held.targetKey))?.value as TargetDocument;
    expect(isAsleep(held.targetKey, left, undefined)).toBe(asleep);
  });

  test("a Spot model that has left the fleet and is deployed after all is not off for the night", () => {
    const memory = { kind: "spotModel", ours: [], bench: [], deploys: [], sequence: 1, asleepSince: 1 } as const;
    const held = { change: deployTo("1", "2") } as Held;
    expect(afterLeaving(memory, held, { end: "done", note: "" })).not.toHaveProperty("asleepSince");
    expect(afterLeaving(memory, held, { end: "lapsed", note: "" })).toEqual(memory);
  });

  test("a name that comes late is not recorded over the next claim", async () => {
    const change = createOf(fresh("late"));
    const held = await world.claimed(change);
    expect(await withdraw(world.tools, held, "frozen for hours", world.afterSettling)).toBe(true);
    await world.world.advance(1_000);
    const next = await world.claimed(change);
    const slot = await world.slotOf(change.resource);
    expect(await record(world.tools, held, `${change.resource}/operations/1`)).toBe(false);
    expect(await world.slotOf(change.resource)).toEqual(slot);
    expect(slot?.value).toMatchObject({ state: "claimed", claimedAt: next.claimedAt });
    expect(await world.told(eventOf(change))).toEqual([]);
  });

  test("of several that settle at once, one does", async () => {
    const change = createOf(fresh("many"));
    await world.start(await world.claimed(change));
    await world.world.advance(3_600_000);
    const slot = await world.slotOf(change.resource);
    const ends = await Promise.all(Array.from({ length: 8 }, () => settle(world.tools, slot, world.afterSettling)));
    expect(ends.filter((end) => end.slot === "ended")).toHaveLength(1);
    expect(ends.filter((end) => end.slot === "changed")).toHaveLength(7);
  });
});
