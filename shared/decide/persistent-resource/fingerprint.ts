/**
 * What identifies how a persistent resource is built: pools, machines, disks, and replica counts unless autoscaled.
 * Counters, states and labels are left out: they change by themselves, or mean nothing for what it costs and can do.
 */
import type { PersistentResourceSpec } from "../../fleet/fleet.ts";
import type { Json, PersistentResource, ResourcePool } from "../../vertex/vertex.ts";
import type { Sizes } from "../schedule/windows.ts";

/** Sorts keys, so that equal things read equal whoever wrote them down. */
function canonical(value: Json | undefined): Json {
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== "object" || value === null) return value ?? null;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .filter((key) => value[key] !== undefined)
      .map((key) => [key, canonical(value[key])]),
  );
}

function partsOf(pool: ResourcePool, index: number): { readonly [part: string]: Json } {
  return {
    id: pool.id ?? String(index),
    machine: canonical(pool.machineSpec as Json),
    disk: canonical((pool.diskSpec ?? {}) as Json),
    ...(pool.autoscalingSpec
      ? { autoscaling: canonical(pool.autoscalingSpec as Json) }
      : { replicas: pool.replicaCount ?? "0" }),
  };
}

function sortedParts(pools: readonly ResourcePool[]): readonly { readonly [part: string]: Json }[] {
  return pools.map(partsOf).sort((a, b) => (String(a["id"]) < String(b["id"]) ? -1 : 1));
}

/** The fingerprint: equal for resources that are built alike. */
export function fingerprint(resource: Pick<PersistentResource, "resourcePools">): string {
  return JSON.stringify(sortedParts(resource.resourcePools));
}

/** The fingerprint after a resize of ours: the same machines and disks, other counts. */
export function resizedFingerprint(
  before: string,
  pools: readonly { readonly id: string; readonly replicaCount: number }[],
): string {
  const counts = new Map(pools.map(({ id, replicaCount }) => [id, replicaCount]));
  const parts = JSON.parse(before) as { [part: string]: Json }[];
  return JSON.stringify(
    parts.map((pool) => {
      const count = counts.get(String(pool["id"]));
      return count === undefined || !("replicas" in pool) ? pool : { ...pool, replicas: String(count) };
    }),
  );
}

/** What differs between two fingerprints, in words: `pool-1 replicas 4 -> 2`. */
export function describeDifference(before: string, after: string): string {
  const read = (text: string) =>
    new Map((JSON.parse(text) as { [part: string]: Json }[]).map((pool) => [String(pool["id"]), pool]));
  const [old, now] = [read(before), read(after)];
  const show = (value: Json | undefined) => (typeof value === "string" ? value : JSON.stringify(value ?? null));
  const found: string[] = [];
  for (const id of new Set([...old.keys(), ...now.keys()])) {
    const [was, is] = [old.get(id), now.get(id)];
    if (was === undefined) found.push(`pool ${id} is new`);
    else if (is === undefined) found.push(`pool ${id} is gone`);
    else {
      for (const part of new Set([...Object.keys(was), ...Object.keys(is)])) {
        const [a, b] = [show(was[part]), show(is[part])];
        if (a !== b) found.push(`${id} ${part} ${a} -> ${b}`);
      }
    }
  }
  return found.join(", ") || "nothing";
}

/** Replica counts by pool id, as the resource shows them. */
export function replicasOf(resource: Pick<PersistentResource, "resourcePools">): Sizes {
  return Object.fromEntries(
    resource.resourcePools.map((pool, index) => [pool.id ?? String(index), Number(pool.replicaCount ?? 0)]),
  );
}

function covers(asked: Json | undefined, shown: Json | undefined): boolean {
  if (asked === undefined) return true;
  if (typeof asked !== "object" || asked === null || Array.isArray(asked)) {
    return JSON.stringify(canonical(asked)) === JSON.stringify(canonical(shown));
  }
  if (typeof shown !== "object" || shown === null || Array.isArray(shown)) return Object.keys(asked).length === 0;
  return Object.keys(asked).every((key) => covers(asked[key], shown[key]));
}

/**
 * How a resource differs from what a create request asked for: as {@link differsFromSpec}, and in its sizes unless they are
 * autoscaled. What never ran may show no sizes.
 */
export function differsFromRequest(
  asked: readonly ResourcePool[],
  resource: Pick<PersistentResource, "resourcePools" | "state" | "startTime">,
): string | undefined {
  const difference = differsFromSpec({ resourcePools: asked }, resource);
  if (difference !== undefined) return difference;
  const shown = resource.resourcePools;
  for (const [index, { id, replicaCount, autoscalingSpec }] of asked.entries()) {
    if (autoscalingSpec !== undefined || replicaCount === undefined) continue;
    const is = (id === undefined ? shown[index] : shown.find((pool) => pool.id === id))?.replicaCount;
    if (is === undefined && hasNeverRun(resource)) continue;
    if (Number(is ?? 0) !== Number(replicaCount)) {
      return `${id ?? `pool ${index + 1}`} has ${is ?? 0} replicas instead of ${replicaCount}`;
    }
  }
  return undefined;
}

/** Whether a resource shows no sign of ever having run: it is in ERROR, and has no start time. */
export function hasNeverRun({ state, startTime }: Pick<PersistentResource, "state" | "startTime">): boolean {
  return state === "ERROR" && startTime === undefined;
}

/**
 * How a resource differs from what was asked for, sizes aside: the service fills in what was left out (disks, pool
 * ids), so only what the spec says is compared.
 * @returns undefined when it is built as asked.
 */
export function differsFromSpec(
  spec: Pick<PersistentResourceSpec, "resourcePools">,
  resource: Pick<PersistentResource, "resourcePools">,
): string | undefined {
  const [asked, shown] = [spec.resourcePools, resource.resourcePools];
  if (asked.length !== shown.length) return `${shown.length} pools instead of ${asked.length}`;
  for (const [index, pool] of asked.entries()) {
    const match = pool.id === undefined ? shown[index] : shown.find(({ id }) => id === pool.id);
    const name = pool.id ?? `pool ${index + 1}`;
    if (match === undefined) return `no pool ${name}`;
    for (const part of ["machineSpec", "diskSpec", "autoscalingSpec"] as const) {
      if (!covers(pool[part] as Json | undefined, match[part] as Json | undefined)) {
        return `${name} ${part} is ${JSON.stringify(match[part] ?? null)} instead of ${JSON.stringify(pool[part])}`;
      }
    }
    if (pool.autoscalingSpec === undefined && match.autoscalingSpec !== undefined) return `${name} is autoscaled`;
  }
  return undefined;
}
