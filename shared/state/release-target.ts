/** Lets go of a target that the fleet no longer names: it is left as it is, and whoever asked for something is told. */
import { describeWish } from "../decide/words.ts";
import type { Slot } from "../operations/operation.ts";
import { answerOutcome } from "../outcomes/outcome.ts";
import type { Millis } from "../time/clock.ts";
import type { TargetDocument } from "./documents.ts";
import { putOutcome } from "./outbox.ts";
import { newerSchema, slotOf } from "./recall.ts";
import type { Store } from "./store.ts";

/** The fleet cannot be applied on this store as it is. */
export class ApplyRefused extends Error {
  override readonly name = "ApplyRefused";
}

/** Why a target that is asleep is not let go. */
export function asleepRefusal(name: string): ApplyRefused {
  return new ApplyRefused(
    `${name} leaves the fleet and is asleep: nobody would rebuild it; restore it first (\`tidekeeper wake ${name} --wait\`), or say that it shall stay deleted (\`apply --leave-asleep\`)`,
  );
}

/**
 * Whether what the target stands for is gone because of us, or is just being taken away. A wreck that never ran was nobody's
 * yet; one that was to bring back what is asleep has not brought it back.
 * @param slot of the target's resource; it may hold an operation of another model on the endpoint.
 */
export function isAsleep(key: string, { memory }: TargetDocument, slot: Slot | undefined): boolean {
  const held = slot !== undefined && slot.state !== "empty" && slot.targetKey === key ? slot.change : undefined;
  if (memory.kind === "persistentResource") {
    return (memory.sleep !== undefined && memory.sleep.neverRan !== true) || held?.kind === "delete";
  }
  const { asleepSince, serving } = memory;
  return asleepSince !== undefined || (held?.kind === "undeploy" && held.deployedModelId === serving?.deployedModelId);
}

/**
 * Marks a target's document as released and ends its open requests, except those that a running operation will answer,
 * and a hold: whoever held it has been told until when, and a fleet may name the target again before that.
 * A document of a newer schema is left alone.
 * @param by `version`: of the applied fleet that does not name it; when another one has been applied since, nothing is
 * done. `now`: world time.
 */
export async function releaseTarget(
  store: Store,
  key: string,
  { version, now }: { readonly version: number; readonly now: Millis },
): Promise<void> {
  await store.transaction(async (tx) => {
    const [head, target, slot] = await Promise.all([
      tx.get("fleet", "head"),
      tx.get("targets", key),
      tx.get("slots", slotOf(key)),
    ]);
    if (head?.value.version !== version || target === undefined || target.value.releasedAt !== undefined) return;
    if (newerSchema("the target", target.value) !== undefined) return;
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
