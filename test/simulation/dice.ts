/** The one source of chance of a simulation: everything that may go one way or another is drawn from its seed. */
import { createRandom } from "../../infra/local/clock/random.ts";
import { stableHash } from "../../shared/state/hash.ts";

/** Seeded chance. */
export interface Dice {
  /** In [0, 1). */
  next(): number;
  chance(probability: number): boolean;
  /** Evenly drawn, `from` included, `to` not. */
  between(from: number, to: number): number;
  /** A whole number, both ends included. */
  whole(from: number, to: number): number;
  /** @throws RangeError for an empty list. */
  pick<T>(items: readonly T[]): T;
  /** Dice of their own, so that one part of the world drawing more often does not change every other part. */
  fork(name: string): Dice;
}

/** Dice that always fall the same way for the same seed. */
export function createDice(seed: string): Dice {
  const next = createRandom(stableHash(seed));
  return {
    next,
    chance: (probability) => probability > 0 && next() < probability,
    between: (from, to) => from + next() * (to - from),
    whole: (from, to) => from + Math.floor(next() * (to - from + 1)),
    pick: (items) => {
      const item = items[Math.floor(next() * items.length)];
      if (item === undefined) throw new RangeError("there is nothing to pick from");
      return item;
    },
    fork: (name) => createDice(`${seed}/${name}`),
  };
}
