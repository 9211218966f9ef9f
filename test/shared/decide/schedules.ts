/** Schedules as tests write them down. */
import type { DatedException, Schedule, Weekday, WeeklyWindow } from "../../../shared/fleet/fleet.ts";

const weekdays = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

function minutes(text: string): number {
  const [hours = "0", mins = "0"] = text.split(":");
  return Number(hours) * 60 + Number(mins);
}

function daysOf(text: string): Weekday[] {
  return text.split(",").flatMap((part) => {
    const [first = "", last = first] = part.split("-");
    const [from, to] = [weekdays.indexOf(first), weekdays.indexOf(last)];
    return weekdays.flatMap((_, index) => (index >= from && index <= to ? [(index + 1) as Weekday] : []));
  });
}

/** `mon-fri 08:00-20:00`, with sizes if given. */
export function weekly(text: string, replicas?: { [pool: string]: number }): WeeklyWindow {
  const [days = "", span = ""] = text.split(" ");
  const [from = "", to = ""] = span.split("-");
  return { days: daysOf(days), from: minutes(from), to: minutes(to), text, ...(replicas ? { replicas } : {}) };
}

/** `closed 2026-12-24`, `open 2026-11-28..2026-11-29 10:00-16:00` */
function dated(text: string): DatedException {
  const [effect = "", dates = "", span] = text.split(" ");
  const [first = "", last = first] = dates.split("..");
  const [from, to] = span?.split("-") ?? [];
  return {
    effect: effect as DatedException["effect"],
    first,
    last,
    ...(from !== undefined && to !== undefined ? { from: minutes(from), to: minutes(to) } : {}),
    calendar: "holidays",
    text: [dates, span].filter(Boolean).join(" "),
  };
}

/** A schedule; `exceptions` as {@link dated} reads them. */
export function schedule(
  zone: string,
  up: readonly (string | WeeklyWindow)[],
  exceptions: readonly string[] = [],
): Schedule {
  return {
    name: "office",
    zone,
    up: up.map((window) => (typeof window === "string" ? weekly(window) : window)),
    exceptions: exceptions.map(dated),
  };
}

/** An ISO time as milliseconds. */
export function at(iso: string): number {
  const millis = Date.parse(iso);
  if (Number.isNaN(millis)) throw new Error(`${iso} is no time`);
  return millis;
}
