/** Weekly windows and dated exceptions as spans of instants, one start day at a time. */
import type { DatedException, Schedule, WeeklyWindow } from "../../fleet/fleet.ts";
import type { Millis } from "../../time/clock.ts";
import { boundaryInstant, type EpochDay, isoDate, weekdayOf } from "../../time/wall-clock.ts";

/** Replicas by pool id. */
export type Sizes = { readonly [poolId: string]: number };

/** A stretch of time that a rule of a schedule owns: `start <= t < end`. */
export interface Span {
  readonly start: Millis;
  readonly end: Millis;
  readonly rule: "weekly" | "open" | "closed";
  /** As the user wrote it. */
  readonly text: string;
  readonly replicas: Sizes;
}

const wholeDay = 24 * 60;

/** `to <= from` means the next day: the start day owns the whole window. */
function endMinutes(from: number, to: number): number {
  return to <= from ? to + wholeDay : to;
}

function spanOf(
  day: EpochDay,
  zone: string,
  from: number,
  to: number,
  about: Pick<Span, "rule" | "text" | "replicas">,
): Span | undefined {
  const start = boundaryInstant(day, from, zone, "start");
  const end = boundaryInstant(day, endMinutes(from, to), zone, "end");
  // Empty when the whole window lies in a gap (Apia had no 30 December 2011).
  return start < end ? { start, end, ...about } : undefined;
}

function appliesOn(exception: DatedException, date: string): boolean {
  return exception.first <= date && date <= exception.last;
}

function isWholeDay(exception: DatedException): boolean {
  return exception.from === undefined && exception.to === undefined;
}

function exceptionSpan(day: EpochDay, zone: string, exception: DatedException): Span | undefined {
  return spanOf(day, zone, exception.from ?? 0, exception.to ?? wholeDay, {
    rule: exception.effect,
    text: `${exception.effect} ${exception.text} (${exception.calendar})`,
    replicas: {},
  });
}

function windowSpan(day: EpochDay, zone: string, window: WeeklyWindow): Span | undefined {
  return spanOf(day, zone, window.from, window.to, {
    rule: "weekly",
    text: `window ${window.text}`,
    replicas: window.replicas ?? {},
  });
}

/**
 * Every span that one start day owns. A day that is closed as a whole starts no weekly window (so the Saturday part of
 * a closed Friday's night window falls away too), unless the same day is open as a whole: contradictions keep it up.
 */
export function spansOfDay(schedule: Schedule, day: EpochDay): readonly Span[] {
  const date = isoDate(day);
  const weekday = weekdayOf(day);
  const today = schedule.exceptions.filter((exception) => appliesOn(exception, date));
  const wholly = (effect: DatedException["effect"]) =>
    today.some((exception) => exception.effect === effect && isWholeDay(exception));
  const startsNoWindow = wholly("closed") && !wholly("open");
  const windows = startsNoWindow ? [] : schedule.up.filter(({ days }) => days.includes(weekday));
  return [
    ...windows.map((window) => windowSpan(day, schedule.zone, window)),
    ...today.map((exception) => exceptionSpan(day, schedule.zone, exception)),
  ].filter((span) => span !== undefined);
}
