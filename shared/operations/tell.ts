/** Answers and notices of a decision as the outcomes that others get. */
import type { Answer, Notice } from "../decide/decision.ts";
import { finalPhases, type Outcome } from "../outcomes/outcome.ts";
import type { TargetDocument } from "../state/documents.ts";
import type { Millis } from "../time/clock.ts";
import { describe } from "./kinds.ts";
import type { Held } from "./operation.ts";

/** Whom an outcome is about and when it was said. */
export interface Telling {
  readonly target: TargetDocument;
  /** Full resource name. */
  readonly resource: string;
  readonly at: Millis;
  readonly operation?: string;
}

const common = ({ target, resource, at, operation }: Telling) => ({
  target: target.name,
  resource,
  at,
  ...(operation === undefined ? {} : { operation }),
});

/** An answer's id is its event and phase: told again, it is the same outcome. */
export function answerOutcome(telling: Telling, { eventId, phase, what, why }: Answer): Outcome {
  const final = (finalPhases as readonly string[]).includes(phase);
  return { id: `${eventId}/${phase}`, eventId, phase, final, what, why, ...common(telling) };
}

/** A notice names its incident where an answer names its event. */
export function noticeOutcome(telling: Telling, { id, phase, what, why, details }: Notice): Outcome {
  return {
    id: `${id}/${phase}`,
    eventId: id,
    phase,
    final: false,
    what,
    why,
    ...common(telling),
    ...(details === undefined ? {} : { details }),
  };
}

/** Of several answers those to requests that are open: one that was replaced meanwhile has had its final answer. */
export function openAnswers(target: TargetDocument, answers: readonly Answer[]): readonly Answer[] {
  const open = new Set(target.requests.filter(({ answered }) => answered !== "final").map(({ eventId }) => eventId));
  return answers.filter(({ eventId }) => open.has(eventId));
}

/** That an operation has started, to everybody who asked for it and still waits. */
export function startedOutcomes(telling: Telling, held: Held): readonly Outcome[] {
  const answers = held.eventIds.map(
    (eventId): Answer => ({ eventId, phase: "started", what: describe(held.change), why: held.why }),
  );
  return openAnswers(telling.target, answers).map((answer) => answerOutcome(telling, answer));
}
