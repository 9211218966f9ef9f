/** Writes down the name of an operation that has started; from then on it is looked up by name and has no lease. */
import { putOutcome } from "../state/outbox.ts";
import type { Store } from "../state/store.ts";
import type { Clock } from "../time/clock.ts";
import { sameClaim } from "./finish.ts";
import type { Held } from "./operation.ts";
import { startedOutcomes } from "./tell.ts";

/**
 * Turns a claim into a running operation and tells everybody who asked that it has started.
 * @returns false when the slot is not held by this claim any more.
 * @throws StoreUnavailable; the operation is then found again under its resource.
 */
export async function record(
  tools: { readonly store: Store; readonly clock: Clock },
  held: Held,
  operationName: string,
): Promise<boolean> {
  const { store, clock } = tools;
  return store.transaction(async (tx) => {
    const [slot, target] = await Promise.all([tx.get("slots", held.resource), tx.get("targets", held.targetKey)]);
    if (slot === undefined || slot.value.state === "empty" || !sameClaim(held, slot.value)) return false;
    // Found and recorded by somebody else in the meantime.
    if (slot.value.state === "running") return slot.value.operationName === operationName;
    const now = clock.now();
    if (target !== undefined) {
      const telling = { target: target.value.name, resource: held.resource, at: now, operation: operationName };
      for (const outcome of startedOutcomes(telling, target.value, held)) putOutcome(tx, outcome);
      const requests = target.value.requests.map((request) =>
        held.eventIds.includes(request.eventId) && request.answered === "accepted"
          ? { ...request, answered: "started" as const }
          : request,
      );
      tx.put("targets", held.targetKey, { ...target.value, requests });
    }
    tx.put("slots", held.resource, { ...held, state: "running", operationName, startedAt: now });
    return true;
  });
}
