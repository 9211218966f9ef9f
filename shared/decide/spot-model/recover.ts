/** Rules for the time in which capacity is missing: grace, the next rung, direct replacement, waiting. */
import { benchedNow, strike } from "./bench.ts";
import { deploy } from "./deploy.ts";
import type { Verdict } from "./draft.ts";
import { describeIncident, openStart } from "./incident.ts";
import { chooseRung, quotaHeldBy, quotaOf } from "./ladder.ts";
import { canUndeploy, type Situation, undeploy, waits } from "./situation.ts";
import { isExpiring, mayTakeOver, servingSeen, successorSeen } from "./succession.ts";

/** A successor that is there and does not serve yet: waited for, and dropped when its capacity stays lost. */
export function bringUp(situation: Situation): Verdict | undefined {
  const { facts, draft, view, text } = situation;
  const { memory } = draft;
  const { successor } = memory;
  if (successor === undefined) return undefined;
  const seen = successorSeen(draft, view);
  const name = `deployed model ${successor.deployedModelId} on ${successor.rungId}`;
  const phase = memory.incident === undefined ? "serving" : "recovering";
  if (seen === undefined) {
    return { rule: "bring-up", why: `${name} is being deployed since ${text(successor.since)}`, phase };
  }
  const until = (successor.deployedAt ?? successor.since) + facts.policy.grace;
  if (seen.capacity.state !== "lost" || facts.now < until) {
    const serving = mayTakeOver(facts, draft, view) ? "serves, and waits for its traffic" : undefined;
    return {
      rule: "bring-up",
      why: `${name} ${serving ?? "is deployed and does not serve yet; traffic moves once it does"}`,
      phase,
      next: { at: Math.max(until, facts.now), what: "look whether it serves" },
    };
  }
  // Another place is only looked for once this one is gone: never two successors.
  memory.bench = strike(memory.bench, [successor.rungId], "preempted", facts.now);
  delete memory.successor;
  const why = `${name} had no capacity by ${text(until)}, before it ever took over`;
  if (!canUndeploy(situation, seen)) return { rule: "clean-up", why: `${why}; its traffic has to move first`, phase };
  return { rule: "clean-up", why, phase, action: undeploy(situation, seen) };
}

/**
 * Rungs that hold what cannot be undeployed now: it comes back, and is billed, when there is capacity again, so there is
 * never a second one beside it.
 */
function taken(situation: Situation): ReadonlySet<string | undefined> {
  const { draft, view } = situation;
  const serving = servingSeen(draft, view);
  const left = [...view.ours.values()].filter((seen) => seen !== serving || seen.capacity.state === "lost");
  return new Set(left.filter(({ id }) => waits(situation, `undeploy/${id}`)).map(({ rung }) => rung?.id));
}

/** Nothing serves: waits out the platform's own restarts, then climbs down the ladder. */
export function recover(situation: Situation): Verdict | undefined {
  const { facts, draft, view, text, schedule } = situation;
  const { memory } = draft;
  const { policy, now } = facts;
  const dead = servingSeen(draft, view);
  if (dead !== undefined && dead.capacity.state !== "lost") return undefined;
  if (dead === undefined) {
    const start =
      schedule === undefined ? "nothing is deployed yet" : `nothing is deployed, and it is on: ${schedule.because}`;
    openStart(draft, facts, situation.wishes.wake === undefined ? start : "nothing is deployed, and it was woken");
  }
  const { incident } = memory;
  if (incident === undefined) return undefined;
  const matter = describeIncident(incident, dead === undefined, text(incident.since));
  const graceEnds = incident.since + policy.grace;
  if (dead !== undefined && now < graceEnds) {
    return {
      rule: "grace",
      why: `${matter}; the platform's own restarts are waited for until ${text(graceEnds)}`,
      phase: "recovering",
      next: { at: graceEnds, what: "deploy the next rung" },
    };
  }
  const choice = chooseRung(facts, memory.bench, text, taken(situation));
  if (choice.rung === undefined) {
    const notice = {
      id: `${incident.id}/no-rung`,
      what: "no rung can be deployed",
      why: `${matter}; ${choice.why}`,
    };
    draft.lasting.push({ ...notice, phase: choice.tooDear ? "alert" : "waiting-for-capacity" });
    return {
      rule: "capacity",
      why: notice.why,
      phase: "waiting-for-capacity",
      ...(choice.at === undefined ? {} : { next: { at: choice.at, what: "try the ladder again" } }),
    };
  }
  const { rung } = choice;
  const quota = quotaOf(rung);
  const inTheWay = dead !== undefined && quotaHeldBy(dead.deployed) === quota && canUndeploy(situation, dead);
  if (inTheWay && !waits(situation, `undeploy/${dead.id}`) && !waits(situation, "deploy")) {
    return {
      rule: "replace-directly",
      why: `${matter}; ${rung.id} is next and needs the ${quota} quota that the dead model ${dead.id} still holds, so that one goes first`,
      phase: "recovering",
      action: undeploy(situation, dead),
    };
  }
  const skipped = policy.ladder
    .slice(0, policy.ladder.indexOf(rung))
    .flatMap(({ id }) => benchedNow(memory.bench, id, now) ?? [])
    .map((entry) => `${entry.rungId} is set aside until ${text(entry.until)} (${entry.class})`);
  return deploy(situation, rung, {
    rule: "next-rung",
    why: [matter, ...skipped, `${rung.id} is tried now`].join("; "),
    phase: "recovering",
  });
}

/** A flex-start model ends at a known time: its successor is brought up before. */
export function succeed(situation: Situation): Verdict | undefined {
  const { facts, draft, view, text } = situation;
  if (draft.memory.successor !== undefined || !isExpiring(facts, draft, view)) return undefined;
  const from = draft.memory.serving?.rungId ?? "";
  const choice = chooseRung(facts, draft.memory.bench, text, taken(situation));
  if (choice.rung === undefined) {
    return {
      rule: "expiring",
      why: `the platform soon undeploys ${from}, and nothing can follow it: ${choice.why}`,
      phase: "serving",
      ...(choice.at === undefined ? {} : { next: { at: choice.at, what: "try the ladder again" } }),
    };
  }
  return deploy(situation, choice.rung, {
    rule: "expiring",
    why: `the platform soon undeploys ${from}, whose run duration ends; ${choice.rung.id} is deployed to follow it`,
    phase: "serving",
  });
}
