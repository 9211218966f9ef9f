/** How many machines a place has, and how many of them each project holds. */
import type { Kernel } from "../kernel/kernel.ts";
import { createCell, createTable } from "../kernel/slices.ts";
import { inPattern, type Place, type PlacePattern, placeKey, samePattern } from "./place.ts";

/** At most so many machines in the places of a pattern together, for each project. */
type Limit = { pattern: PlacePattern; machines: number };

/** Machines held. */
type Usage = { place: Place; machines: number };

/** Machines held beyond a limit. */
type Excess = { pattern: PlacePattern; project: string; machines: number };

/** The machines of the world. Places that no limit names have no end. */
export interface Capacity {
  /** Takes up to `wanted` machines; gives how many were had. */
  take(place: Place, wanted: number): number;
  /** Gives machines back. */
  give(place: Place, machines: number): void;
  /** Sets, replaces or (undefined) lifts the limit on exactly this pattern. */
  limit(pattern: PlacePattern, machines: number | undefined): void;
  limits(): readonly Limit[];
  usage(): readonly Usage[];
  /** What is held beyond any limit, after limits have shrunk. */
  excess(): readonly Excess[];
}

/** Creates a world of endless machines. */
export function createCapacity(kernel: Kernel): Capacity {
  const held = createTable<Usage>(kernel.slices, "machines");
  const limits = createCell<Limit[]>(kernel.slices, "machineLimits", []);

  const used = (pattern: PlacePattern, project: string): number => {
    let machines = 0;
    for (const { place, machines: some } of held.values()) {
      if (place.project === project && inPattern(pattern, place)) machines += some;
    }
    return machines;
  };
  const add = (place: Place, machines: number): void => {
    const key = placeKey(place);
    const total = (held.get(key)?.machines ?? 0) + machines;
    if (total > 0) held.set(key, { place, machines: total });
    else held.delete(key);
  };

  return {
    take(place, wanted) {
      const rooms = limits.value
        .filter(({ pattern }) => inPattern(pattern, place))
        .map(({ pattern, machines }) => machines - used(pattern, place.project));
      const taken = Math.max(0, Math.min(wanted, ...rooms));
      if (taken > 0) add(place, taken);
      return taken;
    },
    give: (place, machines) => add(place, -machines),
    limit(pattern, machines) {
      const others = limits.value.filter((limit) => !samePattern(limit.pattern, pattern));
      limits.value = machines === undefined ? others : [...others, { pattern, machines }];
    },
    limits: () => limits.value,
    usage: () => [...held.values()],
    excess() {
      const projects = new Set([...held.values()].map(({ place }) => place.project));
      return limits.value.flatMap(({ pattern, machines }) =>
        [...projects]
          .map((project) => ({ pattern, project, machines: used(pattern, project) - machines }))
          .filter((excess) => excess.machines > 0),
      );
    },
  };
}
