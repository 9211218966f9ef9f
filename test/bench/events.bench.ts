/** How many events a second one process handles, each to its end, and whether its memory grows with them. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Bench } from "./bench.ts";
import { inProcess, type Job } from "./events/worker.ts";

/** Fewer by `TIDEKEEPER_BENCH_EVENTS`, for a quick look. */
const events = Number(process.env["TIDEKEEPER_BENCH_EVENTS"] ?? 100_000);

export const bench: Bench = {
  about: `${events.toLocaleString("en-US")} scale events for 100 pools, each stored, answered, carried out and settled, with a Vertex that answers at once`,
  repetitions: 1,
  async run() {
    const folder = await mkdtemp(join(tmpdir(), "tidekeeper-bench-"));
    const job = (work: Job["work"], count: number): Job => ({
      work,
      store: `sqlite:${join(folder, `${work}.sqlite`)}`,
      events: count,
    });
    try {
      const bare = await inProcess(job("bare", Math.min(events, 20_000)));
      const { perSecond, megabytes, heap, outcomes, changes } = await inProcess(job("handle", events));
      if (changes < events / 2) throw new Error(`only ${changes} of ${events} events changed something`);
      process.stderr.write(`resident MB after each tenth: ${megabytes.map(Math.round).join(" ")}\n`);
      process.stderr.write(`heap MB after each tenth: ${heap.map((value) => value.toFixed(1)).join(" ")}\n`);
      // The first tenth is the compiler's and the caches'.
      const growth = (sizes: readonly number[]) => (sizes.at(-1) ?? 0) / (sizes[1] ?? 1);
      return [
        { what: "events a second", value: perSecond, unit: "/s" },
        { what: "baseline: bare transactions a second on the same store", value: bare.perSecond, unit: "/s" },
        { what: "outcomes an event", value: outcomes / events, unit: "count" },
        { what: "memory at the end, resident", value: megabytes.at(-1) ?? 0, unit: "MB" },
        { what: "resident at the end against a fifth of the way", value: growth(megabytes), unit: "x", most: 1.1 },
        { what: "heap at the end against a fifth of the way", value: growth(heap), unit: "x", most: 1.1 },
      ];
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};
