/**
 * Jobs at the bell. On real traces half of the pools and more have a running job at 20:00, and the longest runs for days
 * more, so what happens then is the fleet's explicit choice: wait, shrink, cancel or skip.
 */
import type { BusyPolicy } from "../../fleet/fleet.ts";
import { type Millis, minute } from "../../time/clock.ts";
import { formatDuration } from "../../time/duration.ts";
import { type PoolSample, usedReplicas } from "../idle/pool-sample.ts";
import type { PersistentResourceMemory } from "../memory.ts";
import type { Draft, PersistentResourceDecision } from "./draft.ts";
import type { Identified } from "./identity.ts";
import { mayBeBusy } from "./outage.ts";
import type { Presence } from "./presence.ts";
import { describeGaps, type Gap, unscalable } from "./sizes.ts";
import { backingOff, resizeTo } from "./work.ts";

/** A cancel is announced at least this long before it happens. */
const announcedFor = 10 * minute;

type Draining = NonNullable<PersistentResourceMemory["draining"]>;
type Announced = NonNullable<Draining["announced"]>;

/** What a busy pool gets; `cancel` means that the delete goes on although jobs run. */
export type BusyAnswer =
  | { readonly answer: "decided"; readonly decision: PersistentResourceDecision }
  | { readonly answer: "cancel"; readonly why: string };

function patienceEnds(policy: BusyPolicy, since: Millis): Millis {
  return since + (policy.action === "cancel" ? announcedFor : Math.max(policy.maxWait, announcedFor));
}

/** Whether its jobs are cancelled in the end. */
export function cancelsJobs({ action, then }: BusyPolicy): boolean {
  return action === "cancel" || (action !== "skip" && then === "cancel");
}

function tellDraining(draft: Draft, { at }: Announced, ends: Millis, what: string, then: string): void {
  const { policy } = draft;
  draft.tell({
    id: `draining/${policy.key}/${at}`,
    phase: "draining",
    what,
    why: `${policy.name} is past its window, but ${what}: waited for until ${draft.timeInZone(ends)}, ${then}; send new jobs elsewhere`,
    details: { since: at, until: ends },
  });
}

/** What is announced now, and since when: an apply may have changed the end that people were told. */
function announce(draft: Draft, { since, announced }: Draining): Announced {
  const { onBusy } = draft.policy;
  const then = cancelsJobs(onBusy) ? "cancel" : "skip";
  const ends = patienceEnds(onBusy, since);
  if (announced === undefined || announced.ends !== ends || announced.then !== then)
    return { at: draft.now, ends, then };
  return announced;
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

/** Decides about a pool that is past its window and busy, or may be. */
export function whileBusy(
  draft: Draft,
  resource: Identified,
  presence: Presence,
  sample: Pick<Extract<PoolSample, { sample: "busy" }>, "why">,
): BusyAnswer {
  const { policy, now } = draft;
  const draining: Draining = draft.memory.draining ?? { since: now };
  const announced = announce(draft, draining);
  const begun = { ...draining, announced };
  const ends = announced.then === "cancel" ? Math.max(announced.ends, announced.at + announcedFor) : announced.ends;
  const busy = `Off-hours (${presence.because}), but ${sample.why}`;
  const back = presence.until === undefined ? {} : { next: { at: presence.until, what: "next window" } };
  const over = now >= ends;

  if (policy.onBusy.action === "skip" || draining.skipped || (over && announced.then === "skip")) {
    draft.remember({ draining: { ...draining, skipped: true } });
    const why = `${busy}: left up for this off-time, as onBusy says${over ? ` after ${formatDuration(ends - begun.since)}` : ""}`;
    return { answer: "decided", decision: draft.finish({ rule: "busy", why, phase: "up", ...back }) };
  }
  draft.remember({ draining: begun });
  if (over)
    return {
      answer: "cancel",
      why: `${busy}, and onBusy says cancel (announced ${formatDuration(now - announced.at)} ago)`,
    };
  const then = announced.then === "cancel" ? "then its jobs are cancelled" : "then it is left up for this off-time";
  tellDraining(draft, announced, ends, sample.why, then);

  // Only counters tell how many replicas the jobs use; where they are never filled, or out, nothing is taken away.
  const counted = draft.observation.counterSeen && mayBeBusy(draft, resource) === undefined;
  const gaps = policy.onBusy.action === "shrink" && counted ? spare(draft, resource) : [];
  const refused = gaps.length === 0 ? undefined : backingOff(draft, "resize");
  const patches = policy.scale.strategy === "patch" && draft.memory.patchBroken === undefined;
  if (gaps.length > 0 && patches && refused === undefined) {
    draft.remember({ draining: { ...begun, shrunk: true } });
    const decision = resizeTo(draft, resource, gaps, {
      rule: "busy",
      why: `${busy}: shrink to what is used (${describeGaps(gaps)})`,
      phase: "draining",
    });
    if (decision) return { answer: "decided", decision };
  }
  const unshrunk = refused === undefined ? "" : `; not shrunk, for ${refused}`;
  const why = `${busy}: waiting for them ${formatDuration(now - begun.since)} so far, until ${draft.timeInZone(ends)} at most, ${then}${unshrunk}`;
  return {
    answer: "decided",
    decision: draft.finish({ rule: "busy", why, phase: "draining", next: { at: ends, what: then } }),
  };
}
