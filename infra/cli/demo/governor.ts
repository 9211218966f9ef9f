/**
 * Keeps the world from running away from the functions: on a busy machine the day takes longer instead of going wrong.
 * Idleness is measured by ticks, and a silence of fifteen minutes between two begins it anew.
 */
import { type Millis, minute } from "../../../shared/time/clock.ts";

/** Ticks come every five minutes of world time: from here on they are late. */
const late = 8 * minute;
const farBehind = 12 * minute;
/** No slower than this, so that a functions' process that hangs does not stop the world for ever. */
const slowest = 60;

/**
 * The world's next speed.
 * @param wanted world seconds per real second.
 * @param lag how long ago, in world time, the last tick looked at the fleet.
 */
export function nextSpeed(wanted: number, present: number, lag: Millis): number {
  if (lag >= farBehind) return Math.min(wanted, Math.max(slowest, present / 2));
  return lag >= late ? Math.min(wanted, present) : Math.min(wanted, present * 1.25);
}
