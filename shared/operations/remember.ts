/** Writes down what was decided: memory, open requests, and the newest decisions for whoever asks why. */
import type { Decision, Phase } from "../decide/decision.ts";
import type { PersistentResourceMemory, SpotModelMemory } from "../decide/memory.ts";
import type { DecisionRecord, TargetDocument } from "../state/documents.ts";
import type { Millis } from "../time/clock.ts";
import { describe } from "./kinds.ts";
import type { Change, Held, Settlement } from "./operation.ts";

/** A decision about a target of either kind. */
export type AnyDecision = Decision<PersistentResourceMemory | SpotModelMemory>;

/** Decisions kept per target. */
const mostDecisions = 20;

/** Phases in which a persistent resource is not up that should be. */
const isDown: ReadonlySet<string> = new Set<Phase>(["recreating", "waiting-for-capacity", "error"]);
/** Phases that end that: it is up again, or not to be. In all others nobody can tell. */
const isDownNoMore: ReadonlySet<string> = new Set<Phase>(["up", "draining", "scaling", "recovering", "asleep"]);

function downSince({ memory, phase }: AnyDecision, before: Millis | undefined, now: Millis): Millis | undefined {
  if (memory.kind !== "persistentResource") return undefined;
  const { errorSince } = memory;
  // What is looked at twice before it is deleted counts as up, in state ERROR too.
  if (errorSince === undefined && isDownNoMore.has(phase)) return undefined;
  return before ?? errorSince ?? (isDown.has(phase) ? now : undefined);
}

/** When what is open began: the record of that is the last to be forgotten. */
function trouble({ memory, downSince: since }: Pick<TargetDocument, "memory" | "downSince">): Millis | undefined {
  return memory.kind === "spotModel" ? memory.incident?.since : since;
}

/**
 * Adds a record; the same thing decided again counts up instead of pushing others out. Of what is open the oldest record
 * stays, however often this and that is tried since: it says what happened.
 */
function withRecord(target: TargetDocument, added: Omit<DecisionRecord, "times">): TargetDocument {
  const [newest, ...older] = target.decisions;
  if (newest !== undefined && newest.rule === added.rule && newest.action === added.action) {
    return { ...target, decisions: [{ ...added, times: newest.times + 1 }, ...older] };
  }
  const all = [{ ...added, times: 1 }, ...target.decisions];
  const kept = all.slice(0, mostDecisions);
  const since = trouble(target);
  const cause = since === undefined ? undefined : all.findLast(({ at }) => at >= since);
  const lost = cause !== undefined && !kept.includes(cause);
  return { ...target, decisions: lost ? [...kept.slice(0, -1), cause] : kept };
}

/** The target as a decision leaves it. */
export function decided(target: TargetDocument, decision: AnyDecision, now: Millis): TargetDocument {
  const { action, rule, why, next, memory, requests, phase } = decision;
  const { downSince: before, ...kept } = target;
  const since = downSince(decision, before, now);
  return withRecord(
    { ...kept, memory, requests, phase, ...(since === undefined ? {} : { downSince: since }) },
    {
      at: now,
      rule,
      action: action.do === "change" ? describe(action.change) : action.do,
      why,
      ...(next === undefined ? {} : { next }),
    },
  );
}

/** The target whose change has to wait: the decision is shown with its reason, but none of its memory is true yet. */
export function deferredTarget(
  target: TargetDocument,
  change: Change,
  deferral: { readonly at: Millis; readonly why: string; readonly freeAt: Millis },
): TargetDocument {
  const { at, why, freeAt } = deferral;
  return withRecord(target, {
    at,
    rule: "rate",
    action: "nothing",
    why,
    next: { at: freeAt, what: describe(change) },
  });
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
  return withRecord(
    { ...target, memory: after.memory, requests: after.requests },
    {
      at: now,
      rule: `operation-${settlement.end}`,
      action: describe(held.change),
      why: `${end}: ${settlement.note}`,
    },
  );
}
