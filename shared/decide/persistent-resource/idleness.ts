/** Is it wanted? Inside an on-time, a resource that has been idle for its threshold is put to sleep. */
import type { IdlePolicy } from "../../fleet/fleet.ts";
import { hour, type Millis, minute } from "../../time/clock.ts";
import { formatDuration } from "../../time/duration.ts";
import type { PoolSample } from "../idle/pool-sample.ts";
import { nextStartAfter } from "../schedule/schedule.ts";
import type { Draft } from "./draft.ts";
import type { Identified } from "./identity.ts";
import { mayBeBusy } from "./outage.ts";
import { earlyBy, type Presence } from "./presence.ts";
import { putToSleep } from "./sleep.ts";
import type { Progress } from "./work.ts";

/** Since when idleness counts: window start, our last change, and the end of a wake or hold begin it anew. */
function countedFrom(draft: Draft, resource: Identified, presence: Presence, since: Millis): Millis {
  const { touchedAt = 0, excusedUntil = 0 } = draft.memory;
  const windowStart = presence.on && presence.rule !== "wake" ? (presence.since ?? 0) : 0;
  return Math.max(since, touchedAt, excusedUntil, windowStart, Date.parse(resource.startTime ?? resource.createTime));
}

/** Why the idle rule does not apply; undefined: it does. */
function exempt(draft: Draft, rule: IdlePolicy, resource: Identified, presence: Presence): string | undefined {
  if (presence.rule === "wake" || presence.rule === "job") return "somebody wants it on";
  if (presence.rule === "early-restore") return "its window is about to start";
  if (draft.requests.some(({ answered, wish }) => answered !== "final" && wish.type !== "wake"))
    return "a request is open";
  if (resource.resourceRuntimeSpec?.["raySpec"] !== undefined && !rule.ray) return "it is a Ray cluster";
  const age = draft.now - Date.parse(resource.startTime ?? resource.createTime);
  return age < rule.grace ? `it is only ${formatDuration(age)} old` : undefined;
}

/** Decides to put an idle resource to sleep, or says why one that has been idle for its threshold is kept up. */
export function sleepWhenIdle(draft: Draft, resource: Identified, presence: Presence, sample: PoolSample): Progress {
  const { idle } = draft.observation;
  const { schedule, restore, idle: rule } = draft.policy;
  if (rule === undefined) return undefined;
  if (sample.sample !== "idle" || idle.verdict !== "idle") return undefined;
  // A verdict about another incarnation says nothing about this one.
  if (idle.since < Date.parse(resource.createTime)) return undefined;
  if (exempt(draft, rule, resource, presence) !== undefined) return undefined;
  const idleFor = draft.now - countedFrom(draft, resource, presence, idle.since);
  if (idleFor < idle.threshold) return undefined;
  const why = `Idle for ${formatDuration(idleFor)}, longer than ${formatDuration(idle.threshold)}`;
  const doubt = mayBeBusy(draft, resource);
  if (doubt !== undefined) return { waits: `${why}, but ${doubt}` };
  const start = schedule === undefined ? undefined : nextStartAfter(schedule, draft.now);
  const rebuild = start === undefined ? undefined : start - earlyBy(restore.early, draft.memory.startUps);
  if (rebuild !== undefined && rebuild - draft.now <= rule.recreateCost) {
    const cost = formatDuration(rule.recreateCost);
    return {
      waits: `${why}, but kept up: it would be rebuilt from ${draft.timeInZone(rebuild)}, and recreating it costs as much as ${cost} of idleness`,
    };
  }
  return {
    decision: putToSleep(draft, resource, {
      cause: "idle",
      rule: "idle",
      counted: sample.counted,
      why: `${why}, and no job on it`,
      ...(rebuild === undefined ? {} : { rebuild }),
    }),
  };
}

const warnings = [
  { before: 10 * minute, text: "10 min" },
  { before: 30 * minute, text: "30 min" },
] as const;

/** Warns 30 and 10 minutes before the scheduled end of an on-time. */
export function warnOfSleep(draft: Draft, presence: Presence, sample: PoolSample): void {
  const { until } = presence;
  if (until === undefined || until - draft.now > hour) return;
  const due = warnings.find(({ before }) => until - draft.now <= before);
  if (due === undefined) return;
  const { policy } = draft;
  const busy = {
    wait: "jobs that still run then are waited for",
    shrink: "jobs that still run then are waited for on fewer replicas",
    cancel: "JOBS THAT STILL RUN THEN ARE CANCELLED",
    skip: "it is left up if a job still runs then",
  }[policy.onBusy.action];
  const now = sample.sample === "busy" ? `; now ${sample.why}` : "";
  draft.tell({
    id: `sleeping-soon/${policy.key}/${until}/${due.before / minute}`,
    phase: "sleeping-soon",
    what: `deleted in ${Math.max(1, Math.round((until - draft.now) / minute))} min`,
    why: `${policy.name} is deleted at ${draft.timeInZone(until)} (end of: ${presence.because}); ${busy}${now}. "tidekeeper wake ${policy.name}" keeps it`,
    details: { until },
  });
}
