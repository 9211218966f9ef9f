/** Lets go of a target that the fleet no longer names: it is left as it is, and whoever asked for something is told. */
import { describeWish } from "../decide/words.ts";
import { answerOutcome } from "../outcomes/outcome.ts";
import type { Millis } from "../time/clock.ts";
import { putOutcome } from "./outbox.ts";
import { newerSchema, slotOf } from "./recall.ts";
import type { Store } from "./store.ts";

/**
 * Marks a target's document as released and ends its open requests, except those that a running operation will answer,
 * and a hold: whoever held it has been told until when, and a fleet may name the target again before that.
 * A document of a newer schema is left alone.
 * @param now world time.
 */
export async function releaseTarget(store: Store, key: string, now: Millis): Promise<void> {
  await store.transaction(async (tx) => {
    const [target, slot] = await Promise.all([tx.get("targets", key), tx.get("slots", slotOf(key))]);
    if (target === undefined || newerSchema("the target", target.value) !== undefined) return;
    const running = slot === undefined || slot.value.state === "empty" ? [] : slot.value.eventIds;
    const { requests, name } = target.value;
    const kept = requests.filter(({ eventId, wish }) => running.includes(eventId) || wish.type === "hold");
    tx.put("targets", key, { ...target.value, requests: kept, releasedAt: now });
    const telling = { target: name, resource: slotOf(key), at: now };
    for (const request of requests) {
      const { eventId, answered, wish } = request;
      if (kept.includes(request) || answered === "final") continue;
      const why = `${name} was taken out of the fleet by an apply; it is left as it is`;
      putOutcome(tx, answerOutcome(telling, { eventId, phase: "superseded", what: describeWish(wish), why }));
    }
  });
}
