/** A thread that runs the seeds it is given and posts how each ended. */
import { parentPort, workerData } from "node:worker_threads";
import { runSeed } from "./run-seed.ts";

/** What a thread is to do: every `step`-th seed from `first` to `last`. */
export interface Share {
  readonly first: number;
  readonly last: number;
  readonly step: number;
  readonly hours: number;
}

const { first, last, step, hours } = workerData as Share;
for (let seed = first; seed <= last; seed += step) {
  parentPort?.postMessage(await runSeed(seed, { hours }));
}
