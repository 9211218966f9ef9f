/** Durations on the command line, e.g. how long a command waits for an answer. */
import type { Millis } from "../../shared/time/clock.ts";
import { durationHint, parseDuration } from "../../shared/time/duration.ts";
import { WrongUse } from "./command.ts";

/** Where nobody says: Vertex takes minutes to resize, and up to three quarters of an hour to create. */
export const usualWait = "1h";

/**
 * A duration as written for an option.
 * @throws WrongUse
 */
export function readDuration(option: string, written: string): Millis {
  const lasts = parseDuration(written);
  if (lasts === undefined) throw new WrongUse(`${option}: "${written}" is no duration`, durationHint);
  return lasts;
}

/** @throws WrongUse */
export function readWait(written: string): Millis {
  return readDuration("--wait", written);
}
