import { afterEach, describe, expect, test } from "vitest";
import { ApiError, type UnaryHandler } from "../../../infra/local/wire/service.ts";
import { systemClock } from "../../../shared/time/clock.ts";
import { VertexError } from "../../../shared/vertex/errors.ts";
import { endpointName, persistentResourceName } from "../../../shared/vertex/names.ts";
import type { CallLimits, VertexWriter } from "../../../shared/vertex/vertex.ts";
import { type OpenWriter, openWriter } from "../../../shared/vertex/writer.ts";
import { openScriptedCloud } from "./scripted-cloud.ts";

const parent = "projects/demo/locations/us-central1";
const pool = persistentResourceName("demo", "us-central1", "pool");
const endpoint = endpointName("demo", "us-central1", "7");
const operation = `${pool}/operations/42`;
const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function open(handlers: Readonly<Record<string, UnaryHandler>>) {
  const cloud = await openScriptedCloud(handlers);
  const writer: OpenWriter = await openWriter({ grpc: cloud.grpc });
  closers.push(cloud.close, writer.close);
  return { cloud, writer };
}

const soon = (): CallLimits => ({ deadline: systemClock.wire() + 10_000 });
const answer: UnaryHandler = () => ({ name: operation });

interface Case {
  readonly rpc: string;
  readonly version: "v1" | "v1beta1";
  readonly call: (writer: VertexWriter) => Promise<unknown>;
  readonly arrives: object;
}

const pools = [{ id: "p0", machineSpec: { machineType: "n1-standard-4" }, replicaCount: "2" }];
const deployedModel = {
  id: "1234567",
  model: `${parent}/models/m`,
  dedicatedResources: { machineSpec: { machineType: "g2-standard-12" }, minReplicaCount: 1, spot: true },
};
const flexible = {
  ...deployedModel,
  dedicatedResources: {
    machineSpec: { machineType: "g2-standard-12" },
    minReplicaCount: 1,
    flexStart: { maxRuntimeDuration: "3600s" },
  },
};
const customJob = {
  displayName: "train",
  jobSpec: {
    persistentResourceId: "pool",
    workerPoolSpecs: [{ replicaCount: "1" }],
    scheduling: { timeout: "90s", strategy: "STANDARD" },
  },
};

const cases: readonly Case[] = [
  {
    rpc: "CreatePersistentResource",
    version: "v1",
    call: (w) =>
      w.createPersistentResource(
        { parent, persistentResourceId: "pool", persistentResource: { resourcePools: pools, labels: { a: "b" } } },
        soon(),
      ),
    arrives: { parent, persistentResourceId: "pool", persistentResource: { resourcePools: pools, labels: { a: "b" } } },
  },
  {
    rpc: "DeletePersistentResource",
    version: "v1",
    call: (w) => w.deletePersistentResource({ name: pool }, soon()),
    arrives: { name: pool },
  },
  {
    rpc: "UpdatePersistentResource",
    version: "v1",
    call: (w) =>
      w.updatePersistentResource(
        {
          persistentResource: { name: pool, resourcePools: pools },
          updateMask: { paths: ["resource_pools.replica_count"] },
        },
        soon(),
      ),
    arrives: {
      persistentResource: { name: pool, resourcePools: pools },
      updateMask: "resourcePools.replicaCount",
    },
  },
  {
    rpc: "RebootPersistentResource",
    version: "v1",
    call: (w) => w.rebootPersistentResource({ name: pool }, soon()),
    arrives: { name: pool },
  },
  {
    rpc: "DeployModel",
    version: "v1",
    call: (w) => w.deployModel({ endpoint, deployedModel }, soon()),
    arrives: { endpoint, deployedModel },
  },
  {
    rpc: "DeployModel",
    version: "v1beta1",
    call: (w) => w.deployModel({ endpoint, deployedModel: flexible }, soon()),
    arrives: { endpoint, deployedModel: flexible },
  },
  {
    rpc: "UndeployModel",
    version: "v1",
    call: (w) => w.undeployModel({ endpoint, deployedModelId: "1234567" }, soon()),
    arrives: { endpoint, deployedModelId: "1234567" },
  },
  {
    rpc: "MutateDeployedModel",
    version: "v1",
    call: (w) =>
      w.mutateDeployedModel(
        { endpoint, deployedModel, updateMask: { paths: ["dedicated_resources.min_replica_count"] } },
        soon(),
      ),
    arrives: { endpoint, deployedModel, updateMask: "dedicatedResources.minReplicaCount" },
  },
  {
    rpc: "UpdateEndpoint",
    version: "v1",
    call: (w) => w.updateTraffic({ name: endpoint, etag: "e1", trafficSplit: { "1": 30, "2": 70 } }, soon()),
    arrives: {
      endpoint: { name: endpoint, etag: "e1", trafficSplit: { "1": 30, "2": 70 } },
      updateMask: "trafficSplit",
    },
  },
  {
    rpc: "CreateCustomJob",
    version: "v1",
    call: (w) => w.createCustomJob({ parent, customJob }, soon()),
    arrives: { parent, customJob },
  },
];

