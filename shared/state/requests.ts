/**
 * Stores what an event asks for: the event's mark, the request in its target's document and the answer to its sender are
 * one transaction. A second delivery changes nothing and is given the newest answer again. What cannot be taken is stored
 * in a step of its own, {@link storeRejection}: its message is set aside before that.
 */
import type { Envelope } from "../events/envelope.ts";
import type { FleetEvent } from "../events/schema.ts";
import type { Fleet, TargetPolicy } from "../fleet/fleet.ts";
import { answerOutcome, type Outcome, type Telling } from "../outcomes/outcome.ts";
import type { Clock, Millis } from "../time/clock.ts";
import { day, hour } from "../time/clock.ts";
import { DocumentRefused } from "./codec.ts";
import { schemaVersion, type TargetDocument } from "./documents.ts";
import { findTarget } from "./find-target.ts";
import { putOutcome } from "./outbox.ts";
import { newerSchema, slotOf } from "./recall.ts";
import { type Store, StoreUnavailable, type Transaction } from "./store.ts";
import { type Arrival, type Taken, takeRequest } from "./take-request.ts";
import { describeEvent } from "./wishes.ts";

/** How long an event is wanted that does not say. */
export const defaultTtl = {
  scale: day,
  wake: 2 * hour,
  hold: day,
  release: day,
  job: day,
  reboot: 2 * hour,
} as const satisfies Readonly<Record<FleetEvent["type"], Millis>>;

/** What became of an event. */
export interface Stored {
  /** The newest answer to it, now in the outbox. */
  readonly outcome: Outcome;
  /** It had been stored before. */
  readonly duplicate: boolean;
  /** Key of the target to look at; absent when there is nothing to look at. */
  readonly targetKey?: string;
}

/** Tells a second delivery what the first one was told last. */
function tellAgain(tx: Transaction, { outcome }: { readonly outcome: Outcome }): Outcome {
  tx.put("outbox", outcome.id, { schema: schemaVersion, outcome });
  return outcome;
}

function toTake(asked: Asked, eventId: string, now: Millis, wire: Millis): Arrival {
  const { event, envelope } = asked;
  const publishedAt = envelope.publishedAt ?? wire;
  const ttl = event.ttl ?? defaultTtl[event.type];
  return {
    event,
    eventId,
    messageId: envelope.messageId,
    publishedAt,
    now,
    // A time to live counts from the publishing, which is wire time.
    expiresAt: event.expiresAt ?? now + ttl - Math.max(0, wire - publishedAt),
  };
}

/**
 * Takes the event into the target's document.
 * @throws StoreUnavailable when there is none that may be changed: the store was lost, or a newer Tidekeeper is being
 * deployed. Neither is the event's fault, so it is no answer to it.
 */
function takeInto(policy: TargetPolicy, target: TargetDocument | undefined, arrival: Arrival): Taken {
  if (target === undefined) {
    throw new StoreUnavailable(
      `${policy.name} is in the fleet, but the store does not know it; run \`tidekeeper apply\` again`,
    );
  }
  const refusal = newerSchema(`the document of ${policy.name}`, target);
  if (refusal !== undefined) throw new StoreUnavailable(refusal.refused);
  return takeRequest(policy, target, arrival);
}

/** An event as it arrived. */
export interface Asked {
  readonly event: FleetEvent;
  readonly envelope: Pick<Envelope, "messageId" | "publishedAt">;
}

/** What answers about a target are about. */
function aboutTarget({ name, key }: TargetPolicy): Pick<Telling, "target" | "resource"> {
  return { target: name, resource: slotOf(key) };
}

/** Writes what taking the request came to: the document, and everybody's answers. */
function write(tx: Transaction, policy: TargetPolicy, arrival: Arrival, taken: Taken): Outcome {
  const { eventId, now } = arrival;
  const telling = { ...aboutTarget(policy), at: now };
  if (taken.target !== undefined) tx.put("targets", policy.key, taken.target);
  for (const said of taken.superseded) putOutcome(tx, answerOutcome(telling, { phase: "superseded", ...said }));
  const outcome = answerOutcome(telling, { eventId, ...taken.answer });
  putOutcome(tx, outcome);
  return outcome;
}

/** An event that cannot be taken, whoever it was for. */
export interface Rejection {
  readonly eventId: string;
  /** What it wanted, as far as that can be told. */
  readonly what: string;
  readonly why: string;
  /** The target it was for, where there is one. */
  readonly about?: Pick<Telling, "target" | "resource">;
}

/**
 * Stores an event, unless it must be rejected. The message may be acknowledged once this has returned an answer.
 * @param fleet the applied fleet.
 * @returns a rejection, of which nothing is stored yet.
 * @throws StoreUnavailable when it could not be stored: the message must be delivered again.
 */
export async function storeRequest(
  store: Store,
  asked: Asked,
  context: { readonly fleet: Fleet; readonly clock: Clock },
): Promise<Stored | { readonly rejection: Rejection }> {
  const { event, envelope } = asked;
  const eventId = event.id ?? envelope.messageId;
  const now = context.clock.now();
  const arrival = toTake(asked, eventId, now, context.clock.wire());
  const found = findTarget(context.fleet, event.target);
  const policy = found.found === "none" ? undefined : found.policy;
  const taking = store.transaction(async (tx): Promise<Stored | { readonly rejection: Rejection }> => {
    const [mark, target] = await Promise.all([
      tx.get("events", eventId),
      policy === undefined ? undefined : tx.get("targets", policy.key),
    ]);
    const targetKey = policy === undefined ? {} : { targetKey: policy.key };
    if (mark !== undefined) return { outcome: tellAgain(tx, mark.value), duplicate: true, ...targetKey };
    if (found.found === "none") return { rejection: { eventId, what: describeEvent(event), why: found.why } };
    const taken = takeInto(found.policy, target?.value, arrival);
    const { phase, what, why } = taken.answer;
    if (phase === "rejected") return { rejection: { eventId, what, why, about: aboutTarget(found.policy) } };
    return { outcome: write(tx, found.policy, arrival, taken), duplicate: false, ...targetKey };
  });
  return taking.catch((error: unknown) => {
    // Delivered again it would be as large as now.
    if (!(error instanceof DocumentRefused)) throw error;
    const why = `it cannot be stored: ${error.message}`;
    return { rejection: { eventId, what: describeEvent(event), why, ...(policy && { about: aboutTarget(policy) }) } };
  });
}

/**
 * Stores that an event is rejected. A second delivery gets the first one's answer again.
 * @throws StoreUnavailable when it could not be stored: the message must be delivered again.
 */
export async function storeRejection(store: Store, rejection: Rejection, clock: Clock): Promise<Stored> {
  const outcome = answerOutcome({ ...rejection.about, at: clock.now() }, { phase: "rejected", ...rejection });
  return store.transaction(async (tx): Promise<Stored> => {
    const mark = await tx.get("events", rejection.eventId);
    if (mark !== undefined) return { outcome: tellAgain(tx, mark.value), duplicate: true };
    putOutcome(tx, outcome);
    return { outcome, duplicate: false };
  });
}
