/**
 * Tells those whose time ran out while nothing could be decided for them: deciders end requests, but an operation may
 * occupy the resource for hours, and a pause may last for days.
 */
import { describeWish } from "../decide/words.ts";
import type { Request } from "../events/requests.ts";
import { answerOutcome } from "../outcomes/outcome.ts";
import type { Millis } from "../time/clock.ts";
import { putOutcome } from "./outbox.ts";
import { slotOf } from "./recall.ts";
import type { Store } from "./store.ts";

/** Which requests wait, and for what. */
export interface Waiting {
  /** The target's key. */
  readonly key: string;
  readonly requests: readonly Request[];
  /** Events that the running operation is about: its end answers them. */
  readonly running: readonly string[];
  /** Why nothing was decided. */
  readonly because: string;
  /** World time. */
  readonly now: Millis;
}

function isOverdue({ eventId, answered, expiresAt }: Request, { running, now }: Waiting): boolean {
  return answered !== "final" && expiresAt <= now && !running.includes(eventId);
}

/**
 * Answers `expired` to what is not wanted any more. The requests stay open, answered, so that the next decision still
 * draws its conclusions from them.
 * @throws StoreUnavailable
 */
export async function expireWaiting(store: Store, waiting: Waiting): Promise<void> {
  const { key, because, now } = waiting;
  if (!waiting.requests.some((request) => isOverdue(request, waiting))) return;
  await store.transaction(async (tx) => {
    const target = (await tx.get("targets", key))?.value;
    if (target === undefined) return;
    const overdue = target.requests.filter((request) => isOverdue(request, waiting));
    if (overdue.length === 0) return;
    const telling = { target: target.name, resource: slotOf(key), at: now };
    for (const { eventId, wish } of overdue) {
      const why = `its time ran out while ${because}`;
      putOutcome(tx, answerOutcome(telling, { eventId, phase: "expired", what: describeWish(wish), why }));
    }
    const requests = target.requests.map((request) =>
      overdue.includes(request) ? { ...request, answered: "final" as const } : request,
    );
    tx.put("targets", key, { ...target, requests });
  });
}
