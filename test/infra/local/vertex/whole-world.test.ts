/** What holds for the model as a whole: the same seed makes the same run, snapshots are whole, what is used is billed. */
import { describe, expect, it } from "vitest";
import type { Trace } from "../../../../infra/local/vertex/capacity/trace.ts";
import type { JsonObject } from "../../../../infra/local/wire/service.ts";
import { fc } from "../../../properties.ts";
import {
  createRequest,
  deployedModels,
  deployRequest,
  getEndpoint,
  getResource,
  jobRequest,
  poolSpec,
  runningResource,
  servingGround,
} from "./scenes.ts";
import { createWorld, freshService, inProcess, Service, start } from "./service.ts";

const deploy = "EndpointService.DeployModel";
const hour = 3600;

/** A busy hour: a pool, jobs, a Spot model that is preempted. */
async function busyHour(service: Service): Promise<void> {
  await runningResource(service, "pool");
  const { endpoint, model } = await servingGround(service, "serve");
  await service.done(deploy, deployRequest(endpoint, model, { id: "1" }, { "0": 100 }));
  await service.call("JobService.CreateCustomJob", jobRequest(service, "pool"));
  service.market({ action: "preempt" });
  await service.call("PersistentResourceService.CreatePersistentResource", createRequest(service, "second"));
}

describe("determinism", () => {
  it("the same seed and calls give the same answers, another seed others", async () => {
    const runs = await Promise.all(
      [7, 7, 8].map(async (seed) => {
        const service = freshService({ seed });
        await busyHour(service);
        await service.pass(hour);
        return JSON.stringify([service.transcript, service.world.vertex.snapshot()]);
      }),
    );
    expect(runs[0]).toBe(runs[1]);
    expect(runs[0]).not.toBe(runs[2]);
  });
});

describe("snapshots", () => {
  it("a restored world goes on exactly like the one it was taken from", async () => {
    const service = freshService();
    await busyHour(service);
    const { clock, vertex } = service.world;
    const taken = vertex.snapshot();
    const other = createWorld({ seed: 99, from: clock.now() });
    other.vertex.restore(taken);
    await clock.advance(2 * hour * 1000);
    await other.clock.advance(2 * hour * 1000);
    expect(other.vertex.snapshot()).toEqual(vertex.snapshot());
    const copy = new Service(other, inProcess(other));
    expect(await getResource(copy, `${copy.location}/persistentResources/second`)).toMatchObject({ state: "RUNNING" });
  });

  it.each([null, {}, { format: 2, parts: {} }, { format: 1, parts: {} }])("%j is refused as no snapshot", (bad) => {
    expect(() => createWorld().vertex.restore(bad)).toThrow(/snapshot/i);
  });
});

describe("billing", () => {
  const secondsOf = (lines: readonly JsonObject[], kind: string): unknown[] =>
    lines.filter((line) => line["kind"] === kind).map(({ replicaSeconds }) => replicaSeconds);

  it("a persistent resource is billed while RUNNING, idle or not, and not before or after", async () => {
    const service = freshService();
    const name = await runningResource(service, "pool", 3);
    const running = Date.parse(String((await getResource(service, name))["startTime"]));
    await service.pass(hour);
    const seconds = ((service.world.clock.now() - running) / 1000) * 3;
    expect(secondsOf(service.billing(), "persistentResource")).toEqual([seconds]);
    await service.done("PersistentResourceService.DeletePersistentResource", { name });
    await service.pass(hour);
    expect(secondsOf(service.billing(), "persistentResource")).toEqual([seconds]);
    expect(service.billing()[0]).toMatchObject({
      machineType: "g2-standard-12",
      acceleratorType: "NVIDIA_L4",
      spot: false,
    });
  });

  it("a Spot model is billed by its available replicas, not while preempted", async () => {
    const service = freshService({ behaviour: { spotRestarts: 0 } });
    const { endpoint, model } = await servingGround(service, "spot");
    const sizes = { minReplicaCount: 2, maxReplicaCount: 2 };
    await service.done(deploy, deployRequest(endpoint, model, { dedicatedResources: sizes }));
    const before = Number(secondsOf(service.billing(), "deployedModel")[0]);
    await service.pass(100);
    service.market({ action: "preempt", replicas: 1 });
    await service.pass(100);
    service.market({ action: "preempt" });
    await service.pass(1000);
    expect(secondsOf(service.billing(), "deployedModel")).toEqual([before + 300]);
    expect(service.billing()[0]).toMatchObject({ spot: true, provisioning: "SPOT", replicas: 0 });
  });

  it("a job of its own is billed while it runs", async () => {
    const service = freshService();
    await service.call("JobService.CreateCustomJob", jobRequest(service, undefined, {}, 2));
    await service.pass(hour);
    expect(secondsOf(service.billing(), "customJob")).toEqual([600]);
  });
});

