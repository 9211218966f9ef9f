/** How long a command waits for an answer, as written for `--wait`. */
import type { Millis } from "../../shared/time/clock.ts";
import { parseDuration } from "../../shared/time/duration.ts";
import { WrongUse } from "./command.ts";

/** Where nobody says: Vertex takes minutes to resize, and up to three quarters of an hour to create. */
export const usualWait = "1h";

/** @throws WrongUse */
export function readWait(written: string): Millis {
  const lasts = parseDuration(written);
  if (lasts === undefined) throw new WrongUse(`"${written}" is no duration`, "write one like 30s or 2m");
  return lasts;
}
