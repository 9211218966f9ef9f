/** Writes down what was decided: memory, open requests, and the newest decisions for whoever asks why. */
import type { Decision } from "../decide/decision.ts";
import type { PersistentResourceMemory, SpotModelMemory } from "../decide/memory.ts";
import type { DecisionRecord, TargetDocument } from "../state/documents.ts";
import type { Millis } from "../time/clock.ts";
import { describe } from "./kinds.ts";
import type { Change, Held, Settlement } from "./operation.ts";

/** A decision about a target of either kind. */
export type AnyDecision = Decision<PersistentResourceMemory | SpotModelMemory>;

/** Decisions kept per target. */
const mostDecisions = 20;

/** Adds a record; the same thing decided again counts up instead of pushing others out. */
function withRecord(
  records: readonly DecisionRecord[],
  added: Omit<DecisionRecord, "times">,
): readonly DecisionRecord[] {
  const [newest, ...older] = records;
  if (newest !== undefined && newest.rule === added.rule && newest.action === added.action) {
    return [{ ...added, times: newest.times + 1 }, ...older];
  }
  return [{ ...added, times: 1 }, ...records].slice(0, mostDecisions);
}

/** The target as a decision leaves it. */
export function decided(target: TargetDocument, decision: AnyDecision, now: Millis): TargetDocument {
  const { action, rule, why, next, memory, requests, phase } = decision;
  return {
    ...target,
    memory,
    requests,
    phase,
    decisions: withRecord(target.decisions, {
      at: now,
      rule,
      action: action.do === "change" ? describe(action.change) : action.do,
      why,
      ...(next === undefined ? {} : { next }),
    }),
  };
}

/** The target whose change has to wait: the decision is shown with its reason, but none of its memory is true yet. */
export function deferredTarget(
  target: TargetDocument,
  change: Change,
  deferral: { readonly at: Millis; readonly why: string; readonly freeAt: Millis },
): TargetDocument {
  const { at, why, freeAt } = deferral;
  return {
    ...target,
    decisions: withRecord(target.decisions, {
      at,
      rule: "rate",
      action: "nothing",
      why,
      next: { at: freeAt, what: describe(change) },
    }),
  };
}

/** The target as the end of an operation leaves it. */
export function settledTarget(
  target: TargetDocument,
  after: Pick<AnyDecision, "memory" | "requests">,
  held: Held,
  settlement: Settlement,
  now: Millis,
): TargetDocument {
  const end = settlement.end === "failed" ? `failed (${settlement.class})` : settlement.end;
  return {
    ...target,
    memory: after.memory,
    requests: after.requests,
    decisions: withRecord(target.decisions, {
      at: now,
      rule: `operation-${settlement.end}`,
      action: describe(held.change),
      why: `${end}: ${settlement.note}`,
    }),
  };
}
