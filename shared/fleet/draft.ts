/**
 * A fleet file's things, one by one. Where the file is faulty, the sound parts of each thing are kept, so that rules that
 * look at several keys can be checked in the same run and all causes are told at once.
 */
import type { z } from "zod";
import { at } from "./describe.ts";
import type { Path } from "./issues.ts";
import type { PersistentResourceInput } from "./schema/persistent-resource.ts";
import type { CalendarInput, ScheduleInput } from "./schema/schedules.ts";
import type { SpotModelInput } from "./schema/spot-model.ts";
import { type FleetFile, type PriceInput, sections } from "./schema.ts";

/** A thing and where it stands. */
export interface Placed<T> {
  readonly path: Path;
  readonly value: T;
}

/** What rules look at. */
export interface Draft {
  readonly project: string;
  /** Region of targets that do not name their own. */
  readonly location: string | undefined;
  readonly prices: readonly Placed<PriceInput>[];
  /** By name; undefined: defined, but too faulty to look at. */
  readonly calendars: ReadonlyMap<string, CalendarInput | undefined>;
  readonly schedules: ReadonlyMap<string, ScheduleInput | undefined>;
  readonly persistentResources: readonly Placed<PersistentResourceInput>[];
  readonly spotModels: readonly Placed<SpotModelInput>[];
  /** Whether nothing had to be taken away: only then does a name that is not found certainly not exist. */
  readonly whole: boolean;
}

/** The draft of a file without faults. */
export function soundDraft(file: FleetFile): Draft {
  const placed = <T>(section: string, values: readonly T[]) =>
    values.map((value, index) => ({ path: [section, index], value }));
  return {
    project: file.project,
    location: file.location,
    prices: placed("prices", file.prices),
    calendars: new Map(Object.entries(file.calendars)),
    schedules: new Map(Object.entries(file.schedules)),
    persistentResources: placed("persistentResources", file.persistentResources),
    spotModels: placed("spotModels", file.spotModels),
    whole: true,
  };
}

/** The draft of a file with faults: what is sound of it. */
export function salvagedDraft(data: unknown): Draft {
  const list = <S extends z.ZodType>(section: string, schema: S): readonly Placed<z.output<S>>[] => {
    const raw = at(data, [section]);
    return (Array.isArray(raw) ? raw : []).flatMap((item: unknown, index) => {
      const value = salvage(schema, item);
      return value === undefined ? [] : [{ path: [section, index], value }];
    });
  };
  const named = <S extends z.ZodType>(section: string, schema: S): ReadonlyMap<string, z.output<S> | undefined> => {
    const raw = at(data, [section]);
    const entries = typeof raw === "object" && raw !== null && !Array.isArray(raw) ? Object.entries(raw) : [];
    return new Map(entries.map(([name, item]) => [name, salvage(schema, item)]));
  };
  const text = (key: string): string | undefined => {
    const value = at(data, [key]);
    return value === undefined ? undefined : String(value);
  };
  return {
    project: text("project") ?? "",
    location: text("location"),
    prices: list("prices", sections.price),
    calendars: named("calendars", sections.calendar),
    schedules: named("schedules", sections.schedule),
    persistentResources: list("persistentResources", sections.persistentResource),
    spotModels: list("spotModels", sections.spotModel),
    whole: false,
  };
}

/**
 * What takes the place of a faulty key that its group cannot do without. What rules say about such a place is not told, as
 * its fault is known already.
 */
const standIns: { readonly [key: string]: (count: number) => unknown } = {
  name: (count) => `stand-in-${count}`,
  id: (count) => `stand-in-${count}`,
  endpoint: (count) => `stand-in-${count}`,
  model: (count) => `stand-in-${count}`,
  machineType: (count) => `stand-in-${count}`,
  ladder: (count) => [{ machineType: `stand-in-${count}` }],
  onDemand: () => 0,
  zone: () => "UTC",
  when: () => "daily all-day",
  up: () => ["daily all-day"],
};

/** Takes away or replaces what is faulty until the rest is sound; undefined when nothing useful is left. */
function salvage<S extends z.ZodType>(schema: S, item: unknown): z.output<S> | undefined {
  const rest: unknown = structuredClone(item);
  let count = 0;
  // Taking a key away may leave its group without a required key, so the group goes next: as often as groups nest.
  for (let round = 0; round < 6; round++) {
    const result = schema.safeParse(rest);
    if (result.success) return result.data;
    for (const issue of result.error.issues) {
      const path = issue.path as Path;
      if (issue.code === "unrecognized_keys") {
        for (const key of issue.keys) delete (at(rest, path) as { [key: string]: unknown })[key];
      } else if (!remove(rest, path, ++count)) return undefined;
    }
  }
  return undefined;
}

/** Removes what stands at a path, or the nearest key above it; a list loses no single item, so that indexes stay true. */
function remove(data: unknown, path: Path, count: number): boolean {
  for (let length = path.length; length > 0; length--) {
    const step = path[length - 1];
    const parent = at(data, path.slice(0, length - 1));
    if (Array.isArray(parent) && typeof step === "number" && path[length - 2] === "up") {
      parent[step] = "daily all-day";
      return true;
    }
    if (typeof step !== "string" || typeof parent !== "object" || parent === null) continue;
    const group = parent as { [key: string]: unknown };
    const standIn = standIns[step]?.(count);
    if (standIn !== undefined) group[step] = standIn;
    else if (Object.hasOwn(group, step)) delete group[step];
    else continue;
    return true;
  }
  return false;
}
