/** A store as a command sees it that dies in the middle: its process was killed, or the laptop was closed. */
import type { Store } from "../../../shared/state/store.ts";

/** Nothing more comes of the command. */
export class CommandDied extends Error {
  override readonly name = "CommandDied";
}

/** @param transactions that the command still makes. */
export function closingAfter(transactions: number, store: Store): Store {
  let left = transactions;
  return {
    get: (collection, id) => store.get(collection, id),
    list: (collection, options) => store.list(collection, options),
    transaction: async (work) => {
      if (left-- <= 0) throw new CommandDied();
      return store.transaction(work);
    },
    sweep: (now) => store.sweep(now),
    close: async () => undefined,
  };
}
