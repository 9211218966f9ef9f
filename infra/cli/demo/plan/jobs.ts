/**
 * Jobs on persistent resources: a daily rhythm where people work, bursts with gaps where idleness puts a pool to sleep,
 * and one job over the bell, so that `onBusy` has something to say.
 */
import type { PersistentResourcePolicy } from "../../../../shared/fleet/fleet.ts";
import { day, hour, type Millis, minute, second } from "../../../../shared/time/clock.ts";
import type { ResourcePool } from "../../../../shared/vertex/vertex.ts";
import type { Random } from "../../../local/clock/clock.ts";
import { between, dice } from "./draw.ts";
import type { Happening, JobToRun, Span } from "./happening.ts";
import { type OnTime, onTimes } from "./on-times.ts";

/** The local cloud runs a job for so many seconds of world time. */
const runSecondsLabel = "local-run-seconds";
/** Where nothing says when people work, they work at these hours of the day, UTC. */
const usualHours = { from: 6 * hour, to: 18 * hour };
/** Idleness that is learned is not known beforehand; gaps are planned for this much. */
const usualIdle = 30 * minute;

interface Slot {
  readonly at: Millis;
  readonly runs: Millis;
}

function minutes(random: Random, least: number, most: number): Millis {
  return between(random, least, most) * minute;
}

/** One job after the other with breaks between, as people submit them, until the on-time is nearly over. */
function rhythm(random: Random, { start, end }: OnTime): readonly Slot[] {
  const slots: Slot[] = [];
  let at = start + minutes(random, 15, 40);
  while (at < end - hour) {
    const runs = Math.min(minutes(random, 20, 70), end - 10 * minute - at);
    slots.push({ at, runs });
    at += minutes(random, 40, 110);
  }
  return slots;
}

/** A job that is still running when the bell rings, for less than the target waits. A pool that sleeps is up by then. */
function overTheBell(random: Random, { onBusy, idle }: PersistentResourcePolicy, bell: Millis): Slot {
  const at = bell - (idle === undefined ? minutes(random, 25, 45) : minutes(random, 60, 75));
  return { at, runs: bell - at + Math.min(minutes(random, 15, 35), onBusy.maxWait / 2) };
}

/** Short jobs close together, then a gap that is longer than the idle rule waits. */
function bursts(random: Random, after: Millis, { start, end }: OnTime): readonly Slot[] {
  const slots: Slot[] = [];
  let at = start + minutes(random, 20, 50);
  while (at < end - 90 * minute) {
    const jobs = between(random, 2, 3);
    for (let job = 0; job < jobs; job += 1) {
      slots.push({ at, runs: minutes(random, 6, 20) });
      at += minutes(random, 4, 15);
    }
    at += after + minutes(random, 140, 230);
  }
  return slots;
}

/** The working hours of each day, for a target that no schedule binds. */
function workingDays({ from, calm }: Span): readonly OnTime[] {
  const days: OnTime[] = [];
  for (let midnight = Math.floor(from / day) * day; midnight < calm; midnight += day) {
    const start = Math.max(from, midnight + usualHours.from);
    const end = Math.min(calm, midnight + usualHours.to);
    if (start < end) days.push({ start, end });
  }
  return days;
}

function slotsOf(policy: PersistentResourcePolicy, random: Random, span: Span): readonly Slot[] {
  const { idle, schedule } = policy;
  const after = idle?.after === "auto" ? usualIdle : idle?.after;
  const times =
    schedule === undefined && after !== undefined ? workingDays(span) : onTimes(policy, span.from, span.calm);
  return times.flatMap((time) => {
    const { bell } = time;
    const day = after === undefined ? rhythm(random, time) : bursts(random, after, time);
    return [...day, ...(bell === undefined ? [] : [overTheBell(random, policy, bell)])];
  });
}

/** A custom job that matches the pool's machine and disk exactly, as Vertex AI asks. */
function customJob(pool: ResourcePool, displayName: string, runs: Millis): JobToRun["customJob"] {
  return {
    displayName,
    labels: { [runSecondsLabel]: String(Math.round(runs / second)) },
    jobSpec: {
      workerPoolSpecs: [
        {
          machineSpec: { ...pool.machineSpec },
          replicaCount: "1",
          ...(pool.diskSpec === undefined ? {} : { diskSpec: { ...pool.diskSpec } }),
          containerSpec: { imageUri: "us-docker.pkg.dev/demo/training/train:latest" },
        },
      ],
    },
  };
}

/**
 * The jobs of one persistent resource.
 * @returns none for a resource without a spec, whose machines are not known, and for a Ray cluster, which takes Ray's jobs.
 */
export function planJobs(policy: PersistentResourcePolicy, seed: number, span: Span): readonly Happening[] {
  const { spec, name } = policy;
  const pools = spec?.resourcePools ?? [];
  if (spec?.resourceRuntimeSpec?.["raySpec"] !== undefined) return [];
  const random = dice(seed, `jobs of ${name}`);
  return slotsOf(policy, random, span).flatMap(({ at, runs }, index): Happening[] => {
    const pool = pools[between(random, 0, pools.length - 1)];
    if (pool === undefined || at >= span.calm) return [];
    const displayName = `${name}-job-${index + 1}`;
    return [{ at, do: "job", policy, id: `demo-${displayName}`, runs, customJob: customJob(pool, displayName, runs) }];
  });
}
