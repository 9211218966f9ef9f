/** A world clock that runs at a multiple of real time. */
import type { WorldClock } from "./clock.ts";
import { createTimerQueue } from "./timers.ts";

/** The longest delay that setTimeout takes, in milliseconds; longer ones would fire at once. */
const longestTimeout = 2 ** 31 - 1;

/** A {@link WorldClock} driven by real timers, whose speed can change and which can be moved ahead. */
export interface ScaledClock extends WorldClock {
  /** World seconds per real second. */
  readonly speed: number;
  /** Changes the speed from now on; 0 lets the world stand still. Throws RangeError when negative or not finite. */
  setSpeed(speed: number): void;
  /** Moves world time ahead by `ms`; what becomes due has run, in its order, when it returns; each action sees the new time. */
  jump(ms: number): void;
  /** Forgets every timer. The clock itself goes on. */
  stop(): void;
}

/**
 * Creates a clock whose world starts at `from` (milliseconds since the epoch) and runs `speed` times as fast as life.
 * Its timers do not keep the process alive.
 */
export function createScaledClock({ from, speed }: { from: number; speed: number }): ScaledClock {
  const timers = createTimerQueue();
  let worldBase = from;
  let realBase = performance.now();
  let currentSpeed = checkedSpeed(speed);
  let timeout: NodeJS.Timeout | undefined;

  const now = () => Math.floor(worldBase + (performance.now() - realBase) * currentSpeed);

  const arm = () => {
    clearTimeout(timeout);
    const next = timers.next();
    if (next === undefined) return;
    const wait = next - now();
    if (wait > 0 && currentSpeed === 0) return;
    timeout = setTimeout(run, Math.min(longestTimeout, Math.max(0, Math.ceil(wait / (currentSpeed || 1)))));
    timeout.unref();
  };

  const run = () => {
    try {
      for (let action = timers.takeDue(now()); action !== undefined; action = timers.takeDue(now())) action();
    } finally {
      arm();
    }
  };

  const rebase = (ahead: number, nextSpeed: number) => {
    const real = performance.now();
    worldBase = worldBase + (real - realBase) * currentSpeed + ahead;
    realBase = real;
    currentSpeed = nextSpeed;
    arm();
  };

  return {
    now,
    get speed() {
      return currentSpeed;
    },
    at(time, action) {
      const cancel = timers.add(time, action);
      if (timers.next() === time) arm();
      return cancel;
    },
    setSpeed(next) {
      rebase(0, checkedSpeed(next));
    },
    jump(ms) {
      if (!(Number.isFinite(ms) && ms >= 0))
        throw new RangeError(`the world's time only goes forward, not by ${ms} ms`);
      rebase(ms, currentSpeed);
      // Now, not by a timer: whoever moved the world sees what has become of it.
      run();
    },
    stop() {
      clearTimeout(timeout);
      timers.clear();
    },
  };
}

function checkedSpeed(speed: number): number {
  if (!(Number.isFinite(speed) && speed >= 0)) throw new RangeError(`a clock's speed is 0 or more, not ${speed}`);
  return speed;
}
