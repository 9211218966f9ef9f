/**
 * The one real store of a world, SQLite in memory, watched: what is in it can be seen at once, and every commit is shown
 * to the invariants.
 */
import type { Documents } from "../../../shared/state/documents.ts";
import type { Patience } from "../../../shared/state/patience.ts";
import { openSqlite } from "../../../shared/state/sqlite.ts";
import type { Collection, ListOptions, Store, Transaction } from "../../../shared/state/store.ts";

/** One document's change by a commit. */
export type Written = {
  [C in Collection]: {
    readonly collection: C;
    readonly id: string;
    readonly before: Documents[C] | undefined;
    readonly after: Documents[C] | undefined;
  };
}[Collection];

type Held = { readonly collection: Collection; readonly id: string; readonly value: unknown };

/** A watched store. */
export class Memory implements Store {
  readonly #patience: Patience;
  readonly #watchers: ((written: readonly Written[]) => void)[] = [];
  #inner: Store;
  #shadow = new Map<string, unknown>();
  #setAside: { readonly inner: Store; readonly shadow: Map<string, unknown> } | undefined;

  constructor(patience: Patience) {
    this.#patience = patience;
    this.#inner = openSqlite(":memory:", { patience });
  }

  /** What the right store holds, also while an empty one is in its place. */
  get #right(): ReadonlyMap<string, unknown> {
    return this.#setAside?.shadow ?? this.#shadow;
  }

  /** A document as committed in the right store. */
  peek<C extends Collection>(collection: C, id: string): Documents[C] | undefined {
    return this.#right.get(`${collection} ${id}`) as Documents[C] | undefined;
  }

  /** Every document of a collection as committed in the right store. */
  peekAll<C extends Collection>(collection: C): readonly (readonly [string, Documents[C]])[] {
    const prefix = `${collection} `;
    return [...this.#right].flatMap(([key, value]) =>
      key.startsWith(prefix) ? [[key.slice(prefix.length), value as Documents[C]] as const] : [],
    );
  }

  /** Whether somebody has put an empty store in its place. */
  get swapped(): boolean {
    return this.#setAside !== undefined;
  }

  watch(watcher: (written: readonly Written[]) => void): void {
    this.#watchers.push(watcher);
  }

  /** Puts an empty store in its place, as a wrong setting does. */
  swap(): void {
    if (this.#setAside !== undefined) return;
    this.#setAside = { inner: this.#inner, shadow: this.#shadow };
    this.#inner = openSqlite(":memory:", { patience: this.#patience });
    this.#shadow = new Map();
  }

  /** Puts the right store back. */
  async swapBack(): Promise<void> {
    if (this.#setAside === undefined) return;
    const wrong = this.#inner;
    this.#inner = this.#setAside.inner;
    this.#shadow = this.#setAside.shadow;
    this.#setAside = undefined;
    await wrong.close();
  }

  get<C extends Collection>(collection: C, id: string) {
    return this.#inner.get(collection, id);
  }

  list<C extends Collection>(collection: C, options?: ListOptions) {
    return this.#inner.list(collection, options);
  }

  async transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    let writes: Held[] = [];
    const shadow = this.#shadow;
    const value = await this.#inner.transaction((tx) => {
      writes = [];
      return work({
        get: (collection, id) => tx.get(collection, id),
        put: (collection, id, document) => {
          tx.put(collection, id, document);
          writes.push({ collection, id, value: document });
        },
        remove: (collection, id) => {
          tx.remove(collection, id);
          writes.push({ collection, id, value: undefined });
        },
      });
    });
    this.#note(shadow, writes);
    return value;
  }

  #note(shadow: Map<string, unknown>, writes: readonly Held[]): void {
    const last = new Map(writes.map((write) => [`${write.collection} ${write.id}`, write]));
    const written = [...last].map(([key, { collection, id, value }]) => {
      const before = shadow.get(key);
      if (value === undefined) shadow.delete(key);
      else shadow.set(key, value);
      return { collection, id, before, after: value } as Written;
    });
    if (written.length > 0) for (const watcher of this.#watchers) watcher(written);
  }

  sweep(now: number): Promise<number> {
    return this.#inner.sweep(now);
  }

  async close(): Promise<void> {
    await this.swapBack();
    await this.#inner.close();
  }
}
