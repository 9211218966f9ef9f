/**
 * Is it ours, and as we left it? Persistent resources have no etag and immutable labels, so identity is name and
 * createTime, and *changed by someone else* means that createTime or fingerprint differ from what we last read.
 */
import { clockTolerance, hour, minute } from "../../time/clock.ts";
import type { PersistentResource, ResourcePool } from "../../vertex/vertex.ts";
import type { Sizes } from "../schedule/windows.ts";
import type { Draft } from "./draft.ts";
import {
  describeDifference,
  differsFromRequest,
  differsFromSpec,
  fingerprint,
  hasNeverRun,
  replicasOf,
} from "./fingerprint.ts";
import { recordOf } from "./machines.ts";
import type { Presence } from "./presence.ts";
import { poolsOf, sizesIn, wantedSizes } from "./sizes.ts";

/** A resource that shows all that identity takes. */
export type Identified = PersistentResource & { readonly createTime: string };

/** What a look at the resource's identity found. */
export type Identity =
  | { readonly identity: "ours" }
  | { readonly identity: "drifted"; readonly what: string }
  /** The restore record is needed to tell. */
  | { readonly identity: "ask-record" };

const ours: Identity = { identity: "ours" };
/** A create that was claimed longer ago than this has long been settled. */
const longestCreate = 2 * hour;

/** The id of the restore record of one incarnation. */
export function restoreIdOf(key: string, createTime: string): string {
  return `${key}@${createTime}`;
}

/**
 * Whether it is what a failed create left: it has never run, was nobody's yet, and only blocks the id. What has been known
 * to run is none, though a field should be missing one day.
 */
export function isWreck({ memory: { known } }: Pick<Draft, "memory">, resource: PersistentResource): boolean {
  const ran = known !== undefined && known.createTime === resource.createTime && known.neverRan !== true;
  return !ran && hasNeverRun(resource);
}

/** Takes the resource, as it is shown, for known. A wreck ends no sleep: what was deleted is not back. */
function adopt(draft: Draft, resource: Identified): Identity {
  const wreck = isWreck(draft, resource);
  draft.remember({
    known: {
      createTime: resource.createTime,
      fingerprint: fingerprint(resource),
      replicas: replicasOf(resource),
      ...(wreck ? { neverRan: true as const } : {}),
    },
  });
  draft.forget("draining", "errorSince", "missing");
  if (!wreck) {
    // Here it is: neither a sleep nor a round of tries goes on. Sizes that never ran are nobody's measure.
    draft.forget("sleep", "due", "setAside");
    draft.countAttempts("create", undefined);
    draft.remember({ base: draft.memory.base ?? replicasOf(resource) });
  }
  // What a failed create left in ERROR is deleted next, and the try after it must know which machines are due.
  if (resource.state !== "ERROR") draft.forget("creating");
  return ours;
}

/**
 * Takes what our own create has made for known. On an alternative's machines it stands in for what was asleep, for as long
 * as this incarnation lasts: the next rebuild goes back to that record.
 */
export function adoptOurs(draft: Draft, resource: Identified): Identity {
  const { creating, standIn } = draft.memory;
  const { createTime } = resource;
  // What was built while its target was out of the fleet has no sleep any more, but what that was for.
  const record =
    draft.memory.sleep === undefined && standIn?.createTime === undefined ? standIn : recordOf(draft.memory);
  const other = draft.policy.restore.alternatives[(creating?.alternative ?? 0) - 1]?.resourcePools;
  // What was asked for then says more than the fleet file by now.
  const pools = (creating?.alternative ?? 0) > 0 ? (creating?.pools ?? other) : undefined;
  const sizes = creating?.sizes ?? (other && sizesIn(other));
  // By its time alone it might be somebody else's, made while ours failed.
  if (pools === undefined || differsFromSpec({ resourcePools: pools }, resource) !== undefined) draft.forget("standIn");
  else draft.remember({ standIn: { ...record, createTime, ...(sizes && { sizes }) } });
  // The size of what never ran is nobody's change.
  const sized = creating?.pools !== undefined && !isWreck(draft, resource);
  const difference = sized ? differsFromRequest(creating.pools, resource) : undefined;
  if (difference !== undefined) return drifted(draft, resource, `changed while it was being created: ${difference}`);
  return adopt(draft, resource);
}

/**
 * Reports a drift. What is seen becomes what is known, so that `release` need only lift the drift to accept it.
 * @param resource absent when it is the drift that it is gone.
 */
function drifted(draft: Draft, resource: Identified | undefined, what: string): Identity {
  const { policy, memory } = draft;
  const since = memory.drift?.since ?? draft.now;
  draft.forget("known", "base", "sleep", "creating", "draining", "errorSince", "missing");
  if (resource !== undefined) adopt(draft, resource);
  draft.remember({ drift: { since, what } });
  draft.tell({
    id: `drifted/${policy.key}/${since}/${resource?.createTime ?? "gone"}`,
    phase: "drifted",
    what,
    why: `somebody else changed ${policy.name}: ${what}. It is left alone until "tidekeeper release ${policy.name}" or the next apply`,
  });
  return { identity: "drifted", what };
}

