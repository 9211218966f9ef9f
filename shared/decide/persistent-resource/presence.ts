/** May it be on? Wake or job, then dated exception, then weekly window. (Hold comes before all of this.) */
import { type Millis, minute } from "../../time/clock.ts";
import { formatDuration } from "../../time/duration.ts";
import type { PersistentResourceMemory } from "../memory.ts";
import type { Rule } from "../rules.ts";
import { nextStartAfter, type ScheduleState, scheduleAt } from "../schedule/schedule.ts";
import type { Sizes } from "../schedule/windows.ts";
import { describeAsker, describeWish } from "../words.ts";
import type { Draft } from "./draft.ts";

/** Whether it may be on now, by which rule, and until when. */
export interface Presence {
  readonly on: boolean;
  readonly rule: Rule;
  /** Half a sentence: the reason. */
  readonly because: string;
  /** Since when it is so, as far as the schedule says; requests say nothing here. */
  readonly since?: Millis;
  /** When it will not be so any more. */
  readonly until?: Millis;
  /** While it is off: when it is rebuilt, so early that it is up when the window starts. */
  readonly rebuild?: Millis;
  /** Sizes that windows ask for. */
  readonly sizes: Sizes;
}

/** Creates were seen to take 10-14 minutes; used until our own have been measured. */
const usualStartUp = 12 * minute;
/** One slow create must not rebuild a pool hours early for ten nights. */
const longestEarly = 45 * minute;

/** How long before a window it is rebuilt: as the fleet says, or the median of the measured start-up times, capped. */
export function earlyBy(early: Millis | "auto", startUps: PersistentResourceMemory["startUps"]): Millis {
  if (early !== "auto") return early;
  const sorted = [...startUps].sort((a, b) => a - b);
  return Math.min(sorted[Math.floor((sorted.length - 1) / 2)] ?? usualStartUp, longestEarly);
}

function bySchedule(draft: Draft): Presence {
  const { schedule, restore } = draft.policy;
  if (schedule === undefined) return { on: true, rule: "always-on", because: "it has no schedule", sizes: {} };
  const state = scheduleAt(schedule, draft.now);
  if (state.contradiction !== undefined) tellContradiction(draft, state, state.contradiction);
  const limits = { since: state.since, ...(state.until === undefined ? {} : { until: state.until }) };
  const dated = /^(open|closed) /.test(state.because);
  if (state.on) {
    return {
      on: true,
      rule: dated ? "exception" : "window",
      because: state.because,
      sizes: state.replicas,
      ...limits,
    };
  }
  const early = earlyBy(restore.early, draft.memory.startUps);
  if (state.until !== undefined && state.until - early <= draft.now) {
    const next = scheduleAt(schedule, state.until);
    return {
      on: true,
      rule: "early-restore",
      because: `${next.because} starts at ${draft.time(state.until)}, and starting up takes ${formatDuration(early)}`,
      since: state.until - early,
      ...(next.until === undefined ? {} : { until: next.until }),
      sizes: next.replicas,
    };
  }
  const rebuild = state.until === undefined ? {} : { rebuild: state.until - early };
  return {
    on: false,
    rule: dated ? "exception" : "off-hours",
    because: state.because,
    sizes: {},
    ...limits,
    ...rebuild,
  };
}

function tellContradiction(draft: Draft, state: ScheduleState, contradiction: string): void {
  draft.tell({
    id: `alert/${draft.policy.key}/contradiction/${state.since}`,
    phase: "alert",
    what: `schedule ${draft.policy.schedule?.name}`,
    why: `${contradiction}; remove one of the two dates from the fleet file`,
  });
}

/** Judges whether it may be on; call after requests have been sorted. */
export function presenceOf(draft: Draft): Presence {
  const planned = bySchedule(draft);
  const wake = draft
    .wishes("wake")
    .reduce<ReturnType<typeof draft.wishes<"wake">>[number] | undefined>(
      (latest, one) => (latest === undefined || one.expiresAt > latest.expiresAt ? one : latest),
      undefined,
    );
  if (wake !== undefined) {
    const { schedule } = draft.policy;
    const after = schedule === undefined ? undefined : scheduleAt(schedule, wake.expiresAt);
    const until = after === undefined ? undefined : after.on ? after.until : wake.expiresAt;
    return {
      on: true,
      rule: "wake",
      because: `${describeAsker(wake)} asked that it be on until ${draft.timeInZone(wake.expiresAt)}`,
      ...(until === undefined ? {} : { until }),
      sizes: planned.sizes,
    };
  }
  const job = draft.wishes("job")[0];
  if (job !== undefined && !planned.on) {
    return {
      on: true,
      rule: "job",
      because: `${describeAsker(job)} sent it a job (${describeWish(job.wish)})`,
      sizes: planned.sizes,
    };
  }
  return planned;
}

/**
 * What keeps a sleep for idleness going inside an on-time; it lasts until the first of: wake, job or scale request, or
 * the next window start after the sleep began. Adjoining windows are one window.
 * @returns undefined when it is over.
 */
export function idleSleep(draft: Draft, presence: Presence): { readonly until?: Millis } | undefined {
  const { sleep, startUps } = draft.memory;
  const { schedule, restore, idle } = draft.policy;
  if (sleep?.cause !== "idle" || idle === undefined || presence.rule === "wake") return undefined;
  if (draft.wishes("job").length > 0) return undefined;
  if (draft.wishes("scale").some(({ storedAt }) => storedAt >= sleep.since)) return undefined;
  const start = schedule === undefined ? undefined : nextStartAfter(schedule, sleep.since);
  if (start === undefined) return {};
  const until = start - earlyBy(restore.early, startUps);
  return until <= draft.now ? undefined : { until };
}
