/**
 * When a failed operation is tried again: one table by failure class. Capacity is asked for again soon, for it comes
 * back within minutes (56 % of stockouts end within 10 min); what only a person can change is asked for rarely or never.
 */
import type { FailureClass } from "../operations/operation.ts";
import { hour, type Millis, minute, second } from "../time/clock.ts";
import type { RetryAdvice } from "../vertex/errors.ts";
import type { Attempts } from "./memory.ts";

/** What to do after a failure, and whether a person must hear of it. */
export interface BackOffRule {
  readonly advice: RetryAdvice;
  /** Waiting does not mend it by itself: tell somebody. */
  readonly alert: boolean;
}

const later = (after: Millis, upTo: Millis): RetryAdvice => ({ retry: "later", after, upTo });

/** By class; delays double from `after` to `upTo` with every failure in a row. */
export const backOffRules = {
  stockout: { advice: later(2 * minute, 30 * minute), alert: false },
  quota: { advice: later(hour, 6 * hour), alert: true },
  throttled: { advice: later(minute, 15 * minute), alert: false },
  busy: { advice: later(30 * second, 5 * minute), alert: false },
  conflict: { advice: { retry: "now" }, alert: false },
  exists: { advice: { retry: "now" }, alert: false },
  gone: { advice: { retry: "now" }, alert: false },
  unavailable: { advice: later(30 * second, 10 * minute), alert: false },
  "model-fault": { advice: { retry: "never" }, alert: true },
  denied: { advice: later(15 * minute, 6 * hour), alert: true },
  invalid: { advice: { retry: "never" }, alert: true },
  "no-effect": { advice: { retry: "never" }, alert: true },
  // People were told when it became unknown.
  "fate-unknown": { advice: { retry: "never" }, alert: false },
} as const satisfies Record<FailureClass, BackOffRule>;

/** What is `now` is tried again at once only so often; then it was no race, and it waits like the rest. */
const atOnceAtMost = 3;
const afterRaces = later(minute, 15 * minute);

/**
 * The delay before try number `count + 1`.
 * @param count failures in a row, from 1.
 * @param jitter 0-1: spreads targets over half the delay, so that they do not come back together.
 * @returns undefined: never by itself.
 */
export function delayAfter(cls: FailureClass, count: number, jitter: number): Millis | undefined {
  const known = backOffRules[cls].advice;
  const raced = known.retry === "now" && count > atOnceAtMost;
  const advice = raced ? afterRaces : known;
  if (advice.retry === "never") return undefined;
  if (advice.retry === "now") return 0;
  const doublings = Math.min(count - (raced ? atOnceAtMost : 0) - 1, 20);
  const delay = Math.min(advice.after * 2 ** Math.max(0, doublings), advice.upTo);
  return Math.round(delay * (0.75 + 0.5 * jitter));
}

/** Counts a failure: when it is tried again, or that it is parked. */
export function afterFailure(
  previous: Attempts | undefined,
  failure: { readonly class: FailureClass; readonly note: string; readonly now: Millis; readonly jitter: number },
): Attempts {
  const count = (previous?.count ?? 0) + 1;
  const delay = delayAfter(failure.class, count, failure.jitter);
  const tried = { count, class: failure.class, note: failure.note };
  if (delay !== undefined) return { ...tried, nextAt: failure.now + delay };
  return {
    ...tried,
    nextAt: failure.now,
    parked: { at: failure.now, why: `${failure.class}: ${failure.note}` },
  };
}
