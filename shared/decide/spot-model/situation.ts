/** All that a rule of a Spot model looks at, and the small questions that several rules ask of it. */
import type { Rung } from "../../fleet/fleet.ts";
import type { Change } from "../../operations/operation.ts";
import type { Millis } from "../../time/clock.ts";
import type { Action, SpotModelCase } from "../decision.ts";
import type { Tried } from "../memory.ts";
import { type ScheduleState, scheduleAt } from "../schedule/schedule.ts";
import type { Draft } from "./draft.ts";
import { timeText } from "./draft.ts";
import type { Seen, View } from "./view.ts";
import { modelPool, type Wishes } from "./wishes.ts";

export interface Situation {
  readonly facts: SpotModelCase;
  readonly draft: Draft;
  readonly view: View;
  readonly wishes: Wishes;
  readonly schedule: ScheduleState | undefined;
  /** Whether it may be on: inside its windows, or woken. */
  readonly on: boolean;
  /** Writes a world time in the zone of the target's schedule. */
  readonly text: (at: Millis) => string;
}

/** Puts together what the rules look at; `view` is what the endpoint shows. */
export function situationOf(facts: SpotModelCase, draft: Draft, view: View, wishes: Wishes): Situation {
  const schedule = facts.policy.schedule && scheduleAt(facts.policy.schedule, facts.now);
  const on = schedule === undefined || schedule.on || wishes.wake !== undefined;
  return { facts, draft, view, wishes, schedule, on, text: timeText(facts) };
}

/** What failed tries at a change are counted for: another model, or another size of it, is another matter. */
export function triedAs(change: Change): Tried {
  switch (change.kind) {
    case "undeploy":
      return `undeploy/${change.deployedModelId}`;
    case "mutate":
      return `mutate/${change.deployedModelId}/${change.minReplicas}`;
    default:
      return change.kind;
  }
}

/** Whether something failed a moment ago and is not tried now; the decision then says so, whatever it comes to. */
export function waits({ facts, draft, text }: Situation, tried: Tried): boolean {
  const attempts = draft.memory.attemptsAt?.[tried];
  if (attempts === undefined || (attempts.parked === undefined && attempts.nextAt <= facts.now)) return false;
  const { count, class: failure, note, nextAt, parked } = attempts;
  const [goal] = tried.split("/");
  const failed = `${goal} number ${count} failed (${failure}: ${note})`;
  const wait =
    parked === undefined
      ? { why: `${failed}, next try at ${text(nextAt)}`, until: nextAt }
      : { why: `${failed}, and trying has stopped until a release or the next apply` };
  draft.waits.set(tried, wait);
  return true;
}

/**
 * The action that carries out a change; nothing, while that waits after a failure.
 * @param eventIds requests that it answers.
 * @param tries earlier tries at the same goal; by default the failures in a row.
 */
export function toChange(
  situation: Situation,
  change: Change,
  eventIds: readonly string[] = [],
  tries = situation.draft.memory.attemptsAt?.[triedAs(change)]?.count ?? 0,
): Action {
  if (waits(situation, triedAs(change))) return { do: "nothing" };
  return { do: "change", change, attempt: tries + 1, eventIds, secondLook: false };
}

/**
 * Replicas that a request, or else a window, asks for, inside the rung's bounds.
 * @returns undefined when nobody asks: the rung's own minimum holds.
 */
export function askedReplicas({ wishes, schedule }: Situation, rung: Rung): number | undefined {
  const asked = wishes.scale?.replicas ?? schedule?.replicas[modelPool];
  return asked === undefined ? undefined : Math.min(Math.max(asked, rung.minReplicas), rung.maxReplicas);
}

/**
 * Whether an UndeployModel can succeed without touching the split: the model has no traffic, or it is the endpoint's last
 * one, whose split becomes empty.
 */
export function canUndeploy({ view }: Situation, seen: Seen): boolean {
  return seen.share === 0 || view.ids.size === 1;
}

/** An undeploy of one of ours. */
export function undeploy(situation: Situation, seen: Seen): Action {
  const resource = situation.facts.policy.endpoint;
  return toChange(situation, { kind: "undeploy", resource, deployedModelId: seen.id });
}
