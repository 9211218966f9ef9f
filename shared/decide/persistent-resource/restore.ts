/**
 * The way back: rebuilds what is absent and wanted, from its restore record or the fleet's spec, on their machines or an
 * alternative's.
 */
import type { Json, JsonObject } from "../../vertex/vertex.ts";
import type { Sizes } from "../schedule/windows.ts";
import type { Draft, PersistentResourceDecision } from "./draft.ts";
import { machinesDue } from "./machines.ts";
import type { Presence } from "./presence.ts";
import { withReplicas } from "./rebuildable.ts";
import { poolsOf, sizesIn, wantedSizes } from "./sizes.ts";

interface Source {
  readonly body: JsonObject;
  /** For reasons: where the body comes from. */
  readonly text: string;
  readonly alternative: number;
  /** The alternative's own sizes. */
  readonly sizes?: Sizes;
}

/**
 * What it was, or is to be, built from before any alternative; undefined when the restore record has not been read.
 * Where there is a record the fleet's spec changes nothing of it: the record is what was there, with what the spec leaves
 * out, and to come back otherwise than it was deleted would be a change that nobody decided on.
 */
function firstSource(draft: Draft): Source | undefined {
  const { policy, memory, observation } = draft;
  const { restore } = observation;
  const fromSpec = memory.sleep?.fromSpec === true && policy.spec !== undefined;
  if (memory.sleep !== undefined && !fromSpec && restore !== undefined) {
    return { body: withReplicas(restore.body, restore.replicas), text: "its restore record", alternative: 0 };
  }
  const awaited = memory.sleep !== undefined && !fromSpec;
  if (policy.spec === undefined || (awaited && !observation.restoreLost)) return undefined;
  const lost = !awaited ? "" : ", for its restore record is not in the store any more";
  return { body: { ...policy.spec } as unknown as JsonObject, text: `the fleet's spec${lost}`, alternative: 0 };
}

/** What it is rebuilt from. An alternative is other machines: key, network and the rest stay as they were. */
function sourceOf(draft: Draft): Source | undefined {
  const { policy, memory } = draft;
  const { alternatives } = policy.restore;
  const alternative = machinesDue(memory);
  const first = firstSource(draft);
  const other = alternatives[alternative - 1];
  if (first === undefined || other === undefined) return first;
  const resourcePools = other.resourcePools as unknown as Json;
  const text = `alternative ${alternative} of ${alternatives.length}`;
  return { body: { ...first.body, resourcePools }, text, alternative, sizes: sizesIn(other.resourcePools) };
}

/** Tells at the bell that it is not up, once a sleep. */
function tellLate(draft: Draft, presence: Presence, text: string): void {
  if (presence.rule === "early-restore") return;
  const { policy, memory } = draft;
  draft.tell({
    id: `waiting-for-capacity/${policy.key}/${memory.sleep?.since ?? presence.since ?? 0}`,
    phase: "waiting-for-capacity",
    what: "not up yet",
    why: `${policy.name} should be up (${presence.because}), but ${text}`,
  });
}

/** Tells, once a sleep, that the record has gone; a spec in the fleet file is what is left to build from. */
function tellLost(draft: Draft): void {
  const { policy, memory } = draft;
  draft.tell({
    id: `alert/${policy.key}/restore-lost/${memory.sleep?.since ?? 0}`,
    phase: "alert",
    what: "restore record lost",
    why: `the store does not have ${memory.sleep?.restoreId}, from which ${policy.name} was to be rebuilt: ${
      policy.spec === undefined
        ? 'it stays deleted; find the record in the log or in its "asleep" outcome and run `tidekeeper apply --recover`, or give the target a spec'
        : "it is rebuilt from the fleet's spec, which may differ"
    }`,
  });
}

/** Decides on the create of an absent resource that is wanted on. */
export function bringBack(draft: Draft, presence: Presence): PersistentResourceDecision {
  const { policy, now } = draft;
  const attempts = draft.attemptsAt("create");
  if (attempts) {
    const tried = `create number ${attempts.count} failed (${attempts.class}: ${attempts.note})`;
    if (attempts.parked) {
      tellLate(draft, presence, `${tried} and trying has stopped`);
      return draft.finish({
        rule: "parked",
        why: `Wanted on (${presence.because}), but ${tried} and trying has stopped; "tidekeeper release ${policy.name}" or the next apply tries again`,
        phase: "error",
      });
    }
    tellLate(draft, presence, `${tried}; next try at ${draft.timeInZone(attempts.nextAt)}`);
    if (attempts.nextAt > now) {
      return draft.finish({
        rule: "capacity",
        why: `Wanted on (${presence.because}), but ${tried}; next try at ${draft.timeInZone(attempts.nextAt)}`,
        phase: attempts.class === "stockout" ? "waiting-for-capacity" : "error",
        next: { at: attempts.nextAt, what: "try the create again" },
      });
    }
  }
  const source = sourceOf(draft);
  if (draft.observation.restoreLost) tellLost(draft);
  if (source === undefined && draft.observation.restoreLost) {
    return draft.finish({
      rule: "not-rebuildable",
      why: `Wanted on (${presence.because}), but its restore record is not in the store and the fleet has no spec for it: nothing to build from`,
      phase: "error",
    });
  }
  if (source === undefined) {
    return draft.finish({
      action: { do: "look-closer", need: ["restore"] },
      rule: presence.rule,
      why: `Wanted on (${presence.because}): reading its restore record to rebuild it`,
      phase: "asleep",
    });
  }
  const sizes = wantedSizes(draft, poolsOf(source.body), presence, source.sizes);
  const body = withReplicas(source.body, sizes);
  draft.remember({
    creating: {
      at: now,
      alternative: source.alternative,
      pools: poolsOf(body),
      ...(source.sizes && { sizes: source.sizes }),
    },
  });
  const served = [...draft.wishes("wake"), ...draft.wishes("scale")].filter(({ answered }) => answered !== "final");
  return draft.finish({
    action: {
      do: "change",
      change: { kind: "create", resource: policy.resource, body },
      attempt: draft.nextAttempt("create"),
      eventIds: served.map(({ eventId }) => eventId),
      secondLook: false,
    },
    rule: presence.rule,
    why: `Wanted on (${presence.because}) and absent: create from ${source.text}`,
    phase: "recreating",
  });
}
