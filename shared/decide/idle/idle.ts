/**
 * Idleness over time: what the tick keeps of every pool, and when it may call one idle. One or two unknown samples
 * freeze the timer, three reset it; so do another incarnation and a long silence.
 */
import type { IdlePolicy, Limits } from "../../fleet/fleet.ts";
import type { IdleTrack } from "../../state/documents.ts";
import { type Millis, minute } from "../../time/clock.ts";
import { formatDuration } from "../../time/duration.ts";
import type { IdleVerdict, PersistentResourceObservation } from "../decision.ts";
import { idleThreshold, keptGaps } from "./auto-idle.ts";
import type { PoolSample } from "./pool-sample.ts";

/** This many unknown samples in a row reset the timer and are worth an alert. */
const blindAfter = 3;
/** A longer silence between two good samples resets the timer: nobody looked. */
const longestSilence = 15 * minute;
/** Good idle samples that a verdict takes at least, however short the threshold. */
const fewestSamples = 3;
/** Wire time for which a verdict is good. */
const verdictLasts = 2 * minute;

/** What pools without an idle policy are measured with: off-hours ask for it where counters have never been seen. */
export const usualIdle: IdlePolicy = { after: 15 * minute, grace: 10 * minute, recreateCost: 30 * minute, ray: false };

function fresh(createTime: string, track: IdleTrack | undefined): IdleTrack {
  return {
    createTime,
    unknowns: 0,
    samples: 0,
    gaps: track?.gaps ?? [],
    // A gap goes on while the pool is away: it ends with the next job, and how long it was is what `auto` learns from.
    ...(track?.gapSince === undefined ? {} : { gapSince: track.gapSince }),
  };
}

function without<K extends keyof IdleTrack>(track: IdleTrack, ...keys: readonly K[]): Omit<IdleTrack, K> {
  const copy = { ...track };
  for (const key of keys) delete copy[key];
  return copy;
}

function onBusy(track: IdleTrack, now: Millis): IdleTrack {
  const { gapSince } = track;
  return {
    ...without(track, "idleSince", "gapSince"),
    lastGood: now,
    lastBusy: now,
    unknowns: 0,
    samples: 0,
    gaps: gapSince === undefined ? track.gaps : [...track.gaps, now - gapSince].slice(-keptGaps),
  };
}

function onIdle(track: IdleTrack, now: Millis): IdleTrack {
  const silence = now - (track.lastGood ?? now);
  const broken = silence > longestSilence;
  // Frozen: the time of unknown samples does not count, so the start moves on by it.
  const frozen = track.unknowns > 0 ? silence : 0;
  const idleSince = track.idleSince === undefined || broken ? now : track.idleSince + frozen;
  return {
    ...track,
    idleSince,
    gapSince: track.gapSince ?? idleSince,
    lastGood: now,
    unknowns: 0,
    samples: track.idleSince === undefined || broken ? 1 : track.samples + 1,
  };
}

function onUnknown(track: IdleTrack): IdleTrack {
  const unknowns = track.unknowns + 1;
  if (unknowns < blindAfter) return { ...track, unknowns };
  // How long the gap was cannot be known any more either.
  return { ...without(track, "idleSince", "gapSince"), unknowns, samples: 0 };
}

/** Takes one sample (world time `now`) into a pool's track. An absent pool's track rests as it is. */
export function observePool(track: IdleTrack | undefined, sample: PoolSample, now: Millis): IdleTrack | undefined {
  switch (sample.sample) {
    case "absent":
      return track;
    case "unknown":
      return onUnknown(track ?? fresh("", undefined));
    case "unready":
    case "busy":
    case "idle": {
      const same = track !== undefined && track.createTime === sample.createTime;
      const own = same ? track : fresh(sample.createTime, track);
      if (sample.sample === "busy") return onBusy(own, now);
      if (sample.sample === "idle") return onIdle(own, now);
      return { ...without(own, "idleSince"), unknowns: 0, samples: 0 };
    }
  }
}

/** Whether so many samples in a row were unknown that somebody should hear of it. */
export function isBlind(track: IdleTrack): boolean {
  return track.unknowns >= blindAfter;
}

/** What the tick last wrote about a pool and its location. */
export interface IdleFacts {
  readonly track: IdleTrack | undefined;
  /** Wire time of the tick's observation. */
  readonly takenAtWire: Millis;
  readonly counterSeen: boolean;
  /** Set while everything-idle-at-once is held to be an outage: no pool is less idle for it, but nothing is deleted. */
  readonly outageSince?: Millis;
  /** Gaps of other pools of the location, for `auto` on a new pool. */
  readonly neighbourGaps?: readonly Millis[];
}

