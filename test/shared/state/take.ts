/** Takes an event as the `scale` function does, without the dead letter. */
import type { Fleet } from "../../../shared/fleet/fleet.ts";
import { type Asked, type Stored, storeRejection, storeRequest } from "../../../shared/state/requests.ts";
import type { Store } from "../../../shared/state/store.ts";
import type { Clock } from "../../../shared/time/clock.ts";

export async function take(
  store: Store,
  asked: Asked,
  context: { readonly fleet: Fleet; readonly clock: Clock },
): Promise<Stored> {
  const stored = await storeRequest(store, asked, context);
  return "rejection" in stored ? storeRejection(store, stored.rejection, context.clock) : stored;
}
