/** Chance whose state is one number, so that a restored snapshot goes on with the very same dice. */
import type { Random } from "../../clock/clock.ts";
import { createRandom } from "../../clock/random.ts";
import { createCell, type Slices } from "./slices.ts";

/** A range of seconds of world time; durations are drawn evenly from it. */
type Span = readonly [from: number, to: number];

/** Seeded chance. */
export interface Randomness {
  /** In [0, 1). */
  next(): number;
  /** A duration drawn evenly from a span of seconds, in milliseconds. */
  duration(span: Span): number;
  /** A decimal number of `digits` digits that fits an int64 and starts with 1 to 8. */
  id(digits: number): string;
  /** One of the items; undefined when there is none. */
  pick<T>(items: readonly T[]): T | undefined;
}

/** An odd step walks through every 32-bit state before it repeats one. */
const step = 0x9e3779b9;

/** Creates chance seeded by one draw from the cloud's own source; the state is walked here, so that it can be saved. */
export function createRandomness(slices: Slices, source: Random): Randomness {
  const state = createCell(slices, "randomness", Math.floor(source() * 2 ** 32));
  const next = (): number => {
    const value = createRandom(state.value)();
    state.value = (state.value + step) >>> 0;
    return value;
  };
  const integer = (below: number): number => Math.floor(next() * below);
  return {
    next,
    duration: ([from, to]) => Math.round((from + (to - from) * next()) * 1000),
    id: (digits) => Array.from({ length: digits }, (_, at) => (at === 0 ? 1 + integer(8) : integer(10))).join(""),
    pick: (items) => items[integer(items.length)],
  };
}
