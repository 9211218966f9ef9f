/**
 * Takes the slot of a Vertex resource for one operation, before Vertex is called: one transaction that fails when anything
 * differs from what was decided on, and that writes all it takes to recover.
 */
import type { Action } from "../decide/decision.ts";
import { restoreIdOf } from "../decide/persistent-resource/identity.ts";
import { answerOutcome, type Outcome } from "../outcomes/outcome.ts";
import type { RestoreRecord, TargetDocument } from "../state/documents.ts";
import { putOutcome } from "../state/outbox.ts";
import type { Store, Transaction } from "../state/store.ts";
import { type Clock, type Millis, second } from "../time/clock.ts";
import type { Change, Held } from "./operation.ts";
import { type AnyDecision, decided, deferredTarget } from "./remember.ts";
import { admit, isSubmission, type SubmissionLimit } from "./submissions.ts";
import { noticeOutcome, openAnswers } from "./tell.ts";

/** How long after the claim the call may still be made, wire. A function that was frozen for longer must not act. */
export const startWithin: Millis = 20 * second;

/** What was read before the decision: nothing of it may have changed. */
export interface Basis {
  /** Store id of the target: the policy's key. */
  readonly key: string;
  readonly headVersion: string;
  readonly targetVersion: string;
  /** Version of the slot's document; undefined where there was none. */
  readonly slotVersion: string | undefined;
  /** The fleet's other models on the endpoint: a change of its traffic is decided on them too. */
  readonly siblings: readonly { readonly key: string; readonly version: string | undefined }[];
  /** How many submissions the location takes; it is counted, not compared. */
  readonly limit: SubmissionLimit;
}

/** A decision that changes something. */
export type ChangeDecision = AnyDecision & { readonly action: Extract<Action, { do: "change" }> };

/** What became of a claim. */
export type Claimed =
  | { readonly claim: "held"; readonly held: Held }
  /** Something differs from what was decided on: decide again at the next wake-up. */
  | { readonly claim: "stale"; readonly why: string }
  /** The location has had its submissions for this minute: the decision waits for a later wake-up. */
  | { readonly claim: "deferred"; readonly why: string };

/** Whether `record` would lose a replica that `stored` has: a record is never overwritten with a smaller one. */
function smaller(record: RestoreRecord, stored: RestoreRecord): boolean {
  return Object.entries(stored.replicas).some(([pool, replicas]) => (record.replicas[pool] ?? 0) < replicas);
}

/** What a change was decided on, as far as its recovery takes it. */
function seenBy(change: Change): string {
  if (change.kind === "create") return "absent";
  if (change.kind === "traffic") return change.etag;
  return "createTime" in change ? change.createTime : `model ${change.deployedModelId}`;
}

/** Why the basis does not hold any more; undefined when it does. */
async function staleness(tx: Transaction, basis: Basis, resource: Change["resource"], changing: boolean) {
  const siblings = changing ? basis.siblings : [];
  const [head, target, slot, ...others] = await Promise.all([
    tx.get("fleet", "head"),
    tx.get("targets", basis.key),
    tx.get("slots", resource),
    ...siblings.map(({ key }) => tx.get("targets", key)),
  ]);
  if (head === undefined || target === undefined)
    return { why: "the fleet or the target is not in the store any more" };
  if (head.version !== basis.headVersion) return { why: "another fleet was applied, or it was paused or resumed" };
  if (target.version !== basis.targetVersion) return { why: "the target has changed: a request, or another decision" };
  if (changing && head.value.paused !== undefined) return { why: `the fleet is paused by ${head.value.paused.by}` };
  if (slot?.version !== basis.slotVersion) return { why: "another operation was claimed or has ended" };
  // Also where nothing is to be changed: what a running operation of ours does would be taken for somebody else's.
  if (slot !== undefined && slot.value.state !== "empty") {
    return { why: `${resource} holds another operation of ours` };
  }
  const sibling = siblings.find(({ version }, index) => others[index]?.version !== version);
  if (sibling !== undefined) return { why: `${sibling.key}, which shares the endpoint, has changed` };
  return { target: target.value };
}

/** What a decision tells at once. That its operation has started is told when it has. */
function outcomesOf(
  decision: AnyDecision,
  target: TargetDocument,
  resource: Change["resource"],
  at: Millis,
): readonly Outcome[] {
  const { action, answers, notices } = decision;
  const telling = { target: target.name, resource, at };
  const waiting = new Set(action.do === "change" ? action.eventIds : []);
  return [
    ...openAnswers(target, answers)
      .filter(({ eventId, phase }) => !(phase === "started" && waiting.has(eventId)))
      .map((answer) => answerOutcome(telling, answer)),
    ...notices.map((notice) => noticeOutcome(telling, notice)),
  ];
}

/**
 * Claims the slot for the decision's change, takes it out of the location's budget, and writes what the decision remembers.
 * @throws StoreUnavailable
 */
export async function claim(
  tools: { readonly store: Store; readonly clock: Clock },
  basis: Basis,
  decision: ChangeDecision,
): Promise<Claimed> {
  const { store, clock } = tools;
  const { change, attempt, eventIds, restore } = decision.action;
  return store.transaction(async (tx): Promise<Claimed> => {
    const checked = await staleness(tx, basis, change.resource, true);
    if (checked.target === undefined) return { claim: "stale", why: checked.why };
    const stored = restore && (await tx.get("restores", restoreIdOf(restore.targetKey, restore.createTime)));
    const { limit } = basis;
    const budget = isSubmission(change.kind) ? await tx.get("budgets", limit.location) : undefined;
    // The times of the run that commits: a transaction may have waited, and run again.
    const now = clock.now();
    const wire = clock.wire();
    if (isSubmission(change.kind)) {
      const admission = admit(budget?.value, limit, now);
      if (!admission.admitted) {
        const why = `${decision.why}; it waits: ${admission.why}`;
        tx.put("targets", basis.key, deferredTarget(checked.target, change, { ...admission, at: now, why }));
        return { claim: "deferred", why };
      }
      tx.put("budgets", limit.location, admission.budget);
    }
    const held: Held = {
      resource: change.resource,
      targetKey: basis.key,
      change,
      attempt,
      claimedAt: now,
      claimedAtWire: wire,
      startBy: wire + startWithin,
      eventIds,
      why: decision.why,
      seen: seenBy(change),
    };
    for (const outcome of outcomesOf(decision, checked.target, change.resource, now)) {
      putOutcome(tx, outcome);
    }
    tx.put("slots", change.resource, { state: "claimed", ...held });
    tx.put("targets", basis.key, decided(checked.target, decision, now));
    if (restore !== undefined && (stored === undefined || !smaller(restore, stored.value))) {
      tx.put("restores", restoreIdOf(restore.targetKey, restore.createTime), restore);
    }
    return { claim: "held", held };
  });
}

/**
 * Writes what a decision without a change remembers and tells.
 * @param resource the Vertex resource of the target.
 * @returns why it was not written; undefined when it was.
 * @throws StoreUnavailable
 */
export async function remember(
  tools: { readonly store: Store; readonly clock: Clock },
  basis: Basis,
  resource: Change["resource"],
  decision: AnyDecision,
): Promise<string | undefined> {
  const { store, clock } = tools;
  return store.transaction(async (tx) => {
    const checked = await staleness(tx, basis, resource, false);
    if (checked.target === undefined) return checked.why;
    const now = clock.now();
    for (const outcome of outcomesOf(decision, checked.target, resource, now)) putOutcome(tx, outcome);
    tx.put("targets", basis.key, decided(checked.target, decision, now));
    return undefined;
  });
}
