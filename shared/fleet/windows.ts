/**
 * How people write when something is up: weekly windows (`mon-fri 08:00-20:00`) and dates of calendars
 * (`2026-12-24..2026-12-26`, `2026-11-28 10:00-16:00`). The start day owns the whole window.
 */
import { Temporal } from "../time/temporal.ts";
import type { DatedException, Weekday, WeeklyWindow } from "./fleet.ts";
import { nearest } from "./nearest.ts";

/** A text as read, or why it cannot be. */
export type Reading<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly message: string; readonly hint: string };

const weekdays: readonly string[] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const longNames: readonly string[] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/** What to write for a weekly window. */
export const windowHint = 'write days and hours, like "mon-fri 08:00-20:00", "daily 07:00-19:00" or "sat,sun all-day"';
/** What to write for dates of a calendar. */
export const dateHint = 'write "2026-12-24", "2026-12-24..2026-12-26" or "2026-11-28 10:00-16:00"';

const refuse = (message: string, hint: string) => ({ ok: false, message, hint }) as const;

/** Minutes after midnight. */
interface Span {
  readonly from: number;
  readonly to: number;
}

/** Reads `08:00-20:00`; `to` before `from` is the next day, 24:00 a legal end. */
function readSpan(text: string): Reading<Span> {
  const match = /^(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})$/.exec(text);
  if (!match) {
    return refuse(`${JSON.stringify(text)} is no span of hours`, 'write 24-hour times, like "08:00-20:00"');
  }
  const [, fromHour, fromMinute, toHour, toMinute] = match.map(Number);
  const from = (fromHour ?? 0) * 60 + (fromMinute ?? 0);
  const to = (toHour ?? 0) * 60 + (toMinute ?? 0);
  if ((fromMinute ?? 0) > 59 || (toMinute ?? 0) > 59 || from >= 1440 || to > 1440) {
    return refuse(
      `${JSON.stringify(text)} holds a time that no day has`,
      "times go from 00:00 to 23:59, ends to 24:00",
    );
  }
  if (from === to) {
    return refuse(`${JSON.stringify(text)} starts and ends at the same time`, 'write "all-day", or another end');
  }
  return { ok: true, value: { from, to: to === 0 ? 1440 : to } };
}

function readDay(text: string): Weekday | undefined {
  const index = Math.max(weekdays.indexOf(text), longNames.indexOf(text));
  return index < 0 ? undefined : ((index + 1) as Weekday);
}

function readDays(text: string): Reading<readonly Weekday[]> {
  if (text === "daily") return { ok: true, value: [1, 2, 3, 4, 5, 6, 7] };
  const days = new Set<Weekday>();
  for (const part of text.split(",")) {
    const [first = "", last = first, ...more] = part.split("-");
    const from = readDay(first);
    const to = readDay(last);
    if (from === undefined || to === undefined || more.length > 0) {
      const wrong = more.length > 0 ? part : from === undefined ? first : last;
      const near = nearest(wrong, [...weekdays, ...longNames, "daily"]);
      return refuse(
        `${JSON.stringify(wrong)} is no weekday`,
        `${near === undefined ? "" : `the nearest is "${near}"; `}${windowHint}`,
      );
    }
    // Ranges may wrap: fri-mon is four days.
    for (let day = from; ; day = ((day % 7) + 1) as Weekday) {
      days.add(day);
      if (day === to) break;
    }
  }
  return { ok: true, value: [...days].sort((a, b) => a - b) };
}

/** Reads a weekly window, e.g. `mon-fri 08:00-20:00`, `sat,sun all-day`, `fri 20:00-06:00` (until Saturday 06:00). */
export function readWindow(written: string): Reading<Omit<WeeklyWindow, "replicas">> {
  const text = written.trim().replace(/\s+/g, " ");
  const match = /^(\S+(?:, \S+)*) (all-day|\d.*)$/i.exec(text);
  if (!match) return refuse(`${JSON.stringify(written)} is no weekly window`, windowHint);
  const days = readDays((match[1] ?? "").toLowerCase().replaceAll(" ", ""));
  if (!days.ok) return days;
  const hours = match[2] ?? "";
  if (hours.toLowerCase() === "all-day") return { ok: true, value: { days: days.value, from: 0, to: 1440, text } };
  const span = readSpan(hours);
  return span.ok ? { ok: true, value: { days: days.value, ...span.value, text } } : span;
}

/** Dates as a calendar holds them, before it is known whether they open or close. */
export type Dates = Omit<DatedException, "effect" | "calendar">;

/** Reads dates of a calendar: a day, a range of days (inclusive), or a span of hours on each of them. */
export function readDates(written: string): Reading<Dates> {
  const text = written.trim().replace(/\s+/g, " ");
  const match = /^(\d{4}-\d{2}-\d{2})(?: ?\.\. ?(\d{4}-\d{2}-\d{2}))?(?: (.+))?$/.exec(text);
  if (!match) return refuse(`${JSON.stringify(written)} is no date`, dateHint);
  const [, first = "", last = first, hours] = match;
  for (const date of [first, last]) {
    if (!isDate(date)) return refuse(`${JSON.stringify(date)} is a day that no calendar has`, dateHint);
  }
  if (last < first) return refuse(`${JSON.stringify(text)} ends before it starts`, `write "${last}..${first}"`);
  if (hours === undefined || hours.toLowerCase() === "all-day") return { ok: true, value: { first, last, text } };
  const span = readSpan(hours);
  return span.ok ? { ok: true, value: { first, last, ...span.value, text } } : span;
}

function isDate(text: string): boolean {
  try {
    Temporal.PlainDate.from(text, { overflow: "reject" });
    return true;
  } catch {
    return false;
  }
}