describe("the writer sends what its JSON says, through the real clients", () => {
  for (const { rpc, version, call, arrives } of cases) {
    test(`${rpc} (${version})`, async () => {
      const { cloud, writer } = await open({ [rpc]: answer });
      const name = await call(writer);
      expect(cloud.arrivals.map(({ method }) => method)).toEqual([
        `google.cloud.aiplatform.${version}.${serviceOf(rpc)}.${rpc}`,
      ]);
      expect(cloud.arrivals[0]?.request).toMatchObject(arrives);
      expect(name).toBe(rpc === "UpdateEndpoint" ? undefined : operation);
    });
  }
});

function serviceOf(rpc: string): string {
  if (rpc.includes("PersistentResource")) return "PersistentResourceService";
  return rpc.includes("CustomJob") ? "JobService" : "EndpointService";
}

describe("the writer calls once", () => {
  test("an unavailable service is not called again, and may have done it", async () => {
    const { cloud, writer } = await open({
      DeletePersistentResource: () => {
        throw new ApiError("UNAVAILABLE", "The service is currently unavailable.");
      },
    });
    const error = await writer.deletePersistentResource({ name: pool }, soon()).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(VertexError);
    expect(error).toMatchObject({ class: "unavailable", refused: false, code: 14 });
    expect(cloud.arrivals).toHaveLength(1);
  });

  test("a refusal says what, where and why", async () => {
    const { writer } = await open({
      CreatePersistentResource: () => {
        throw new ApiError("ALREADY_EXISTS", "pool exists");
      },
    });
    await expect(
      writer.createPersistentResource(
        { parent, persistentResourceId: "pool", persistentResource: { resourcePools: pools } },
        soon(),
      ),
    ).rejects.toMatchObject({
      message: `create persistent resource in ${parent}: ALREADY_EXISTS: pool exists`,
      class: "exists",
      refused: true,
    });
  });

  test("past its deadline nothing is sent", async () => {
    const { cloud, writer } = await open({ DeletePersistentResource: answer });
    await expect(
      writer.deletePersistentResource({ name: pool }, { deadline: systemClock.wire() - 1 }),
    ).rejects.toMatchObject({ class: "unavailable", code: 4 });
    expect(cloud.arrivals).toHaveLength(0);
  });

  test("the deadline is absolute: a call that is not answered ends there", async () => {
    let release: () => void = () => {};
    const { writer } = await open({
      DeletePersistentResource: async () => {
        await new Promise<void>((resolve) => {
          release = resolve;
        });
        return { name: operation };
      },
    });
    const deadline = systemClock.wire() + 400;
    const error = await writer
      .deletePersistentResource({ name: pool }, { deadline })
      .catch((caught: unknown) => caught);
    release();
    expect(error).toMatchObject({ class: "unavailable", code: 4, refused: false });
    expect(systemClock.wire()).toBeGreaterThanOrEqual(deadline - 20);
    expect(systemClock.wire()).toBeLessThan(deadline + 5_000);
  });

  test("a field that v1 cannot carry is refused before anything is sent, not dropped", async () => {
    const { cloud, writer } = await open({ CreatePersistentResource: answer });
    const body = { resourcePools: [{ ...pools[0], machineSpec: { machineType: "a", minGpuDriverVersion: "5" } }] };
    await expect(
      writer.createPersistentResource({ parent, persistentResourceId: "pool", persistentResource: body }, soon()),
    ).rejects.toMatchObject({
      class: "invalid",
      refused: true,
      message: expect.stringContaining("PersistentResource.resourcePools[0].machineSpec.minGpuDriverVersion"),
    });
    expect(cloud.arrivals).toHaveLength(0);
  });

  test.each([
    ["acceleratorType", { acceleratorType: "NVIDIA_B300" }, "machineSpec.acceleratorType"],
    [
      "reservationAffinityType",
      { reservationAffinity: { reservationAffinityType: "SHARED_RESERVATION" } },
      "machineSpec.reservationAffinity.reservationAffinityType",
    ],
  ])(
    "a value of %s that this client does not know is refused too: it would arrive as none",
    async (_, machine, path) => {
      const { cloud, writer } = await open({ CreatePersistentResource: answer });
      const body = { resourcePools: [{ ...pools[0], machineSpec: { machineType: "a", ...machine } }] };
      await expect(
        writer.createPersistentResource({ parent, persistentResourceId: "pool", persistentResource: body }, soon()),
      ).rejects.toMatchObject({
        class: "invalid",
        refused: true,
        message: expect.stringContaining(`PersistentResource.resourcePools[0].${path}`),
      });
      expect(cloud.arrivals).toHaveLength(0);
    },
  );
});
