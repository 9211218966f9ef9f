/**
 * Two kinds of time. The world's (operations, jobs, cron, windows) may run faster than life or stand still;
 * the wire's (acknowledgement deadlines, back-off) is always real and has no place here.
 */

/** Cancels a timer; calling it twice or late is harmless. */
export type Cancel = () => void;

/** The world's time. Everything that happens in the local cloud happens through {@link WorldClock.at}. */
export interface WorldClock {
  /** Milliseconds since the epoch, in world time. */
  now(): number;
  /** Runs `action` once when world time reaches `time` (at once, but not synchronously, when it has passed). */
  at(time: number, action: () => void): Cancel;
}

/** A seeded source of randomness in [0, 1). One per cloud: the same seed makes the same run. */
export type Random = () => number;
