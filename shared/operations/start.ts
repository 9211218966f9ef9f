/** The one place that calls a changing method of Vertex: once, within the time that the claim allows. */

import type { Store } from "../state/store.ts";
import type { Clock } from "../time/clock.ts";
import { VertexError } from "../vertex/errors.ts";
import type { VertexReader, VertexWriter } from "../vertex/vertex.ts";
import { lookAtResource } from "./facts.ts";
import { type AfterSettling, type Ending, finish, sameClaim } from "./finish.ts";
import { callMargin } from "./judge.ts";
import type { Sent } from "./kind.ts";
import { kindOf } from "./kinds.ts";
import type { ChangeKind, Held, Settlement } from "./operation.ts";
import { record } from "./record.ts";

const notLooked: Awaited<ReturnType<typeof lookAtResource>> = { look: "unknown", why: "this kind needs no look" };

/** What starting takes. */
export interface StartTools {
  readonly store: Store;
  readonly reader: VertexReader;
  readonly clock: Clock;
  /** Opens the write client, or gives the one that is open. */
  readonly openWriter: () => Promise<VertexWriter>;
}

/** What became of a start. */
export type Started =
  | { readonly start: "running"; readonly operationName: string }
  /** It was synchronous, refused, or not made at all: the slot is empty again. */
  | { readonly start: "ended"; readonly settlement: Settlement }
  /** Whether it was carried out is not known: the slot stays claimed, and settling finds out. */
  | { readonly start: "unclear"; readonly why: string };

/**
 * Makes the claimed call and records what it started, or ends the claim when the call was refused or may not be made.
 * @throws StoreUnavailable after the call: the operation is then found again under its resource.
 */
export async function startAndRecord(tools: StartTools, held: Held, afterSettling: AfterSettling): Promise<Started> {
  const { reader, clock, openWriter } = tools;
  const { change } = held;
  const kind = kindOf<ChangeKind>(change);
  const end = async (settlement: Settlement): Promise<Started> => {
    const resource = await lookAtResource(reader, change);
    const still: Ending["still"] = (slot) => sameClaim(held, slot.value);
    await finish(tools, afterSettling, { held, settlement, resource, still, untold: true });
    return { start: "ended", settlement };
  };

  let sent: Sent;
  try {
    const [writer, view] = await Promise.all([
      openWriter(),
      kind.refuse === undefined ? notLooked : lookAtResource(reader, change),
    ]);
    const refusal = kind.refuse?.(change, view);
    if (refusal?.seen === "impossible") return end({ end: "failed", class: refusal.class, note: refusal.note });
    if (refusal !== undefined) {
      const why = refusal.seen === "unknown" ? refusal.why : "the resource does not show what was decided on";
      return end({ end: "lapsed", note: `not called: ${why}` });
    }
    // Nothing is awaited between this look at the clock and the call; what the client awaits is bounded by the deadline.
    if (clock.wire() > held.startBy) return end({ end: "lapsed", note: "not called: the time for it had passed" });
    sent = await kind.send(writer, change, { deadline: held.startBy + callMargin }, view);
  } catch (error) {
    if (!(error instanceof VertexError)) throw error;
    // An id that is taken may be taken by ourselves: an earlier call of which nobody knew that it arrived.
    if (error.refused && error.class !== "exists") {
      return end({ end: "failed", class: error.class, note: error.message });
    }
    return { start: "unclear", why: error.message };
  }
  if (sent.sent === "done") return end({ end: "done", note: sent.note });
  const kept = await record(tools, held, sent.name);
  return kept
    ? { start: "running", operationName: sent.name }
    : {
        start: "unclear",
        why: `${sent.name} has started, but its claim had been settled before its name was recorded`,
      };
}
