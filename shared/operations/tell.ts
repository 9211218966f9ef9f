/** Answers and notices of a decision as the outcomes that others get. */
import type { Answer, Notice } from "../decide/decision.ts";
import { answerOutcome, type Outcome, type Telling } from "../outcomes/outcome.ts";
import type { TargetDocument } from "../state/documents.ts";
import { describe } from "./kinds.ts";
import type { Held } from "./operation.ts";

/** A notice names its incident where an answer names its event. */
export function noticeOutcome(telling: Telling, { id, phase, what, why, details }: Notice): Outcome {
  return {
    id: `${id}/${phase}`,
    eventId: id,
    phase,
    final: false,
    what,
    why,
    ...telling,
    ...(details === undefined ? {} : { details }),
  };
}

/** Of several answers those to requests that are open: one that was replaced meanwhile has had its final answer. */
export function openAnswers(target: TargetDocument, answers: readonly Answer[]): readonly Answer[] {
  const open = new Set(target.requests.filter(({ answered }) => answered !== "final").map(({ eventId }) => eventId));
  return answers.filter(({ eventId }) => open.has(eventId));
}

/** That an operation has started, to everybody who asked for it and still waits. */
export function startedOutcomes(telling: Telling, target: TargetDocument, held: Held): readonly Outcome[] {
  const answers = held.eventIds.map(
    (eventId): Answer => ({ eventId, phase: "started", what: describe(held.change), why: held.why }),
  );
  return openAnswers(target, answers).map((answer) => answerOutcome(telling, answer));
}
