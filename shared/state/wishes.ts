/** What an event wants of a target, or why the fleet does not allow it. */
import type { Wish } from "../events/requests.ts";
import type { FleetEvent } from "../events/schema.ts";
import type { PersistentResourcePolicy, SpotModelPolicy, TargetPolicy } from "../fleet/fleet.ts";
import { suggest } from "../fleet/nearest.ts";
import type { TargetDocument } from "./documents.ts";
import type { Bounds } from "./sizes.ts";

/** A Spot model's replicas as a pool: its only one. */
const modelPool = "model";

/** What is wanted: a size still to be worked out, or a wish as it is. */
export type Wanted =
  | {
      readonly want: "size";
      readonly pool: string;
      readonly bounds: Bounds;
      readonly asked: { readonly replicas: number } | { readonly delta: number };
    }
  | { readonly want: "wish"; readonly wish: Exclude<Wish, { readonly type: "scale" }> }
  | { readonly want: "impossible"; readonly why: string };

type ScaleEvent = Extract<FleetEvent, { readonly type: "scale" }>;

function impossible(why: string): Wanted {
  return { want: "impossible", why };
}

/** An event in a few words, e.g. `scale pool-1 to 4`. */
export function describeEvent(event: FleetEvent): string {
  switch (event.type) {
    case "scale": {
      const { pool, replicas, delta = 0 } = event;
      const size = replicas === undefined ? `by ${delta > 0 ? "+" : ""}${delta}` : `to ${replicas}`;
      return pool === undefined ? `scale ${size}` : `scale ${pool} ${size}`;
    }
    case "job":
      return `run job ${event.customJob.displayName}`;
    case "wake":
    case "hold":
    case "release":
    case "reboot":
      return event.type;
  }
}

/** The sizes that a Spot model's rungs can serve with. */
function modelBounds({ ladder }: SpotModelPolicy): Bounds {
  return {
    min: Math.min(...ladder.map(({ minReplicas }) => minReplicas)),
    max: Math.max(...ladder.map(({ maxReplicas }) => maxReplicas)),
  };
}

/** The pools that may be scaled, with their bounds. */
function scalable(policy: TargetPolicy): ReadonlyMap<string, Bounds> {
  return policy.kind === "spotModel"
    ? new Map([[modelPool, modelBounds(policy)]])
    : new Map(Object.entries(policy.scale.pools));
}

function wantSize(policy: TargetPolicy, event: ScaleEvent): Wanted {
  const possible = "wake, hold, release, job and reboot are possible";
  if (policy.kind === "persistentResource" && policy.scale.strategy === "never") {
    return impossible(`the fleet file says scale.strategy: never for ${policy.name}; ${possible}`);
  }
  const pools = scalable(policy);
  const names = [...pools.keys()];
  const [only] = names;
  if (only === undefined) {
    return impossible(`the fleet file names no pool of ${policy.name} under scale.pools; ${possible}`);
  }
  if (event.pool === undefined && names.length > 1) {
    return impossible(`${policy.name} has several pools that can be scaled; name one of ${names.join(", ")}`);
  }
  const pool = event.pool ?? only;
  const bounds = pools.get(pool);
  if (bounds === undefined) {
    return impossible(`${policy.name} has no pool "${pool}" that may be scaled; ${suggest(pool, names)}`);
  }
  const { replicas, delta = 0 } = event;
  if (replicas === undefined) return { want: "size", pool, bounds, asked: { delta } };
  if (replicas < bounds.min || replicas > bounds.max) {
    return impossible(
      `${replicas} replicas of ${pool} are out of bounds: the fleet file allows ${bounds.min} to ${bounds.max}`,
    );
  }
  return { want: "size", pool, bounds, asked: { replicas } };
}

/** What the event wants of the target, as far as the fleet allows it. */
export function wantedBy(policy: TargetPolicy, event: FleetEvent): Wanted {
  switch (event.type) {
    case "scale":
      return wantSize(policy, event);
    case "job":
    case "reboot":
      if (policy.kind === "spotModel") {
        return impossible(
          `${policy.name} is a Spot model, which has no ${event.type}; scale, wake, hold and release are possible`,
        );
      }
      if (event.type === "reboot") return { want: "wish", wish: { type: "reboot" } };
      // The schema keeps every key a CustomJob may have; it was parsed from JSON.
      return { want: "wish", wish: { type: "job", customJob: { ...event.customJob } as JobWish["customJob"] } };
    case "wake":
    case "hold":
    case "release":
      return { want: "wish", wish: { type: event.type } };
  }
}

type JobWish = Extract<Wish, { readonly type: "job" }>;

function resourceSize(policy: PersistentResourcePolicy, target: TargetDocument, pool: string): number | undefined {
  const { memory } = target;
  const known = memory.kind === "persistentResource" ? memory.known?.replicas[pool] : undefined;
  if (known !== undefined) return known;
  const specified = policy.spec?.resourcePools.find(({ id }) => id === pool)?.replicaCount;
  return specified === undefined ? undefined : Number(specified);
}

function modelSize(policy: SpotModelPolicy, { memory }: TargetDocument): number | undefined {
  if (memory.kind !== "spotModel") return undefined;
  const rung = policy.ladder.find(({ id }) => id === memory.serving?.rungId) ?? policy.ladder[0];
  return memory.scaled?.replicas ?? rung?.minReplicas;
}

/** The size that a change starts from when no other request is in force: as last seen, else as the fleet file says. */
export function currentSize(policy: TargetPolicy, target: TargetDocument, pool: string, bounds: Bounds): number {
  const size = policy.kind === "spotModel" ? modelSize(policy, target) : resourceSize(policy, target, pool);
  return size ?? bounds.min;
}
