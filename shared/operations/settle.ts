/** Finds out how a held operation fares, and empties its slot when it has ended. Only settling does that. */

import { putOutcome } from "../state/outbox.ts";
import type { Store, Versioned } from "../state/store.ts";
import type { Clock } from "../time/clock.ts";
import { minute } from "../time/clock.ts";
import type { VertexReader } from "../vertex/vertex.ts";
import { gatherFacts, lookAtResource } from "./facts.ts";
import { type AfterSettling, finish, sameClaim } from "./finish.ts";
import { type HeldSlot, judge } from "./judge.ts";
import { describe, kindOf } from "./kinds.ts";
import type { ChangeKind, Held, Settlement, Slot } from "./operation.ts";
import { record } from "./record.ts";
import { noticeOutcome } from "./tell.ts";

/** What settling takes. */
export interface SettleTools {
  readonly store: Store;
  readonly reader: VertexReader;
  readonly clock: Clock;
}

/** What became of the slot. */
export type Settled =
  | { readonly slot: "free" }
  | { readonly slot: "ended"; readonly held: Held; readonly settlement: Settlement }
  /** Nothing may be started on the resource. */
  | { readonly slot: "occupied"; readonly held: Held; readonly why: string }
  /** Somebody else changed it meanwhile: read again. */
  | { readonly slot: "changed" };

/** World time for which an unknown fate is waited out before people are told. */
const patience = 10 * minute;

/** Marks a slot as unknown, and tells people once when that has lasted. */
async function keepUnknown(tools: SettleTools, judged: Versioned<Slot>, slot: HeldSlot, why: string): Promise<Settled> {
  const { store, clock } = tools;
  const now = clock.now();
  const since = slot.state === "unknown" ? slot.since : now;
  const alertNow = !(slot.state === "unknown" && slot.alerted) && now >= since + patience;
  if (slot.state === "unknown" && !alertNow) return { slot: "occupied", held: slot, why };
  const written = await store.transaction(async (tx) => {
    const [current, target] = await Promise.all([tx.get("slots", slot.resource), tx.get("targets", slot.targetKey)]);
    if (current?.version !== judged.version) return false;
    if (alertNow && target !== undefined) {
      const what = `${describe(slot.change)}: fate unknown`;
      const id = `${slot.targetKey}/${slot.change.kind}/${slot.claimedAt}`;
      const telling = { target: target.value.name, resource: slot.resource, at: now };
      putOutcome(
        tx,
        noticeOutcome(telling, { id, phase: "alert", what, why: `${why}; asked for because ${slot.why}` }),
      );
    }
    const { operationName } = slot.state === "claimed" ? { operationName: undefined } : slot;
    const { state: _state, startedAt: _startedAt, ...held } = { startedAt: 0, ...slot };
    tx.put("slots", slot.resource, {
      ...held,
      state: "unknown",
      since,
      alerted: alertNow || (slot.state === "unknown" && slot.alerted),
      ...(operationName === undefined ? {} : { operationName }),
    });
    return true;
  });
  return written ? { slot: "occupied", held: slot, why } : { slot: "changed" };
}

/**
 * Settles what a slot holds, if it can be.
 * @param slot as read with the rest of what is known; undefined where there is none.
 * @throws StoreUnavailable
 */
export async function settle(
  tools: SettleTools,
  slot: Versioned<Slot> | undefined,
  afterSettling: AfterSettling,
): Promise<Settled> {
  if (slot === undefined || slot.value.state === "empty") return { slot: "free" };
  const held = slot.value;
  const { reader, clock } = tools;
  const kind = kindOf<ChangeKind>(held.change);
  // Before the look, which takes its time: an operation that ends during it may have ended after the resource was read.
  const now = { world: clock.now(), wire: clock.wire() };
  const facts = await gatherFacts(reader, held);
  const seen = kind.recognise(held.change, held, facts);
  const verdict = judge(kind, held, facts, seen, now);
  switch (verdict.verdict) {
    case "wait":
      return { slot: "occupied", held, why: verdict.why };
    case "found": {
      const recorded = await record(tools, held, verdict.operationName);
      return recorded
        ? { slot: "occupied", held, why: `operation ${verdict.operationName} was found under the resource` }
        : { slot: "changed" };
    }
    case "unknown":
      return keepUnknown(tools, slot, held, verdict.why);
    case "ended": {
      const { settlement } = verdict;
      const still = (current: Versioned<Slot>) => current.version === slot.version;
      const ended = await finish(tools, afterSettling, { held, settlement, resource: facts.resource, still });
      return ended ? { slot: "ended", held, settlement } : { slot: "changed" };
    }
  }
}

/**
 * Gives a claim back whose call has not been made: the second look said no.
 * @returns false when the slot is not held by this claim any more.
 * @throws StoreUnavailable
 */
export async function withdraw(
  tools: SettleTools,
  held: Held,
  why: string,
  afterSettling: AfterSettling,
): Promise<boolean> {
  const settlement: Settlement = { end: "lapsed", note: `withdrawn: ${why}` };
  const resource = await lookAtResource(tools.reader, held.change);
  const still = (slot: Versioned<Slot>) => slot.value.state === "claimed" && sameClaim(held, slot.value);
  return finish(tools, afterSettling, { held, settlement, resource, still });
}
