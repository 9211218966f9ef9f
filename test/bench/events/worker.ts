/**
 * One process of the events' bench: `worker.ts JOB`, where JOB is JSON. It takes events as `scale` does and their pokes as
 * `reconcile` does, on SQLite in a file, and tells its parent what it came to.
 */
import type { Home } from "../../../shared/home.ts";
import { receiveEvent, receivePoke } from "../../../shared/receive.ts";
import { applyFleet } from "../../../shared/state/apply.ts";
import { openStore } from "../../../shared/state/open.ts";
import { publishOwed } from "../../../shared/state/outbox.ts";
import { type Clock, second, systemClock } from "../../../shared/time/clock.ts";
import { timed } from "../bench.ts";
import { answerJob, inFunctionProcess } from "../function-process.ts";
import { beginning, fleetOf } from "../tick/fleet-of.ts";
import { createInstantVertex } from "./instant-vertex.ts";

/** What to do. */
export interface Job {
  /** `handle`: each event whole. `bare`: the baseline, one transaction an event and nothing else. */
  readonly work: "handle" | "bare";
  readonly store: string;
  readonly events: number;
}

/** What it came to. */
export interface Result {
  readonly perSecond: number;
  /** Resident memory after each tenth of the events, garbage collected, 10^6 bytes. */
  readonly megabytes: readonly number[];
  /** Heap in use then, 10^6 bytes. */
  readonly heap: readonly number[];
  readonly outcomes: number;
  readonly changes: number;
}

const pools = 100;
/** The world goes so far from event to event: a day and more goes by, and what has expired is swept. */
const apart = 3 * second;

async function run({ work, store: url, events }: Job): Promise<Result> {
  const store = await openStore(url);
  let now = beginning;
  const clock: Clock = { now: () => now, wire: systemClock.wire };
  const whole = fleetOf(2 * pools, 1);
  const targets = whole.targets.flatMap((policy) =>
    policy.kind === "persistentResource"
      ? [{ ...policy, scale: { strategy: "patch" as const, pools: { main: { min: 1, max: 99 } } } }]
      : [],
  );
  // A rate that nothing here is held back by.
  const fleet = { ...whole, targets, limits: { ...whole.limits, submissionsPerMinute: 1e6 } };
  await applyFleet(store, fleet, { by: "bench", now });
  const vertex = createInstantVertex(fleet, () => now);
  const poked: string[] = [];
  let outcomes = 0;
  const home: Home = {
    settings: {
      project: "demo",
      prefix: "tidekeeper",
      store: url,
      storeId: undefined,
      local: undefined,
      clock: undefined,
    },
    store,
    reader: vertex.reader,
    bus: { publish: async () => "1", close: async () => undefined },
    log: () => undefined,
    clock: async () => clock,
    poke: async (key) => {
      poked.push(key);
    },
    publishOwed: () =>
      publishOwed(store, async () => {
        outcomes += 1;
      }),
    close: () => store.close(),
  };
  const message = (messageId: string, data: object) => ({
    message: { messageId, data: Buffer.from(JSON.stringify(data)).toString("base64") },
  });
  const handle = async (index: number) => {
    const target = targets[index % pools]?.name ?? "";
    const event = { id: `e${index}`, type: "scale", target, replicas: 1 + (index % 97), source: "bench" };
    await receiveEvent(home, message(`m${index}`, event));
    for (const key of poked.splice(0)) {
      // Started, and settled by the next look.
      for (let looks = 0; looks < 2; looks += 1)
        await receivePoke(home, message("p", { target: key }), async () => vertex.writer);
    }
  };
  const bare = (index: number) =>
    store.transaction(async (tx) => {
      const head = await tx.get("fleet", "head");
      if (head !== undefined) tx.put("fleet", "head", { ...head.value, version: index + 2 });
    });
  const megabytes: number[] = [];
  const heap: number[] = [];
  let took = 0;
  const part = Math.ceil(events / 10);
  for (let from = 0; from < events; from += part) {
    took += await timed(async () => {
      for (let index = from; index < Math.min(events, from + part); index += 1) {
        now += apart;
        await (work === "handle" ? handle(index) : bare(index));
        // As the tick does.
        if (index % 100 === 0) await store.sweep(now);
      }
    });
    globalThis.gc?.();
    megabytes.push(process.memoryUsage.rss() / 1e6);
    heap.push(process.memoryUsage().heapUsed / 1e6);
  }
  await home.close();
  return { perSecond: (events / took) * 1_000, megabytes, heap, outcomes, changes: vertex.changes() };
}

/** Runs a job in a process of its own. */
export const inProcess = (job: Job): Promise<Result> => inFunctionProcess(import.meta.filename, job);

await answerJob(import.meta.filename, run);
