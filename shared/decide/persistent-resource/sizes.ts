/** What size? A scale request in force, then the window, then the spec; clamped to the policy's bounds. */
import type { JsonObject, ResourcePool } from "../../vertex/vertex.ts";
import type { Sizes } from "../schedule/windows.ts";
import type { Draft, RequestFor } from "./draft.ts";
import type { Identified } from "./identity.ts";
import { standInOf } from "./machines.ts";
import type { Presence } from "./presence.ts";

/** A pool that shall have another size. */
export interface Gap {
  readonly pool: string;
  readonly from: number;
  readonly to: number;
  /** The request that asks for it; otherwise the window or the spec does. */
  readonly request?: RequestFor<"scale">;
}

function poolName(pool: ResourcePool, index: number): string {
  return pool.id ?? String(index);
}

/** The newest scale request in force for a pool. */
function requestFor(draft: Draft, pool: string): RequestFor<"scale"> | undefined {
  return draft.wishes("scale").findLast(({ wish }) => wish.pool === pool);
}

/** The sizes that pools say of themselves; those that autoscale have none. */
export function sizesIn(pools: readonly ResourcePool[]): Sizes {
  const said = pools.flatMap((pool, index): [string, number][] =>
    pool.replicaCount === undefined || pool.autoscalingSpec !== undefined
      ? []
      : [[poolName(pool, index), Number(pool.replicaCount)]],
  );
  return Object.fromEntries(said);
}

function specSize(draft: Draft, pool: string, index: number): number | undefined {
  const pools = draft.policy.spec?.resourcePools ?? [];
  const asked = pools.find(({ id }) => id === pool) ?? (pools[index]?.id === undefined ? pools[index] : undefined);
  return asked?.replicaCount === undefined ? draft.memory.base?.[pool] : Number(asked.replicaCount);
}

/** Why a pool can have no other size than it has; undefined: it can. */
export function unscalable(draft: Draft, pools: readonly ResourcePool[], pool: string): string | undefined {
  const { strategy, pools: bounds } = draft.policy.scale;
  const names = pools.map(poolName);
  const index = names.indexOf(pool);
  if (index < 0) return `it has no pool ${pool}, only ${names.join(", ")}`;
  if (strategy === "never") return "the fleet file says scale.strategy: never";
  if (pools[index]?.autoscalingSpec !== undefined) return `Vertex AI autoscales pool ${pool} by itself`;
  if (!Object.hasOwn(bounds, pool)) return `the fleet file names no bounds for pool ${pool} under scale.pools`;
  return undefined;
}

/**
 * The sizes wanted now, for every pool that may be sized.
 * @param alternative sizes of the alternative that it is built on, in the spec's place.
 */
export function wantedSizes(
  draft: Draft,
  pools: readonly ResourcePool[],
  presence: Presence,
  alternative: Sizes = {},
): Sizes {
  const wanted: Record<string, number> = {};
  for (const [index, pool] of pools.entries()) {
    const name = poolName(pool, index);
    const bounds = draft.policy.scale.pools[name];
    if (bounds === undefined || unscalable(draft, pools, name) !== undefined) continue;
    const asked =
      requestFor(draft, name)?.wish.replicas ??
      presence.sizes[name] ??
      alternative[name] ??
      specSize(draft, name, index);
    // A persistent resource without Ray holds at least one replica; zero means off, and that is not a size.
    if (asked !== undefined) wanted[name] = Math.max(1, Math.min(Math.max(asked, bounds.min), bounds.max));
  }
  return wanted;
}

/** The pools of a create request's body, or none if it has none. */
export function poolsOf(body: JsonObject): readonly ResourcePool[] {
  const pools = body["resourcePools"];
  return Array.isArray(pools) ? (pools as unknown as ResourcePool[]) : [];
}

/** Where a resource's sizes differ from what is wanted. */
export function sizeGaps(
  draft: Draft,
  { createTime, resourcePools: pools }: Identified,
  presence: Presence,
): readonly Gap[] {
  const wanted = wantedSizes(draft, pools, presence, standInOf(draft.memory, createTime)?.sizes);
  return pools.flatMap((pool, index) => {
    const name = poolName(pool, index);
    const to = wanted[name];
    const from = Number(pool.replicaCount ?? 0);
    if (to === undefined || to === from) return [];
    const request = requestFor(draft, name);
    return [{ pool: name, from, to, ...(request === undefined ? {} : { request }) }];
  });
}

/** `pool-1 2 -> 4, pool-2 1 -> 2` */
export function describeGaps(gaps: readonly Pick<Gap, "pool" | "from" | "to">[]): string {
  return gaps.map(({ pool, from, to }) => `${pool} ${from} -> ${to}`).join(", ");
}
