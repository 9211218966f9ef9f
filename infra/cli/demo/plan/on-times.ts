/** When a target may be on, as far as its schedule says: the times in which people work with it. */
import { scheduleAt, transitions } from "../../../../shared/decide/schedule/schedule.ts";
import type { TargetPolicy } from "../../../../shared/fleet/fleet.ts";
import type { Millis } from "../../../../shared/time/clock.ts";

/** An on-time; `bell` is its end where the schedule ends it, and absent where the span cut it off. */
export interface OnTime {
  readonly start: Millis;
  readonly end: Millis;
  readonly bell?: Millis;
}

/** The on-times of a target within `from <= t < to`, in order; all of it for one without a schedule. */
export function onTimes({ schedule }: Pick<TargetPolicy, "schedule">, from: Millis, to: Millis): readonly OnTime[] {
  if (schedule === undefined) return [{ start: from, end: to }];
  const found: OnTime[] = [];
  let start = scheduleAt(schedule, from).on ? from : undefined;
  for (const { at, on, turns } of transitions(schedule, from, to)) {
    if (!turns) continue;
    if (on) start = at;
    else if (start !== undefined) {
      found.push({ start, end: at, bell: at });
      start = undefined;
    }
  }
  return start === undefined ? found : [...found, { start, end: to }];
}
