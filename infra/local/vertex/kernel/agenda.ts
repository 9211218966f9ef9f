/** What will happen, as data: a snapshot holds the future as well as the present. */
import type { Cancel, WorldClock } from "../../clock/clock.ts";
import type { Json, JsonObject } from "../../wire/service.ts";
import type { Slices } from "./slices.ts";

/** Puts one kind of happening on the agenda; gives the id under which it can be dropped. */
type Schedule<P extends JsonObject> = (time: number, payload: P) => number;

/** The future of the model. */
export interface Agenda {
  /** Names a kind of happening and says what it does. Kinds are unique. */
  define<P extends JsonObject>(kind: string, action: (payload: P) => void): Schedule<P>;
  /** Takes a happening off the agenda; one that has happened, or never was, is ignored. */
  drop(id: number): void;
}

type Entry = { id: number; time: number; kind: string; payload: JsonObject };
type Memory = { next: number; entries: Entry[] };

/** Creates an empty agenda on a world clock. */
export function createAgenda(slices: Slices, clock: WorldClock): Agenda {
  const actions = new Map<string, (payload: JsonObject) => void>();
  const entries = new Map<number, { entry: Entry; cancel: Cancel }>();
  let next = 1;

  const enter = (entry: Entry): void => {
    const cancel = clock.at(entry.time, () => {
      entries.delete(entry.id);
      actions.get(entry.kind)?.(entry.payload);
    });
    entries.set(entry.id, { entry, cancel });
  };

  slices.add("agenda", {
    save: (): Memory => ({ next, entries: [...entries.values()].map(({ entry }) => entry) }),
    load: (saved: Json) => {
      for (const { cancel } of entries.values()) cancel();
      entries.clear();
      const memory = saved as unknown as Memory;
      next = memory.next;
      for (const entry of memory.entries.toSorted((a, b) => a.time - b.time || a.id - b.id)) enter(entry);
    },
  });

  return {
    define<P extends JsonObject>(kind: string, action: (payload: P) => void): Schedule<P> {
      if (actions.has(kind)) throw new Error(`Two kinds of happenings are called "${kind}"; rename one.`);
      actions.set(kind, (payload) => action(payload as P));
      return (time, payload) => {
        const id = next++;
        enter({ id, time, kind, payload });
        return id;
      };
    },
    drop(id) {
      entries.get(id)?.cancel();
      entries.delete(id);
    },
  };
}
