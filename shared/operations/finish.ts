/** The end of an operation: one transaction that empties the slot and writes all that follows from it. */
import type { Look } from "../decide/decision.ts";
import { afterLeaving as persistentResourceAfterLeaving } from "../decide/persistent-resource/settled.ts";
import { afterLeaving as spotModelAfterLeaving } from "../decide/spot-model/settle.ts";
import { answerOutcome, type Telling } from "../outcomes/outcome.ts";
import type { TargetDocument } from "../state/documents.ts";
import { putOutcome } from "../state/outbox.ts";
import type { Store, Versioned } from "../state/store.ts";
import type { Clock } from "../time/clock.ts";
import type { Endpoint, PersistentResource } from "../vertex/vertex.ts";
import { describe } from "./kinds.ts";
import type { Held, Settlement, Slot } from "./operation.ts";
import { type AnyDecision, settledTarget } from "./remember.ts";
import { noticeOutcome, openAnswers, startedOutcomes } from "./tell.ts";

/** What follows from the end of an operation. */
type Aftermath = Pick<AnyDecision, "memory" | "requests" | "answers" | "notices">;

/**
 * Asks the target's decider what follows. Called within a transaction, perhaps several times: no effects. The target is the
 * one that holds the slot, which need not be the one that somebody is looking at: two models can share an endpoint.
 * @returns undefined when the fleet does not have the target any more.
 */
export type AfterSettling = (
  target: TargetDocument,
  held: Held,
  settlement: Settlement,
  resource: Look<PersistentResource | Endpoint>,
) => Aftermath | undefined;

/** One end to be written. */
export interface Ending {
  readonly held: Held;
  readonly settlement: Settlement;
  /** The resource as read for this settlement. */
  readonly resource: Look<PersistentResource | Endpoint>;
  /** Whether a slot as stored still is the one that was judged. */
  readonly still: (slot: Versioned<Slot>) => boolean;
  /** Whether `started` has not been told yet: a synchronous call starts and ends at once. */
  readonly untold?: boolean;
}

/** Whether two holdings are one claim. */
export function sameClaim(one: Held, slot: Slot): boolean {
  return (
    slot.state !== "empty" &&
    slot.targetKey === one.targetKey &&
    slot.claimedAtWire === one.claimedAtWire &&
    slot.claimedAt === one.claimedAt &&
    slot.attempt === one.attempt &&
    slot.change.kind === one.change.kind
  );
}

function memoryAfterLeaving({ memory }: TargetDocument, held: Held, settlement: Settlement): TargetDocument["memory"] {
  return memory.kind === "persistentResource"
    ? persistentResourceAfterLeaving(memory, held, settlement)
    : spotModelAfterLeaving(memory, held, settlement);
}

/** What follows for a target that has left the fleet: nobody decides for it any more, but who asked gets an answer. */
function withoutDecider(target: TargetDocument, held: Held, settlement: Settlement): Aftermath {
  const phase = settlement.end === "done" ? "done" : "failed";
  return {
    memory: memoryAfterLeaving(target, held, settlement),
    requests: target.requests.filter(({ eventId }) => !held.eventIds.includes(eventId)),
    answers: held.eventIds.map((eventId) => ({
      eventId,
      phase,
      what: describe(held.change),
      why: settlement.note,
    })),
    notices: [],
  };
}

/**
 * Empties the slot and writes memory, requests, answers and notices.
 * @returns false when the slot is not as it was judged any more: somebody else has settled it.
 * @throws StoreUnavailable
 */
export async function finish(
  tools: { readonly store: Store; readonly clock: Clock },
  afterSettling: AfterSettling,
  ending: Ending,
): Promise<boolean> {
  const { store, clock } = tools;
  const { held, settlement, resource } = ending;
  return store.transaction(async (tx) => {
    const [slot, target] = await Promise.all([tx.get("slots", held.resource), tx.get("targets", held.targetKey)]);
    if (slot === undefined || !ending.still(slot)) return false;
    const now = clock.now();
    if (target !== undefined) {
      const after =
        afterSettling(target.value, held, settlement, resource) ?? withoutDecider(target.value, held, settlement);
      const restoreId = after.notices.find(({ phase }) => phase === "asleep")?.details?.["restoreId"];
      const record = typeof restoreId === "string" ? await tx.get("restores", restoreId) : undefined;
      const telling: Telling = {
        target: target.value.name,
        resource: held.resource,
        at: now,
        ...("operationName" in slot.value && slot.value.operationName !== undefined
          ? { operation: slot.value.operationName }
          : {}),
      };
      const outcomes = [
        ...(ending.untold && settlement.end === "done" ? startedOutcomes(telling, target.value, held) : []),
        ...openAnswers(target.value, after.answers).map((answer) => answerOutcome(telling, answer)),
        ...after.notices.map((notice) => ({
          ...noticeOutcome(telling, notice),
          ...(notice.phase === "asleep" && record !== undefined ? { restore: record.value } : {}),
        })),
      ];
      for (const outcome of outcomes) putOutcome(tx, outcome);
      tx.put("targets", held.targetKey, settledTarget(target.value, after, held, settlement, now));
    }
    tx.put("slots", held.resource, { state: "empty", resource: held.resource });
    return true;
  });
}
