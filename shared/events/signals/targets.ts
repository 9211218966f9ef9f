/** Which of the fleet's Spot models a signal may be about. Looking once too often costs a read; once too seldom, an outage. */
import type { Fleet, SpotModelPolicy } from "../../fleet/fleet.ts";
import { parseName } from "../../vertex/names.ts";
import type { Signal } from "./signal.ts";

function isMeant(policy: SpotModelPolicy, { target, endpoint, location }: Signal): boolean {
  if (target !== undefined) return target === policy.name || target === policy.key || target === policy.endpoint;
  if (endpoint !== undefined) {
    // By location and id: the sender may have written the project's number where the fleet has its id.
    const own = parseName(policy.endpoint);
    return own?.id === endpoint.id && own.location === endpoint.location;
  }
  return location === undefined || location === policy.location;
}

/** Keys of the Spot models to look at. */
export function modelsMeantBy(fleet: Fleet, signal: Signal): readonly string[] {
  return fleet.targets
    .filter((target): target is SpotModelPolicy => target.kind === "spotModel")
    .filter((policy) => isMeant(policy, signal))
    .map(({ key }) => key);
}

/** Whether the sender named one target of ours by hand: then an unknown name is a mistake worth telling. */
export function namesTarget({ source, target }: Signal): boolean {
  return target !== undefined && (source === "message" || source === "text");
}
