/** What must be true at the moment of a delete: of the right thing, of nobody's work, and of nothing that cannot be rebuilt. */
import type { Fleet, PersistentResourcePolicy } from "../../../shared/fleet/fleet.ts";
import type { Change, Held } from "../../../shared/operations/operation.ts";
import { day, minute, second } from "../../../shared/time/clock.ts";
import type { PersistentResource } from "../../../shared/vertex/vertex.ts";
import { poolsOf, type Scenario } from "../scenario.ts";
import type { Story } from "../story.ts";
import { type Cloud, overStates } from "../world/cloud.ts";
import type { Memory } from "../world/memory.ts";
import type { Rebuilds } from "./rebuilds.ts";

/** What is watched with. */
export interface DeletesParts {
  readonly cloud: Cloud;
  readonly memory: Memory;
  readonly story: Story;
  readonly scenario: Scenario;
  readonly now: () => number;
  readonly fleet: () => Fleet;
  /** The smallest limit in force lately. */
  readonly cyclesPerDay: () => number;
  /** Times at which somebody of ours has looked at the jobs, oldest first. */
  readonly looks: readonly number[];
  readonly rebuilds: Rebuilds;
}

/** A shorter job may come and go unseen between two samples: a longer silence makes idleness count anew. */
const unseen = 16 * minute;
/** Clocks of processes differ by so much. */
const skew = 11 * second;
/** A job that runs for longer than a first look lasts was running at any first look. */
const longestLook = 30 * minute;

type Deletion = Extract<Change, { kind: "delete" }>;

/** Watches deletes. */
export class Deletes {
  readonly #parts: DeletesParts;
  /** Accepted deletes by resource: when, and which incarnation. */
  readonly #done = new Map<string, { readonly at: number; readonly createTime: string }[]>();
  /** Sizes before the first shrinking of this off-time. */
  readonly #shrunkFrom = new Map<string, Readonly<Record<string, number>>>();
  #shrinking: Readonly<Record<string, number>> | undefined;
  readonly #claimedAt = new Map<string, number>();
  #pending: { readonly resource: PersistentResource; readonly ran: boolean } | undefined;

  constructor(parts: DeletesParts) {
    this.#parts = parts;
  }

  /** Accepted deletes of a resource within the last day. */
  recent(resource: string): number {
    const since = this.#parts.now() - day;
    return (this.#done.get(resource) ?? []).filter(({ at }) => at > since).length;
  }

  /** A delete has been claimed, now: whoever looks again under the claim sees what is there by now. */
  claimed(resource: string): void {
    this.#claimedAt.set(resource, this.#parts.now());
  }

  /** A resize of ours is about to be made. */
  resizing(resource: string, replicas: Readonly<Record<string, number>>): void {
    const { cloud, memory } = this.#parts;
    this.#shrinking = undefined;
    const shown = cloud.resource(resource);
    if (shown === undefined) return;
    const sizes = sizesOf(shown);
    const target = memory.peek("targets", resource);
    const draining = target?.memory.kind === "persistentResource" ? target.memory.draining : undefined;
    const smaller = Object.entries(replicas).some(([id, size]) => size < (sizes[id] ?? 0));
    if (smaller && draining !== undefined) this.#shrinking = sizes;
  }

  /** The resize was accepted. */
  resized(resource: string): void {
    const sizes = this.#shrinking;
    if (sizes === undefined) this.#shrunkFrom.delete(resource);
    else if (!this.#shrunkFrom.has(resource)) this.#shrunkFrom.set(resource, sizes);
  }

  /** A stranger has resized it, or made it anew: whoever accepts that accepts its size for the record too. */
  changedByHand(resource: string): void {
    this.#shrunkFrom.delete(resource);
  }

  /** A stranger has deleted it: ours of the same incarnation, accepted before, had failed. */
  deletedByHand(resource: string): void {
    const { createTime } = this.#parts.cloud.resource(resource) ?? {};
    const done = this.#done.get(resource) ?? [];
    this.#done.set(
      resource,
      done.filter((one) => one.createTime !== createTime),
    );
    this.changedByHand(resource);
  }

  attempt(held: Held, change: Deletion): void {
    const { cloud, story, fleet } = this.#parts;
    const resource = cloud.resource(change.resource);
    this.#pending = undefined;
    if (resource === undefined) return;
    const broken = (invariant: string, text: string) => story.violate(invariant, change.resource, text);
    this.#pending = { resource, ran: resource.startTime !== undefined };
    if (resource.createTime !== change.createTime) {
      broken(
        "only the incarnation looked at",
        `the one of ${change.createTime} was decided on, ${resource.createTime} is there`,
      );
    }
    this.#checkRecord(resource, change, broken);
    const policy = poolsOf(fleet()).find(({ key }) => key === held.targetKey);
    if (policy !== undefined) this.#checkJobs(resource, held, policy, broken);
  }

  accepted(resource: string): void {
    const pending = this.#pending;
    this.#shrunkFrom.delete(resource);
    if (pending === undefined || !pending.ran) return;
    const { now, story, cyclesPerDay, rebuilds } = this.#parts;
    rebuilds.deleted(pending.resource);
    const done = this.#done.get(resource) ?? [];
    const createTime = pending.resource.createTime ?? "";
    if (!done.some((one) => one.createTime === createTime)) done.push({ at: now(), createTime });
    this.#done.set(resource, done);
    if (this.recent(resource) > cyclesPerDay()) {
      story.violate(
        "cycles per day",
        resource,
        `deleted ${this.recent(resource)} times within a day, and ${cyclesPerDay()} are allowed`,
      );
    }
  }

  #checkRecord(
    resource: PersistentResource,
    change: Deletion,
    broken: (invariant: string, text: string) => void,
  ): void {
    const own = this.#parts.memory
      .peekAll("restores")
      .find(([id]) => id.endsWith(`${change.resource}@${resource.createTime}`));
    const record = own?.[1] ?? this.#parts.memory.peek("restores", change.restoreId);
    if (record === undefined || own === undefined) {
      broken("the restore record comes first", `there is no record of ${resource.createTime}`);
      return;
    }
    const shrunk = this.#shrunkFrom.get(change.resource);
    for (const [id, size] of Object.entries(shrunk ?? sizesOf(resource))) {
      const saved = record.replicas[id] ?? 0;
      if (saved < size) broken("no smaller restore record", `${id} has ${size} replicas, and ${saved} are recorded`);
    }
    if (!Array.isArray(record.body["resourcePools"]))
      broken("the restore record comes first", "the record has no pools to rebuild");
  }

