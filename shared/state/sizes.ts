/**
 * What size several scale events of one pool add up to. They count in their own order, so that a change which is
 * delivered late is still counted, and all orders of delivery end in the same size.
 */
import type { SizeAsked, SizeHistory } from "./documents.ts";
import { compareOrder } from "./order.ts";

/** What a size may be. */
export interface Bounds {
  readonly min: number;
  readonly max: number;
}

/** Events of one pool kept; older ones are counted into the base. */
const mostAsked = 64;

/** The size after one more event, and what it would be without bounds. */
export function step(
  size: number,
  asked: SizeAsked,
  bounds: Bounds,
): { readonly size: number; readonly unbounded: number } {
  const unbounded = "replicas" in asked ? asked.replicas : size + asked.delta;
  return { size: Math.min(bounds.max, Math.max(bounds.min, unbounded)), unbounded };
}

/** The size that the events up to and including `last` (default: all) add up to. */
export function sizeOf({ base, asked }: SizeHistory, bounds: Bounds, last = asked.length - 1): number {
  return asked.slice(0, last + 1).reduce((size, one) => step(size, one, bounds).size, base);
}

/** Puts an event where it belongs. What comes before the newest absolute size does not count any more and is dropped. */
export function withAsked(history: SizeHistory, added: SizeAsked, bounds: Bounds): SizeHistory {
  const all = [...history.asked, added].sort(compareOrder);
  const absolute = all.findLastIndex((one) => "replicas" in one);
  const surplus = Math.max(absolute, all.length - mostAsked, 0);
  return { base: sizeOf({ base: history.base, asked: all }, bounds, surplus - 1), asked: all.slice(surplus) };
}
