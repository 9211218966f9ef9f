/** Pause: a flag in the fleet's head that every claim reads. Ticks go on, operations settle; nothing new starts. */
import type { Millis } from "../time/clock.ts";
import type { FleetHead } from "./documents.ts";
import { wrongStore } from "./recall.ts";
import type { Store } from "./store.ts";

/** The head cannot be changed as asked: there is none, or a newer Tidekeeper wrote it. */
export class HeadRefused extends Error {
  override readonly name = "HeadRefused";
}

async function changeHead(
  store: Store,
  expectedStoreId: string | undefined,
  change: (head: FleetHead) => FleetHead,
): Promise<FleetHead> {
  return store.transaction(async (tx) => {
    const head = (await tx.get("fleet", "head"))?.value;
    const refusal = wrongStore(head, expectedStoreId);
    if (refusal !== undefined) throw new HeadRefused(refusal.refused);
    if (head === undefined)
      throw new HeadRefused("no fleet has been applied, so there is nothing to pause; run `tidekeeper apply FILE`");
    const changed = change(head);
    if (changed !== head) tx.put("fleet", "head", changed);
    return changed;
  });
}

/**
 * Pauses the fleet. A fleet that is paused already keeps its first pause.
 * @param expectedStoreId of the store that it should be; undefined: any.
 * @throws HeadRefused without a fleet that this Tidekeeper may change.
 */
export function pauseFleet(
  store: Store,
  pause: { readonly by: string; readonly now: Millis; readonly note?: string },
  expectedStoreId?: string,
): Promise<FleetHead> {
  const { by, now, note } = pause;
  return changeHead(store, expectedStoreId, (head) =>
    head.paused ? head : { ...head, paused: { at: now, by, ...(note === undefined ? {} : { note }) } },
  );
}

/** A fleet that goes on, and the pause that it had. */
export interface Resumed {
  readonly head: FleetHead;
  /** Undefined: it was not paused. */
  readonly ended: FleetHead["paused"];
}

/**
 * Lets the fleet go on. A fleet that is not paused is left as it is.
 * @param expectedStoreId of the store that it should be; undefined: any.
 * @throws HeadRefused without a fleet that this Tidekeeper may change.
 */
export async function resumeFleet(store: Store, expectedStoreId?: string): Promise<Resumed> {
  let ended: FleetHead["paused"];
  const head = await changeHead(store, expectedStoreId, (before) => {
    ended = before.paused;
    if (!before.paused) return before;
    const { paused: _, ...resumed } = before;
    return resumed;
  });
  return { head, ended };
}
