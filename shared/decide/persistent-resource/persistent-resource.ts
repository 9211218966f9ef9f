/**
 * What should be true of a persistent resource now, what is true, and which single operation closes the gap. In order:
 * hold, is it known, is it ours, may it be on, is it wanted, what size.
 */
import { minute } from "../../time/clock.ts";
import type { PersistentResource } from "../../vertex/vertex.ts";
import type { Decider, PersistentResourceCase, Phase } from "../decision.ts";
import { describeSample, type PoolSample, samplePool } from "../idle/pool-sample.ts";
import type { PersistentResourceMemory } from "../memory.ts";
import { describeAsker, describeWish } from "../words.ts";
import { Draft, type PersistentResourceDecision } from "./draft.ts";
import { differsFromSpec } from "./fingerprint.ts";
import { type Identified, identify, isWreck, missing } from "./identity.ts";
import { sleepWhenIdle, warnOfSleep } from "./idleness.ts";
import { standInOf } from "./machines.ts";
import { outsideWindow } from "./off-hours.ts";
import { idleSleep, type Presence, presenceOf } from "./presence.ts";
import { bringBack } from "./restore.ts";
import { afterSettling } from "./settled.ts";
import { putToSleep } from "./sleep.ts";
import { sortWishes } from "./wishes.ts";
import { answerScaleRequests, closeGaps, serve } from "./work.ts";

/** States in which Vertex changes the resource and refuses most of what we could ask. */
const transitions: { readonly [state: string]: Phase } = {
  PROVISIONING: "recreating",
  STOPPING: "deleting",
  REBOOTING: "recovering",
  UPDATING: "scaling",
};

/** A resource that has run may mend itself; it is repaired when it shows ERROR, without jobs, for this long. */
const errorLasts = 30 * minute;

function held(draft: Draft, hold: NonNullable<PersistentResourceMemory["hold"]>): PersistentResourceDecision {
  const { by, eventId, note } = hold;
  const who = by === undefined ? eventId : `${describeAsker({ source: by, ...(note && { note }) })}, event ${eventId}`;
  return draft.finish({
    rule: "hold",
    why: `Held by ${who}: nothing is changed until ${draft.timeInZone(hold.until)}`,
    phase: "held",
    next: { at: hold.until, what: "the hold ends" },
  });
}

function unknown(draft: Draft, why: string): PersistentResourceDecision {
  return draft.finish({ rule: "unknown", why: `Nothing is changed: ${why}`, phase: "unknown" });
}

function drifted(draft: Draft, what: string): PersistentResourceDecision {
  const since = draft.memory.drift?.since ?? draft.now;
  return draft.finish({
    rule: "drift",
    why: `Changed by someone else (seen ${draft.timeInZone(since)}): ${what}; left alone until "tidekeeper release ${draft.policy.name}" or the next apply`,
    phase: "drifted",
  });
}

function stillAbsent(draft: Draft, why: string, phase: Phase, at?: number): PersistentResourceDecision {
  return draft.finish({
    rule: "absent",
    why,
    phase,
    ...(at === undefined ? {} : { next: { at, what: "recreate" } }),
  });
}

function whileAbsent(draft: Draft, presence: Presence): PersistentResourceDecision {
  const { memory, policy } = draft;
  if (memory.drift) return drifted(draft, missing(draft) === "gone" ? "deleted by someone else" : memory.drift.what);
  const { sleep, known } = memory;
  if (known?.neverRan || (sleep === undefined && known !== undefined)) {
    if (missing(draft) === "lagging")
      return unknown(draft, "it is not found although we did not delete it; looking again before that is believed");
    if (!known.neverRan) return drifted(draft, "deleted by someone else");
  }
  if (sleep === undefined && policy.spec === undefined) {
    if (missing(draft) === "gone") rejectOpen(draft);
    return stillAbsent(draft, "It does not exist, and the fleet file has no spec to create it from", "unknown");
  }
  draft.forget("missing", "draining", "errorSince");
  const asleep =
    sleep === undefined ? "Not created yet" : `Asleep since ${draft.timeInZone(sleep.since)} (${sleep.cause})`;
  if (!presence.on) {
    const { rebuild, until } = presence;
    const back =
      rebuild === undefined || until === undefined
        ? ""
        : `; rebuilt from ${draft.time(rebuild)}, for the window at ${draft.timeInZone(until)}`;
    return stillAbsent(draft, `${asleep}: ${presence.because}${back}`, "asleep", rebuild);
  }
  const idle = idleSleep(draft, presence);
  if (idle !== undefined) {
    const until =
      idle.until === undefined
        ? ""
        : `, or until it is rebuilt for its window, from ${draft.timeInZone(idle.until)} on`;
    const why = `${asleep}: until somebody wakes it or sends a job or a scale request${until}`;
    return stillAbsent(draft, why, "asleep", idle.until);
  }
  return bringBack(draft, presence);
}

function rejectOpen(draft: Draft): void {
  for (const request of draft.requests) {
    const why = `${draft.policy.name} does not exist and the fleet file has no spec to create it from; add one, then apply`;
    draft.close(request, "rejected", describeWish(request.wish), why);
  }
}