  /** Whether there was a first look: a minute before, of this incarnation, with no job on it; for the bell, after the bell. */
  #lookedClean(resource: PersistentResource, held: Held, offHours: boolean): boolean {
    const { cloud, looks, scenario } = this.#parts;
    const spans = cloud.jobsOn(resource.name).map(({ createTime = "", endTime }) => {
      return [Date.parse(createTime), endTime === undefined ? Number.POSITIVE_INFINITY : Date.parse(endTime)] as const;
    });
    return looks.some((at) => {
      if (at > held.claimedAt - minute + skew || at < held.claimedAt - longestLook - skew) return false;
      if (at < Date.parse(resource.createTime ?? "")) return false;
      if (offHours && scenario.isOn(at) && scenario.isOn(at + skew)) return false;
      return spans.every(([from, to]) => at < from || at >= to);
    });
  }

  #checkJobs(
    resource: PersistentResource,
    held: Held,
    policy: PersistentResourcePolicy,
    broken: (invariant: string, text: string) => void,
  ): void {
    const { cloud, memory, scenario, now } = this.#parts;
    const target = memory.peek("targets", policy.key);
    const sleep = target?.memory.kind === "persistentResource" ? target.memory.sleep : undefined;
    const mayCancel =
      sleep?.cause === "off-hours" &&
      policy.schedule !== undefined &&
      !scenario.isOn(now() - minute) &&
      (policy.onBusy.action === "cancel" || (policy.onBusy.action !== "skip" && policy.onBusy.then === "cancel"));
    if (mayCancel) return;
    // A first look may have been for another reason: idleness, a replacement, or a repair.
    const onlyAtTheBell =
      policy.idle === undefined && policy.scale.strategy !== "replace" && resource.state !== "ERROR";
    if (
      !this.#lookedClean(resource, held, sleep?.cause === "off-hours" && policy.schedule !== undefined && onlyAtTheBell)
    ) {
      broken("two clean looks", "nobody looked a minute before the claim and found it free of jobs and to be deleted");
    }
    const unfilled = scenario.behaviour.usedReplicaCount === "unfilled";
    const after = policy.idle?.after === "auto" || policy.idle === undefined ? 7.5 * minute : policy.idle.after;
    for (const { state = "", createTime = "", endTime, name } of cloud.jobsOn(resource.name)) {
      const job = name.split("/").at(-1);
      const created = Date.parse(createTime);
      if (created < Date.parse(resource.createTime ?? "")) continue;
      if (!overStates.has(state)) {
        // Within one millisecond nobody can say whether the job or the look under the claim came first.
        if (created < (this.#claimedAt.get(resource.name) ?? 0))
          broken("no job is killed", `job ${job} (${state}) has been there since ${createTime}`);
        continue;
      }
      const ended = Date.parse(endTime ?? "");
      if (sleep?.cause === "idle" && ended > held.claimedAt - after + skew && ended - created > unseen) {
        broken("idle means idle", `job ${job} ended at ${endTime}, and it was called idle`);
      }
      const quiet = 2 * after - scenario.tickEvery;
      if (unfilled && resource.state === "RUNNING" && ended > held.claimedAt - quiet && ended - created > unseen) {
        broken(
          "an unset counter proves nothing",
          `job ${job} ended at ${endTime}; where counters are never filled that is too soon`,
        );
      }
    }
    const age = held.claimedAt - Date.parse(resource.startTime ?? resource.createTime ?? "");
    if (
      unfilled &&
      resource.state === "RUNNING" &&
      age < 2 * after - scenario.tickEvery - minute &&
      resource.startTime !== undefined
    ) {
      broken(
        "an unset counter proves nothing",
        `it runs for ${Math.round(age / minute)} min only, which proves nothing yet`,
      );
    }
  }
}

function sizesOf(resource: PersistentResource): Record<string, number> {
  return Object.fromEntries(
    resource.resourcePools.map(({ id, replicaCount }, index) => [id ?? String(index), Number(replicaCount ?? 0)]),
  );
}
