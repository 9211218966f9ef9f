/** Rules that come before everything else: hold, off-hours, parking; then traffic, and what is left to undeploy. */
import type { Verdict } from "./draft.ts";
import { givers, heirOf, owedBySiblings } from "./siblings.ts";
import { canUndeploy, type Situation, toChange, undeploy, waits } from "./situation.ts";
import { mayTakeOver, servingSeen, successorSeen } from "./succession.ts";
import { isEmptySplit, moveShare, shareOf, takeShare } from "./traffic.ts";
import { type Seen, serves } from "./view.ts";

/** Somebody asked that nothing be changed. */
export function held({ wishes, text, view }: Situation): Verdict | undefined {
  const { hold } = wishes;
  if (hold === undefined) return undefined;
  const note = hold.note === undefined ? "" : `: ${hold.note}`;
  const up = [...view.ours.values()].filter(({ capacity }) => serves(capacity)).length;
  return {
    rule: "hold",
    why: `${hold.source} holds it until ${text(hold.expiresAt)} (${hold.eventId})${note}; ${up} of ${view.ours.size} deployed models of ours serve`,
    phase: "held",
    next: { at: hold.expiresAt, what: "the hold ends" },
  };
}

/**
 * Outside its windows a Spot model is undeployed; its endpoint stays. No capacity is created, an open incident is closed.
 * A model that shares its split with others of the fleet hands its share over first; one that shares it with other people's
 * stays, because their share is not ours to change.
 */
export function offHours(situation: Situation): Verdict | undefined {
  const { facts, draft, view, schedule, on } = situation;
  const { memory } = draft;
  if (on || schedule === undefined) return undefined;
  const next = schedule.until === undefined ? {} : { next: { at: schedule.until, what: "the next window starts" } };
  delete memory.incident;
  delete memory.healthySince;
  const seen = [...view.ours.values()];
  const free = seen.filter((model) => canUndeploy(situation, model));
  const gone = free.find(({ id }) => !waits(situation, `undeploy/${id}`)) ?? free[0];
  if (gone !== undefined) {
    const why = `off-hours, ${schedule.because}: deployed model ${gone.id} is undeployed, the endpoint stays`;
    return { rule: "off-hours", why, phase: "off-hours", action: undeploy(situation, gone), ...next };
  }
  const [kept] = seen;
  const heir = kept && heirOf(view);
  if (kept !== undefined && heir !== undefined) {
    const because = `off-hours, ${schedule.because}: deployed model ${kept.id} has ${kept.share} % of the traffic`;
    if ("waits" in heir) return { rule: "off-hours", why: `${because}; ${heir.waits}`, phase: "serving", ...next };
    delete memory.share;
    const split = moveShare(view.split, memory.ours, heir.id);
    const why = `${because}, which ${heir.name} takes over, and is undeployed after that`;
    return changeTraffic(situation, split, { rule: "off-hours", why, phase: "off-hours", ...next });
  }
  if (kept !== undefined) {
    const why = `off-hours, ${schedule.because}; but deployed model ${kept.id} has ${kept.share} % of a split that other people's models share, and shares of others are never changed`;
    const id = `${facts.policy.name}/off-hours/${schedule.since}`;
    draft.lasting.push({ id, phase: "alert", what: `deployed model ${kept.id} stays deployed`, why });
    return { rule: "off-hours", why, phase: "serving", ...next };
  }
  if (memory.successor !== undefined && memory.successor.deployedAt === undefined) {
    const why = `off-hours, ${schedule.because}: deployed model ${memory.successor.deployedModelId} is still being deployed, and undeployed after that`;
    return { rule: "off-hours", why, phase: "off-hours", ...next };
  }
  const served = memory.serving !== undefined || memory.sequence > 0;
  delete memory.serving;
  delete memory.successor;
  delete memory.scaled;
  // A new day is a new try, and a new alert: silence would look like sleep.
  delete memory.fault;
  if (memory.asleepSince === undefined && served) {
    memory.asleepSince = facts.now;
    draft.notices.push({
      id: `${facts.policy.name}/asleep/${schedule.since}`,
      phase: "asleep",
      what: "undeployed for the off-hours",
      why: schedule.because,
    });
  }
  return { rule: "off-hours", why: `off-hours, ${schedule.because}: nothing is deployed`, phase: "off-hours", ...next };
}

