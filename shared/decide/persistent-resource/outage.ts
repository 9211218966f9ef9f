/** Everything idle at once: while that looks like an outage, a pool that ran may be as busy as it was before. */
import type { Draft } from "./draft.ts";
import { type Identified, isWreck } from "./identity.ts";

/**
 * Why the resource may be busy although no job is seen on it, and who can say that it is not: half a sentence.
 * @returns undefined when there is no outage, when somebody has said `release` since it began, and for a wreck that
 * never ran, which no job can be on.
 */
export function mayBeBusy(draft: Draft, resource: Identified): string | undefined {
  const { policy, memory, observation } = draft;
  const { outageSince } = observation;
  if (outageSince === undefined || (memory.lastRelease ?? Number.NEGATIVE_INFINITY) >= outageSince) return undefined;
  if (isWreck(draft, resource)) return undefined;
  return `nearly every busy pool of ${policy.location} turned idle in one sample at ${draft.timeInZone(outageSince)}, which looks like an outage: jobs may still run on it until a pool that looked idle shows one again, or "tidekeeper release ${policy.name}" says that none does`;
}
