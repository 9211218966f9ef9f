/** The way to a delete: every guard in its order. Vertex has no stop; off means delete, and a delete kills jobs silently. */
import type { RestoreRecord } from "../../state/documents.ts";
import { day, hour, type Millis, minute, second } from "../../time/clock.ts";
import type { JsonObject } from "../../vertex/vertex.ts";
import type { PersistentResourceMemory } from "../memory.ts";
import type { Rule } from "../rules.ts";
import type { Draft, PersistentResourceDecision } from "./draft.ts";
import { fingerprint } from "./fingerprint.ts";
import { type Identified, isWreck, restoreIdOf } from "./identity.ts";
import { standInOf } from "./machines.ts";
import { mayBeBusy } from "./outage.ts";
import { rebuild } from "./rebuildable.ts";
import { poolsOf } from "./sizes.ts";

/** Two clean looks lie at least this far apart. */
const looksApart = 60 * second;
/** An older first look does not count any more. */
const lookLasts = 30 * minute;
/** Permission to create is asked for once a day. */
const permissionLasts = day;
/** The newest schema of a restore record. */
const recordSchema = 1;

/** Why and how something is put to sleep. The caller has found it free of jobs, or may cancel them. */
export interface Sleep {
  readonly cause: NonNullable<PersistentResourceMemory["sleep"]>["cause"];
  readonly rule: Rule;
  /** A whole sentence without its end. */
  readonly why: string;
  /** Whether replica counters confirm that no job runs; if only job lists say so, they must have for twice the threshold. */
  readonly counted: boolean;
  /** Jobs are on it, and are cancelled with it: they have been waited for, or told of. */
  readonly cancels?: true;
  /** Requests that this serves. */
  readonly eventIds?: readonly string[];
  /** When it is rebuilt by itself. */
  readonly rebuild?: Millis;
}

function blocked(draft: Draft, sleep: Sleep, wreck: boolean): PersistentResourceDecision | undefined {
  const { policy, memory, limits, now } = draft;
  const attempts = draft.attemptsAt("delete");
  if (attempts?.parked) {
    return draft.finish({
      rule: "parked",
      why: `${sleep.why}, but deleting it was given up at ${draft.timeInZone(attempts.parked.at)} (${attempts.parked.why}); "tidekeeper release ${policy.name}" tries again`,
      phase: "error",
    });
  }
  if (attempts && attempts.nextAt > now) {
    return draft.finish({
      rule: sleep.rule,
      why: `${sleep.why}, but delete number ${attempts.count} failed (${attempts.class}: ${attempts.note}); next try at ${draft.timeInZone(attempts.nextAt)}`,
      phase: "up",
      next: { at: attempts.nextAt, what: "try the delete again" },
    });
  }
  const oldest = memory.deletes[0];
  // Deleting what never ran costs nobody anything, so it is not counted as a cycle.
  if (oldest !== undefined && memory.deletes.length >= limits.cyclesPerDay && !wreck) {
    draft.tell({
      id: `alert/${policy.key}/cycles/${oldest}`,
      phase: "alert",
      what: "cycles per day",
      why: `deleted ${memory.deletes.length} times within 24 hours, which is what limits.cyclesPerDay allows: it stays up until ${draft.timeInZone(oldest + day)}`,
    });
    return draft.finish({
      rule: "cycles-per-day",
      why: `${sleep.why}, but it was deleted ${memory.deletes.length} times within 24 hours and the fleet allows no more before ${draft.timeInZone(oldest + day)}`,
      phase: "up",
      next: { at: oldest + day, what: "may be deleted again" },
    });
  }
  return undefined;
}

/** Everything idle at once is an outage, not idleness; what cancels jobs need not know of them. */
function inOutage(draft: Draft, sleep: Sleep, resource: Identified): PersistentResourceDecision | undefined {
  const doubt = sleep.cancels ? undefined : mayBeBusy(draft, resource);
  if (doubt === undefined) return undefined;
  return draft.finish({ rule: "outage", why: `${sleep.why}, but ${doubt}`, phase: "unknown" });
}

/** Zero and unset are the same on this wire: counters never seen above zero prove nothing, and the job list must do. */
function notProven(draft: Draft, sleep: Sleep, createTime: string): PersistentResourceDecision | undefined {
  const { idle } = draft.observation;
  if (sleep.counted || (idle.verdict === "idle" && idle.since >= Date.parse(createTime))) return undefined;
  const why = idle.verdict === "idle" ? "its idleness was measured on an earlier incarnation" : idle.why;
  return draft.finish({
    rule: "unknown",
    why: `${sleep.why}, but no used-replica counter was ever seen above zero in ${draft.policy.location}, so the job list alone must prove it idle for twice the threshold: ${why}`,
    phase: "up",
  });
}

/**
 * Records a clean look. What jobs were seen on is clean only for a delete that cancels them.
 * @returns the decision to wait, or undefined when this is the second one.
 */
function firstLook(draft: Draft, sleep: Sleep, createTime: string): PersistentResourceDecision | undefined {
  const { now } = draft;
  const first = draft.firstLook;
  const counts =
    first?.createTime === createTime && now - first.at <= lookLasts && (first.cancels === undefined || sleep.cancels);
  const look = counts ? first : { createTime, at: now, ...(sleep.cancels ? { cancels: sleep.cancels } : {}) };
  draft.remember({ look });
  const { at } = look;
  if (now - at >= looksApart) return undefined;
  return draft.finish({
    rule: "clean-look",
    why: `${sleep.why}: deleted after a second clean look from ${draft.timeInZone(at + looksApart)} on`,
    phase: draft.memory.draining ? "draining" : "up",
    next: { at: at + looksApart, what: "second clean look, then delete" },
  });
}

