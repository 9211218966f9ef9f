/** The way back: rebuilds what is absent and wanted, from its restore record, the fleet's spec, or an alternative. */
import type { PersistentResourceSpec } from "../../fleet/fleet.ts";
import type { JsonObject } from "../../vertex/vertex.ts";
import type { Draft, PersistentResourceDecision } from "./draft.ts";
import type { Presence } from "./presence.ts";
import { withReplicas } from "./rebuildable.ts";
import { poolsOf, wantedSizes } from "./sizes.ts";

interface Source {
  readonly body: JsonObject;
  /** For reasons: where the body comes from. */
  readonly text: string;
  readonly alternative: number;
}

function bodyOf(spec: PersistentResourceSpec): JsonObject {
  return { ...spec } as unknown as JsonObject;
}

/** What it is rebuilt from; undefined when the restore record has not been read. */
function sourceOf(draft: Draft): Source | undefined {
  const { policy, memory, observation } = draft;
  const alternatives = policy.restore.alternatives;
  const alternative = memory.sleep?.alternative ?? memory.creating?.alternative ?? 0;
  const spec = alternatives[alternative - 1];
  if (spec !== undefined) {
    return { body: bodyOf(spec), text: `alternative ${alternative} of ${alternatives.length}`, alternative };
  }
  if (memory.sleep !== undefined) {
    const { restore } = observation;
    if (restore !== undefined) {
      return { body: withReplicas(restore.body, restore.replicas), text: "its restore record", alternative: 0 };
    }
    if (!observation.restoreLost) return undefined;
    const text = "the fleet's spec, for its restore record is not in the store any more";
    return policy.spec && { body: bodyOf(policy.spec), text, alternative: 0 };
  }
  return policy.spec && { body: bodyOf(policy.spec), text: "the fleet's spec", alternative: 0 };
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
  const { policy, memory, now } = draft;
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
  const sizes = wantedSizes(draft, poolsOf(source.body), presence);
  draft.remember({ creating: { at: now, alternative: source.alternative } });
  if (source.alternative > 0 && memory.sleep) draft.remember({ standIn: { restoreId: memory.sleep.restoreId } });
  if (source.alternative === 0) draft.forget("standIn");
  const served = [...draft.wishes("wake"), ...draft.wishes("scale")].filter(({ answered }) => answered !== "final");
  return draft.finish({
    action: {
      do: "change",
      change: { kind: "create", resource: policy.resource, body: withReplicas(source.body, sizes) },
      attempt: draft.nextAttempt("create"),
      eventIds: served.map(({ eventId }) => eventId),
      secondLook: false,
    },
    rule: presence.rule,
    why: `Wanted on (${presence.because}) and absent: create from ${source.text}`,
    phase: "recreating",
  });
}
