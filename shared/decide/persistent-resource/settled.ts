/** What a persistent resource's memory, requests and listeners learn from an operation of ours that has ended. */
import type { Change, Held, Settlement } from "../../operations/operation.ts";
import { formatDuration } from "../../time/duration.ts";
import { afterFailure, backOffRules } from "../backoff.ts";
import type { PersistentResourceCase } from "../decision.ts";
import type { Attempts, PersistentResourceMemory } from "../memory.ts";
import { describeWish } from "../words.ts";
import { Draft, type PersistentResourceDecision } from "./draft.ts";
import { resizedFingerprint } from "./fingerprint.ts";
import { adoptOurs } from "./identity.ts";
import { afterFailedCreate, recordOf, type Turn } from "./machines.ts";

type Done = Extract<Settlement, { end: "done" }>;
type Failed = Extract<Settlement, { end: "failed" }>;

/** Measured start-ups that are kept. */
const keptStartUps = 10;

function answered(draft: Draft, held: Held, phase: "done" | "failed", why: string, keep: boolean): void {
  for (const request of draft.requests) {
    if (!held.eventIds.includes(request.eventId)) continue;
    if (keep) draft.answer(request, phase, describeWish(request.wish), why);
    else draft.close(request, phase, describeWish(request.wish), why);
  }
}

/** Whether a delete takes away what a failed create left. The sleep out of which it was made is another incarnation's. */
function clearsWreck({ memory: { sleep } }: Draft, change: Change): boolean {
  if (change.kind !== "delete" || sleep === undefined) return false;
  return sleep.neverRan === true || sleep.incarnation !== change.createTime;
}

function cleared(draft: Draft): void {
  draft.forget("known", "draining", "look", "errorSince", "notRebuildable", "missing");
  draft.forget("creating");
  // What the fleet has a spec of is built from that again, on the machines that are due: a wreck is no record.
  const { sleep } = draft.memory;
  if (sleep?.neverRan !== true || draft.policy.spec === undefined) return;
  draft.forget("sleep");
  draft.remember({ due: sleep.alternative });
}

function deleted(draft: Draft, held: Held, change: Extract<Change, { kind: "delete" }>, done: Done): void {
  const { memory, now } = draft;
  const sleep: NonNullable<typeof memory.sleep> = memory.sleep ?? {
    since: held.claimedAt,
    cause: "off-hours" as const,
    incarnation: change.createTime,
    restoreId: change.restoreId,
    alternative: 0,
  };
  draft.remember({ sleep, deletes: [...memory.deletes, now] });
  // What failed before is another incarnation's matter: it was there.
  draft.forget("known", "draining", "look", "errorSince", "creating", "notRebuildable", "missing", "attemptsAt");
  // What stood in for something else is not what comes back.
  const { cause, restoreId } = sleep;
  const fromSpec = sleep.fromSpec === true && draft.policy.spec !== undefined;
  draft.tell({
    id: `asleep/${change.restoreId}`,
    phase: "asleep",
    what: `deleted (${cause})`,
    why: `${held.why}. ${done.note}${fromSpec ? ". It stood in for what the fleet's spec asks for, and is rebuilt from that" : ""}`,
    details: { ...(fromSpec ? {} : { restoreId }), cause },
  });
}

function created(draft: Draft, held: Held, done: Done): void {
  const { policy, memory, observation, now } = draft;
  const took = now - held.claimedAt;
  const { resource } = observation;
  const seen = resource.look === "present" ? resource.value : undefined;
  draft.remember({ startUps: [...memory.startUps, took].slice(-keptStartUps), touchedAt: now });
  if (seen?.createTime !== undefined && seen.resourcePools.length > 0) {
    adoptOurs(draft, { ...seen, createTime: seen.createTime });
  }
  // What is tried on it is tried anew; and it is there, even where that cannot be seen at this moment.
  draft.forget("sleep", "missing", "draining", "setAside", "due", "attemptsAt");
  draft.tell({
    id: `awake/${policy.key}/${held.claimedAt}`,
    phase: "awake",
    what: `created in ${formatDuration(took)}`,
    why: `${held.why}. ${done.note}`,
    details: { seconds: Math.round(took / 1_000) },
  });
  answered(draft, held, "done", done.note, true);
}

