/** Drawing lots for a plan: each strand of it has dice of its own, so that one more target does not change the others. */
import type { Random } from "../../../local/clock/clock.ts";
import { createRandom } from "../../../local/clock/random.ts";

/** Dice of one strand: the same seed and name give the same throws. */
export function dice(seed: number, strand: string): Random {
  let mixed = seed >>> 0;
  for (const character of strand) mixed = (Math.imul(mixed, 31) + (character.codePointAt(0) ?? 0)) >>> 0;
  return createRandom(mixed);
}

/** A whole number from `least` to `most`, both included. */
export function between(random: Random, least: number, most: number): number {
  return least + Math.floor(random() * (most - least + 1));
}
