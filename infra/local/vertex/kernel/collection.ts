/** Records by name and, oldest first, under each of their parents. */
import type { Json } from "../../wire/service.ts";
import type { Slices } from "./slices.ts";

/** What every kept record has. */
export type Kept = {
  /** Unique in its collection. */
  name: string;
  /** Order of creation within its collection. */
  seq: number;
};

/** A collection of records; lookups do not grow with its size. */
export interface Collection<T extends Kept> {
  get(name: string): T | undefined;
  /** Adds a record, giving it the next place in the order of creation. */
  add(record: Omit<T, "seq">): T;
  remove(name: string): void;
  /** The records under a parent, oldest first. */
  under(parent: string): readonly T[];
  /** Every record, oldest first. */
  all(): Iterable<T>;
}

/**
 * Creates a collection kept in the model's memory.
 * @param parentsOf - under which parents a record is listed; must not change while the record is kept.
 */
export function createCollection<T extends Kept>(
  slices: Slices,
  title: string,
  parentsOf: (record: Omit<T, "seq">) => readonly string[],
): Collection<T> {
  const byName = new Map<string, T>();
  const byParent = new Map<string, T[]>();
  let next = 1;

  const insert = (record: T): T => {
    byName.set(record.name, record);
    for (const parent of parentsOf(record)) {
      const siblings = byParent.get(parent);
      if (siblings) siblings.push(record);
      else byParent.set(parent, [record]);
    }
    return record;
  };

  slices.add(title, {
    save: () => ({ next, records: [...byName.values()] }),
    load: (saved: Json) => {
      const memory = saved as unknown as { next: number; records: T[] };
      byName.clear();
      byParent.clear();
      next = memory.next;
      for (const record of memory.records) insert(record);
    },
  });

  return {
    get: (name) => byName.get(name),
    add: (record) => insert({ ...record, seq: next++ } as T),
    remove(name) {
      const record = byName.get(name);
      if (!record) return;
      byName.delete(name);
      for (const parent of parentsOf(record)) {
        const siblings = byParent.get(parent) ?? [];
        const at = firstAtOrAfter(siblings, record.seq);
        if (siblings[at] === record) siblings.splice(at, 1);
        if (siblings.length === 0) byParent.delete(parent);
      }
    },
    under: (parent) => byParent.get(parent) ?? [],
    all: () => byName.values(),
  };
}

/** Index of the first record whose place is `seq` or later, in records ordered by creation. */
export function firstAtOrAfter(records: readonly Kept[], seq: number): number {
  let low = 0;
  let high = records.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((records[middle]?.seq ?? 0) < seq) low = middle + 1;
    else high = middle;
  }
  return low;
}
