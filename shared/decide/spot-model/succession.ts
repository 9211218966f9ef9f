/** Succession: when the deployed model that is being brought up may take over from the one that serves, and when it has. */
import { type Millis, minute } from "../../time/clock.ts";
import type { SpotModelCase } from "../decision.ts";
import type { Draft } from "./draft.ts";
import { closeServed } from "./incident.ts";
import { rankOf } from "./ladder.ts";
import { owedBySiblings } from "./siblings.ts";
import { shareOf } from "./traffic.ts";
import { type Seen, serves, type View } from "./view.ts";

/** Time that a successor may need: deployments take 5-45 minutes. */
const deployAllowance = 45 * minute;

/** When a flex-start model must be succeeded, so that another serves before the platform undeploys it. */
export function successionDue(serving: Seen, since: Millis): Millis | undefined {
  const lasts = serving.rung?.maxRunDuration;
  if (serving.rung?.provisioning !== "flex-start" || lasts === undefined) return undefined;
  const deployedAt = Date.parse(serving.deployed.createTime ?? "");
  return (Number.isNaN(deployedAt) ? since : deployedAt) + lasts - Math.min(deployAllowance, lasts / 2);
}

/** The deployed model that serves, or is meant to, as the endpoint shows it. */
export function servingSeen(draft: Draft, view: View): Seen | undefined {
  return draft.memory.serving && view.ours.get(draft.memory.serving.deployedModelId);
}

/** The deployed model that is being brought up, as the endpoint shows it. */
export function successorSeen(draft: Draft, view: View): Seen | undefined {
  return draft.memory.successor && view.ours.get(draft.memory.successor.deployedModelId);
}

/** Whether the serving flex-start model will soon be undeployed by the platform. */
export function isExpiring({ now }: Pick<SpotModelCase, "now">, draft: Draft, view: View): boolean {
  const serving = servingSeen(draft, view);
  const due = serving && draft.memory.serving && successionDue(serving, draft.memory.serving.since);
  return due !== undefined && now >= due;
}

/**
 * Whether the successor serves and should have the traffic: the other one does not serve, stands on a lesser rung, or is
 * about to end. Where counters stay unfilled, the end of our own deployment says that it serves: DeployModel succeeds only
 * once the required replicas are up.
 */
export function mayTakeOver(facts: SpotModelCase, draft: Draft, view: View): boolean {
  const { successor, serving } = draft.memory;
  const seen = successorSeen(draft, view);
  if (successor === undefined || seen === undefined) return false;
  const unfilled = seen.capacity.state === "unknown" && successor.deployedAt !== undefined;
  if (!serves(seen.capacity) && !unfilled) return false;
  const before = servingSeen(draft, view);
  if (serving === undefined || before === undefined || !serves(before.capacity)) return true;
  if (rankOf(facts.policy, successor.rungId) < rankOf(facts.policy, serving.rungId)) return true;
  return isExpiring(facts, draft, view);
}

/** Whether all of our share is with the successor; where other people hold everything, nothing is left to move. */
function hasTraffic({ policy }: SpotModelCase, draft: Draft, view: View, id: string): boolean {
  if (view.emptySplit || owedBySiblings(policy, draft.memory, view) > 0) return false;
  const others = draft.memory.ours.filter((ours) => ours !== id);
  return shareOf(view.split, others) === 0;
}

/** Makes the successor the serving one once it serves with all of our traffic, and tells why it changed. */
export function promote(facts: SpotModelCase, draft: Draft, view: View): void {
  const { memory, notices } = draft;
  const { policy, now } = facts;
  const { successor: next, serving: from } = memory;
  if (next === undefined || !mayTakeOver(facts, draft, view) || !hasTraffic(facts, draft, view, next.deployedModelId))
    return;
  const expected = memory.share ?? policy.share;
  if (shareOf(view.split, memory.ours) === 0 && expected > 0) {
    notices.push({
      id: `${policy.name}/share/${next.deployedModelId}`,
      phase: "alert",
      what: `deployed model ${next.deployedModelId} gets no traffic`,
      why: `other deployed models hold the whole split of ${policy.endpoint}, where ${expected} % should be ours; shares of others are never taken: set the split once by hand`,
    });
  }
  if (memory.incident === undefined && from !== undefined) {
    const returned = rankOf(policy, next.rungId) < rankOf(policy, from.rungId);
    notices.push({
      id: `${policy.name}/switch/${next.deployedModelId}`,
      phase: returned ? "returned" : "redeployed",
      what: `${from.rungId} -> ${next.rungId}`,
      why: returned
        ? `${next.rungId} serves again, and the fleet prefers it to ${from.rungId}`
        : `${next.rungId} serves before the platform undeploys ${from.rungId}`,
      details: { rungFrom: from.rungId, rungTo: next.rungId },
    });
  }
  memory.serving = { deployedModelId: next.deployedModelId, rungId: next.rungId, since: now };
  memory.lastSwitchAt = now;
  delete memory.successor;
  delete memory.healthySince;
  closeServed(draft, facts, next.rungId);
}