function inError(
  draft: Draft,
  resource: Identified,
  presence: Presence,
  sample: PoolSample,
): PersistentResourceDecision {
  const message = resource.error?.message ?? "Vertex gives no reason";
  const stuck = `It is in state ERROR (${message})`;
  if (sample.sample !== "unready") {
    draft.forget("errorSince");
    const why = describeSample(sample);
    draft.tell({
      id: `alert/${draft.policy.key}/error/${resource.createTime}`,
      phase: "alert",
      what: "state ERROR",
      why: `${draft.policy.name}: ${stuck}, and it is not repaired by delete and create because ${why}`,
    });
    return draft.finish({ rule: "repair", why: `${stuck}, but left alone: ${why}`, phase: "error" });
  }
  const since = draft.memory.errorSince ?? draft.now;
  draft.remember({ errorSince: since });
  const repairAt = isWreck(draft, resource) ? since : since + errorLasts;
  if (draft.now < repairAt) {
    return draft.finish({
      rule: "repair",
      why: `${stuck} since ${draft.timeInZone(since)}: deleted and created again at ${draft.timeInZone(repairAt)} unless it recovers`,
      phase: "error",
      next: { at: repairAt, what: "repair" },
    });
  }
  if (!presence.on) return outsideWindow(draft, resource, presence, sample);
  return putToSleep(draft, resource, {
    cause: "repair",
    rule: "repair",
    counted: true,
    why: `${stuck} and no job is on it`,
  });
}

/**
 * What the fleet's spec says otherwise than it is built, as somebody has edited the one or accepted the other: nobody
 * rebuilds for that what runs and may be in use, but a file that is not carried out says so.
 */
function builtOtherwise({ policy, memory }: Draft, resource: Identified): readonly string[] {
  if (policy.spec === undefined || standInOf(memory, resource.createTime) !== undefined) return [];
  const difference = differsFromSpec(policy.spec, resource);
  if (difference === undefined) return [];
  return [
    `Not built as the fleet's spec says (${difference}), and not rebuilt for that: delete it yourself, then "tidekeeper release ${policy.name}" creates it from the spec`,
  ];
}

function whileRunning(
  draft: Draft,
  resource: Identified,
  presence: Presence,
  sample: PoolSample,
): PersistentResourceDecision {
  draft.forget("errorSince");
  for (const wake of draft.wishes("wake")) {
    draft.answer(
      wake,
      "done",
      "wake",
      `it is up, and stays so for ${describeAsker(wake)} until ${draft.timeInZone(wake.expiresAt)}`,
    );
  }
  answerScaleRequests(draft, resource, presence);
  if (!presence.on) return outsideWindow(draft, resource, presence, sample);

  draft.forget("draining");
  warnOfSleep(draft, presence, sample);
  const served = serve(draft, resource, presence, sample);
  if (served.decision) return served.decision;
  const idle = sleepWhenIdle(draft, resource, presence, sample);
  if (idle && "decision" in idle) return idle.decision;
  const sizing = closeGaps(draft, resource, presence, sample);
  if (sizing && "decision" in sizing) return sizing.decision;

  const waiting = new Set([
    ...served.waiting,
    ...[idle, sizing].flatMap((one) => (one ? [one.waits] : [])),
    ...builtOtherwise(draft, resource),
  ]);
  const end = presence.until === undefined ? "" : ` until ${draft.timeInZone(presence.until)}`;
  return draft.finish({
    rule: presence.rule,
    why: [`Up${end}: ${presence.because}; ${describeSample(sample)}`, ...waiting].join(". "),
    phase: "up",
    ...(presence.until === undefined ? {} : { next: { at: presence.until, what: "delete" } }),
  });
}

function whilePresent(draft: Draft, shown: PersistentResource, presence: Presence): PersistentResourceDecision {
  draft.forget("missing");
  const { createTime, state } = shown;
  if (createTime === undefined || !Number.isFinite(Date.parse(createTime)))
    return unknown(draft, "it shows no createTime");
  if (!Array.isArray(shown.resourcePools) || shown.resourcePools.length === 0) {
    return unknown(draft, "it shows no resource pool");
  }
  const changing = Object.hasOwn(transitions, state ?? "") ? transitions[state ?? ""] : undefined;
  if (changing !== undefined) {
    return draft.finish({ rule: "transition", why: `Vertex is changing it (${state}): waiting`, phase: changing });
  }
  if (state !== "RUNNING" && state !== "ERROR") return unknown(draft, `its state is ${state ?? "not shown"}`);

  const resource: Identified = { ...shown, createTime };
  const identity = identify(draft, resource, presence);
  if (identity.identity === "drifted") return drifted(draft, identity.what);
  if (identity.identity === "ask-record") {
    return draft.finish({
      action: { do: "look-closer", need: ["restore"] },
      rule: "unknown",
      why: "It exists although we deleted it: reading its restore record to compare",
      phase: "unknown",
    });
  }
  const sample = samplePool(draft.observation.resource, draft.observation.jobs, draft.observation.counterSeen);
  return state === "ERROR"
    ? inError(draft, resource, presence, sample)
    : whileRunning(draft, resource, presence, sample);
}

/** Decides about one persistent resource, on one look at it. Pure: the same facts give the same decision. */
function decide(facts: PersistentResourceCase): PersistentResourceDecision {
  const draft = new Draft(facts);
  sortWishes(draft);
  const { hold } = draft.memory;
  if (hold) return held(draft, hold);
  const look = draft.observation.resource;
  if (look.look === "unknown") return unknown(draft, look.why);
  const presence = presenceOf(draft);
  return look.look === "absent" ? whileAbsent(draft, presence) : whilePresent(draft, look.value, presence);
}

/** The decisions about persistent resources. */
export const persistentResource: Decider<PersistentResourceCase, PersistentResourceMemory> = { decide, afterSettling };
