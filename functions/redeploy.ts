/** Pub/Sub: something may have happened to a Spot model. A signal is a reason to look, never a fact. */
import { openHome } from "../shared/home.ts";
import { receiveSignal } from "../shared/receive.ts";

/**
 * Pokes every Spot model that the delivered signal may be about, in whichever of its shapes it arrives.
 * @throws StoreUnavailable, the one reason to have it delivered again.
 */
export async function redeploy(delivered: unknown): Promise<void> {
  await receiveSignal(await openHome(), delivered);
}
