/**
 * What we tell others. Every event ends in exactly one final outcome; receivers deduplicate by `id`.
 */
import type { RestoreRecord } from "../state/documents.ts";
import type { Millis } from "../time/clock.ts";

/** Steps of an answer to an event, in the order in which they are told; the last five are final. */
export const answerPhases = ["accepted", "started", "done", "failed", "rejected", "superseded", "expired"] as const;

export type AnswerPhase = (typeof answerPhases)[number];

/** Things we tell without having been asked. */
export type NoticePhase =
  | "asleep"
  | "awake"
  | "sleeping-soon"
  | "draining"
  | "preempted"
  | "redeployed"
  | "returned"
  | "drifted"
  | "waiting-for-capacity"
  | "alert";

export const finalPhases = [
  "done",
  "failed",
  "rejected",
  "superseded",
  "expired",
] as const satisfies readonly AnswerPhase[];

/** One outcome event: the JSON body of the message on the outcomes topic. */
export interface Outcome {
  /** `eventId/phase`. */
  readonly id: string;
  /** The id of the event answered; for a notice, an id of the incident, stable over repeats. */
  readonly eventId: string;
  readonly phase: AnswerPhase | NoticePhase;
  /** Whether nothing more will be said about this event. */
  readonly final: boolean;
  /** The fleet's short name; absent where the event named none that we know. */
  readonly target?: string;
  /** Full resource name. */
  readonly resource?: string;
  /** What was or will be done, a few words, e.g. `resize pool-1 2 -> 4`. */
  readonly what: string;
  /** Why: the same text as in the log, the status page and `explain`. */
  readonly why: string;
  /** World time. */
  readonly at: Millis;
  /** Name of the Vertex long-running operation, where there is one. */
  readonly operation?: string;
  /** What rebuilds a resource that was deleted, on `asleep`: `apply --recover` reads it back after a lost store. */
  readonly restore?: RestoreRecord;
  /** More for machines: restore record id, error class, sizes. */
  readonly details?: { readonly [key: string]: string | number | boolean };
}

/** Whom an outcome is about and when it was said. */
export type Telling = Pick<Outcome, "target" | "resource" | "at" | "operation">;

/** What an answer says. */
export type Said = Pick<Outcome, "eventId" | "what" | "why"> & { readonly phase: AnswerPhase };

/** An answer's id is its event and phase: told again, it is the same outcome. */
export function answerOutcome(telling: Telling, { eventId, phase, what, why }: Said): Outcome {
  const final = (finalPhases as readonly AnswerPhase[]).includes(phase);
  return { id: `${eventId}/${phase}`, eventId, phase, final, what, why, ...telling };
}
