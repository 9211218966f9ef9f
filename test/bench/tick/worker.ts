/**
 * One process of the tick's bench: `worker.ts JOB`, where JOB is JSON. It prints one JSON line. A process of its own, because
 * the most memory that a process had is known only at its end.
 */
import type { Home } from "../../../shared/home.ts";
import { reconcile } from "../../../shared/reconcile.ts";
import { applyFleet } from "../../../shared/state/apply.ts";
import { openStore } from "../../../shared/state/open.ts";
import { recallFleet } from "../../../shared/state/recall.ts";
import { tick } from "../../../shared/tick.ts";
import { type Clock, minute, systemClock } from "../../../shared/time/clock.ts";
import { createReader } from "../../../shared/vertex/reader.ts";
import { median, rate, timed } from "../bench.ts";
import { answerJob, inFunctionProcess } from "../function-process.ts";
import { beginning, fleetOf } from "./fleet-of.ts";

/** What to do. */
export interface Job {
  /** `prepare`: apply and reconcile everything once. `tick`: three ticks. `gets`: the baseline, a read for each target. */
  readonly work: "prepare" | "tick" | "gets";
  readonly rest: string;
  readonly store: string;
  readonly targets: number;
  readonly locations: number;
}

/** What it came to. */
export interface Result {
  /** Median of a tick, ms. */
  readonly milliseconds: number;
  /** Most resident memory, 10^6 bytes. */
  readonly megabytes: number;
  readonly poked: number;
}

async function run(job: Job): Promise<Omit<Result, "megabytes">> {
  const store = await openStore(job.store);
  let now = beginning;
  const clock: Clock = { now: () => now, wire: systemClock.wire };
  const home: Home = {
    settings: {
      project: "demo",
      prefix: "tidekeeper",
      store: job.store,
      storeId: undefined,
      local: undefined,
      clock: undefined,
    },
    store,
    reader: createReader({ project: "demo", rest: job.rest }),
    bus: { publish: async () => "1", close: async () => undefined },
    log: () => undefined,
    clock: async () => clock,
    poke: async () => undefined,
    publishOwed: async () => 0,
    close: () => store.close(),
  };
  try {
    if (job.work === "prepare") {
      await applyFleet(store, fleetOf(job.targets, job.locations), { by: "bench", now });
      // The tick before shows the reconciler what is used; then everything is as the fleet wants it.
      const { poked } = await tick(home);
      const openWriter = () => Promise.reject(new Error("nothing shall be changed here"));
      const took = await timed(() =>
        rate(poked.length, 16, (at) => reconcile({ ...home, clock, openWriter }, poked[at] ?? "")),
      );
      return { milliseconds: took, poked: poked.length };
    }
    const recalled = await recallFleet(store);
    if ("refused" in recalled) throw new Error(recalled.refused);
    const times: number[] = [];
    let poked = 0;
    for (let round = 1; round <= 3; round += 1) {
      now = beginning + round * minute;
      times.push(
        await timed(async () => {
          if (job.work === "tick") {
            poked += (await tick(home)).poked.length;
            return;
          }
          const { targets } = recalled.fleet;
          await rate(targets.length, 16, async (at) => {
            const policy = targets[at];
            if (policy?.kind === "persistentResource") await home.reader.getPersistentResource(policy.resource);
            else if (policy !== undefined) await home.reader.getEndpoint(policy.endpoint);
          });
        }),
      );
    }
    return { milliseconds: median(times), poked };
  } finally {
    await home.close();
  }
}

/** Runs a job in a process of its own. */
export const inProcess = (job: Job): Promise<Result> => inFunctionProcess(import.meta.filename, job);

await answerJob<Job>(import.meta.filename, async (job): Promise<Result> => {
  const result = await run(job);
  return { ...result, megabytes: (process.resourceUsage().maxRSS * 1_024) / 1e6 };
});
