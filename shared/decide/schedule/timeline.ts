/**
 * A schedule as a line of segments, worked out a week at a time and kept: a tick asks the same question for thousands
 * of targets, and taking wall clocks apart is the dear part of it.
 */
import type { Schedule } from "../../fleet/fleet.ts";
import { day, type Millis } from "../../time/clock.ts";
import { epochDayAt } from "../../time/wall-clock.ts";
import { type Sizes, type Span, spansOfDay } from "./windows.ts";

/** A stretch of time in which nothing about a schedule changes. */
export interface Segment {
  readonly start: Millis;
  readonly end: Millis;
  readonly on: boolean;
  /** The rules that make it so, as written; empty where no window is. */
  readonly because: string;
  /** Sizes that windows ask for: the largest where windows overlap. */
  readonly replicas: Sizes;
  /** Set where an open and a closed exception contradict each other. */
  readonly contradiction?: string;
}

/** Length of the pieces that are worked out together. */
const pieceLength = 7 * day;
/** Pieces kept per schedule; a preview of a year passes, an endless loop does not fill the memory. */
const keptPieces = 128;
/** Longest window in days (from 23:59 to 23:58 on the next day), and one more for zones ahead of UTC. */
const daysBefore = 3;

function largest(spans: readonly Span[]): Sizes {
  const sizes: Record<string, number> = {};
  for (const { replicas } of spans) {
    for (const [pool, count] of Object.entries(replicas)) sizes[pool] = Math.max(sizes[pool] ?? 0, count);
  }
  return sizes;
}

function texts(spans: readonly Span[]): string {
  return [...new Set(spans.map(({ text }) => text))].join(" and ");
}

/** Dated exceptions come before weekly windows; open beats closed, for at equal priority it stays up. */
function judge(active: readonly Span[]): Omit<Segment, "start" | "end"> {
  const [weekly, open, closed] = (["weekly", "open", "closed"] as const).map((rule) =>
    active.filter((span) => span.rule === rule),
  ) as [Span[], Span[], Span[]];
  if (open.length > 0) {
    return {
      on: true,
      because: texts([...open, ...weekly]),
      replicas: largest(weekly),
      ...(closed.length > 0 ? { contradiction: `${texts(open)} contradicts ${texts(closed)}: it stays up` } : {}),
    };
  }
  if (closed.length > 0) return { on: false, because: texts(closed), replicas: {} };
  return { on: weekly.length > 0, because: texts(weekly), replicas: largest(weekly) };
}

function cut(schedule: Schedule, start: Millis, end: Millis): readonly Segment[] {
  const spans: Span[] = [];
  const last = epochDayAt(end, schedule.zone);
  for (let at = epochDayAt(start, schedule.zone) - daysBefore; at <= last; at += 1) {
    spans.push(...spansOfDay(schedule, at).filter((span) => span.end > start && span.start < end));
  }
  const bounds = new Set([start, end]);
  for (const span of spans) {
    if (span.start > start) bounds.add(span.start);
    if (span.end < end) bounds.add(span.end);
  }
  const points = [...bounds].sort((a, b) => a - b);
  return points.slice(1).map((to, index) => {
    const from = points[index] ?? start;
    return { start: from, end: to, ...judge(spans.filter((span) => span.start <= from && from < span.end)) };
  });
}

/** The segments of one schedule, worked out when asked for. */
export class Timeline {
  readonly #schedule: Schedule;
  readonly #pieces = new Map<number, readonly Segment[]>();

  constructor(schedule: Schedule) {
    this.#schedule = schedule;
  }

  #piece(index: number): readonly Segment[] {
    const known = this.#pieces.get(index);
    if (known) return known;
    if (this.#pieces.size >= keptPieces) this.#pieces.clear();
    const piece = cut(this.#schedule, index * pieceLength, (index + 1) * pieceLength);
    this.#pieces.set(index, piece);
    return piece;
  }

  /** The segment that holds `at`; it may be cut at a week's end although nothing changes there. */
  at(at: Millis): Segment {
    const piece = this.#piece(Math.floor(at / pieceLength));
    const found = piece.find((segment) => at < segment.end);
    if (!found) throw new RangeError(`no segment at ${at} in schedule ${this.#schedule.name}: not a time`);
    return found;
  }

  /** Segments from the one that holds `from` on, later ones after it, without end. */
  *forward(from: Millis): Generator<Segment> {
    for (let segment = this.at(from); ; segment = this.at(segment.end)) yield segment;
  }

  /** Segments from the one that holds `from` back into the past, without end. */
  *backward(from: Millis): Generator<Segment> {
    for (let segment = this.at(from); ; segment = this.at(segment.start - 1)) yield segment;
  }
}

const byObject = new WeakMap<Schedule, Timeline>();
const byContent = new Map<string, Timeline>();
const keptSchedules = 500;

/** The timeline of a schedule; equal schedules share one, for a fleet read from the store holds one copy a target. */
export function timelineOf(schedule: Schedule): Timeline {
  const known = byObject.get(schedule);
  if (known) return known;
  const content = JSON.stringify(schedule);
  const timeline = byContent.get(content) ?? new Timeline(schedule);
  if (byContent.size >= keptSchedules) byContent.clear();
  byContent.set(content, timeline);
  byObject.set(schedule, timeline);
  return timeline;
}
