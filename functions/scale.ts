/** Pub/Sub: scale, wake, hold, release, job and reboot requests from other systems. Parse, store, poke. */
import { openHome } from "../shared/home.ts";
import { receiveEvent } from "../shared/receive.ts";

/**
 * Stores the request in a delivery and pokes its target; what cannot be understood is answered `rejected` and set aside.
 * @throws StoreUnavailable, the one reason to have it delivered again.
 */
export async function scale(delivered: unknown): Promise<void> {
  await receiveEvent(await openHome(), delivered);
}
