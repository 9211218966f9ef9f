/** A world clock that stands still until it is told to move: for tests and simulations. */
import { setImmediate } from "node:timers/promises";
import type { WorldClock } from "./clock.ts";
import { createTimerQueue } from "./timers.ts";

/** A {@link WorldClock} that moves only by hand. */
export interface ManualClock extends WorldClock {
  /**
   * Moves to `time`, running each due action at its own time and in order, and letting promises settle after each.
   * Actions that are set meanwhile and fall due are run too. Throws RangeError when `time` lies in the past.
   */
  advanceTo(time: number): Promise<void>;
  /** {@link ManualClock.advanceTo} now + `ms`. */
  advance(ms: number): Promise<void>;
}

/** Creates a clock that stands at `from` (milliseconds since the epoch). */
export function createManualClock(from: number): ManualClock {
  const timers = createTimerQueue();
  let current = from;

  const advanceTo = async (time: number) => {
    if (!(time >= current)) throw new RangeError(`the world's time only goes forward, not from ${current} to ${time}`);
    await setImmediate();
    for (;;) {
      const next = timers.next();
      if (next === undefined || next > time) break;
      current = Math.max(current, next);
      timers.takeDue(current)?.();
      await setImmediate();
    }
    current = Math.max(current, time);
  };

  return {
    now: () => current,
    at: (time, action) => timers.add(time, action),
    advanceTo,
    advance: (ms) => advanceTo(current + ms),
  };
}