/** What is known of a resource that we have resized, also when its target has left the fleet meanwhile. */
function withSizes(
  memory: PersistentResourceMemory,
  change: Extract<Change, { kind: "resize" }>,
): PersistentResourceMemory {
  const { known, draining } = memory;
  if (known?.createTime !== change.createTime) return memory;
  const sizes = Object.fromEntries(change.pools.map(({ id, replicaCount }) => [id, replicaCount]));
  return {
    ...memory,
    known: {
      ...known,
      fingerprint: resizedFingerprint(known.fingerprint, change.pools),
      // Shrunk for the night is no settled up state: the restore record keeps the size of the day.
      replicas: draining?.shrunk ? known.replicas : { ...known.replicas, ...sizes },
    },
  };
}

function resized(draft: Draft, held: Held, change: Extract<Change, { kind: "resize" }>, done: Done): void {
  draft.memory = withSizes(draft.memory, change);
  draft.remember({ touchedAt: draft.now });
  answered(draft, held, "done", done.note, true);
}

function succeed(draft: Draft, held: Held, done: Done): void {
  const { change } = held;
  draft.countAttempts(change.kind, undefined);
  switch (change.kind) {
    case "delete":
      // A failed create rests for as long as it has to, however soon its wreck is cleared away.
      if (clearsWreck(draft, change)) cleared(draft);
      else deleted(draft, held, change, done);
      break;
    case "create":
      created(draft, held, done);
      break;
    case "resize":
      draft.forget("patchBroken");
      resized(draft, held, change, done);
      break;
    case "reboot":
      draft.remember({ touchedAt: draft.now });
      answered(draft, held, "done", done.note, false);
      break;
    case "job":
      answered(draft, held, "done", done.note, false);
      break;
    case "deploy":
    case "undeploy":
    case "mutate":
    case "traffic":
      break;
  }
}

/** A delete that did not happen: what was remembered for the sleep is taken back. */
function takeBackSleep(draft: Draft, change: Change): void {
  if (change.kind === "delete" && draft.memory.sleep?.incarnation === change.createTime) draft.forget("sleep");
}

function alert(draft: Draft, held: Held, failed: Failed, turn: Turn | undefined): void {
  const { policy } = draft;
  const { setAside } = draft.memory;
  const attempts = draft.attemptsAt(held.change.kind);
  const released = `"tidekeeper release ${policy.name}" or the next apply`;
  const aside = setAside?.find(({ alternative }) => alternative === turn?.failed);
  const who = aside && `, alternative ${aside.alternative} of ${policy.restore.alternatives.length}`;
  const passedOver =
    aside && `it is passed over until ${aside.until === undefined ? released : draft.timeInZone(aside.until)}, `;
  const after =
    attempts?.parked || attempts === undefined
      ? `it is not tried again until ${released}`
      : `next try at ${draft.timeInZone(attempts.nextAt)}`;
  draft.tell({
    id: `alert/${policy.key}/${held.change.kind}/${failed.class}/${held.claimedAt}`,
    phase: "alert",
    what: `${held.change.kind} failed: ${failed.class}`,
    why: `${policy.name}${who ?? ""}: ${failed.note}; ${passedOver ?? ""}${after}`,
    details: { class: failed.class },
  });
}

