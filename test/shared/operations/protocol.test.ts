/** Every kind of operation at every crash point, over the wire against the local cloud. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startWithin } from "../../../shared/operations/claim.ts";
import { callMargin, lapseMargin } from "../../../shared/operations/judge.ts";
import type { Change, ChangeKind } from "../../../shared/operations/operation.ts";
import { StoreUnavailable } from "../../../shared/state/store.ts";
import { endpointName, persistentResourceName } from "../../../shared/vertex/names.ts";
import { deployedModel, pools, runningPool, servingEndpoint } from "./fixtures.ts";
import { openWorld, type World } from "./world.ts";

let world: World;

beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

let sequence = 0;
const fresh = (prefix: string): string => {
  sequence += 1;
  return `${prefix}${sequence}`;
};

interface Kind {
  readonly kind: ChangeKind;
  /** Prepares a world in which the change is called for. */
  readonly prepare: () => Promise<Change>;
  /** RPC that starts it. */
  readonly rpc: string;
  readonly synchronous: boolean;
  /** Whether it may be sent again when nobody knows. */
  readonly repeatable: boolean;
  /** How often it has been carried out, as Vertex shows it. */
  readonly carriedOut: (change: Change) => Promise<number>;
}

const operationsOf = async (change: Change, type: string): Promise<number> => {
  const { items } = await world.reader.listOperations(change.resource);
  return items.filter((operation) => String(operation.metadata?.["@type"]).endsWith(`.${type}`)).length;
};

const onPool = (id: string) => persistentResourceName("demo", "us-central1", id);
const onEndpoint = (id: string) => endpointName("demo", "us-central1", id);

const kinds: readonly Kind[] = [
  {
    kind: "create",
    rpc: "CreatePersistentResource",
    synchronous: false,
    repeatable: true,
    prepare: async () => ({ kind: "create", resource: onPool(fresh("create")), body: { resourcePools: pools("2") } }),
    carriedOut: (change) => operationsOf(change, "CreatePersistentResourceOperationMetadata"),
  },
  {
    kind: "delete",
    rpc: "DeletePersistentResource",
    synchronous: false,
    repeatable: true,
    prepare: async () => {
      const id = fresh("delete");
      return { kind: "delete", resource: onPool(id), createTime: await runningPool(world, id), restoreId: id };
    },
    carriedOut: (change) => operationsOf(change, "DeleteOperationMetadata"),
  },
  {
    kind: "resize",
    rpc: "UpdatePersistentResource",
    synchronous: false,
    repeatable: true,
    prepare: async () => {
      const id = fresh("resize");
      const createTime = await runningPool(world, id);
      return { kind: "resize", resource: onPool(id), createTime, pools: [{ id: "p0", replicaCount: 3 }] };
    },
    carriedOut: (change) => operationsOf(change, "UpdatePersistentResourceOperationMetadata"),
  },
  {
    kind: "reboot",
    rpc: "RebootPersistentResource",
    synchronous: false,
    repeatable: false,
    prepare: async () => {
      const id = fresh("reboot");
      return { kind: "reboot", resource: onPool(id), createTime: await runningPool(world, id) };
    },
    carriedOut: (change) => operationsOf(change, "RebootPersistentResourceOperationMetadata"),
  },
  {
    kind: "job",
    rpc: "CreateCustomJob",
    synchronous: true,
    repeatable: false,
    prepare: async () => {
      const id = fresh("job");
      const createTime = await runningPool(world, id);
      const workerPoolSpecs = [
        {
          machineSpec: { machineType: "n1-standard-4" },
          replicaCount: "1",
          diskSpec: { bootDiskSizeGb: 100 },
          containerSpec: { imageUri: "gcr.io/demo/train" },
        },
      ];
      return {
        kind: "job",
        resource: onPool(id),
        createTime,
        eventId: `event/${id}`,
        customJob: { displayName: "train", jobSpec: { workerPoolSpecs } },
      };
    },
    carriedOut: async (change) => {
      const { items } = await world.reader.listCustomJobsLabelled("us-central1", {
        key: "tidekeeper-event",
        value: (await import("../../../shared/operations/job.ts")).jobLabel(change.kind === "job" ? change.eventId : "")
          .value,
      });
      return items.length;
    },
  },
  {
    kind: "deploy",
    rpc: "DeployModel",
    synchronous: false,
    repeatable: true,
    prepare: async () => {
      const id = fresh("900");
      await servingEndpoint(world, id, []);
      const deployedModelId = "4711";
      return {
        kind: "deploy",
        resource: onEndpoint(id),
        deployedModelId,
        rungId: "n1-standard-4/on-demand",
        deployedModel: deployedModel(deployedModelId),
      };
    },
    carriedOut: (change) => operationsOf(change, "DeployModelOperationMetadata"),
  },
  {
    kind: "undeploy",
    rpc: "UndeployModel",
    synchronous: false,
    repeatable: true,
    prepare: async () => {
      const id = fresh("900");
      await servingEndpoint(world, id, ["4711"]);
      return { kind: "undeploy", resource: onEndpoint(id), deployedModelId: "4711" };
    },
    carriedOut: (change) => operationsOf(change, "UndeployModelOperationMetadata"),
  },
  {
    kind: "mutate",
    rpc: "MutateDeployedModel",
    synchronous: false,
    repeatable: true,
    prepare: async () => {
      const id = fresh("900");
      await servingEndpoint(world, id, ["4711"]);
      return { kind: "mutate", resource: onEndpoint(id), deployedModelId: "4711", minReplicas: 2, maxReplicas: 3 };
    },
    carriedOut: (change) => operationsOf(change, "MutateDeployedModelOperationMetadata"),
  },
  {
    kind: "traffic",
    rpc: "UpdateEndpoint",
    synchronous: true,
    repeatable: true,
    prepare: async () => {
      const id = fresh("900");
      const resource = onEndpoint(id);
      await servingEndpoint(world, id, ["4711", "4712"]);
      const etag = (await world.reader.getEndpoint(resource))?.etag ?? "";
      return { kind: "traffic", resource, etag, trafficSplit: { "4711": 30, "4712": 70 } };
    },
    carriedOut: async (change) => {
      const split = (await world.reader.getEndpoint(onEndpoint(change.resource.split("/").at(-1) ?? "")))?.trafficSplit;
      return split?.["4711"] === 30 && split["4712"] === 70 ? 1 : 0;
    },
  },
];

