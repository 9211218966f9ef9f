/** Runs many seeds on all cores. */
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { SeedResult } from "./run-seed.ts";
import type { Share } from "./worker.ts";

/** Which seeds, and how. */
export interface RunOptions {
  readonly first: number;
  readonly count: number;
  readonly hours: number;
  readonly threads?: number;
  /** Told of each seed as it ends, in any order. @returns whether to go on. */
  readonly ended: (result: SeedResult) => boolean;
}

/** @throws when a thread dies: a defect of the simulation, not a violation. */
export async function runSeeds(options: RunOptions): Promise<void> {
  const { first, count, hours, ended } = options;
  const threads = Math.min(count, options.threads ?? availableParallelism());
  const workers = Array.from({ length: threads }, (_, index) => {
    const share: Share = { first: first + index, last: first + count - 1, step: threads, hours };
    return new Worker(new URL("worker.ts", import.meta.url), { workerData: share });
  });
  const stop = () => Promise.all(workers.map((worker) => worker.terminate()));
  await Promise.all(
    workers.map(
      (worker) =>
        new Promise<void>((resolve, reject) => {
          worker.on("message", (result: SeedResult) => {
            if (!ended(result)) void stop();
          });
          worker.once("error", reject);
          worker.once("exit", () => resolve());
        }),
    ),
  );
}
