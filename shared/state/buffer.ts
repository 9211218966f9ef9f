/**
 * A transaction's working side, the same for every store: remembers what was read, holds writes back, and keeps the rule
 * that reads come before writes.
 */
import { checkId, type EncodedDocument, encodeDocument } from "./codec.ts";
import type { Documents } from "./documents.ts";
import type { Collection, Transaction, Versioned } from "./store.ts";

/** One document's address. */
export interface Address {
  readonly collection: Collection;
  readonly id: string;
}

/** Reads one document of the store, inside its transaction. */
export type Read = <C extends Collection>(collection: C, id: string) => Promise<Versioned<Documents[C]> | undefined>;

/** A read that was made: `version` is undefined where there was no document. */
export type ReadMade = Address & { readonly version: string | undefined };

/** A write held back; `document` is undefined for a removal. */
export type WriteHeld = Address & { readonly document: EncodedDocument | undefined };

/** What `work` of {@link import("./store.ts").Store.transaction} is given. */
export class BufferedTransaction implements Transaction {
  readonly #read: Read;
  readonly #reads = new Map<string, ReadMade>();
  readonly #answers = new Map<string, Promise<Versioned<unknown> | undefined>>();
  readonly #writes = new Map<string, WriteHeld>();
  #over = false;

  constructor(read: Read) {
    this.#read = read;
  }

  /** Reads made so far, each once. */
  get reads(): Iterable<ReadMade> {
    return this.#reads.values();
  }

  /** Writes held back, the last one of each document. */
  get writes(): readonly WriteHeld[] {
    return [...this.#writes.values()];
  }

  /** Ends it: later use is an error, not a silent loss. */
  end(): void {
    this.#over = true;
  }

  async get<C extends Collection>(collection: C, id: string): Promise<Versioned<Documents[C]> | undefined> {
    this.#checkOpen();
    checkId(collection, id);
    if (this.#writes.size > 0) {
      throw new Error(
        `${collection}/${id} is read after a write; a transaction reads everything before its first write`,
      );
    }
    const key = `${collection}/${id}`;
    const earlier = this.#answers.get(key);
    const answer = earlier ?? this.#read(collection, id);
    this.#answers.set(key, answer);
    const found = (await answer) as Versioned<Documents[C]> | undefined;
    this.#reads.set(key, { collection, id, version: found?.version });
    return found;
  }

  put<C extends Collection>(collection: C, id: string, value: Documents[C]): void {
    this.#hold(collection, id, encodeDocument(collection, id, value));
  }

  remove(collection: Collection, id: string): void {
    checkId(collection, id);
    this.#hold(collection, id, undefined);
  }

  #hold(collection: Collection, id: string, document: EncodedDocument | undefined): void {
    this.#checkOpen();
    this.#writes.set(`${collection}/${id}`, { collection, id, document });
  }

  #checkOpen(): void {
    if (this.#over) throw new Error("this transaction is over; await everything inside the function that was given it");
  }
}
