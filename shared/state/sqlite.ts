/**
 * The store in one SQLite file, for one machine and any number of processes. A process that is killed loses nothing that
 * was committed; a machine that loses power may lose its last commits, never half of one (WAL, synchronous NORMAL).
 */
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import type { Millis } from "../time/clock.ts";
import { BufferedTransaction, type ReadMade, type WriteHeld } from "./buffer.ts";
import { checkId, decodeDocument } from "./codec.ts";
import type { Documents } from "./documents.ts";
import { type Patience, realPatience, type Tried, type Trying, tryAgain } from "./patience.ts";
import {
  type Collection,
  type ListOptions,
  type Store,
  StoreUnavailable,
  type Transaction,
  type Versioned,
} from "./store.ts";

/** SQLite's own wait for a lock blocks the whole process, so it is short; the longer waits are ours. */
const lockWait: Millis = 50;

/** About 9 s at the most, half of it on average. */
const trying: Trying = { tries: 24, first: 4, most: 500 };

/** Layout of the tables, kept in `PRAGMA user_version`. */
const layout = 1;

const tables = `
  CREATE TABLE IF NOT EXISTS documents (
    collection TEXT NOT NULL,
    id TEXT NOT NULL,
    version INTEGER NOT NULL,
    expire_at REAL,
    text TEXT NOT NULL,
    PRIMARY KEY (collection, id)
  ) STRICT;
  CREATE INDEX IF NOT EXISTS documents_by_expiry ON documents (expire_at) WHERE expire_at IS NOT NULL;
  CREATE TABLE IF NOT EXISTS commits (only INTEGER PRIMARY KEY CHECK (only = 1), newest INTEGER NOT NULL) STRICT;
  INSERT OR IGNORE INTO commits VALUES (1, 0);
  PRAGMA user_version = ${layout};
`;

/** Low byte of SQLite's result code; the rest says more about the same thing. */
function resultCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !("errcode" in error) || typeof error.errcode !== "number") return undefined;
  return error.errcode & 0xff;
}

/** SQLITE_BUSY and SQLITE_LOCKED: somebody else is writing, or recovering the log. */
function isBusy(error: unknown): boolean {
  const code = resultCode(error);
  return code === 5 || code === 6;
}

/** The reads of a transaction are not true any more. */
class Conflict extends Error {
  override readonly name = "Conflict";
}

/** Options of {@link openSqlite}. */
export interface SqliteOptions {
  readonly patience?: Patience;
}

/**
 * Opens (and makes) the file. Its folder is made too.
 * @param file a path, or `:memory:` for a store of this process alone.
 * @throws StoreUnavailable when the file cannot be opened, is no database, or was written by a newer layout.
 */
export function openSqlite(file: string, options: SqliteOptions = {}): Store {
  let database: DatabaseSync | undefined;
  try {
    if (file !== ":memory:") mkdirSync(dirname(file), { recursive: true });
    database = new DatabaseSync(file, { timeout: 10_000 });
    prepare(database);
    return new SqliteStore(file, database, options.patience ?? realPatience);
  } catch (error) {
    database?.close();
    if (error instanceof StoreUnavailable) throw error;
    throw new StoreUnavailable(
      `the store's file ${file} cannot be opened: ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    );
  }
}

function prepare(database: DatabaseSync): void {
  const found = database.prepare("PRAGMA user_version").get()?.["user_version"];
  if (typeof found === "number" && found > layout) {
    throw new StoreUnavailable(
      `the store's file was written by a newer Tidekeeper (layout ${found}, this one knows ${layout}); update this one`,
    );
  }
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;");
  if (found !== layout) database.exec(`BEGIN IMMEDIATE; ${tables} COMMIT;`);
  database.exec(`PRAGMA busy_timeout = ${lockWait}`);
}

class SqliteStore implements Store {
  readonly #file: string;
  readonly #database: DatabaseSync;
  readonly #patience: Patience;
  readonly #statements = new Map<string, ReturnType<DatabaseSync["prepare"]>>();

  constructor(file: string, database: DatabaseSync, patience: Patience) {
    this.#file = file;
    this.#database = database;
    this.#patience = patience;
  }