describe("autoscaled pools", () => {
  it("grow while jobs wait, are billed by what is provisioned, and shrink to their minimum when idle", async () => {
    const service = freshService();
    const autoscalingSpec = { minReplicaCount: "1", maxReplicaCount: "4" };
    const name = await runningResource(service, "auto", 1, { resourcePools: [poolSpec(1, { autoscalingSpec })] });
    await service.call("JobService.CreateCustomJob", jobRequest(service, "auto", {}, 3));
    await service.pass(360);
    expect(await getResource(service, name)).toMatchObject({
      resourcePools: [{ replicaCount: "3", usedReplicaCount: "3" }],
    });
    expect(service.billing()[0]).toMatchObject({ replicas: 3 });
    await service.pass(1200);
    expect(await getResource(service, name)).toMatchObject({ resourcePools: [{ replicaCount: "1" }] });
  });
});

describe("incarnations", () => {
  it("a job of a deleted resource does not touch the pools of the next one with its name", async () => {
    const service = freshService({
      behaviour: {
        timings: { deletePersistentResource: [1, 1], createPersistentResource: [1, 1], cancelJob: [600, 600] },
      },
    });
    const name = await runningResource(service, "again");
    const job = await service.call("JobService.CreateCustomJob", jobRequest(service, "again"));
    await service.done("PersistentResourceService.DeletePersistentResource", { name });
    expect(await service.call("JobService.GetCustomJob", { name: job["name"] ?? "" })).toMatchObject({
      state: "JOB_STATE_CANCELLED",
    });
    await runningResource(service, "again");
    await service.pass(hour);
    expect(JSON.stringify(await getResource(service, name))).not.toContain("usedReplicaCount");
  });
});

describe("deployment stages", () => {
  it("advance while the operation runs, and wait in ADDING_NODES_TO_CLUSTER for machines", async () => {
    const service = freshService({ behaviour: { timings: { deployModel: [1000, 1000], stockout: [500, 500] } } });
    const { endpoint, model } = await servingGround(service, "stages");
    const stagesOf = async (operation: JsonObject, seconds: readonly number[]): Promise<unknown[]> => {
      const seen: unknown[] = [];
      for (const wait of seconds) {
        await service.pass(wait);
        const now = await service.call("Operations.GetOperation", { name: operation["name"] ?? "" });
        seen.push((now["metadata"] as JsonObject)["deploymentStage"]);
      }
      return seen;
    };
    const first = await service.call(deploy, deployRequest(endpoint, model));
    expect(await stagesOf(first, [1, 30, 50, 80, 400, 200, 200, 40])).toEqual([
      "STARTING_DEPLOYMENT",
      "PREPARING_MODEL",
      "CREATING_SERVING_CLUSTER",
      "ADDING_NODES_TO_CLUSTER",
      "GETTING_CONTAINER_IMAGE",
      "STARTING_MODEL_SERVER",
      "FINISHING_UP",
      "SUCCESSFULLY_DEPLOYED",
    ]);
    service.market({ action: "exhaust" });
    const second = await service.call(deploy, deployRequest(endpoint, model));
    expect(await stagesOf(second, [200, 400, 100])).toEqual([
      "ADDING_NODES_TO_CLUSTER",
      "ADDING_NODES_TO_CLUSTER",
      "FAILED_TO_DEPLOY",
    ]);
  });
});

