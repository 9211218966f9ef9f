/**
 * Whether a resource, as v1beta1 REST shows it, can be rebuilt by our v1 create request, and with which body. Every
 * field must be known: either we send it, or the service sets it. Source: persistent_resource.proto, v1 and v1beta1.
 */
import { acceleratorTypes, reservationAffinityTypes } from "../../vertex/enum-values.ts";
import type { Json, JsonObject } from "../../vertex/vertex.ts";
import type { Sizes } from "../schedule/windows.ts";

/** How a field is treated: sent as it is, sent if it is one of some texts, left out (the service sets it), or taken apart. */
type Shape =
  | "sent"
  | "output"
  | { readonly oneOf: readonly string[] }
  | { readonly fields: { readonly [field: string]: Shape } }
  | { readonly items: Shape };

const machineSpec: Shape = {
  fields: {
    machineType: "sent",
    acceleratorType: { oneOf: acceleratorTypes },
    acceleratorCount: "sent",
    gpuPartitionSize: "sent",
    tpuTopology: "sent",
    reservationAffinity: {
      fields: { reservationAffinityType: { oneOf: reservationAffinityTypes }, key: "sent", values: "sent" },
    },
  },
};

const resourcePool: Shape = {
  fields: {
    id: "sent",
    machineSpec,
    replicaCount: "sent",
    diskSpec: { fields: { bootDiskType: "sent", bootDiskSizeGb: "sent" } },
    autoscalingSpec: { fields: { minReplicaCount: "sent", maxReplicaCount: "sent" } },
    usedReplicaCount: "output",
    idleReplicaCount: "output",
  },
};

const raySpec: Shape = {
  fields: {
    imageUri: "sent",
    resourcePoolImages: "sent",
    headNodeResourcePoolId: "sent",
    rayMetricSpec: { fields: { disabled: "sent" } },
    rayLogsSpec: { fields: { disabled: "sent" } },
  },
};

const persistentResource: Shape = {
  fields: {
    name: "output",
    state: "output",
    error: "output",
    createTime: "output",
    startTime: "output",
    updateTime: "output",
    resourceRuntime: "output",
    satisfiesPzs: "output",
    satisfiesPzi: "output",
    displayName: "sent",
    labels: "sent",
    network: "sent",
    reservedIpRanges: "sent",
    resourcePools: { items: resourcePool },
    encryptionSpec: { fields: { kmsKeyName: "sent" } },
    pscInterfaceConfig: {
      fields: {
        networkAttachment: "sent",
        dnsPeeringConfigs: { items: { fields: { domain: "sent", targetProject: "sent", targetNetwork: "sent" } } },
      },
    },
    resourceRuntimeSpec: {
      fields: {
        serviceAccountSpec: { fields: { enableCustomServiceAccount: "sent", serviceAccount: "sent" } },
        raySpec,
      },
    },
  },
};

/** The body that rebuilds a resource, or the first field that stands in the way. */
export type Rebuild =
  | { readonly rebuildable: true; readonly body: JsonObject }
  | { readonly rebuildable: false; readonly field: string };

class Obstacle {
  readonly field: string;
  constructor(field: string) {
    this.field = field;
  }
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function take(value: Json, shape: Shape, path: string): Json | Obstacle {
  if (shape === "sent" || shape === "output") return value;
  if ("oneOf" in shape) return shape.oneOf.some((known) => known === value) ? value : new Obstacle(path);
  if ("items" in shape) {
    if (!Array.isArray(value)) return new Obstacle(path);
    const taken: Json[] = [];
    for (const [index, item] of value.entries()) {
      const one = take(item, shape.items, `${path}[${index}]`);
      if (one instanceof Obstacle) return one;
      taken.push(one);
    }
    return taken;
  }
  if (!isObject(value)) return new Obstacle(path);
  const taken: JsonObject = {};
  for (const [field, content] of Object.entries(value)) {
    const where = path === "" ? field : `${path}.${field}`;
    const known = Object.hasOwn(shape.fields, field) ? shape.fields[field] : undefined;
    if (known === undefined) return new Obstacle(where);
    if (known === "output") continue;
    const one = take(content, known, where);
    if (one instanceof Obstacle) return one;
    taken[field] = one;
  }
  return taken;
}

/** What a body must have to be a create request at all. */
function missing(body: JsonObject): string | undefined {
  const pools = body["resourcePools"];
  if (!Array.isArray(pools) || pools.length === 0) return "resourcePools (missing)";
  for (const [index, pool] of pools.entries()) {
    if (!isObject(pool) || !isObject(pool["machineSpec"])) return `resourcePools[${index}].machineSpec (missing)`;
    if (pool["replicaCount"] === undefined && pool["autoscalingSpec"] === undefined) {
      return `resourcePools[${index}].replicaCount (missing)`;
    }
  }
  return undefined;
}

/** A create request's body with other replica counts, by pool id; autoscaled pools keep theirs. */
export function withReplicas(body: JsonObject, replicas: Sizes): JsonObject {
  const pools = body["resourcePools"];
  if (!Array.isArray(pools)) return body;
  const resized = pools.map((pool, index) => {
    if (!isObject(pool) || pool["autoscalingSpec"] !== undefined) return pool;
    const wanted = replicas[typeof pool["id"] === "string" ? pool["id"] : String(index)];
    return wanted === undefined || wanted < 1 ? pool : { ...pool, replicaCount: String(wanted) };
  });
  return { ...body, resourcePools: resized };
}

/**
 * Tells whether `verbatim` can be rebuilt.
 * @param verbatim the whole resource as v1beta1 REST JSON.
 * @param replicas counts of the last settled up state, by pool id: what it shows now may have been reduced for the night.
 */
export function rebuild(verbatim: JsonObject, replicas: Sizes): Rebuild {
  const body = take(verbatim, persistentResource, "");
  if (body instanceof Obstacle) return { rebuildable: false, field: body.field };
  if (!isObject(body)) return { rebuildable: false, field: "the whole resource" };
  const lacking = missing(body);
  if (lacking !== undefined) return { rebuildable: false, field: lacking };
  return { rebuildable: true, body: withReplicas(body, replicas) };
}
