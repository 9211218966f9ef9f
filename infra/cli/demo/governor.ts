/**
 * Keeps the world from running away from the functions: on a busy machine the day takes longer instead of going wrong.
 * Idleness is measured by ticks, and a silence of fifteen minutes between two begins it anew.
 */
import type { StatusReport } from "../../../shared/status/report.ts";
import { hour, type Millis, minute } from "../../../shared/time/clock.ts";

/** Ticks come every five minutes of world time: from here on they are late. */
const late = 8 * minute;
const farBehind = 12 * minute;
/** No slower than this, so that a functions' process that hangs does not stop the world for ever. */
const slowest = 120;
/** What has waited for so long is lost, not late: no slower world would bring it back. */
const lost = 3 * hour;

/**
 * How far the functions are behind the world: since when a location has not been looked at, a claim has waited for its call,
 * or an event has not been taken. World time.
 * @param waiting when the events were sent of which nothing has been heard yet.
 */
export function lagOf({ at, locations, targets }: StatusReport, waiting: readonly Millis[]): Millis {
  const claims = targets.flatMap(({ operation }) => (operation?.state === "claimed" ? [operation.since] : []));
  const ages = [...locations.map(({ takenAt }) => takenAt), ...claims, ...waiting].map((since) => at - since);
  return Math.max(0, ...ages.filter((age) => age < lost));
}

/**
 * The world's next speed.
 * @param wanted world seconds per real second.
 * @param lag how far the functions are behind, world time.
 */
export function nextSpeed(wanted: number, present: number, lag: Millis): number {
  if (lag >= farBehind) return Math.min(wanted, Math.max(slowest, present / 2));
  return lag >= late ? Math.min(wanted, present) : Math.min(wanted, present * 1.25);
}