describe("replayed traces", () => {
  const trace: Trace = {
    traces: [
      {
        zone: "a",
        region: "us-central1",
        machineType: "x",
        gapSeconds: 600,
        runs: [
          [1, 6],
          [0, 6],
          [2, 12],
        ],
      },
      {
        zone: "b",
        region: "us-central1",
        machineType: "x",
        gapSeconds: 600,
        runs: [
          [1, 3],
          [-1, 3],
          [0, 6],
          [1, 12],
        ],
      },
      { zone: "c", region: "europe-west1", machineType: "x", gapSeconds: 600, runs: [[0, 24]] },
    ],
  };
  const replay = { action: "replay", trace, machineType: null } as const;
  const limits = (service: Service): unknown[] =>
    (service.world.vertex.model.market.state()["limits"] as JsonObject[])
      .filter(({ place }) => (place as JsonObject)["region"] === "us-central1")
      .map(({ machines }) => machines);

  it("sum a region's zones, keep what was not probed, and end when the trace does", async () => {
    const service = freshService();
    service.market(replay);
    const seen: unknown[] = [];
    for (let at = 0; at < 5; at++) {
      await service.pass(at === 0 ? 1 : hour);
      seen.push(...limits(service));
    }
    expect(seen).toEqual([2, 0, 3, 3]);
  });

  it("take Spot replicas away and let the platform bring them back, on-demand ones untouched", async () => {
    const service = freshService({ behaviour: { spotRestarts: 100 } });
    const { endpoint, model } = await servingGround(service, "traced");
    const two = { minReplicaCount: 2, maxReplicaCount: 2 };
    await service.done(deploy, deployRequest(endpoint, model, { id: "1", dedicatedResources: two }));
    await service.done(
      deploy,
      deployRequest(endpoint, model, { id: "2", dedicatedResources: { ...two, spot: false } }),
    );
    service.market({ ...replay, start: new Date(service.world.clock.now() - 1000).toISOString() });
    const available = async (): Promise<number[]> =>
      (await deployedModels(service, endpoint)).map(({ status }) =>
        Number((status as JsonObject)["availableReplicaCount"] ?? 0),
      );
    await service.pass(60);
    expect(await available()).toEqual([2, 2]);
    await service.pass(hour);
    expect(await available()).toEqual([0, 2]);
    await service.pass(1.5 * hour);
    expect(await available()).toEqual([2, 2]);
  });

  it("with several accelerators in a region want one chosen", async () => {
    const service = freshService();
    const zones = ["V100", "K80"].map((accelerator) => ({ ...trace.traces[0], accelerator })) as Trace["traces"];
    const mixed = { ...replay, trace: { traces: zones } };
    expect(() => service.market(mixed)).toThrow(/several series for us-central1/);
    expect(service.market({ ...mixed, accelerator: "K80" })).toEqual({ regions: ["us-central1"] });
  });

  it("can be mapped to other regions, looped and stopped", async () => {
    const service = freshService();
    service.market({ ...replay, regions: { "us-central1": "asia-east1" }, loop: true });
    await service.pass(5 * hour + 1);
    const state = service.world.vertex.model.market.state();
    expect(state["limits"]).toEqual([{ place: { region: "asia-east1", provisioning: "SPOT" }, machines: 0 }]);
    expect(service.market({ action: "stop-replay" })).toEqual({ stopped: 1 });
    expect(service.world.vertex.model.market.state()).toMatchObject({ limits: [], replays: [] });
  });
});

describe("projects and regions", () => {
  it("each project is a world of its own, its machines and quota too", async () => {
    const world = createWorld();
    const [one, two] = ["one", "two"].map((project) => new Service(world, inProcess(world), project));
    if (!one || !two) throw new Error("two services are needed");
    one.market({ action: "capacity", place: {}, machines: 2 });
    await runningResource(one, "same");
    await runningResource(two, "same");
    const list = "PersistentResourceService.ListPersistentResources";
    expect((await two.call(list, { parent: two.location }))["persistentResources"]).toHaveLength(1);
  });
});

describe("filters", () => {
  it("of any kind are answered or refused as INVALID_ARGUMENT, never a crash", async () => {
    const service = freshService();
    await service.call("JobService.CreateCustomJob", jobRequest(service, undefined));
    const words = [
      "display_name",
      "state",
      "labels.a",
      "AND",
      "OR",
      "NOT",
      "(",
      ")",
      "=",
      "!=",
      ":",
      '"x*"',
      "*",
      "-",
      "'",
    ];
    const filters = fc.array(fc.oneof(fc.constantFrom(...words), fc.string()), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(filters, async (parts) => {
        const request = { parent: service.location, filter: parts.join(" ") };
        const code = await service.call("JobService.ListCustomJobs", request).then(
          () => 0,
          (error) => error.code,
        );
        expect([0, 3]).toContain(code);
      }),
      { numRuns: 500 },
    );
    const deep = { parent: service.location, filter: "(".repeat(100_000) };
    expect(await service.refused("JobService.ListCustomJobs", deep)).toMatchObject({ code: 3 });
  });
});