function fail(draft: Draft, held: Held, failed: Failed): void {
  const { change } = held;
  takeBackSleep(draft, change);
  // By patch the service may refuse, or succeed without effect: a finding about it, not a failure to try again.
  if (change.kind === "resize" && (failed.class === "no-effect" || failed.class === "invalid")) {
    draft.remember({ patchBroken: { at: draft.now, note: failed.note } });
    draft.tell({
      id: `alert/${draft.policy.key}/patch/${change.createTime}`,
      phase: "alert",
      what: "resize by patch does not work",
      why: `${draft.policy.name}: ${failed.note}; set scale.strategy: replace, or never`,
    });
    answered(draft, held, "failed", failed.note, false);
    return;
  }
  const { kind } = change;
  const turn = kind === "create" ? afterFailedCreate(draft, failed.class) : undefined;
  const tried = turn === undefined ? failedAgain(draft, kind, failed) : afterTurn(draft, turn, failed);
  draft.countAttempts(kind, tried);
  // Somebody else's is there, made at the same time: it must not be taken for what we have made.
  if (kind === "create" && failed.class === "exists") draft.forget("creating");
  if (backOffRules[failed.class].alert) alert(draft, held, failed, turn);
  // A job or a reboot that is refused for good is answered; what only needs time stays open until it expires.
  if (tried.parked) {
    answered(draft, held, "failed", failed.note, false);
    if (kind === "job" || kind === "reboot") draft.countAttempts(kind, undefined);
  }
}

function failedAgain(draft: Draft, kind: Change["kind"], failed: Pick<Failed, "class" | "note">): Attempts {
  const { class: cls, note } = failed;
  return afterFailure(draft.attemptsAt(kind), { class: cls, note, now: draft.now, jitter: draft.jitter });
}

/**
 * Where a round of creates stands. What an alternative fails with says nothing about the first machines: those are tried
 * again when their own failure allows.
 */
function afterTurn(draft: Draft, { failed: machines, next }: Turn, failed: Failed): Attempts {
  const { class: cls, note } = failed;
  // An apply may just have cleared what the first failed with: it was no refusal, or no alternative would have been tried.
  const first =
    machines === 0 ? { class: cls, note } : (draft.attemptsAt("create")?.first ?? { class: "stockout", note });
  switch (next) {
    case "others":
      return { ...failedAgain(draft, "create", first), first, nextAt: draft.now };
    case "same":
      return machines === 0 ? failedAgain(draft, "create", failed) : { ...failedAgain(draft, "create", failed), first };
    case "rest":
      return failedAgain(draft, "create", first);
  }
}

/**
 * As {@link afterSettling}, of a target that has left the fleet: nobody decides about it any more, but it must not be taken
 * for asleep when it is not, nor a size that we have set for somebody else's, should it come back.
 */
export function afterLeaving(
  memory: PersistentResourceMemory,
  { change }: Held,
  { end }: Settlement,
): PersistentResourceMemory {
  const { sleep, due: _due, setAside: _aside, attemptsAt: _attempts, standIn: _standIn, ...awake } = memory;
  if (change.kind === "resize" && end === "done") return withSizes(memory, change);
  // Its createTime is not known yet: that is filled in when the fleet names it again, and sees it.
  const standsIn = (memory.creating?.alternative ?? 0) > 0 ? { standIn: recordOf(memory) } : {};
  if (change.kind === "create" && end === "done") return { ...awake, ...standsIn };
  const stays = change.kind === "delete" && end !== "done" && sleep?.incarnation === change.createTime;
  if (!stays) return memory;
  const { sleep: _sleep, ...up } = memory;
  return up;
}

/** How the memory changes when an operation of ours has ended; see {@link Decider.afterSettling}. */
export function afterSettling(
  facts: PersistentResourceCase,
  held: Held,
  settlement: Settlement,
): Pick<PersistentResourceDecision, "memory" | "requests" | "answers" | "notices"> {
  const draft = new Draft(facts);
  switch (settlement.end) {
    case "done":
      succeed(draft, held, settlement);
      break;
    case "failed":
      fail(draft, held, settlement);
      break;
    case "lapsed":
      takeBackSleep(draft, held.change);
      break;
  }
  return draft.collected();
}
