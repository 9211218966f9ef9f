/**
 * The store: typed documents, read with their version and changed in optimistic transactions. Two implementations
 * (Firestore, SQLite) behind this one interface, one contract suite on both.
 */
import type { Documents } from "./documents.ts";

export type Collection = keyof Documents;

/** A document as read; `version` changes with every write and is compared when a claim is made. */
export interface Versioned<T> {
  readonly value: T;
  readonly version: string;
}

/** Reads and writes that take effect together. All reads come before the first write (Firestore's rule). */
export interface Transaction {
  get<C extends Collection>(collection: C, id: string): Promise<Versioned<Documents[C]> | undefined>;
  /** Creates or overwrites. */
  put<C extends Collection>(collection: C, id: string, value: Documents[C]): void;
  remove(collection: Collection, id: string): void;
}

export interface ListOptions {
  /** Only ids that start with this. */
  readonly prefix?: string;
  /** Only ids after this one; ids are ordered by their bytes. */
  readonly after?: string;
  readonly limit?: number;
}

export interface Store {
  get<C extends Collection>(collection: C, id: string): Promise<Versioned<Documents[C]> | undefined>;
  /** In order of id. */
  list<C extends Collection>(
    collection: C,
    options?: ListOptions,
  ): Promise<readonly (Versioned<Documents[C]> & { readonly id: string })[]>;
  /**
   * Runs `work` until its reads are still true at commit; it may run several times, so it must have no other effect.
   * @throws {@link StoreUnavailable} when the store cannot be reached or contention does not end: the caller's message must
   * not be acknowledged.
   */
  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T>;
  /**
   * Removes expired documents, some thousands at a time.
   * @param now world time, ms
   * @returns how many.
   */
  sweep(now: number): Promise<number>;
  close(): Promise<void>;
}

/** The store did not answer, or the commit's fate is unknown. The one error that is answered with "deliver again". */
export class StoreUnavailable extends Error {
  override readonly name = "StoreUnavailable";
}
