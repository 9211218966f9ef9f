/** Everything the model remembers is a set of named slices, so that a snapshot is whole by construction. */
import type { Json, JsonObject } from "../../wire/service.ts";

/** One part of the model's memory. */
interface Slice {
  /** The part's memory as plain values; what is undefined is left out. */
  save(): unknown;
  /** Replaces the memory by what {@link Slice.save} once gave. */
  load(saved: Json): void;
}

/** The whole memory. */
export interface Slices {
  /** Adds a part; names are unique. */
  add(name: string, slice: Slice): void;
  /** A deep copy of every part. */
  snapshot(): Json;
  /** Replaces every part; throws when the snapshot is not one of this format or lacks a part. */
  restore(snapshot: Json): void;
}

const format = 1;

/** Creates an empty memory. Parts are restored in the order in which they were added. */
export function createSlices(): Slices {
  const slices = new Map<string, Slice>();
  return {
    add(name, slice) {
      if (slices.has(name)) throw new Error(`Two parts of the Vertex model are called "${name}"; rename one.`);
      slices.set(name, slice);
    },
    snapshot() {
      const parts = Object.fromEntries([...slices].map(([name, slice]) => [name, slice.save()]));
      return JSON.parse(JSON.stringify({ format, parts }));
    },
    restore(snapshot) {
      const parts = partsOf(snapshot);
      const missing = [...slices.keys()].filter((name) => !(name in parts));
      if (missing.length > 0) {
        throw new Error(`The Vertex snapshot lacks ${missing.join(", ")}; take it again with this version.`);
      }
      const copy: JsonObject = structuredClone(parts);
      for (const [name, slice] of slices) slice.load(copy[name] ?? null);
    },
  };
}

function partsOf(snapshot: Json): JsonObject {
  if (snapshot !== null && typeof snapshot === "object" && !Array.isArray(snapshot) && snapshot["format"] === format) {
    const parts = snapshot["parts"];
    if (parts !== null && typeof parts === "object" && !Array.isArray(parts)) return parts;
  }
  throw new Error(`Not a snapshot of the local Vertex AI in format ${format}; use what GET /snapshot answered.`);
}

/** A slice that is one replaceable value, e.g. the switches. */
export interface Cell<T> {
  value: T;
}

/** Registers a value as a slice and gives the cell that holds it. */
export function createCell<T>(slices: Slices, name: string, initial: T): Cell<T> {
  const cell: Cell<T> = { value: initial };
  slices.add(name, {
    save: () => cell.value,
    load: (saved) => {
      cell.value = saved as T;
    },
  });
  return cell;
}

/** Registers a map from strings to plain values as a slice. */
export function createTable<T>(slices: Slices, name: string): Map<string, T> {
  const table = new Map<string, T>();
  slices.add(name, {
    save: () => [...table],
    load: (saved) => {
      table.clear();
      for (const [key, value] of saved as [string, Json][]) table.set(key, value as T);
    },
  });
  return table;
}
