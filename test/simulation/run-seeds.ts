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
  /** Told of each seed as it ends, in any order. */
  readonly ended: (result: SeedResult) => void;
}

/**
 * Seeds of one thread's life, some minutes: a thread gets faster for its first hundred and fifty seeds, and what little
 * memory a seed leaves behind goes with it.
 */
const seedsPerThread = 1_000;

/** @throws when a thread dies: a defect of the simulation, not a violation. */
export async function runSeeds(options: RunOptions): Promise<void> {
  const { count, hours, ended } = options;
  const end = options.first + count;
  const threads = Math.min(count, options.threads ?? availableParallelism());
  const share = Math.min(seedsPerThread, Math.ceil(count / threads));
  let next = options.first;

  function runShare(workerData: Share): Promise<void> {
    const worker = new Worker(new URL("worker.ts", import.meta.url), { workerData });
    return new Promise((resolve, reject) => {
      worker.on("message", ended);
      worker.once("error", reject);
      worker.once("exit", () => resolve());
    });
  }
  async function runShares(): Promise<void> {
    while (next < end) {
      const first = next;
      next = Math.min(end, first + share);
      await runShare({ first, last: next - 1, hours });
    }
  }
  await Promise.all(Array.from({ length: threads }, runShares));
}
