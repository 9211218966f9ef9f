/** Timers in the order in which they are due; those due at one moment keep the order in which they were set. */
import type { Cancel } from "./clock.ts";

interface Timer {
  readonly time: number;
  action: (() => void) | undefined;
}

/** An ordered queue of timers. It knows no clock: whoever owns it says what time it is. */
export interface TimerQueue {
  /** Adds an action for `time` (milliseconds since the epoch). */
  add(time: number, action: () => void): Cancel;
  /** When the next action is due, or undefined when nothing waits. */
  next(): number | undefined;
  /** Takes out the first action due at or before `time`. */
  takeDue(time: number): (() => void) | undefined;
  /** Forgets every action. */
  clear(): void;
}

/** Creates an empty {@link TimerQueue}. */
export function createTimerQueue(): TimerQueue {
  // Latest first, so that the next one is popped from the end.
  let timers: Timer[] = [];

  const dropCancelled = () => {
    while (timers.length > 0 && timers.at(-1)?.action === undefined) timers.pop();
  };

  return {
    add(time, action) {
      if (!Number.isFinite(time)) throw new RangeError(`a timer needs a finite time, not ${time}`);
      const timer: Timer = { time, action };
      let low = 0;
      let high = timers.length;
      while (low < high) {
        const middle = (low + high) >>> 1;
        if ((timers[middle]?.time ?? Number.NEGATIVE_INFINITY) > time) low = middle + 1;
        else high = middle;
      }
      timers.splice(low, 0, timer);
      return () => {
        timer.action = undefined;
      };
    },
    next() {
      dropCancelled();
      return timers.at(-1)?.time;
    },
    takeDue(time) {
      dropCancelled();
      const first = timers.at(-1);
      if (first === undefined || first.time > time) return undefined;
      timers.pop();
      return first.action;
    },
    clear() {
      timers = [];
    },
  };
}
