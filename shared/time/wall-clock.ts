/**
 * From wall-clock times to instants, over daylight saving. The rules (a boundary in a gap takes the gap's end; in an
 * overlap a start takes the first occurrence, an end the last) make every window one span of instants, so that nothing
 * that repeats on the wall clock happens twice.
 */
import type { Millis } from "./clock.ts";
import { Temporal } from "./temporal.ts";

/** Days since 1970-01-01 of a calendar date. */
export type EpochDay = number;

const epoch = Temporal.PlainDate.from("1970-01-01");

/** The calendar date of an instant in a zone, as days since 1970-01-01. */
export function epochDayAt(at: Millis, zone: string): EpochDay {
  const date = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(zone).toPlainDate();
  return epoch.until(date, { largestUnit: "days" }).days;
}

/** The ISO date of an epoch day. */
export function isoDate(day: EpochDay): string {
  return epoch.add({ days: day }).toString();
}

/** ISO weekday of an epoch day: 1 is Monday. */
export function weekdayOf(day: EpochDay): 1 | 2 | 3 | 4 | 5 | 6 | 7 {
  // 1970-01-01 was a Thursday.
  return (((((day + 3) % 7) + 7) % 7) + 1) as 1 | 2 | 3 | 4 | 5 | 6 | 7;
}

/**
 * The instant of a boundary on the wall clock of `zone`.
 * @param day the date that owns the boundary.
 * @param minutes after that date's midnight; 1440 and more lie on later dates.
 * @param side which occurrence a repeated hour means: `start` the first, `end` the last.
 */
export function boundaryInstant(day: EpochDay, minutes: number, zone: string, side: "start" | "end"): Millis {
  const wall = epoch.add({ days: day }).toPlainDateTime().add({ minutes });
  const zoned = wall.toZonedDateTime(zone, { disambiguation: side === "start" ? "earlier" : "later" });
  if (zoned.toPlainDateTime().equals(wall)) return zoned.epochMilliseconds;
  // The wall time was skipped; `earlier` is read with the offset before the gap, so the next transition is its end.
  const before = wall.toZonedDateTime(zone, { disambiguation: "earlier" });
  return before.getTimeZoneTransition("next")?.epochMilliseconds ?? zoned.epochMilliseconds;
}
