/**
 * Arithmetic of an endpoint's traffic split. A split sums to 100 or is empty, ids that are not listed get nothing, and
 * what belongs to other people is never changed (reference: EndpointService, `Endpoint.traffic_split`).
 */

/** Percent by deployed model id. */
export type TrafficSplit = Readonly<Record<string, number>>;

/** The percent that these ids hold together. */
export function shareOf(split: TrafficSplit, ids: Iterable<string>): number {
  let total = 0;
  for (const id of new Set(ids)) total += Object.hasOwn(split, id) ? (split[id] ?? 0) : 0;
  return total;
}

/** Whether the split routes nothing: unset, or zeros only. */
export function isEmptySplit(split: TrafficSplit): boolean {
  return Object.values(split).every((share) => share === 0);
}

/** Ids that give, together, so many percent at the most. */
export interface Giver {
  readonly ids: readonly string[];
  readonly most: number;
}

/** Moves `amount` percent to `to`: from each giver in turn what it may give, from its largest entry first. */
export function takeShare(
  split: TrafficSplit,
  givers: readonly Giver[],
  to: string,
  amount: number,
): Record<string, number> {
  const after = { ...split };
  let missing = amount;
  for (const { ids, most } of givers) {
    let left = Math.min(most, missing);
    const entries = ids.filter((id) => Object.hasOwn(split, id)).sort((a, b) => (split[b] ?? 0) - (split[a] ?? 0));
    for (const id of entries) {
      const taken = Math.min(left, split[id] ?? 0);
      left -= taken;
      missing -= taken;
      if (taken === split[id]) delete after[id];
      else after[id] = (split[id] ?? 0) - taken;
    }
  }
  return { ...after, [to]: shareOf(split, [to]) + amount - missing };
}

/**
 * Moves all that `from` holds to `to`; every other entry stays as it is. An empty split gives `to` all 100, because
 * nothing else is legal. Whole percents are moved whole, so nothing is ever rounded.
 */
export function moveShare(split: TrafficSplit, from: Iterable<string>, to: string): Record<string, number> {
  if (isEmptySplit(split)) return { [to]: 100 };
  const givers = new Set(from);
  const moved = shareOf(split, [...givers, to]);
  const kept = Object.entries(split).filter(([id]) => id !== to && !givers.has(id));
  return Object.fromEntries(moved > 0 ? [...kept, [to, moved]] : kept);
}
