/** The schedule's heartbeat: looks at the whole fleet, pokes the targets that need work, publishes what is owed. */
import { openHome } from "../shared/home.ts";
import { tick as tickFleet } from "../shared/tick.ts";

/**
 * One look at the fleet. What the message says does not matter: level, not edge.
 * @throws StoreUnavailable, the one reason to have it delivered again.
 */
export async function tick(_delivered: unknown): Promise<void> {
  await tickFleet(await openHome());
}
