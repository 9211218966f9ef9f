/** Autoscaled pools: grow while jobs wait, shrink to what is used after a quiet time; never outside their bounds. */
import type { Behaviour } from "../behaviour/behaviour.ts";
import type { Kernel } from "../kernel/kernel.ts";
import type { PersistentResource, Pool } from "./record.ts";
import type { PersistentResources } from "./store.ts";

/** Autoscaling of pools. */
export interface Autoscaling {
  /** Jobs wait for so many more machines of a pool. */
  demand(resource: PersistentResource, pool: Pool, waiting: number): void;
  /** Machines of a pool have become free. */
  quiet(resource: PersistentResource, pool: Pool): void;
}

/** Creates the autoscaler. */
export function createAutoscaling(kernel: Kernel, behaviour: Behaviour, resources: PersistentResources): Autoscaling {
  type Event = { resource: string; pool: string; to: number };
  const plan = kernel.agenda.define<Event>("pool.scaled", (event) => {
    const resource = resources.all.get(event.resource);
    const pool = resource?.pools.find(({ id }) => id === event.pool);
    if (!resource || !pool?.autoscaling) return;
    pool.scaling = null;
    const size = Math.min(pool.autoscaling.max, Math.max(pool.autoscaling.min, pool.used, event.to));
    if (resource.state === "RUNNING" && size !== pool.held) resources.resizePool(resource, pool, size);
  });
  const change = (
    resource: PersistentResource,
    pool: Pool,
    to: number,
    timing: "autoscalePool" | "shrinkPool",
  ): void => {
    const at = kernel.clock.now() + kernel.chance.duration(behaviour.values.timings[timing]);
    pool.scaling = plan(at, { resource: resource.name, pool: pool.id, to });
  };

  return {
    demand(resource, pool, waiting) {
      if (!pool.autoscaling || pool.held >= pool.autoscaling.max) return;
      const to = Math.min(pool.autoscaling.max, pool.used + waiting);
      if (to <= pool.held) return;
      if (pool.scaling !== null) kernel.agenda.drop(pool.scaling);
      change(resource, pool, to, "autoscalePool");
    },
    quiet(resource, pool) {
      if (!pool.autoscaling || pool.scaling !== null || pool.held <= Math.max(pool.autoscaling.min, pool.used)) return;
      change(resource, pool, 0, "shrinkPool");
    },
  };
}