/** The model's container fails, and nothing is tried any more. */
export function parked({ draft, text }: Situation): Verdict | undefined {
  const { fault } = draft.memory;
  if (fault === undefined) return undefined;
  return {
    rule: "parked",
    why: `stopped since ${text(fault.at)}: ${fault.why}; publish release, or apply the fleet, to try again`,
    phase: "error",
  };
}

/** Our share belongs where it is served: moves all of it there, under the etag that was read with the split. */
export function traffic(situation: Situation): Verdict | undefined {
  const { facts, draft, view } = situation;
  const { memory } = draft;
  const serving = servingSeen(draft, view);
  const to: Seen | undefined = mayTakeOver(facts, draft, view) ? successorSeen(draft, view) : serving;
  if (to === undefined || (to === serving && to.capacity.state === "lost")) return undefined;
  const elsewhere = shareOf(
    view.split,
    memory.ours.filter((id) => id !== to.id),
  );
  const owed = owedBySiblings(facts.policy, memory, view);
  if (elsewhere === 0 && owed === 0 && !isEmptySplit(view.split)) return undefined;
  if (waits(situation, "traffic")) return undefined;
  const trafficSplit =
    owed > 0 ? takeShare(view.split, givers(view), to.id, owed) : moveShare(view.split, memory.ours, to.id);
  const share = trafficSplit[to.id] ?? 0;
  const rungId = (to === serving ? memory.serving : memory.successor)?.rungId ?? to.id;
  const phase = memory.incident === undefined ? "serving" : "recovering";
  const others = view.strangersShare > 0 ? `; other people keep their ${view.strangersShare} %` : "";
  const from = owed > 0 ? ", which the fleet gives it, from models of the fleet that held more than theirs" : "";
  const why = `deployed model ${to.id} serves on ${rungId}: it gets ${share} % of the traffic${from}${others}`;
  return changeTraffic(situation, trafficSplit, { rule: "traffic", why, phase });
}

/** A new split, under the etag that was read with the old one. */
function changeTraffic(
  situation: Situation,
  trafficSplit: Record<string, number>,
  verdict: Pick<Verdict, "rule" | "why" | "phase" | "next">,
): Verdict {
  const { facts, view } = situation;
  if (view.etag === undefined) {
    const why = `${verdict.why}; but the endpoint shows no etag, so its split cannot be changed safely`;
    return { ...verdict, why };
  }
  const change = { kind: "traffic", resource: facts.policy.endpoint, etag: view.etag, trafficSplit } as const;
  return { ...verdict, action: toChange(situation, change) };
}

/** Undeploys what is ours and not needed: the dead one after a switch, a failed successor, a fallback come too late. */
export function cleanUp(situation: Situation): Verdict | undefined {
  const { facts, draft, view } = situation;
  const { memory } = draft;
  const serving = servingSeen(draft, view);
  const phase = memory.incident === undefined ? "serving" : "recovering";
  const fallback = successorSeen(draft, view);
  const healthySince = serving !== undefined && serves(serving.capacity) ? memory.healthySince : undefined;
  const idle = fallback !== undefined && serves(fallback.capacity) && !mayTakeOver(facts, draft, view);
  if (idle && healthySince !== undefined) {
    const settled = healthySince + facts.policy.grace;
    const name = `deployed model ${fallback.id} on ${memory.successor?.rungId}`;
    if (facts.now < settled) {
      const why = `${memory.serving?.rungId} serves again; ${name} is kept ready until that has lasted`;
      return { rule: "clean-up", why, phase, next: { at: settled, what: `undeploy ${fallback.id}` } };
    }
    delete memory.successor;
  }
  const needed = new Set([memory.serving?.deployedModelId, memory.successor?.deployedModelId]);
  const leftover = [...view.ours.values()].find(
    (seen) => !needed.has(seen.id) && canUndeploy(situation, seen) && !waits(situation, `undeploy/${seen.id}`),
  );
  if (leftover === undefined) return undefined;
  const stays = memory.serving === undefined ? "" : `; ${memory.serving.rungId} is the one to serve`;
  const on = leftover.rung === undefined ? "" : ` on ${leftover.rung.id}`;
  const why = `deployed model ${leftover.id}${on} is ours, not needed and without traffic${stays}`;
  return { rule: "clean-up", why, phase, action: undeploy(situation, leftover) };
}
