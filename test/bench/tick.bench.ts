/** What a tick costs over fleets of 10, 1,000 and 10,000 targets: Vertex calls, time, memory. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Bench, Measure } from "./bench.ts";
import { fleetOf } from "./tick/fleet-of.ts";
import { startVertexDouble } from "./tick/vertex-double.ts";
import { inProcess, type Job } from "./tick/worker.ts";

const locations = 5;
const sizes = [10, 1_000, 10_000] as const;
/** What a tick may take, in 10^6 bytes, and how long: it would do in a function of 256 MB. */
const mostMegabytes = 256;
const mostMilliseconds = 10_000;

async function measure(targets: number): Promise<{ readonly measures: readonly Measure[]; readonly took: number }> {
  const folder = await mkdtemp(join(tmpdir(), "tidekeeper-bench-"));
  const vertex = await startVertexDouble(fleetOf(targets, locations));
  try {
    const job = (work: Job["work"]): Job => ({
      work,
      rest: vertex.rest,
      store: `sqlite:${join(folder, "store.sqlite")}`,
      targets,
      locations,
    });
    await inProcess(job("prepare"));
    vertex.takeCounts();
    const { milliseconds, megabytes, poked } = await inProcess(job("tick"));
    const calls = vertex.takeCounts();
    if (poked > 0) throw new Error(`${poked} pokes in a world where all is well`);
    const baseline = await inProcess(job("gets"));
    const gets = vertex.takeCounts();
    const of = (what: string) => `${what}, ${targets.toLocaleString("en-US")} targets`;
    const large = targets === sizes.at(-1);
    return {
      took: milliseconds,
      measures: [
        { what: of("tick"), value: milliseconds, unit: "ms", ...(large ? { most: mostMilliseconds } : {}) },
        { what: of("most memory"), value: megabytes, unit: "MB", ...(large ? { most: mostMegabytes } : {}) },
        { what: of("lists a tick"), value: calls.lists / 3, unit: "count", most: 3 * locations },
        { what: of("pages a tick, 100 a page"), value: calls.pages / 3, unit: "count" },
        { what: of("reads one by one a tick"), value: calls.gets / 3, unit: "count", most: 0 },
        { what: of("baseline, a Get each: reads"), value: gets.gets / 3, unit: "count" },
        { what: of("baseline, a Get each: the reading alone"), value: baseline.milliseconds, unit: "ms" },
      ],
    };
  } finally {
    await vertex.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

export const bench: Bench = {
  about: `a tick in ${locations} locations where all is well, over REST and SQLite, against reading target by target`,
  repetitions: 1,
  async run() {
    const measures: Measure[] = [];
    const took = new Map<number, number>();
    for (const targets of sizes) {
      const result = await measure(targets);
      took.set(targets, result.took);
      measures.push(...result.measures);
    }
    const growth = (took.get(10_000) ?? 0) / (took.get(1_000) ?? 1);
    return [...measures, { what: "time, 10,000 targets against 1,000", value: growth, unit: "x", most: 15 }];
  },
};
