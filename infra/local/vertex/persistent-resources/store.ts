/** The persistent resources of the world: their machines, and who wants to know of their changes. */
import { type Status, status } from "../api/errors.ts";
import { locationOf } from "../api/names.ts";
import type { Meter } from "../billing/meter.ts";
import type { Capacity } from "../capacity/capacity.ts";
import type { Place } from "../capacity/place.ts";
import { type Quotas, trainingClaim } from "../capacity/quota.ts";
import { provisioningText } from "../capacity/texts.ts";
import { type Collection, createCollection } from "../kernel/collection.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { type PersistentResource, type PersistentResourceState, type Pool, placeOf } from "./record.ts";

/** What became of a resource, for those who run jobs on it. */
type ResourceChange = "available" | "rebooting" | "stopping" | "gone";

/** What the store stands on. */
export interface StoreParts {
  readonly kernel: Kernel;
  readonly capacity: Capacity;
  readonly quotas: Quotas;
  readonly meter: Meter;
}

/** The persistent resources. */
export interface PersistentResources {
  readonly all: Collection<PersistentResource>;
  /** Moves to a state, at once for everybody. */
  become(resource: PersistentResource, state: PersistentResourceState, error?: Status): void;
  /** Gets machines for the given sizes, all or none; gives the stockout when there are too few. */
  hold(resource: PersistentResource, sizes: ReadonlyMap<string, number>): Status | undefined;
  /** Gives all machines back. */
  letGo(resource: PersistentResource): void;
  /** Changes one pool's machines as far as there are some. */
  resizePool(resource: PersistentResource, pool: Pool, size: number): void;
  /** Charges training quota for the given sizes; gives the names of exceeded metrics. */
  charge(resource: PersistentResource, sizes: ReadonlyMap<string, number>): readonly string[];
  remove(resource: PersistentResource): void;
  onChange(action: (resource: PersistentResource, change: ResourceChange) => void): void;
}

/** Wanted sizes as the pools now are. */
export function currentSizes(resource: PersistentResource): Map<string, number> {
  return new Map(resource.pools.map(({ id, replicas }) => [id, replicas]));
}

const changes: Partial<Record<PersistentResourceState, ResourceChange>> = {
  RUNNING: "available",
  REBOOTING: "rebooting",
  STOPPING: "stopping",
};

/** Creates a world without persistent resources. */
export function createPersistentResources({ kernel, capacity, quotas, meter }: StoreParts): PersistentResources {
  const all = createCollection<PersistentResource>(kernel.slices, "persistentResources", ({ name }) => [
    locationOf(name).name,
  ]);
  const watchers: ((resource: PersistentResource, change: ResourceChange) => void)[] = [];
  const tell = (resource: PersistentResource, change: ResourceChange): void => {
    for (const watcher of watchers) watcher(resource, change);
  };
  /** Machines are billed while the resource is RUNNING, and while it is being resized. */
  const bill = (resource: PersistentResource): void => {
    const on = resource.state === "RUNNING" || resource.state === "UPDATING";
    for (const pool of resource.pools) {
      const place = placeOf(resource, pool);
      const billed = { resource: resource.name, part: pool.id, kind: "persistentResource", place } as const;
      meter.set(`${resource.name}/${pool.id}`, { ...billed, machine: pool.machine }, on ? pool.held : 0);
    }
  };
  const setHeld = (place: Place, pool: Pool, size: number): boolean => {
    if (size <= pool.held) capacity.give(place, pool.held - size);
    else if (!takeAll(capacity, place, size - pool.held)) return false;
    pool.held = size;
    return true;
  };

  return {
    all,
    become(resource, state, error) {
      const now = kernel.clock.now();
      resource.state = state;
      resource.error = state === "ERROR" || state === "STOPPING" ? (error ?? resource.error) : null;
      resource.updateTime = now;
      if (state === "RUNNING") resource.startTime ??= now;
      bill(resource);
      const change = changes[state];
      if (change) tell(resource, change);
    },
    hold(resource, sizes) {
      const before = resource.pools.map(({ held }) => held);
      for (const pool of resource.pools) {
        const size = sizes.get(pool.id) ?? pool.replicas;
        if (setHeld(placeOf(resource, pool), pool, size)) continue;
        const restore = (size: (at: number, held: number) => number): void => {
          for (const [at, other] of resource.pools.entries()) {
            setHeld(placeOf(resource, other), other, size(at, other.held));
          }
        };
        // First what was gained goes back, then what was given up can be had again.
        restore((at, held) => Math.min(held, before[at] ?? 0));
        restore((at) => before[at] ?? 0);
        const { region } = locationOf(resource.name);
        return status("RESOURCE_EXHAUSTED", provisioningText([pool.machine.type], region));
      }
      for (const pool of resource.pools) pool.replicas = pool.held;
      return undefined;
    },
    letGo(resource) {
      for (const pool of resource.pools) {
        setHeld(placeOf(resource, pool), pool, 0);
        if (pool.scaling !== null) kernel.agenda.drop(pool.scaling);
        pool.scaling = null;
      }
      bill(resource);
    },
    resizePool(resource, pool, size) {
      const place = placeOf(resource, pool);
      if (size > pool.held) pool.held += capacity.take(place, size - pool.held);
      else setHeld(place, pool, size);
      pool.replicas = pool.held;
      bill(resource);
      tell(resource, "available");
    },
    charge: (resource, sizes) =>
      quotas.charge(
        resource.name,
        resource.pools.map((pool) => {
          const most = Math.max(sizes.get(pool.id) ?? pool.replicas, pool.autoscaling?.max ?? 0);
          return trainingClaim(placeOf(resource, pool), pool.machine, most);
        }),
      ),
    remove(resource) {
      tell(resource, "gone");
      quotas.release(resource.name);
      all.remove(resource.name);
    },
    onChange: (action) => {
      watchers.push(action);
    },
  };
}

function takeAll(capacity: Capacity, place: Place, machines: number): boolean {
  const taken = capacity.take(place, machines);
  if (taken === machines) return true;
  capacity.give(place, taken);
  return false;
}
