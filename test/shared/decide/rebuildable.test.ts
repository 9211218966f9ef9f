import { createRequire } from "node:module";
import { describe, expect, it } from "vitest";
import {
  describeDifference,
  differsFromSpec,
  fingerprint,
  resizedFingerprint,
} from "../../../shared/decide/persistent-resource/fingerprint.ts";
import { rebuild } from "../../../shared/decide/persistent-resource/rebuildable.ts";
import { acceleratorTypes, reservationAffinityTypes } from "../../../shared/vertex/enum-values.ts";
import type { JsonObject, ResourcePool } from "../../../shared/vertex/vertex.ts";

/** Messages and enums as protobufjs writes them down. */
interface Described {
  readonly fields?: {
    readonly [name: string]: { readonly type: string; readonly options?: { readonly [key: string]: unknown } };
  };
  readonly values?: { readonly [name: string]: number };
  readonly nested?: { readonly [name: string]: Described };
}

/** Everything that v1 can create, as v1beta1 shows it. */
const whole = (): JsonObject => ({
  name: "projects/1/locations/us-central1/persistentResources/train",
  displayName: "train",
  state: "RUNNING",
  createTime: "2026-11-20T07:00:00Z",
  startTime: "2026-11-20T07:12:00Z",
  updateTime: "2026-11-20T07:12:00Z",
  satisfiesPzs: true,
  resourceRuntime: { accessUris: {} },
  labels: { team: "vision" },
  network: "projects/1/global/networks/n",
  reservedIpRanges: ["r"],
  encryptionSpec: { kmsKeyName: "k" },
  pscInterfaceConfig: { networkAttachment: "a", dnsPeeringConfigs: [{ domain: "d.", targetProject: "p" }] },
  resourceRuntimeSpec: {
    serviceAccountSpec: { enableCustomServiceAccount: true, serviceAccount: "s" },
    raySpec: { imageUri: "i", resourcePoolImages: { a: "i" }, rayMetricSpec: { disabled: true } },
  },
  resourcePools: [
    {
      id: "pool-1",
      machineSpec: {
        machineType: "a2-highgpu-1g",
        acceleratorType: "NVIDIA_TESLA_A100",
        acceleratorCount: 1,
        reservationAffinity: { reservationAffinityType: "SPECIFIC_RESERVATION", key: "k", values: ["v"] },
      },
      replicaCount: "1",
      usedReplicaCount: "1",
      diskSpec: { bootDiskType: "pd-ssd", bootDiskSizeGb: 100 },
    },
    {
      id: "elastic",
      machineSpec: { machineType: "n1-standard-8" },
      replicaCount: "2",
      autoscalingSpec: { minReplicaCount: "2", maxReplicaCount: "6" },
    },
  ],
});

function withField(path: string, value: JsonObject[string]): JsonObject {
  const resource = whole();
  const keys = path.split(".");
  const last = keys.pop() ?? "";
  let place: JsonObject = resource;
  for (const key of keys) place = (Array.isArray(place) ? place[Number(key)] : place[key]) as JsonObject;
  place[last] = value;
  return resource;
}

describe("what may be deleted, because it can be rebuilt", () => {
  it("the body has everything but what the service sets, at the size of the last settled up state", () => {
    const rebuilt = rebuild(whole(), { "pool-1": 4, elastic: 9 });
    const { name, state, createTime, startTime, updateTime, satisfiesPzs, resourceRuntime, ...sent } = whole();
    const pools = sent["resourcePools"] as JsonObject[];
    delete pools[0]?.["usedReplicaCount"];
    expect(rebuilt).toEqual({
      rebuildable: true,
      body: { ...sent, resourcePools: [{ ...pools[0], replicaCount: "4" }, pools[1]] },
    });
  });

  it.each([
    ["a field of the future", "coldStandby", true, "coldStandby"],
    [
      "a field that only v1beta1 has",
      "resourceRuntimeSpec.raySpec.nfsMounts",
      [],
      "resourceRuntimeSpec.raySpec.nfsMounts",
    ],
    ["inside a pool", "resourcePools.0.placement", "close", "resourcePools[0].placement"],
    [
      "inside a machine",
      "resourcePools.0.machineSpec.minGpuDriverVersion",
      "5",
      "resourcePools[0].machineSpec.minGpuDriverVersion",
    ],
    [
      "a GPU that our client would drop",
      "resourcePools.0.machineSpec.acceleratorType",
      "NVIDIA_B300",
      "resourcePools[0].machineSpec.acceleratorType",
    ],
    [
      "a reservation of a kind that it would drop",
      "resourcePools.0.machineSpec.reservationAffinity.reservationAffinityType",
      "SHARED_RESERVATION",
      "resourcePools[0].machineSpec.reservationAffinity.reservationAffinityType",
    ],
    ["a pool without machine", "resourcePools.0.machineSpec", null, "resourcePools[0].machineSpec"],
    ["no pool", "resourcePools", [], "resourcePools (missing)"],
    ["another shape than expected", "encryptionSpec", "k", "encryptionSpec"],
    ["a name from Object.prototype", "toString", "x", "toString"],
  ])("%s: not rebuildable, and the field is named", (_why, path, value, field) => {
    expect(rebuild(withField(path, value), {})).toEqual({ rebuildable: false, field });
  });

  it("a pool without size and without autoscaling: not rebuildable", () => {
    const resource = whole();
    delete (resource["resourcePools"] as JsonObject[])[0]?.["replicaCount"];
    expect(rebuild(resource, {})).toEqual({ rebuildable: false, field: "resourcePools[0].replicaCount (missing)" });
  });
});

