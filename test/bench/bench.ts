/** What a bench is: something that is measured, again and again, each time on its own. */

/** One number of one run. */
export interface Measure {
  /** What was measured, the same words in every run. */
  readonly what: string;
  readonly value: number;
  /** Unit as people read it; `x` for a ratio, whose two sides come from one run. */
  readonly unit: "ms" | "MB" | "/s" | "x" | "count";
  /** The median must not be above it. */
  readonly most?: number;
  /** The median must not be below it. */
  readonly least?: number;
}

/** A bench. Its file is `test/bench/NAME.bench.ts` and exports it as `bench`; the runner finds it there. */
export interface Bench {
  /** What is measured, on what, in one sentence. */
  readonly about: string;
  /** How often it runs unless the command says otherwise. */
  readonly repetitions: number;
  /** One run. Throws Error saying where to get it when something that it needs (a trace, an emulator) is absent. */
  run(): Promise<readonly Measure[]>;
}

/** Milliseconds that something takes. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/** The middle of some numbers. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [low = 0, high = low] = sorted.length % 2 === 1 ? [sorted[middle]] : sorted.slice(middle - 1, middle + 1);
  return (low + high) / 2;
}

/**
 * Does `work` for each of `count` numbers, `width` at a time.
 * @returns how many a second.
 */
export async function rate(count: number, width: number, work: (at: number) => Promise<unknown>): Promise<number> {
  let next = 0;
  const worker = async () => {
    for (let at = next++; at < count; at = next++) await work(at);
  };
  const took = await timed(() => Promise.all(Array.from({ length: width }, worker)));
  return (count / took) * 1000;
}
