import type { Clock, Millis } from "../../../shared/time/clock.ts";

/** A moment as a clock, in a world whose time is the wire's unless said otherwise. */
export function clockAt(now: Millis, wire: Millis = now): Clock {
  return { now: () => now, wire: () => wire };
}
