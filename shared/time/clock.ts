/**
 * The one place where time enters. Two kinds exist: the world's (operations, jobs, windows, idleness), which may run
 * fast on the local cloud, and the wire's (acknowledgement, claims, back-off), which is always real.
 */

/** Milliseconds since the Unix epoch. World time unless the name says wire. */
export type Millis = number;

/** A source of time. Take `now()` once in a decision: time read twice in one evaluation has cost others a night. */
export interface Clock {
  /** World time. */
  now(): Millis;
  /** Wire time: never virtual, never fast. */
  wire(): Millis;
}

/** Real time for both kinds, as on Google Cloud. */
export const systemClock: Clock = { now: () => Date.now(), wire: () => Date.now() };

/** How a virtual world's time follows from real time: `now = world + (real - real0) * speed`. */
export interface WorldTime {
  /** World time at the moment {@link WorldTime.real}. */
  readonly world: Millis;
  /** Real time of the reading. */
  readonly real: Millis;
  /** World milliseconds per real millisecond. */
  readonly speed: number;
}

/** A clock whose world runs as `reading` says, as read from the local cloud's `/clock`. */
export function worldClock(reading: WorldTime): Clock {
  return {
    now: () => reading.world + (Date.now() - reading.real) * reading.speed,
    wire: () => Date.now(),
  };
}

export const second: Millis = 1_000;
export const minute: Millis = 60 * second;
export const hour: Millis = 60 * minute;
export const day: Millis = 24 * hour;

/** How much earlier than the claim a thing may seem to have been made and still be ours: clocks differ. */
export const clockTolerance: Millis = 60 * second;
