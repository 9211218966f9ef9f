/** The store as one process reaches it: out of reach at times, contended, and with commits whose fate it does not learn. */

import type { Documents } from "../../../shared/state/documents.ts";
import type { Collection, ListOptions, Store, Transaction, Versioned } from "../../../shared/state/store.ts";
import { StoreUnavailable } from "../../../shared/state/store.ts";
import type { Dice } from "../dice.ts";
import type { Instance } from "./instance.ts";
import type { Memory } from "./memory.ts";
import type { Weather } from "./weather.ts";

/** What the port is made of. */
export interface StorePortParts {
  readonly instance: Instance;
  readonly memory: Memory;
  readonly dice: Dice;
  readonly weather: Weather;
}

/** Opens the port. */
export function openStorePort({ instance, memory, dice, weather }: StorePortParts): Store {
  async function reach(where: string): Promise<void> {
    await instance.pass(where);
    if (dice.chance(weather.rates.storeDown))
      throw new StoreUnavailable(`simulated: ${where}: the store is out of reach`);
  }

  /** A transaction's reads are awaits like any other. */
  function gated(tx: Transaction, writes: "kept" | "dropped"): Transaction {
    const { put, remove } = tx;
    return {
      async get<C extends Collection>(collection: C, id: string): Promise<Versioned<Documents[C]> | undefined> {
        const found = await tx.get(collection, id);
        await instance.pass(`having read ${collection}/${id}`);
        return found;
      },
      put: writes === "kept" ? put : () => {},
      remove: writes === "kept" ? remove : () => {},
    };
  }

  return {
    async get(collection, id) {
      await reach(`reading ${collection}/${id}`);
      return memory.get(collection, id);
    },
    async list(collection, options?: ListOptions) {
      await reach(`listing ${collection}`);
      return memory.list(collection, options);
    },
    async transaction(work) {
      await reach("beginning a transaction");
      if (dice.chance(weather.rates.conflict)) {
        // The reads were not true any more at commit: everything runs again.
        await memory.transaction((tx) => work(gated(tx, "dropped")));
      }
      const value = await memory.transaction((tx) => work(gated(tx, "kept")));
      if (dice.chance(weather.rates.ambiguous)) {
        await instance.pass("having committed, answer lost");
        throw new StoreUnavailable("simulated: the commit's answer was lost");
      }
      await instance.pass("having committed");
      return value;
    },
    async sweep(now) {
      await reach("sweeping");
      return memory.sweep(now);
    },
    close: async () => {},
  };
}
