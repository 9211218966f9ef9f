/** Who asked for what, and how it was answered: every event sent, every outcome heard, each once. */
import { answerPhases, type Outcome } from "../../../shared/outcomes/outcome.ts";
import type { Millis } from "../../../shared/time/clock.ts";
import type { EventToSend } from "./plan/happening.ts";

/** An event that was published, and its answer so far. */
export interface SentEvent {
  readonly id: string;
  readonly type: string;
  readonly target: string;
  readonly refused: boolean;
  /** World time. */
  readonly sentAt: Millis;
  readonly answer?: Outcome;
}

/** What the demo knows of events and outcomes. */
export interface Ledger {
  /** Notes that an event is being published at this world time. */
  sent(event: Pick<EventToSend, "event" | "refused">, sentAt: Millis): void;
  /** Takes an outcome. @returns whether it is new; the bus delivers some twice. */
  heard(outcome: Outcome): boolean;
  readonly events: readonly SentEvent[];
  /** Every outcome that was told without an event of ours, in the order heard. */
  readonly notices: readonly Outcome[];
}

/** Opens an empty ledger. */
export function createLedger(): Ledger {
  const events = new Map<string, SentEvent>();
  const seen = new Set<string>();
  const early = new Map<string, Outcome>();
  const notices: Outcome[] = [];
  const later = (a: Outcome | undefined, b: Outcome): Outcome => (a?.final ? a : b);
  return {
    sent({ event: { id, type, target }, refused }, sentAt) {
      const answer = early.get(id);
      events.set(id, { id, type, target, refused, sentAt, ...(answer === undefined ? {} : { answer }) });
    },
    heard(outcome) {
      if (seen.has(outcome.id)) return false;
      seen.add(outcome.id);
      const event = events.get(outcome.eventId);
      if (event !== undefined) events.set(event.id, { ...event, answer: later(event.answer, outcome) });
      else if (isAnswer(outcome)) early.set(outcome.eventId, later(early.get(outcome.eventId), outcome));
      else notices.push(outcome);
      return true;
    },
    get events() {
      return [...events.values()];
    },
    get notices() {
      return notices;
    },
  };
}

const answers: ReadonlySet<string> = new Set(answerPhases);

/** Whether an outcome answers an event; otherwise it is told without having been asked. */
function isAnswer({ phase }: Outcome): boolean {
  return answers.has(phase);
}

/** Events that have no final answer. */
export function unanswered(events: readonly SentEvent[]): readonly SentEvent[] {
  return events.filter(({ answer }) => !answer?.final);
}

/** When the events were sent of which nothing has been heard, not even that they were accepted. */
export function unheardSince(events: readonly SentEvent[]): readonly Millis[] {
  return events.flatMap(({ answer, sentAt }) => (answer === undefined ? [sentAt] : []));
}

/** Events whose answer is the wrong one: refused though right, or taken though wrong on purpose. */
export function wronglyAnswered(events: readonly SentEvent[]): readonly SentEvent[] {
  return events.filter(({ answer, refused }) => answer?.final && (answer.phase === "rejected") !== refused);
}
