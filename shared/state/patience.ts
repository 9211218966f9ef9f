/** How long a store keeps trying when others are writing the same documents. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Millis } from "../time/clock.ts";
import { StoreUnavailable } from "./store.ts";

/** Chance and waiting, given from outside so that a simulation can replay them. */
export interface Patience {
  /** 0 (included) to 1 (excluded); spreads out those who wait for the same document. */
  random(): number;
  /** Wire time. */
  wait(duration: Millis): Promise<void>;
}

/** Real chance, real waiting. */
export const realPatience: Patience = {
  random: Math.random,
  wait: async (duration) => {
    await sleep(duration);
  },
};

/** Bounds of the trying: the longest wait before try n is `first * 2^(n-1)`, never above `most`. */
export interface Trying {
  readonly tries: number;
  readonly first: Millis;
  readonly most: Millis;
}

/** One try's end. */
export type Tried<T> = { readonly end: "done"; readonly value: T } | { readonly end: "again"; readonly cause: unknown };

/**
 * Tries until it is done, with full jitter between the tries.
 * @param what names the work in the error.
 * @throws StoreUnavailable after the last try.
 */
export async function tryAgain<T>(
  what: string,
  trying: Trying,
  patience: Patience,
  attempt: () => Promise<Tried<T>>,
): Promise<T> {
  let cause: unknown;
  for (let tried = 0; tried < trying.tries; tried++) {
    if (tried > 0) await patience.wait(patience.random() * Math.min(trying.most, trying.first * 2 ** (tried - 1)));
    const result = await attempt();
    if (result.end === "done") return result.value;
    cause = result.cause;
  }
  const reason = cause instanceof Error ? cause.message : String(cause);
  throw new StoreUnavailable(`${what} did not succeed in ${trying.tries} tries (${reason})`, {
    cause,
  });
}
