/**
 * How many long-running operations are submitted to one location within a minute. Google allows 60 per project and region
 * (vertex-api.md 1.5) to everybody together; the fleet's own limit keeps a storm of ours from taking all of them.
 * Counted when the slot is claimed, over any 60 s of world time, so that two calendar minutes never add up to twice as many.
 */
import { type SubmissionBudget, schemaVersion } from "../state/documents.ts";
import { type Millis, minute, second } from "../time/clock.ts";
import type { ChangeKind } from "./operation.ts";

/** What the fleet allows where the change is made. */
export interface SubmissionLimit {
  /** Id of the budget's document. */
  readonly location: string;
  /** The fleet's `limits.submissionsPerMinute`, 1 to 60. */
  readonly perMinute: number;
}

/** Whether there is room for one more. */
export type Admission =
  | { readonly admitted: true; readonly budget: SubmissionBudget }
  /** `freeAt`: world time at which the oldest of them is a minute old. */
  | { readonly admitted: false; readonly why: string; readonly freeAt: Millis };

/** Whether a change is a long-running submission: all are, but traffic, which is a plain update. */
export function isSubmission(kind: ChangeKind): boolean {
  return kind !== "traffic";
}

/**
 * Takes one submission out of a location's budget, if it has one left.
 * @param budget as stored; undefined before the first one.
 * @param now world time.
 */
export function admit(budget: SubmissionBudget | undefined, limit: SubmissionLimit, now: Millis): Admission {
  // Instances' clocks differ by little; what lies further ahead was written before the clock was set back.
  const recent = (budget?.claimedAt ?? []).filter((at) => Math.abs(now - at) < minute).sort((a, b) => a - b);
  const { location, perMinute } = limit;
  if (recent.length < perMinute) {
    return { admitted: true, budget: { schema: schemaVersion, claimedAt: [...recent, now] } };
  }
  const freeAt = (recent[recent.length - perMinute] ?? now) + minute;
  const wait = Math.max(1, Math.ceil((freeAt - now) / second));
  const why = `${recent.length} submissions within a minute in ${location}, and the fleet allows ${perMinute} (limits.submissionsPerMinute); there is room in ${wait} s`;
  return { admitted: false, why, freeAt };
}
