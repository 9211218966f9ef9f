/** A job of a bench in a process of its own, with the heap that it would have as a function: memory is a process's. */
import { fork } from "node:child_process";
import { once } from "node:events";

/**
 * What V8 gives itself in a container of 256 or 512 MB: `v8.getHeapStatistics().heap_size_limit` is 259 MB in both, an old
 * space of 256 and three semi-spaces of 1 (Node 24 in a memory cgroup of that size). On a large machine the semi-spaces may
 * grow to 64 MB each, and the most memory would say how large the machine is.
 */
const functionHeap = ["--max-old-space-size=256", "--max-semi-space-size=1"];

/**
 * Runs a job in a new process of `file`, which answers with {@link answerJob}.
 * @throws Error with the exit code, where the process ends without success.
 */
export async function inFunctionProcess<Result>(file: string, job: unknown): Promise<Result> {
  const child = fork(file, [JSON.stringify(job)], { execArgv: ["--expose-gc", ...functionHeap] });
  const [[message], [code]] = await Promise.all([once(child, "message"), once(child, "exit")]);
  if (code !== 0) throw new Error(`${file} ended with ${code}`);
  return message as Result;
}

/** In `file`: when it is run as {@link inFunctionProcess} does, does the job and sends its result. */
export async function answerJob<Job>(file: string, run: (job: Job) => Promise<unknown>): Promise<void> {
  const [, main, given] = process.argv;
  if (main === file && given !== undefined) process.send?.(await run(JSON.parse(given) as Job));
}