/**
 * Whether a pool counts as idle now. Age, Ray and the incarnation are judged by decide(), on the fresh resource.
 * @param policy the target's; pools without one are measured with {@link usualIdle}.
 * @param now world and wire time of the question.
 */
export function idleVerdict(
  facts: IdleFacts | undefined,
  policy: IdlePolicy | undefined,
  now: { readonly world: Millis; readonly wire: Millis },
): IdleVerdict {
  if (facts?.track === undefined) return { verdict: "unknown", why: "no tick has looked at it yet" };
  const { track } = facts;
  const age = now.wire - facts.takenAtWire;
  if (age > verdictLasts) {
    return { verdict: "unknown", why: `the last observation is ${formatDuration(age)} old` };
  }
  if (track.unknowns > 0) return { verdict: "unknown", why: `${track.unknowns} unknown samples in a row` };
  if (track.idleSince === undefined) return { verdict: "busy", why: "it was not idle when the tick last looked" };
  const measured = idleThreshold(policy ?? usualIdle, track.gaps, facts.neighbourGaps ?? []);
  const threshold = facts.counterSeen ? measured : 2 * measured;
  const idleFor = now.world - track.idleSince;
  if (idleFor < threshold || track.samples < fewestSamples) {
    return {
      verdict: "busy",
      why: `idle for ${formatDuration(idleFor)} of ${formatDuration(threshold)} (${track.samples} samples)`,
    };
  }
  return { verdict: "idle", since: track.idleSince, threshold };
}

/** What a decision is told of a pool's idleness, from what the tick last wrote; as {@link idleVerdict}. */
export function idleObservation(
  facts: IdleFacts | undefined,
  policy: IdlePolicy | undefined,
  now: { readonly world: Millis; readonly wire: Millis },
): Pick<PersistentResourceObservation, "idle" | "counterSeen" | "outageSince"> {
  return {
    idle: idleVerdict(facts, policy, now),
    counterSeen: facts?.counterSeen ?? false,
    ...(facts?.outageSince === undefined ? {} : { outageSince: facts.outageSince }),
  };
}

type Tracks = ReadonlyMap<string, IdleTrack>;
type GoodSample = "busy" | "idle" | undefined;

/** What a pool that had a good sample now showed before it. */
interface Turn {
  readonly from: GoodSample;
  readonly to: GoodSample;
  readonly createTime: string;
}

function newestGood({ lastGood, lastBusy }: IdleTrack): GoodSample {
  if (lastGood === undefined) return undefined;
  return lastBusy === lastGood ? "busy" : "idle";
}

/**
 * Every pool that had a good sample now. Samples that failed in between do not matter: they are how outages begin. A pool
 * that was rebuilt in between has shown nothing yet.
 */
function turns(before: Tracks, after: Tracks): readonly Turn[] {
  return [...after].flatMap(([key, now]) => {
    const { createTime } = now;
    const then = before.get(key);
    const same = then?.createTime === createTime ? then : undefined;
    if (now.lastGood === same?.lastGood) return [];
    return [{ from: same && newestGood(same), to: newestGood(now), createTime }];
  });
}

/**
 * Whether nearly every busy pool turned idle in one sample: an outage of the counters, not idleness (a real trace shows
 * 16 pools at zero together for 1,445 minutes). Pools without a good sample now say nothing, neither way.
 */
function everythingIdleAtOnce(
  shown: readonly Turn[],
  { idleAtOncePools, idleAtOnceShare }: Pick<Limits, "idleAtOncePools" | "idleAtOnceShare">,
): boolean {
  const busy = shown.filter(({ from }) => from === "busy");
  const turned = busy.filter(({ to }) => to === "idle");
  return turned.length >= idleAtOncePools && turned.length >= idleAtOnceShare * busy.length;
}

/**
 * Since when a location is held to be in an outage, after one sample: from everything idle at once until a pool that
 * looked idle shows a job again, or one that was made since shows one. One that has been busy all along proves nothing
 * about the others.
 * @param since the same before the sample.
 * @param before tracks of the location by target key before the sample.
 * @param after the same after it.
 * @param now world time of the sample.
 */
export function outageAfter(
  since: Millis | undefined,
  before: Tracks,
  after: Tracks,
  limits: Pick<Limits, "idleAtOncePools" | "idleAtOnceShare">,
  now: Millis,
): Millis | undefined {
  const shown = turns(before, after);
  if (everythingIdleAtOnce(shown, limits)) return now;
  if (since === undefined) return undefined;
  const works = ({ from, to, createTime }: Turn) =>
    to === "busy" && (from === "idle" || Date.parse(createTime) > since);
  return shown.some(works) ? undefined : since;
}