function notRebuildable(draft: Draft, sleep: Sleep, field: string): PersistentResourceDecision {
  const { policy, memory } = draft;
  const createTime = memory.notRebuildable?.createTime ?? "";
  draft.tell({
    id: `alert/${policy.key}/not-rebuildable/${createTime}`,
    phase: "alert",
    what: `not rebuildable: ${field}`,
    why: `${policy.name} is never deleted: our create request would not reproduce ${field}. Take it out of the fleet file's schedule and idle rules, or create it again without that field`,
  });
  return draft.finish({
    rule: "not-rebuildable",
    why: `${sleep.why}, but it is not rebuildable: ${field}; it stays up`,
    phase: "up",
  });
}

function refusedPermission(draft: Draft, sleep: Sleep): PersistentResourceDecision {
  const { policy, now } = draft;
  const nextAt = now + hour;
  draft.countAttempts("delete", { count: 1, class: "denied", note: "no permission to create it again", nextAt });
  draft.forget("mayCreateAt");
  draft.tell({
    id: `alert/${policy.key}/permission/${Math.floor(now / day)}`,
    phase: "alert",
    what: "no permission to rebuild",
    why: `${policy.name} is not deleted, for we lack aiplatform.persistentResources.create in project ${policy.project}: grant it to the function's service account`,
  });
  return draft.finish({
    rule: "permission",
    why: `${sleep.why}, but we may not create it again (aiplatform.persistentResources.create is missing), so it stays up; asked again at ${draft.timeInZone(nextAt)}`,
    phase: "up",
    next: { at: nextAt, what: "ask for the permission again" },
  });
}

function sameThing(resource: Identified, verbatim: JsonObject): boolean {
  return (
    verbatim["createTime"] === resource.createTime &&
    fingerprint({ resourcePools: poolsOf(verbatim) }) === fingerprint(resource)
  );
}

/** Decides on the delete of a clean resource: waits for the second look, looks closer, or deletes. */
export function putToSleep(draft: Draft, resource: Identified, sleep: Sleep): PersistentResourceDecision {
  const { policy, observation, memory, now } = draft;
  const { createTime } = resource;
  const wreck = isWreck(draft, resource);
  // A wreck is built again from what its create was made from, and never from itself.
  const source = wreck && (memory.sleep !== undefined || policy.spec !== undefined);
  const stop = blocked(draft, sleep, wreck) ?? inOutage(draft, sleep, resource);
  if (stop) return stop;
  if (memory.notRebuildable?.createTime === createTime && !source) {
    return notRebuildable(draft, sleep, memory.notRebuildable.field);
  }
  const wait = notProven(draft, sleep, createTime) ?? firstLook(draft, sleep, createTime);
  if (wait) return wait;

  if (observation.mayCreate === false) return refusedPermission(draft, sleep);
  if (observation.mayCreate === true) draft.remember({ mayCreateAt: now });
  const permitted = now - (draft.memory.mayCreateAt ?? Number.NEGATIVE_INFINITY) <= permissionLasts;
  const { verbatim } = observation;
  if (verbatim === undefined || !permitted) {
    return draft.finish({
      action: {
        do: "look-closer",
        need: [...(verbatim === undefined ? ["verbatim" as const] : []), ...(permitted ? [] : ["permission" as const])],
      },
      rule: sleep.rule,
      why: `${sleep.why}: reading what is needed to rebuild it before it is deleted`,
      phase: "up",
    });
  }
  if (!sameThing(resource, verbatim)) {
    return draft.finish({
      rule: "unknown",
      why: `${sleep.why}, but two reads of it differ: somebody is changing it, so it is looked at again`,
      phase: "unknown",
    });
  }
  const replicas = memory.known?.replicas ?? {};
  const rebuilt = rebuild(verbatim, replicas);
  if (!rebuilt.rebuildable && !source) {
    draft.remember({ notRebuildable: { createTime, field: rebuilt.field } });
    return notRebuildable(draft, sleep, rebuilt.field);
  }
  const restoreId = restoreIdOf(policy.key, createTime);
  const restore: RestoreRecord | undefined = rebuilt.rebuildable
    ? {
        schema: recordSchema,
        targetKey: policy.key,
        createTime,
        savedAt: now,
        resource: verbatim,
        body: rebuilt.body,
        replicas,
      }
    : undefined;
  const standIn = standInOf(memory, createTime);
  // The sleep out of which a wreck came goes on, with its record.
  if (memory.sleep === undefined) {
    draft.remember({
      sleep: {
        since: now,
        cause: sleep.cause,
        incarnation: createTime,
        ...(wreck ? { neverRan: true as const } : {}),
        // What was built from an alternative goes back to the first record, or the spec: it was only a stand-in.
        restoreId: standIn?.restoreId ?? restoreId,
        ...(standIn !== undefined && standIn.restoreId === undefined ? { fromSpec: true as const } : {}),
        // A wreck is no state to go back to: its failure has said which machines are due.
        alternative: wreck ? (memory.due ?? 0) : 0,
      },
    });
  }
  return draft.finish({
    action: {
      do: "change",
      change: { kind: "delete", resource: policy.resource, createTime, restoreId },
      attempt: draft.nextAttempt("delete"),
      eventIds: sleep.eventIds ?? [],
      ...(restore === undefined ? {} : { restore }),
      secondLook: true,
    },
    rule: sleep.rule,
    why: `${sleep.why}: delete${sleep.rebuild === undefined ? "" : `, rebuilt from ${draft.timeInZone(sleep.rebuild)}`}`,
    phase: "deleting",
    ...(sleep.rebuild === undefined ? {} : { next: { at: sleep.rebuild, what: "recreate" } }),
  });
}