describe("the enum values that our client can send", () => {
  const protos: Described = createRequire(import.meta.url)("@google-cloud/aiplatform/build/protos/protos.json");
  const packages = ["google", "cloud", "aiplatform", "v1"];
  const { nested = {} } = packages.reduce<Described>((within, name) => within.nested?.[name] ?? {}, protos);

  it.each([
    ["acceleratorType", acceleratorTypes, nested["AcceleratorType"]?.values],
    ["reservationAffinityType", reservationAffinityTypes, nested["ReservationAffinity"]?.nested?.["Type"]?.values],
  ])("%s: those of the installed client, no more and no less", (_field, known, shipped) => {
    expect(known).toEqual(Object.keys(shipped ?? {}));
  });

  it("no other field that we send is an enum", () => {
    const found: string[] = [];
    const walk = (message: string, path: string) => {
      for (const [name, { type, options }] of Object.entries(nested[message]?.fields ?? {})) {
        if (options?.["(google.api.field_behavior)"] === "OUTPUT_ONLY") continue;
        const of = nested[type] ?? nested[message]?.nested?.[type];
        if (of?.values) found.push(`${path}${name}`);
        else if (of?.fields) walk(type, `${path}${name}.`);
      }
    };
    walk("PersistentResource", "");
    expect(found).toEqual([
      "resourcePools.machineSpec.acceleratorType",
      "resourcePools.machineSpec.reservationAffinity.reservationAffinityType",
    ]);
  });
});

describe("fingerprint", () => {
  const pool = (more: Partial<ResourcePool> = {}): ResourcePool => ({
    id: "a",
    machineSpec: { machineType: "n1-standard-8", acceleratorCount: 1 },
    replicaCount: "2",
    ...more,
  });
  const of = (...pools: ResourcePool[]) => fingerprint({ resourcePools: pools });

  it.each<[why: string, same: boolean, ResourcePool[]]>([
    ["order of keys", true, [pool({ machineSpec: { acceleratorCount: 1, machineType: "n1-standard-8" } })]],
    ["replicas in use", true, [pool({ usedReplicaCount: "2" })]],
    ["size", false, [pool({ replicaCount: "3" })]],
    ["machine", false, [pool({ machineSpec: { machineType: "n1-standard-16" } })]],
    ["disk", false, [pool({ diskSpec: { bootDiskSizeGb: 200 } })]],
    ["another pool", false, [pool(), pool({ id: "b" })]],
  ])("%s: equal is %s", (_why, same, pools) => {
    expect(of(...pools) === of(pool())).toBe(same);
  });

  it("the size of an autoscaled pool changes by itself and does not count", () => {
    const scaled = (replicaCount: string) =>
      of(pool({ replicaCount, autoscalingSpec: { minReplicaCount: "1", maxReplicaCount: "8" } }));
    expect(scaled("2")).toBe(scaled("7"));
  });

  it("pools are compared by id, whatever their order", () => {
    expect(of(pool(), pool({ id: "b" }))).toBe(of(pool({ id: "b" }), pool()));
  });

  it("a difference is told in words", () => {
    expect(describeDifference(of(pool(), pool({ id: "b" })), of(pool({ replicaCount: "4" }), pool({ id: "c" })))).toBe(
      "a replicas 2 -> 4, pool b is gone, pool c is new",
    );
  });

  it("after our own resize it is what the resource then shows", () => {
    expect(resizedFingerprint(of(pool()), [{ id: "a", replicaCount: 5 }])).toBe(of(pool({ replicaCount: "5" })));
  });
});

describe("built as the spec says", () => {
  const asked: ResourcePool[] = [{ machineSpec: { machineType: "n1-standard-8" }, replicaCount: "2" }];
  const shown: ResourcePool = {
    id: "generated",
    machineSpec: { machineType: "n1-standard-8" },
    diskSpec: { bootDiskType: "pd-ssd", bootDiskSizeGb: 100 },
    replicaCount: "3",
  };
  it.each<[why: string, ResourcePool[], string | undefined]>([
    ["what the service fills in, and the size, are no difference", [shown], undefined],
    ["another machine", [{ ...shown, machineSpec: { machineType: "n1-standard-4" } }], "pool 1 machineSpec is"],
    ["two pools", [shown, shown], "2 pools instead of 1"],
    ["autoscaled", [{ ...shown, autoscalingSpec: { minReplicaCount: "1" } }], "pool 1 is autoscaled"],
  ])("%s", (_why, pools, difference) => {
    const found = differsFromSpec({ resourcePools: asked }, { resourcePools: pools });
    if (difference === undefined) expect(found).toBeUndefined();
    else expect(found).toContain(difference);
  });
});
