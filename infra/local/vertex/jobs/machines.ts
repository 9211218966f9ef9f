/** Where a job's machines come from: its persistent resource's pools, or machines of its own. */
import { locationOf } from "../api/names.ts";
import type { Meter } from "../billing/meter.ts";
import type { Capacity } from "../capacity/capacity.ts";
import { type Place, reserved } from "../capacity/place.ts";
import type { Autoscaling } from "../persistent-resources/autoscaling.ts";
import type { PersistentResource } from "../persistent-resources/record.ts";
import type { PersistentResources } from "../persistent-resources/store.ts";
import type { Demand, Job } from "./record.ts";
import { fits } from "./validation.ts";

/** What the machines of jobs stand on. */
export interface MachineParts {
  readonly resources: PersistentResources;
  readonly autoscaling: Autoscaling;
  readonly capacity: Capacity;
  readonly meter: Meter;
}

/** Machines for jobs. */
export interface JobMachines {
  /** Takes all the machines the job needs, or none; false when it must wait. */
  take(job: Job): boolean;
  /** Gives them back. */
  give(job: Job): void;
  /** The job's own machines are billed from now on; those of a persistent resource are billed there. */
  bill(job: Job): void;
}

/** Where a job's own machines come from. */
export function ownPlace(job: { name: string; spot: boolean }, { machine, machineSpec }: Demand): Place {
  const { project, region } = locationOf(job.name);
  const provisioning = job.spot ? "SPOT" : reserved(machineSpec) ? "RESERVATION" : "ON_DEMAND";
  return { project, region, machineType: machine.type, acceleratorType: machine.acceleratorType, provisioning };
}

/** Creates the machines of jobs. */
export function createJobMachines({ resources, autoscaling, capacity, meter }: MachineParts): JobMachines {
  const takeFromPools = (job: Job, resource: PersistentResource): boolean => {
    if (resource.state !== "RUNNING") return false;
    const planned = new Map<string, number>();
    let complete = true;
    for (const demand of job.demands) {
      const pools = resource.pools.filter((pool) => fits(demand, pool));
      const free = (id: string, held: number, used: number): number => held - used - (planned.get(id) ?? 0);
      const pool = pools.find(({ id, held, used }) => free(id, held, used) >= demand.replicas);
      const chosen = pool ?? pools.find(({ autoscaling }) => autoscaling && autoscaling.max >= demand.replicas);
      if (!pool) complete = false;
      if (chosen) planned.set(chosen.id, (planned.get(chosen.id) ?? 0) + demand.replicas);
    }
    for (const [id, replicas] of planned) {
      const pool = resource.pools.find((one) => one.id === id);
      if (!pool) continue;
      if (complete) pool.used += replicas;
      else autoscaling.demand(resource, pool, replicas);
    }
    if (complete) job.held = [...planned].map(([pool, replicas]) => ({ pool, replicas }));
    return complete;
  };
  const takeOwn = (job: Job): boolean => {
    const held: Job["held"] = [];
    for (const demand of job.demands) {
      const place = ownPlace(job, demand);
      const replicas = capacity.take(place, demand.replicas);
      held.push({ place, machine: demand.machine, replicas });
      if (replicas === demand.replicas) continue;
      giveOwn(held);
      return false;
    }
    job.held = held;
    return true;
  };
  const giveOwn = (held: Job["held"]): void => {
    for (const part of held) if ("place" in part) capacity.give(part.place, part.replicas);
  };
  const bill = (job: Job, on: boolean): void => {
    job.held.forEach((part, at) => {
      if (!("place" in part)) return;
      const { place, machine } = part;
      const billed = { resource: job.name, part: String(at), kind: "customJob", place, machine } as const;
      meter.set(`${job.name}/${at}`, billed, on ? part.replicas : 0);
    });
  };

  return {
    take(job) {
      if (job.resource === null) return takeOwn(job);
      const resource = resources.all.get(job.resource);
      return resource !== undefined && takeFromPools(job, resource);
    },
    give(job) {
      bill(job, false);
      giveOwn(job.held);
      const resource = job.resource === null ? undefined : resources.all.get(job.resource);
      for (const part of job.held) {
        const pool = "pool" in part ? resource?.pools.find(({ id }) => id === part.pool) : undefined;
        if (!pool || !resource) continue;
        pool.used -= part.replicas;
        autoscaling.quiet(resource, pool);
      }
      job.held = [];
    },
    bill: (job) => bill(job, true),
  };
}
