/** Instants as people in a zone read them: reasons are read at night, and nobody should have to add hours then. */
import { day, hour, type Millis } from "./clock.ts";

const formatters = new Map<string, Intl.DateTimeFormat>();

/** One formatter a zone: making one costs a hundred times more than using it. */
function formatterOf(zone: string): Intl.DateTimeFormat {
  const made = formatters.get(zone);
  if (made) return made;
  const formatter = new Intl.DateTimeFormat("en-GB", {
    timeZone: zone,
    weekday: "short",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  });
  formatters.set(zone, formatter);
  return formatter;
}

/** The wall clock of a zone at an instant. */
export interface WallTime {
  /** `Mon` to `Sun`. */
  readonly weekday: string;
  /** ISO date. */
  readonly date: string;
  /** `HH:MM`. */
  readonly time: string;
}

/** What the wall clock of `zone` (IANA) shows at `at`. */
export function wallTime(at: Millis, zone: string): WallTime {
  const parts = new Map(
    formatterOf(zone)
      .formatToParts(at)
      .map(({ type, value }) => [type, value]),
  );
  return {
    weekday: parts.get("weekday") ?? "",
    date: `${parts.get("year")}-${parts.get("month")}-${parts.get("day")}`,
    time: `${parts.get("hour")}:${parts.get("minute")}`,
  };
}

/**
 * An instant as short as it can be without being mistaken: `20:00` today, `Mon 08:00` within six days, otherwise
 * `Mon 2026-12-28 08:00`. The zone is not written: name it once in the sentence.
 */
export function localTime(at: Millis, now: Millis, zone: string): string {
  const wall = wallTime(at, zone);
  if (Math.abs(at - now) < 20 * hour && wall.date === wallTime(now, zone).date) return wall.time;
  if (Math.abs(at - now) < 6 * day) return `${wall.weekday} ${wall.time}`;
  return `${wall.weekday} ${wall.date} ${wall.time}`;
}
