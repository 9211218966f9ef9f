/** What a persistent resource must be to be created or updated. Source: proto comments and gcloud's own checks. */
import type { JsonObject } from "../../wire/service.ts";
import { invalidField } from "../api/errors.ts";
import type { Fields } from "../api/fields.ts";
import { machineOf } from "../capacity/place.ts";
import type { Randomness } from "../kernel/randomness.ts";
import { givenFields, isRay, type PersistentResource, type Pool } from "./record.ts";

const idPattern = /^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/;
/** gcloud's limit for autoscaling. */
const largestPool = 1000;
/** The only path the service is known to accept. */
const mutablePath = "resource_pools.replica_count";

/** Reads the id a caller chose for a resource. */
export function readPersistentResourceId(request: Fields): string {
  const id = request.requiredString("persistentResourceId");
  if (id && !idPattern.test(id)) request.wrong("persistentResourceId", `"${id}" must match ${idPattern.source}.`);
  return id;
}

/** Reads what a create request wants; generates pool ids that are not given. */
export function readNewResource(resource: Fields, chance: Randomness): { given: JsonObject; pools: Pool[] } {
  const { json } = resource;
  const given = Object.fromEntries(givenFields.flatMap((key) => (key in json ? [[key, json[key] ?? null]] : [])));
  if ((resource.string("displayName") ?? "").length > 128) resource.wrong("displayName", "At most 128 characters.");
  resource.labels();
  const pools = resource.messages("resourcePools");
  if (pools.length === 0) resource.wrong("resourcePools", "Required field is not set.");
  const read = pools.map((pool) => readPool(pool, isRay(given), chance));
  const ids = read.map(({ id }) => id);
  if (new Set(ids).size < ids.length) resource.wrong("resourcePools", "Pool ids must be unique.");
  return { given, pools: read };
}

function readPool(pool: Fields, ray: boolean, chance: Randomness): Pool {
  const spec = pool.requiredMessage("machineSpec");
  if (pool.has("machineSpec")) spec.requiredString("machineType");
  const machine = machineOf(spec.json);
  if (machine.acceleratorType && machine.acceleratorCount < 1) spec.wrong("acceleratorCount", "Must be at least 1.");
  if (!machine.acceleratorType && machine.acceleratorCount > 0) {
    spec.wrong("acceleratorType", "Required when accelerator_count is set.");
  }
  const disk = pool.message("diskSpec");
  const autoscaling = readAutoscaling(pool, ray);
  const asked = pool.integer("replicaCount");
  const replicas = asked ?? autoscaling?.min ?? 0;
  if (asked === undefined && !autoscaling) pool.wrong("replicaCount", "Required unless the pool is autoscaled.");
  else if (replicas < 1 && !(ray && autoscaling)) pool.wrong("replicaCount", "Must be at least 1.");
  if (autoscaling && (replicas < autoscaling.min || replicas > autoscaling.max)) {
    pool.wrong("replicaCount", "Must lie between min_replica_count and max_replica_count.");
  }
  return {
    id: pool.string("id") ?? `pool-${chance.id(8)}`,
    machineSpec: spec.json,
    machine,
    disk: { type: disk?.string("bootDiskType") ?? "pd-ssd", sizeGb: disk?.integer("bootDiskSizeGb") || 100 },
    replicas,
    autoscaling: autoscaling ?? null,
    held: 0,
    used: 0,
    scaling: null,
  };
}

function readAutoscaling(pool: Fields, ray: boolean): { min: number; max: number } | undefined {
  const spec = pool.message("autoscalingSpec");
  if (!spec) return undefined;
  const [min, max] = [spec.integer("minReplicaCount"), spec.integer("maxReplicaCount")];
  if (min === undefined || max === undefined) {
    pool.wrong("autoscalingSpec", "Both min_replica_count and max_replica_count are needed.");
    return undefined;
  }
  if (min < (ray ? 0 : 1)) spec.wrong("minReplicaCount", ray ? "Must not be negative." : "Must be greater than 0.");
  if (max <= min) spec.wrong("maxReplicaCount", "Must be greater than min_replica_count.");
  if (max > largestPool) spec.wrong("maxReplicaCount", `Must not be greater than ${largestPool}.`);
  return { min, max };
}

/** Refuses a mask that names anything but the one mutable path. */
export function checkMask(paths: readonly string[]): void {
  const other = paths.find((path) => path !== mutablePath);
  if (other !== undefined) {
    throw invalidField("update_mask", `"${other}" cannot be updated. Only ${mutablePath} is supported.`);
  }
}

/** Reads the wanted size of every pool, matched by id; all pools must be there. */
export function readSizes(update: Fields, resource: PersistentResource): Map<string, number> {
  const pools = update.messages("resourcePools");
  const ids = pools.map(
    (pool) => pool.string("id") ?? (resource.pools.length === 1 ? resource.pools[0]?.id : undefined),
  );
  const sizes = new Map<string, number>();
  for (const [at, given] of pools.entries()) {
    const pool = resource.pools.find(({ id }) => id === ids[at]);
    if (!pool) {
      given.wrong("id", `The resource has no pool "${given.string("id") ?? ""}".`);
      continue;
    }
    const size = given.integer("replicaCount") ?? 0;
    const { min, max } = pool.autoscaling ?? { min: 1, max: Number.POSITIVE_INFINITY };
    if (size < min || size > max) given.wrong("replicaCount", `${size} lies outside the bounds of pool "${pool.id}".`);
    sizes.set(pool.id, size);
  }
  const absent = resource.pools.filter(({ id }) => !sizes.has(id)).map(({ id }) => id);
  if (absent.length > 0) update.wrong("resourcePools", `Every pool must be given; missing: ${absent.join(", ")}.`);
  return sizes;
}
