/** Replicas that serve: started, preempted, restarted by the platform, given up. */
import type { JsonObject } from "../../wire/service.ts";
import { timestamp } from "../../wire/times.ts";
import { message } from "../api/json.ts";
import type { Behaviour } from "../behaviour/behaviour.ts";
import type { Billed, Meter } from "../billing/meter.ts";
import { type Collection, createCollection } from "../kernel/collection.ts";
import type { Kernel } from "../kernel/kernel.ts";
import type { Capacity } from "./capacity.ts";

/** The replicas of one deployed model or deployment resource pool. */
export type ReplicaSet = {
  name: string;
  seq: number;
  billed: Billed;
  /** How many there should be. */
  wanted: number;
  /** Machines held, serving or starting. */
  held: number;
  /** Replicas that serve. */
  available: number;
  /** Replicas the platform no longer tries to restart. */
  abandoned: number;
  /** Restarts tried since replicas were last preempted. */
  restarts: number;
  /** Whether the deployment has ended, so that lost replicas are restarted. */
  serving: boolean;
  /** Whether missing replicas were preempted: their restarts are counted, those of never-had ones are not. */
  preempted: boolean;
  /** The happening that will try to get missing replicas. */
  retry: number | null;
  message: string;
  updateTime: number;
};

/** The replicas of the world. */
export interface Replicas {
  readonly all: Collection<ReplicaSet>;
  /** Creates a set without machines. */
  create(name: string, billed: Billed, wanted: number): ReplicaSet;
  /** Takes what machines there are for those still missing; gives how many are held. */
  acquire(set: ReplicaSet): number;
  /** What is held starts to serve; what is missing is tried again and again. */
  serve(set: ReplicaSet): void;
  resize(set: ReplicaSet, wanted: number): void;
  /** Takes up to `replicas` machines away; gives how many. */
  preempt(set: ReplicaSet, replicas: number): number;
  /** Gives all machines back and forgets the set. */
  release(name: string): void;
  /** Called when a set has lost its last replica and no restart will come. */
  onLost(action: (set: ReplicaSet) => void): void;
}

/** The longest wait between two tries, in milliseconds. */
const longestWait = 600_000;

/** Creates a world without replicas. */
export function createReplicas(parts: {
  kernel: Kernel;
  behaviour: Behaviour;
  capacity: Capacity;
  meter: Meter;
}): Replicas {
  const { kernel, behaviour, capacity, meter } = parts;
  const all = createCollection<ReplicaSet>(kernel.slices, "replicas", () => []);
  const lost: ((set: ReplicaSet) => void)[] = [];
  const missing = (set: ReplicaSet): number => Math.max(0, set.wanted - set.held - set.abandoned);

  const changed = (set: ReplicaSet): void => {
    set.updateTime = kernel.clock.now();
    meter.set(set.name, set.billed, set.available);
    if (set.available === set.wanted) set.message = "";
  };
  const scheduleReady = kernel.agenda.define<{ set: string; replicas: number }>("replicas.ready", (event) => {
    const set = all.get(event.set);
    if (!set) return;
    set.available = Math.min(set.held, set.available + event.replicas);
    changed(set);
  });
  const scheduleRetry = kernel.agenda.define<{ set: string }>("replicas.retry", (event) => {
    const set = all.get(event.set);
    if (set) restart(set);
  });

  const startUp = (set: ReplicaSet, replicas: number): void => {
    const ready = kernel.clock.now() + kernel.chance.duration(behaviour.values.timings.startReplica);
    if (replicas > 0) scheduleReady(ready, { set: set.name, replicas });
  };
  const planRetry = (set: ReplicaSet): void => {
    if (set.retry !== null || missing(set) === 0) return;
    const wait = Math.min(behaviour.values.spotRestartSeconds * 1000 * 2 ** set.restarts, longestWait);
    set.retry = scheduleRetry(kernel.clock.now() + wait, { set: set.name });
  };
  const take = (set: ReplicaSet): number => {
    const taken = capacity.take(set.billed.place, missing(set));
    set.held += taken;
    return taken;
  };
  const restart = (set: ReplicaSet): void => {
    set.retry = null;
    const limit = set.preempted ? behaviour.values.spotRestarts : Number.POSITIVE_INFINITY;
    const tried = set.restarts < limit;
    if (tried) {
      set.restarts += 1;
      startUp(set, take(set));
    }
    if (missing(set) === 0) {
      set.restarts = 0;
      set.preempted = false;
    } else if (set.restarts < limit) {
      if (set.preempted) set.message = `STOCKOUT: restart ${set.restarts} of ${limit} found no machine.`;
      planRetry(set);
    } else {
      set.abandoned += missing(set);
      set.message = `STOCKOUT: no machine after ${limit} restarts; ${set.abandoned} of ${set.wanted} replicas given up.`;
      changed(set);
      if (set.held === 0) for (const action of lost) action(set);
    }
  };
  const drop = (set: ReplicaSet, machines: number): void => {
    set.held -= machines;
    set.available = Math.min(set.available, set.held);
    capacity.give(set.billed.place, machines);
  };

  return {
    all,
    create: (name, billed, wanted) =>
      all.add({
        name,
        billed,
        wanted,
        held: 0,
        available: 0,
        abandoned: 0,
        restarts: 0,
        serving: false,
        preempted: false,
        retry: null,
        message: "",
        updateTime: kernel.clock.now(),
      }),
    acquire(set) {
      take(set);
      return set.held;
    },
    serve(set) {
      set.serving = true;
      set.available = set.held;
      if (missing(set) > 0) set.message = `${missing(set)} of ${set.wanted} replicas could not be started: STOCKOUT.`;
      changed(set);
      planRetry(set);
    },
    resize(set, wanted) {
      set.wanted = wanted;
      set.abandoned = Math.min(set.abandoned, Math.max(0, wanted - set.held));
      if (set.held > wanted) drop(set, set.held - wanted);
      else startUp(set, take(set));
      if (missing(set) > 0) set.message = `${missing(set)} of ${wanted} replicas could not be started: STOCKOUT.`;
      changed(set);
      planRetry(set);
    },
    preempt(set, replicas) {
      const taken = Math.min(replicas, set.held);
      if (taken === 0) return 0;
      drop(set, taken);
      if (!set.serving) return taken;
      set.preempted = true;
      set.message = `STOCKOUT: ${taken} of ${set.wanted} replicas were preempted.`;
      changed(set);
      if (behaviour.values.spotRestarts === 0) restart(set);
      else planRetry(set);
      return taken;
    },
    release(name) {
      const set = all.get(name);
      if (!set) return;
      if (set.retry !== null) kernel.agenda.drop(set.retry);
      drop(set, set.held);
      meter.set(set.name, set.billed, 0);
      all.remove(name);
    },
    onLost: (action) => {
      lost.push(action);
    },
  };
}

/** DeployedModel.Status of a set of replicas. */
export function replicaStatus(set: ReplicaSet): JsonObject {
  return message({
    availableReplicaCount: set.available,
    message: set.message,
    lastUpdateTime: timestamp(set.updateTime),
  });
}