const eventOf = (change: Change) => `event-${change.resource}-${change.kind}`;
const keyOf = (change: Change) => `${change.resource}#${change.kind}`;
/** Past the deadline of the call, and past the lapse of the claim. */
const pastCall = startWithin + callMargin + 1;
const pastLapse = startWithin + lapseMargin + 1;
/** A split is nobody's in particular: that it is as we wanted it is believed only once our own call cannot come any more. */
const pastFound = (kind: string) => (kind === "traffic" ? pastLapse : pastCall);

describe.each(kinds)("$kind", ({ kind, rpc, prepare, synchronous, repeatable, carriedOut }) => {
  test("is claimed, started, recorded and settled; who asked hears that it has started and that it is done", async () => {
    const change = await prepare();
    const held = await world.claimed(change);
    expect(await world.slotOf(change.resource)).toMatchObject({ value: { state: "claimed", change } });
    const started = await world.start(held);
    if (synchronous) {
      expect(started).toMatchObject({ start: "ended", settlement: { end: "done" } });
    } else {
      expect(started.start).toBe("running");
      expect(await world.slotOf(change.resource)).toMatchObject({ value: { state: "running" } });
      expect(await world.told(eventOf(change))).toEqual(["started"]);
      expect(await world.settle(change.resource)).toMatchObject({ slot: "occupied" });
      expect(await world.settleToTheEnd(change.resource)).toMatchObject({ end: "done" });
    }
    expect(await world.slotOf(change.resource)).toMatchObject({ value: { state: "empty" } });
    expect(await world.told(eventOf(change))).toEqual(["done", "started"]);
    expect(await carriedOut(change)).toBe(1);
  });

  test("killed after the claim: it waits for the claim to lapse, and nothing has happened", async () => {
    const change = await prepare();
    await world.claimed(change);
    expect(await world.settle(change.resource)).toMatchObject({ slot: "occupied" });
    world.passWire(pastCall);
    expect(await world.settle(change.resource)).toMatchObject({ slot: "occupied" });
    world.passWire(pastLapse);
    if (repeatable) {
      expect(await world.settle(change.resource)).toMatchObject({ slot: "ended", settlement: { end: "lapsed" } });
      expect(await world.told(eventOf(change))).toEqual([]);
    } else {
      expect(await world.settle(change.resource)).toMatchObject({ slot: "occupied" });
      expect(await world.slotOf(change.resource)).toMatchObject({ value: { state: "unknown", alerted: false } });
      expect(await world.settleToTheEnd(change.resource)).toMatchObject({ end: "failed", class: "fate-unknown" });
      expect(await world.alerts(keyOf(change))).toHaveLength(1);
      expect(await world.told(eventOf(change))).toEqual(["failed"]);
    }
    expect(await carriedOut(change)).toBe(0);
  });

  test("killed between the call and the record: found again and settled, never sent twice", async () => {
    const change = await prepare();
    const held = await world.claimed(change);
    world.store.failing = true;
    await expect(world.start(held)).rejects.toThrow(StoreUnavailable);
    world.store.failing = false;
    expect(await world.settle(change.resource)).toMatchObject({ slot: "occupied" });
    world.passWire(pastFound(kind));
    expect(await world.settleToTheEnd(change.resource)).toMatchObject({ end: "done" });
    expect((await world.told(eventOf(change))).filter((phase) => phase === "done")).toHaveLength(1);
    expect(await carriedOut(change)).toBe(1);
  });

  test("carried out, but the answer was lost: found again and settled", async () => {
    const change = await prepare();
    const held = await world.claimed(change);
    world.vertex.model.faults.add([{ match: { method: rpc }, count: 1, effect: { kind: "answer-lost" } }]);
    expect(await world.start(held)).toMatchObject({ start: "unclear" });
    world.passWire(pastFound(kind));
    expect(await world.settleToTheEnd(change.resource)).toMatchObject({ end: "done" });
    expect(await carriedOut(change)).toBe(1);
  });

  test("frozen before the call and thawed too late: nothing is sent", async () => {
    const change = await prepare();
    const held = await world.claimed(change);
    world.passWire(startWithin + 1);
    expect(await world.start(held)).toMatchObject({ start: "ended", settlement: { end: "lapsed" } });
    expect(await world.slotOf(change.resource)).toMatchObject({ value: { state: "empty" } });
    expect(await carriedOut(change)).toBe(0);
  });

  test("frozen for hours, while another wake-up has settled the claim: nothing is sent, nothing is written", async () => {
    const change = await prepare();
    const held = await world.claimed(change);
    world.passWire(pastLapse);
    for (let round = 0; round < 40 && (await world.slotOf(change.resource))?.value.state !== "empty"; round += 1) {
      await world.settle(change.resource);
      await world.world.advance(60_000);
    }
    const before = await world.slotOf(change.resource);
    expect(before).toMatchObject({ value: { state: "empty" } });
    await world.start(held);
    expect(await world.slotOf(change.resource)).toEqual(before);
    expect(await carriedOut(change)).toBe(0);
  });

  test("refused: it has failed with its class, at once", async () => {
    const change = await prepare();
    const held = await world.claimed(change);
    world.vertex.model.faults.add([
      { match: { method: rpc }, count: 1, effect: { kind: "error", code: "PERMISSION_DENIED", message: "no" } },
    ]);
    expect(await world.start(held)).toMatchObject({
      start: "ended",
      settlement: { end: "failed", class: "denied", note: expect.stringContaining("no") },
    });
    expect(await world.told(eventOf(change))).toEqual(["failed"]);
    expect(await world.slotOf(change.resource)).toMatchObject({ value: { state: "empty" } });
  });
});
