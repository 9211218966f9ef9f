/** When the tick is overdue: what the store says of a location is old then, and nothing is decided or done there. */
import type { ObservationDocument } from "../state/documents.ts";
import { type Clock, type Millis, minute, second } from "../time/clock.ts";
import { formatDuration } from "../time/duration.ts";

/** World time. The tick runs each minute; on a local world that runs fast every five. */
const longest: Millis = 11 * minute;
/** Wire time. In a world that runs fast eleven minutes are over before a tick has had the time to look. */
const atLeast: Millis = 10 * second;

/** A location whose tick is overdue. */
export interface Overdue {
  readonly location: string;
  /** World time of the newest look; absent: it has never been looked at. */
  readonly takenAt?: Millis;
}

/** Whether a location should have been looked at again by now. */
export function isOverdue(
  { takenAt, takenAtWire }: Pick<ObservationDocument, "takenAt" | "takenAtWire">,
  clock: Clock,
): boolean {
  return clock.now() - takenAt > longest && clock.wire() - takenAtWire > atLeast;
}

/** Whether a fleet was applied so long ago that each of its locations should have been looked at. */
export function isFirstLookOverdue(appliedAt: Millis, clock: Pick<Clock, "now">): boolean {
  return clock.now() - appliedAt > longest;
}

/** What every command and page says of it. */
export function describeOverdue({ location, takenAt }: Overdue, at: Millis): string {
  const looked =
    takenAt === undefined ? "has never been looked at" : `was last looked at ${formatDuration(at - takenAt)} ago`;
  return `${location} ${looked}: the tick does not run, so what is said of it is old and nothing is done there; look at the schedule and at the tick function's log`;
}
