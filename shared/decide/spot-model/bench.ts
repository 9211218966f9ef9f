/**
 * The bench: rungs set aside until a time. Figures: 56 % of stockouts end within ten minutes and 89 % within sixty; a bench
 * must outlast the slowest launch failure, or two full places ping-pong; skipping a benched rung does not refresh it.
 */
import { hour, type Millis, minute } from "../../time/clock.ts";
import type { BenchEntry } from "../memory.ts";

type Bench = readonly BenchEntry[];

/** How long each class sets a rung aside: at the first strike, and at most after doublings. */
const terms = {
  stockout: { first: 10 * minute, most: hour },
  failed: { first: 10 * minute, most: hour },
  preempted: { first: 10 * minute, most: 10 * minute },
  quota: { first: 6 * hour, most: 6 * hour },
  busy: { first: minute, most: minute },
} satisfies Record<BenchClass, { first: Millis; most: Millis }>;

/** Why a rung is set aside; a rung that is too dear needs no entry, its price says so at every look. */
export type BenchClass = Exclude<BenchEntry["class"], "too-dear">;

/** Strikes are forgotten after this much quiet. */
const quiet = 3 * hour;

function term(entry: { readonly class: BenchEntry["class"]; readonly strikes: number }): Millis {
  if (entry.class === "too-dear") return 0;
  const { first, most } = terms[entry.class];
  return Math.min(first * 2 ** (entry.strikes - 1), most);
}

/** The rung's entry while it keeps the rung set aside. */
export function benchedNow(bench: Bench, rungId: string, now: Millis): BenchEntry | undefined {
  return bench.find((entry) => entry.rungId === rungId && entry.until > now);
}

/** When the rung was last seen without capacity, if that is still remembered. */
export function lastStrikeAt(bench: Bench, rungId: string): Millis | undefined {
  return bench.find((entry) => entry.rungId === rungId)?.at;
}

/**
 * Sets rungs aside.
 * @param atLeast the slowest launch failure times the number of rungs, so that the bench outlasts a tour of the ladder.
 */
export function strike(
  bench: Bench,
  rungIds: readonly string[],
  reason: BenchClass,
  now: Millis,
  atLeast: Millis = 0,
): BenchEntry[] {
  const struck = rungIds.map((rungId): BenchEntry => {
    const before = bench.find((entry) => entry.rungId === rungId);
    const again = before !== undefined && before.class === reason && now - before.at < quiet;
    const strikes = again ? before.strikes + 1 : 1;
    const until = now + Math.max(term({ class: reason, strikes }), atLeast);
    return { rungId, class: reason, strikes, at: now, until: Math.max(until, before?.until ?? 0) };
  });
  return [...bench.filter((entry) => !rungIds.includes(entry.rungId)), ...struck];
}

/**
 * Takes the one retry that an ended bench allows: the rung counts as set aside again from its selection, so that a burst of
 * wake-ups cannot pile onto it. {@link free} gives it back.
 */
export function takeRetry(bench: Bench, rungId: string, now: Millis): BenchEntry[] {
  return bench.map((entry) => (entry.rungId === rungId ? { ...entry, until: now + term(entry) } : entry));
}

/** Lets a rung be chosen again: it came up, or the call was never made. Its strikes stay until it has been quiet. */
export function free(bench: Bench, rungId: string, now: Millis): BenchEntry[] {
  return bench.map((entry) => (entry.rungId === rungId ? { ...entry, until: Math.min(entry.until, now) } : entry));
}

/** The bench once a person has said that it is mended: what only a person mends, a refused rung or a quota, is tried again. */
export function mended(bench: Bench): BenchEntry[] {
  return bench.filter(({ class: reason }) => reason !== "failed" && reason !== "quota");
}

/**
 * Forgets what no rule asks for any more.
 * @param rungIds rungs of the ladder as it is now.
 * @param remember how far back a return to Spot looks.
 */
export function tidy(bench: Bench, rungIds: ReadonlySet<string>, now: Millis, remember: Millis): BenchEntry[] {
  return bench.filter(
    (entry) => rungIds.has(entry.rungId) && (entry.until > now || now - entry.at < Math.max(quiet, remember)),
  );
}