describe("handlers called directly", () => {
  it("check required fields and versions themselves", async () => {
    const service = freshService();
    const { endpoint, model } = await servingGround(service, "direct");
    const flexStart = { maxRuntimeDuration: "600s" };
    const beta = deployRequest(endpoint, model, { dedicatedResources: { spot: false, flexStart } });
    expect(await service.refused(deploy, beta)).toMatchObject({
      code: 3,
      message: expect.stringContaining("v1beta1 only"),
    });
    expect(await service.refused(deploy, {})).toMatchObject({ code: 3 });
    expect(await service.refused(deploy, deployRequest(endpoint, model, { id: "0" }))).toMatchObject({ code: 3 });
    expect(await service.refused("PublisherModelService.GetPublisherModel", {})).toMatchObject({ code: 12 });
  });

  it("WaitOperation answers when the operation ends or the time is up", async () => {
    const service = freshService();
    const operation = await service.call(
      "PersistentResourceService.CreatePersistentResource",
      createRequest(service, "wait"),
    );
    const name = operation["name"] ?? "";
    const early = service.call("Operations.WaitOperation", { name, timeout: "30s" });
    const late = service.call("Operations.WaitOperation", { name });
    await service.pass(31);
    expect(await early).not.toHaveProperty("done");
    await service.pass(900);
    expect(await late).toMatchObject({ done: true });
    expect(service.world.clock.now()).toBe(start + 931_000);
  });
});

describe("control routes", () => {
  const route = (service: Service, method: string, path: string) => {
    const found = service.world.vertex.routes.find((one) => one.method === method && one.path === path);
    if (!found) throw new Error(`no route ${method} ${path}`);
    return (body: Parameters<typeof found.handle>[0] = null, query: Record<string, string> = {}) =>
      found.handle(body, query, {});
  };

  it.each([
    ["/market", { action: "dance" }],
    ["/market", { action: "capacity", place: { planet: "mars" }, machines: 1 }],
    ["/faults", { effect: { kind: "meteor" } }],
    ["/behaviour", { updatePersistentResource: "sometimes" }],
    ["/behaviour", { unknownSwitch: 1 }],
    ["/snapshot", { format: 9 }],
  ])("POST %s refuses %j with a reason", (path, body) => {
    const service = freshService();
    expect(() => route(service, "POST", path)(body)).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
  });

  it("change and show the switches, faults and snapshot", async () => {
    const service = freshService();
    const changed = route(service, "POST", "/behaviour")({ duplicateIds: "accept", timings: { deployModel: [1, 1] } });
    expect(changed).toMatchObject({
      duplicateIds: "accept",
      timings: { deployModel: [1, 1], undeployModel: [60, 180] },
    });
    route(service, "POST", "/faults")([{ effect: { kind: "quota" } }, { effect: { kind: "request-quota" } }]);
    expect(route(service, "GET", "/faults")()).toMatchObject({ faults: [{ id: "1" }, { id: "2" }] });
    expect(route(service, "DELETE", "/faults")(null, { id: "1" })).toMatchObject({ faults: [{ id: "2" }] });
    route(service, "DELETE", "/faults")();
    const taken = await route(service, "GET", "/snapshot")();
    const { endpoint } = await servingGround(service, "later");
    route(service, "POST", "/snapshot")(taken as JsonObject);
    await expect(getEndpoint(service, endpoint)).rejects.toMatchObject({ code: 5 });
  });
});

describe("large worlds", () => {
  it("the pages of 10,000 resources give each of them once", async () => {
    const service = freshService();
    for (let at = 0; at < 10_000; at++) {
      await service.call("PersistentResourceService.CreatePersistentResource", createRequest(service, `r${at}`));
    }
    service.transcript.length = 0;
    let pageToken = "";
    const names = new Set<unknown>();
    do {
      const request = { parent: service.location, pageSize: 500, ...(pageToken ? { pageToken } : {}) };
      const answer = await service.call("PersistentResourceService.ListPersistentResources", request);
      for (const { name } of answer["persistentResources"] as JsonObject[]) names.add(name);
      pageToken = String(answer["nextPageToken"] ?? "");
    } while (pageToken);
    expect(names.size).toBe(10_000);
  });
});
