/** What a function needs of its home, opened once per process and kept for the next wake-up. */
import { type Bus, openBus } from "./events/bus.ts";
import { createLog, type Log } from "./outcomes/log.ts";
import type { Outcome } from "./outcomes/outcome.ts";
import { readSettings, type Settings } from "./settings.ts";
import { openStore } from "./state/open.ts";
import { publishOwed } from "./state/outbox.ts";
import type { Store } from "./state/store.ts";
import type { WhenMissing } from "./state/store-file.ts";
import type { Clock } from "./time/clock.ts";
import { openClock } from "./time/open-clock.ts";
import { createReader } from "./vertex/reader.ts";
import type { VertexReader } from "./vertex/vertex.ts";

/** Everything but the write client: only reconcile opens that. */
export interface Home {
  readonly settings: Settings;
  readonly store: Store;
  readonly reader: VertexReader;
  readonly bus: Bus;
  readonly log: Log;
  /** Reads the clock; once per wake-up. */
  clock(): Promise<Clock>;
  /** Asks for a look at one target. Lost pokes cost a tick, so a failure is logged and forgotten. */
  poke(targetKey: string): Promise<void>;
  /** Publishes what the outbox holds. @returns how many outcomes went out. */
  publishOwed(): Promise<number>;
  close(): Promise<void>;
}

let opening: Promise<Home> | undefined;

/**
 * The process's home, as the environment says.
 * @throws Error naming what is wrong with the environment; StoreUnavailable when the store cannot be opened. The next call
 * tries again.
 */
export function openHome(): Promise<Home> {
  opening ??= makeHome(readSettings(process.env)).catch((error: unknown) => {
    opening = undefined;
    throw error;
  });
  return opening;
}

/**
 * Opens a home of one's own: for the command and for tests.
 * @param missing what is done where the store's file is not there; a store whose id is known was there before.
 */
export async function makeHome(
  settings: Settings,
  missing: WhenMissing = settings.storeId === undefined ? "make" : "refuse",
): Promise<Home> {
  return homeOf({
    settings,
    store: await openStore(settings.store, { missing }),
    reader: createReader({ project: settings.project, rest: settings.local?.rest }),
    bus: openBus(settings),
    log: createLog((line) => console.log(line)),
    clock: openClock(settings.clock),
  });
}

/** The record of what was deleted is in the log too: it outlives a lost store. */
function logOutcome(log: Log, { id, phase, target, what, why, operation, details, restore }: Outcome): void {
  const line = `${phase}${target === undefined ? "" : ` ${target}`}: ${what}: ${why}`;
  log(phase === "alert" ? "ERROR" : "NOTICE", line, { outcome: id, target, operation, details, restore });
}

/** A home made of parts that are open: of the real ones, or of those of a simulated world. */
export function homeOf(parts: Omit<Home, "poke" | "publishOwed" | "close">): Home {
  const { store, bus, log } = parts;
  return {
    ...parts,
    async poke(targetKey) {
      try {
        await bus.publish("pokes", { data: { target: targetKey } });
      } catch (error) {
        log("WARNING", `the poke of ${targetKey} was not published; the next tick will find it`, {
          error: String(error),
        });
      }
    },
    async publishOwed() {
      const publish = async (outcome: Outcome) => {
        await bus.publish("outcomes", {
          data: outcome,
          attributes: {
            id: outcome.id,
            eventId: outcome.eventId,
            phase: outcome.phase,
            final: String(outcome.final),
            ...(outcome.target === undefined ? {} : { target: outcome.target }),
          },
        });
      };
      return publishOwed(store, publish, { onForgotten: (outcome) => logOutcome(log, outcome) });
    },
    async close() {
      await bus.close();
      await store.close();
    },
  };
}