  async get<C extends Collection>(collection: C, id: string): Promise<Versioned<Documents[C]> | undefined> {
    checkId(collection, id);
    return this.#try(`reading ${collection}/${id}`, async () => this.#read(collection, id));
  }

  async list<C extends Collection>(
    collection: C,
    { prefix = "", after = "", limit }: ListOptions = {},
  ): Promise<readonly (Versioned<Documents[C]> & { readonly id: string })[]> {
    const rows = await this.#try(`listing ${collection}`, async () =>
      this.#prepare(
        "SELECT id, version, text FROM documents WHERE collection = ? AND id >= ? AND id < ? AND id > ? ORDER BY id LIMIT ?",
      ).all(collection, prefix, `${prefix}\u{10ffff}`, after, limit ?? -1),
    );
    return rows.map((row) => ({
      id: String(row["id"]),
      version: String(row["version"]),
      value: decodeDocument<C>(String(row["text"])),
    }));
  }

  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    return this.#try("a transaction", async () => {
      const tx = new BufferedTransaction(async (collection, id) => this.#read(collection, id));
      let value: T;
      try {
        value = await work(tx);
      } catch (error) {
        // What the work made of documents that changed between two reads says nothing: look again.
        if (!isBusy(error)) this.#commit(tx.reads, []);
        throw error;
      } finally {
        tx.end();
      }
      this.#commit(tx.reads, tx.writes);
      return value;
    });
  }

  async sweep(now: Millis): Promise<number> {
    return this.#try("sweeping", async () =>
      Number(this.#prepare("DELETE FROM documents WHERE expire_at <= ?").run(now).changes),
    );
  }

  async close(): Promise<void> {
    if (this.#database.isOpen) this.#database.close();
  }

  #read<C extends Collection>(collection: C, id: string): Versioned<Documents[C]> | undefined {
    const row = this.#prepare("SELECT version, text FROM documents WHERE collection = ? AND id = ?").get(
      collection,
      id,
    );
    return row && { version: String(row["version"]), value: decodeDocument<C>(String(row["text"])) };
  }

  /** Checks the reads and makes the writes without an await in between: the lock is never held across one. */
  #commit(reads: Iterable<ReadMade>, writes: readonly WriteHeld[]): void {
    this.#database.exec(writes.length > 0 ? "BEGIN IMMEDIATE" : "BEGIN");
    try {
      const version = this.#prepare("SELECT version FROM documents WHERE collection = ? AND id = ?");
      for (const read of reads) {
        const found = version.get(read.collection, read.id)?.["version"];
        if ((found === undefined ? undefined : String(found)) !== read.version) {
          throw new Conflict(`${read.collection}/${read.id} was changed by somebody else meanwhile`);
        }
      }
      if (writes.length > 0) this.#write(writes);
      this.#database.exec("COMMIT");
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      throw error;
    }
  }

  #write(writes: readonly WriteHeld[]): void {
    const newest = this.#prepare("UPDATE commits SET newest = newest + 1 RETURNING newest").get()?.["newest"] ?? 0;
    const put = this.#prepare(
      "INSERT OR REPLACE INTO documents (collection, id, version, expire_at, text) VALUES (?, ?, ?, ?, ?)",
    );
    const remove = this.#prepare("DELETE FROM documents WHERE collection = ? AND id = ?");
    for (const { collection, id, document } of writes) {
      if (document) put.run(collection, id, newest as SQLInputValue, document.expireAt ?? null, document.text);
      else remove.run(collection, id);
    }
  }

  #prepare(sql: string): ReturnType<DatabaseSync["prepare"]> {
    const statement = this.#statements.get(sql) ?? this.#database.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }

  #try<T>(what: string, work: () => Promise<T>): Promise<T> {
    return tryAgain(`${what} in the store ${this.#file}`, trying, this.#patience, async (): Promise<Tried<T>> => {
      if (!this.#database.isOpen) throw new StoreUnavailable(`the store ${this.#file} is closed`);
      try {
        return { end: "done", value: await work() };
      } catch (cause) {
        if (cause instanceof Conflict || isBusy(cause)) return { end: "again", cause };
        if (resultCode(cause) === undefined && this.#database.isOpen) throw cause;
        throw new StoreUnavailable(`${what} in the store ${this.#file} failed: ${(cause as Error).message}`, { cause });
      }
    });
  }
}