/**
 * Whether it is built as our newest create asked for, and about then: a create that failed may have left it all the same.
 * Another size is told by {@link adoptOurs}.
 */
function madeByUs(draft: Draft, resource: Identified): boolean {
  const { creating } = draft.memory;
  if (creating === undefined) return false;
  const created = Date.parse(resource.createTime);
  if (!(created >= creating.at - clockTolerance && created <= creating.at + longestCreate)) return false;
  return creating.pools === undefined || differsFromSpec({ resourcePools: creating.pools }, resource) === undefined;
}

function otherSize(pools: readonly ResourcePool[], saved: Sizes, wanted: Sizes): string | undefined {
  for (const [index, pool] of pools.entries()) {
    const id = pool.id ?? String(index);
    const [is, was] = [Number(pool.replicaCount ?? 0), saved[id]];
    if (pool.autoscalingSpec === undefined && was !== undefined && is !== was && is !== wanted[id]) {
      return `${id} has ${is} replicas instead of ${was}`;
    }
  }
  return undefined;
}

/** It exists although we deleted it: somebody created it again (Terraform does). Equal is adopted, different is drift. */
function createdAgain(draft: Draft, resource: Identified, presence: Presence): Identity {
  const { restore } = draft.observation;
  if (restore === undefined) return { identity: "ask-record" };
  const asked = { resourcePools: poolsOf(restore.body) };
  const difference =
    differsFromSpec(asked, resource) ??
    otherSize(resource.resourcePools, restore.replicas, wantedSizes(draft, resource.resourcePools, presence));
  if (difference !== undefined) return drifted(draft, resource, `created again otherwise: ${difference}`);
  if (!presence.on && presence.since !== undefined) {
    const { contested } = draft.memory;
    const times = (contested?.since === presence.since ? contested.times : 0) + 1;
    draft.remember({ contested: { since: presence.since, times } });
    // Deleted again once; after that, another controller owns it and the two of us would go on all night.
    if (times > 1) return drifted(draft, resource, "another controller creates it whenever we delete it");
  }
  draft.forget("standIn");
  return adopt(draft, resource);
}

function firstSeen(draft: Draft, resource: Identified): Identity {
  const { spec } = draft.policy;
  const difference = spec === undefined ? undefined : differsFromSpec(spec, resource);
  if (difference === undefined) return adopt(draft, resource);
  return drifted(draft, resource, `not as the fleet file says: ${difference}`);
}

/** While it is drifted whatever is seen becomes what is known, and it stays drifted. */
function stillDrifted(draft: Draft, resource: Identified, what: string): Identity {
  const { known } = draft.memory;
  if (known?.createTime === resource.createTime) {
    const seen = fingerprint(resource);
    if (seen === known.fingerprint) return { identity: "drifted", what };
    return drifted(draft, resource, describeDifference(known.fingerprint, seen));
  }
  return drifted(draft, resource, `created again by someone else at ${resource.createTime}`);
}

/** Judges a resource in a settled state (RUNNING or ERROR), while no operation of ours is under way. */
export function identify(draft: Draft, resource: Identified, presence: Presence): Identity {
  const { known, sleep, drift } = draft.memory;
  if (drift !== undefined) return stillDrifted(draft, resource, drift.what);
  const undone = sleep?.incarnation === resource.createTime;
  // The delete that was decided has not happened to this incarnation.
  if (undone) draft.forget("sleep");
  // Nobody sizes or takes over what never ran: once it is known, a wreck has nothing to compare.
  const wreckKnown = known?.createTime === resource.createTime && known.neverRan === true;
  if (wreckKnown && isWreck(draft, resource)) return ours;
  if (sleep !== undefined && !undone) {
    return madeByUs(draft, resource) ? adoptOurs(draft, resource) : createdAgain(draft, resource, presence);
  }
  if (known === undefined) return madeByUs(draft, resource) ? adoptOurs(draft, resource) : firstSeen(draft, resource);
  if (known.createTime !== resource.createTime) {
    return drifted(draft, resource, `created again by someone else at ${resource.createTime}`);
  }
  // It came up after all.
  if (wreckKnown) return madeByUs(draft, resource) ? adoptOurs(draft, resource) : firstSeen(draft, resource);
  const seen = fingerprint(resource);
  return seen === known.fingerprint ? ours : drifted(draft, resource, describeDifference(known.fingerprint, seen));
}

/** How long a known resource must be missing before that is believed. */
const believedMissingAfter = 2 * minute;

/**
 * Judges the absence of a resource that we did not delete.
 * @returns whether it is drift by now; before that it may be a read that lags.
 */
export function missing(draft: Draft): "lagging" | "gone" {
  const since = draft.memory.missing?.since ?? draft.now;
  draft.remember({ missing: { since } });
  if (draft.now - since < believedMissingAfter) return "lagging";
  const { known } = draft.memory;
  // A wreck was nobody's yet: whoever has taken it away has not taken away what the fleet wants.
  if (known?.neverRan) draft.forget("known");
  else if (known !== undefined) drifted(draft, undefined, "deleted by someone else");
  return "gone";
}
