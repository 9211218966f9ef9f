/** A thread that runs the seeds it is given and posts how each ended. */
import { enableCompileCache } from "node:module";
import { parentPort, workerData } from "node:worker_threads";

/** What a thread is to do: the seeds from `first` to `last`. */
export interface Share {
  readonly first: number;
  readonly last: number;
  readonly hours: number;
}

// Loading takes as long as ten seeds otherwise.
enableCompileCache();
const { runSeed } = await import("./run-seed.ts");
const { first, last, hours } = workerData as Share;
for (let seed = first; seed <= last; seed += 1) {
  parentPort?.postMessage(await runSeed(seed, { hours }));
}
