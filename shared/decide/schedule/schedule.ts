/**
 * What a schedule says now, when it last changed its mind and when it will next. The printed rule is the implemented
 * rule: on = open exception, or weekly window and no closed exception.
 */
import type { Schedule } from "../../fleet/fleet.ts";
import { day, type Millis, minute } from "../../time/clock.ts";
import { type Segment, timelineOf } from "./timeline.ts";
import type { Sizes } from "./windows.ts";

/** How far ahead and back a change is looked for: a schedule that is closed for longer has no next change worth naming. */
const horizon = 400 * day;

/** What a schedule says at one instant. */
export interface ScheduleState {
  readonly on: boolean;
  /** The boundary that made it so, as far back as 400 days. */
  readonly since: Millis;
  /** When it next turns on or off; absent: not within 400 days. */
  readonly until?: Millis;
  /** Text for reasons, e.g. `window mon-fri 08:00-20:00 Europe/Berlin`. */
  readonly because: string;
  /** Sizes that windows ask for, by pool id. */
  readonly replicas: Sizes;
  readonly contradiction?: string;
}

/** A moment at which a schedule changes something: on, off, or sizes. */
export interface Transition {
  readonly at: Millis;
  readonly on: boolean;
  /** Whether it turned on or off here; otherwise only sizes change. */
  readonly turns: boolean;
  readonly because: string;
  readonly replicas: Sizes;
}

function reason(schedule: Schedule, segment: Segment): string {
  const rule = segment.because || `outside the windows of schedule ${schedule.name}`;
  return `${rule} ${schedule.zone}`;
}

function work(schedule: Schedule, segment: Segment, now: Millis): ScheduleState {
  const timeline = timelineOf(schedule);
  let since = segment.start;
  for (const earlier of timeline.backward(now)) {
    if (earlier.on !== segment.on) break;
    since = earlier.start;
    if (now - since > horizon) break;
  }
  let until: Millis | undefined;
  for (const later of timeline.forward(now)) {
    if (later.on !== segment.on) until = later.start;
    if (until !== undefined || later.start - now > horizon) break;
  }
  return {
    on: segment.on,
    since,
    ...(until === undefined ? {} : { until }),
    because: reason(schedule, segment),
    replicas: segment.replicas,
    ...(segment.contradiction === undefined ? {} : { contradiction: segment.contradiction }),
  };
}

/** Segments are kept by their timeline, so what was worked out for one lives exactly as long as it. */
const states = new WeakMap<Segment, ScheduleState>();

/** What `schedule` says at `now` (world time). Cheap when asked again within a segment, whichever target asks. */
export function scheduleAt(schedule: Schedule, now: Millis): ScheduleState {
  const segment = timelineOf(schedule).at(now);
  const known = states.get(segment);
  if (known) return known;
  const state = work(schedule, segment, now);
  states.set(segment, state);
  return state;
}

/** The first moment after `after` at which the schedule turns on; undefined: not within 400 days. */
export function nextStartAfter(schedule: Schedule, after: Millis): Millis | undefined {
  const state = scheduleAt(schedule, after);
  if (state.until === undefined) return undefined;
  return state.on ? scheduleAt(schedule, state.until).until : state.until;
}

function sameSizes(a: Sizes, b: Sizes): boolean {
  const pools = Object.keys(a);
  return pools.length === Object.keys(b).length && pools.every((pool) => a[pool] === b[pool]);
}

/** Every change of a schedule in `from < at <= to`, in order: on, off, or other sizes. */
export function transitions(schedule: Schedule, from: Millis, to: Millis): readonly Transition[] {
  const found: Transition[] = [];
  let previous: Segment | undefined;
  for (const segment of timelineOf(schedule).forward(from)) {
    if (segment.start > to) break;
    const turns = previous !== undefined && segment.on !== previous.on;
    const changed = turns || (previous !== undefined && !sameSizes(segment.replicas, previous.replicas));
    if (changed && segment.start > from) {
      found.push({
        at: segment.start,
        on: segment.on,
        turns,
        because: reason(schedule, segment),
        replicas: segment.replicas,
      });
    }
    previous = segment;
  }
  return found;
}

/** Later than this after a boundary is worth a word; two clean looks take a minute or two by themselves. */
const lateAfter = 5 * minute;

/** `, 190 min late` when something is done that long after it was `due`; empty when it is on time. */
export function lateness(due: Millis, now: Millis): string {
  return now - due < lateAfter ? "" : `, ${Math.floor((now - due) / minute)} min late`;
}
