/**
 * Jobs at the bell. On real traces half of the pools and more have a running job at 20:00, and the longest runs for days
 * more, so what happens then is the fleet's explicit choice: wait, shrink, cancel or skip.
 */
import type { BusyPolicy } from "../../fleet/fleet.ts";
import { type Millis, minute } from "../../time/clock.ts";
import { formatDuration } from "../../time/duration.ts";
import { type PoolSample, usedReplicas } from "../idle/pool-sample.ts";
import type { Draft, PersistentResourceDecision } from "./draft.ts";
import type { Identified } from "./identity.ts";
import type { Presence } from "./presence.ts";
import { describeGaps, type Gap, unscalable } from "./sizes.ts";
import { resizeTo } from "./work.ts";

/** A cancel is announced at least this long before it happens. */
const announcedFor = 10 * minute;

/** What a busy pool gets; `cancel` means that the delete goes on although jobs run. */
export type BusyAnswer =
  | { readonly answer: "decided"; readonly decision: PersistentResourceDecision }
  | { readonly answer: "cancel"; readonly why: string };

function patienceEnds(policy: BusyPolicy, since: Millis): Millis {
  return since + (policy.action === "cancel" ? announcedFor : Math.max(policy.maxWait, announcedFor));
}

function tellDraining(draft: Draft, since: Millis, ends: Millis, what: string, then: string): void {
  const { policy } = draft;
  draft.tell({
    id: `draining/${policy.key}/${since}`,
    phase: "draining",
    what,
    why: `${policy.name} is past its window and still busy: waited for until ${draft.timeInZone(ends)}, ${then}; send new jobs elsewhere`,
    details: { since, until: ends },
  });
}

/** Pools that hold more replicas than jobs use, within the bounds that the fleet gives them. */
function spare(draft: Draft, resource: Identified): readonly Gap[] {
  const used = usedReplicas(resource) ?? {};
  return resource.resourcePools.flatMap((pool, index) => {
    const name = pool.id ?? String(index);
    const bounds = draft.policy.scale.pools[name];
    if (bounds === undefined || unscalable(draft, resource.resourcePools, name) !== undefined) return [];
    const from = Number(pool.replicaCount ?? 0);
    const to = Math.max(used[name] ?? 0, bounds.min, 1);
    return to < from ? [{ pool: name, from, to }] : [];
  });
}

/** Decides about a pool that is past its window and busy. */
export function whileBusy(
  draft: Draft,
  resource: Identified,
  presence: Presence,
  sample: Extract<PoolSample, { sample: "busy" }>,
): BusyAnswer {
  const { policy, now } = draft;
  const begun = draft.memory.draining ?? { since: now };
  const ends = patienceEnds(policy.onBusy, begun.since);
  const busy = `Off-hours (${presence.because}), but ${sample.why}`;
  const back = presence.until === undefined ? {} : { next: { at: presence.until, what: "next window" } };
  const goesOn = policy.onBusy.action === "cancel" ? "cancel" : policy.onBusy.then;
  const over = now >= ends;

  if (policy.onBusy.action === "skip" || begun.skipped || (over && goesOn === "skip")) {
    draft.remember({ draining: { ...begun, skipped: true } });
    const why = `${busy}: left up for this off-time, as onBusy says${over ? ` after ${formatDuration(ends - begun.since)}` : ""}`;
    return { answer: "decided", decision: draft.finish({ rule: "busy", why, phase: "up", ...back }) };
  }
  draft.remember({ draining: begun });
  if (over)
    return {
      answer: "cancel",
      why: `${busy}, and onBusy says cancel (announced ${formatDuration(now - begun.since)} ago)`,
    };
  const then = goesOn === "cancel" ? "then its jobs are cancelled" : "then it is left up for this off-time";
  tellDraining(draft, begun.since, ends, sample.why, then);

  // Only counters tell how many replicas the jobs use; where they are never filled, nothing is taken away.
  const gaps = policy.onBusy.action === "shrink" && draft.observation.counterSeen ? spare(draft, resource) : [];
  if (gaps.length > 0 && policy.scale.strategy === "patch" && draft.memory.patchBroken === undefined) {
    draft.remember({ draining: { ...begun, shrunk: true } });
    const decision = resizeTo(draft, resource, gaps, {
      rule: "busy",
      why: `${busy}: shrink to what is used (${describeGaps(gaps)})`,
      phase: "draining",
    });
    if (decision) return { answer: "decided", decision };
  }
  const why = `${busy}: waiting for them ${formatDuration(now - begun.since)} so far, until ${draft.timeInZone(ends)} at most, ${then}`;
  return {
    answer: "decided",
    decision: draft.finish({ rule: "busy", why, phase: "draining", next: { at: ends, what: then } }),
  };
}
