/** The wire's time: always real, whatever the world's clock does. */
import type { Cancel } from "./clock.ts";
import { createScaledClock } from "./scaled-clock.ts";

/** The time of acknowledgement deadlines, back-off and publish times. */
export interface WireClock {
  /** Milliseconds since the epoch, in real time. */
  now(): number;
  /** Runs `action` once when real time reaches `time` (at once, but not synchronously, when it has passed). */
  at(time: number, action: () => void): Cancel;
}

/** Creates the real {@link WireClock}. Timers do not keep the process alive; `stop` forgets them. */
export function createWireClock(): WireClock & { stop(): void } {
  return createScaledClock({ from: Date.now(), speed: 1 });
}
