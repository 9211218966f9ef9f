/**
 * The store on Firestore (Native mode). Documents live in collections named `tidekeeper-COLLECTION`, each with the fields
 * `id` (as it is; lists are ordered by it), `text` (the document's JSON), `commit` (which commit wrote it) and, where the
 * document has one, `expireAt` as a Timestamp: by it the tick removes what has expired, so that no TTL policy need be set
 * up, and one may be.
 *
 * Transactions are optimistic: plain reads, then one commit on condition that nothing of it has changed. Firestore's own
 * hold locks from the first read on, which makes many writers of one document wait for each other, or time out.
 */
import { randomUUID } from "node:crypto";
import type { Firestore } from "@google-cloud/firestore";
import type { Millis } from "../time/clock.ts";
import { BufferedTransaction, type ReadMade, type WriteHeld } from "./buffer.ts";
import { decodeDocument } from "./codec.ts";
import type { Documents } from "./documents.ts";
import { addWrite, collectionPath, fromSnapshot, type Library, referenceTo, versionOf } from "./firestore-document.ts";
import { type Patience, realPatience, type Tried, type Trying, tryAgain } from "./patience.ts";
import {
  type Collection,
  type ListOptions,
  type Store,
  StoreUnavailable,
  type Transaction,
  type Versioned,
} from "./store.ts";

/** About 12 s at the most. */
const trying: Trying = { tries: 24, first: 20, most: 1_000 };

/** The client library itself repeats a lost call for a minute; a function has no such time. Wire time. */
const longestCall: Millis = 10_000;

/** gRPC codes with which a read is refused because of others: exhausted, aborted. */
const busy = new Set([8, 10]);

/** gRPC codes with which a commit is refused because of others: not found, exists, exhausted, precondition, aborted. */
const outdated = new Set([5, 6, 8, 9, 10]);

function codeOf(error: unknown): number | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "number" ? error.code : undefined;
}

/** Something that was read has changed, or the store was too busy to say. */
class Conflict extends Error {
  override readonly name = "Conflict";
}

/** A read inside a transaction that failed; told apart from what the work itself throws. */
class ReadFailed extends Error {
  override readonly name = "ReadFailed";
}

/** The collections whose documents expire; all of them, or this does not compile. */
const expiring: Readonly<Record<Expiring, true>> = { events: true };
type Expiring = { [C in Collection]: Documents[C] extends { readonly expireAt: Millis } ? C : never }[Collection];

/** Expired documents that are removed in one commit (at most 500 writes), and commits of one sweep. */
const sweepPage = 400;
const sweepPages = 5;

/** Options of {@link openFirestore}. */
export interface FirestoreOptions {
  /** Default: `(default)`. */
  readonly database?: string;
  readonly patience?: Patience;
  /** Longest wait for one answer, ms of wire time; default 10 s. */
  readonly longestCall?: Millis;
}

/**
 * Opens the project's Firestore; the client library is loaded only here. `FIRESTORE_EMULATOR_HOST` is honoured by it.
 * Nothing is sent yet: a missing database shows with the first read.
 */
export async function openFirestore(projectId: string, options: FirestoreOptions = {}): Promise<Store> {
  const library = await import("@google-cloud/firestore");
  const databaseId = options.database ?? "(default)";
  const firestore = new library.Firestore({ projectId, databaseId });
  return new FirestoreStore(library, firestore, `firestore:${projectId}/${databaseId}`, options);
}

class FirestoreStore implements Store {
  readonly #library: Library;
  readonly #firestore: Firestore;
  readonly #name: string;
  readonly #patience: Patience;
  readonly #longestCall: Millis;
  #closed = false;
  /** Calls that the library still repeats though nobody waits for them. */
  #givenUp = 0;

  constructor(library: Library, firestore: Firestore, name: string, options: FirestoreOptions) {
    this.#library = library;
    this.#firestore = firestore;
    this.#name = name;
    this.#patience = options.patience ?? realPatience;
    this.#longestCall = options.longestCall ?? longestCall;
  }

  async get<C extends Collection>(collection: C, id: string): Promise<Versioned<Documents[C]> | undefined> {
    const reference = referenceTo(this.#firestore, { collection, id });
    return this.#readAgain(`reading ${collection}/${id}`, async () =>
      fromSnapshot<C>(await this.#call(reference.get())),
    );
  }

  async list<C extends Collection>(
    collection: C,
    { prefix = "", after = "", limit }: ListOptions = {},
  ): Promise<readonly (Versioned<Documents[C]> & { readonly id: string })[]> {
    if (limit === 0) return [];
    let query = this.#firestore.collection(collectionPath(collection)).orderBy("id");
    if (prefix !== "") query = query.where("id", ">=", prefix).where("id", "<", `${prefix}\u{10ffff}`);
    if (after !== "") query = query.where("id", ">", after);
    if (limit !== undefined) query = query.limit(limit);
    const found = await this.#readAgain(`listing ${collection}`, () => this.#call(query.get()));
    return found.docs.map((document) => ({
      id: String(document.get("id")),
      value: decodeDocument<C>(String(document.get("text"))),
      version: versionOf(document) ?? "",
    }));
  }

  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    return this.#try("a transaction", async () => {
      const tx = new BufferedTransaction(async (collection, id) => {
        try {
          return fromSnapshot(await this.#call(referenceTo(this.#firestore, { collection, id }).get()));
        } catch (cause) {
          throw new ReadFailed(`${collection}/${id} could not be read`, { cause });
        }
      });
      try {
        const value = await this.#work(tx, work);
        await this.#commit([...tx.reads], tx.writes);
        return { end: "done", value };
      } catch (error) {
        if (error instanceof Conflict) return { end: "again", cause: error };
        if (error instanceof ReadFailed) return this.#afterRead("reading in a transaction", error.cause);
        throw error;
      }
    });
  }

  async sweep(now: Millis): Promise<number> {
    let removed = 0;
    for (const collection of Object.keys(expiring)) {
      for (let page = 0; page < sweepPages; page++) {
        const found = await this.#try(`sweeping ${collection}`, () => this.#sweepPage(collection as Expiring, now));
        removed += found;
        if (found < sweepPage) break;
      }
    }
    return removed;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    // Terminated under a call that it still repeats, the library rejects where nobody can catch it.
    if (this.#givenUp === 0) await this.#firestore.terminate();
  }

  /** Removes some of what has expired, unless it has been written anew since it was found. */
  async #sweepPage(collection: Expiring, now: Millis): Promise<Tried<number>> {
    const { Timestamp } = this.#library;
    const expired = this.#firestore
      .collection(collectionPath(collection))
      .where("expireAt", "<=", Timestamp.fromMillis(now))
      .limit(sweepPage)
      .select();
    try {
      const { docs } = await this.#call(expired.get());
      const batch = this.#firestore.batch();
      for (const { ref, updateTime } of docs) batch.delete(ref, { lastUpdateTime: updateTime });
      if (docs.length > 0) await this.#call(batch.commit());
      return { end: "done", value: docs.length };
    } catch (cause) {
      const code = codeOf(cause);
      if (code !== undefined && outdated.has(code)) return { end: "again", cause };
      throw this.#unavailable(`sweeping ${collection} failed`, cause);
    }
  }

  async #work<T>(tx: BufferedTransaction, work: (tx: Transaction) => Promise<T>): Promise<T> {
    try {
      return await work(tx);
    } catch (error) {
      // What the work made of documents that changed between two reads says nothing: look again.
      if (!(error instanceof ReadFailed)) await this.#commit([...tx.reads], []);
      throw error;
    } finally {
      tx.end();
    }
  }

  /** @throws Conflict when a read is not true any more; StoreUnavailable when the commit's fate is unknown. */
  async #commit(reads: readonly ReadMade[], writes: readonly WriteHeld[]): Promise<void> {
    if (writes.length === 0 && reads.length < 2) return;
    const commit = randomUUID();
    try {
      await this.#call(this.#send(reads, writes, commit));
    } catch (error) {
      if (error instanceof Conflict) throw error;
      if (await this.#landed(writes, commit)) return;
      const code = codeOf(error);
      if (code !== undefined && outdated.has(code)) throw new Conflict((error as Error).message, { cause: error });
      throw this.#unavailable("a commit ended in an error, so it may or may not have been made", error);
    }
  }

  async #send(reads: readonly ReadMade[], writes: readonly WriteHeld[], commit: string): Promise<void> {
    const key = ({ collection, id }: ReadMade | WriteHeld) => `${collection}/${id}`;
    const readOf = new Map(reads.map((read) => [key(read), read]));
    const written = new Set(writes.map(key));
    const onlyRead = reads.filter((read) => !written.has(key(read)));
    const addAll = (writer: Parameters<typeof addWrite>[1]) => {
      for (const write of writes) {
        addWrite(this.#library, writer, referenceTo(this.#firestore, write), write, readOf.get(key(write)), commit);
      }
    };
    if (onlyRead.length === 0) {
      const batch = this.#firestore.batch();
      addAll(batch);
      await batch.commit();
      return;
    }
    const references = onlyRead.map((read) => referenceTo(this.#firestore, read));
    await this.#firestore.runTransaction(
      async (native) => {
        const found = await native.getAll(...references);
        const changed = onlyRead.find(({ version }, index) => found[index] && versionOf(found[index]) !== version);
        if (changed) throw new Conflict(`${key(changed)} was changed by somebody else meanwhile`);
        addAll(native);
      },
      writes.length === 0 ? { readOnly: true } : { maxAttempts: 1 },
    );
  }

  /** Whether a commit that seemed to fail was made all the same: the client library itself repeats lost calls. */
  async #landed(writes: readonly WriteHeld[], commit: string): Promise<boolean> {
    const put = writes.find(({ document }) => document !== undefined);
    if (put === undefined) return false;
    try {
      const found = await this.#call(referenceTo(this.#firestore, put).get());
      return found.get("commit") === commit;
    } catch (cause) {
      throw this.#unavailable("a commit ended in an error, and what it wrote cannot be read", cause);
    }
  }

  /** A call's answer, if it comes in time; a call that is given up may still take effect. */
  async #call<T>(call: Promise<T>): Promise<T> {
    const { promise: late, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      this.#givenUp++;
      const end = () => this.#givenUp--;
      call.then(end, end);
      reject(new Error(`no answer within ${this.#longestCall / 1_000} s`));
    }, this.#longestCall);
    try {
      return await Promise.race([call, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  #afterRead(what: string, cause: unknown): { readonly end: "again"; readonly cause: unknown } {
    const code = codeOf(cause);
    if (code !== undefined && busy.has(code)) return { end: "again", cause };
    throw this.#unavailable(`${what} failed`, cause);
  }

  #unavailable(what: string, cause: unknown): StoreUnavailable {
    const reason = cause instanceof Error ? cause.message : String(cause);
    return new StoreUnavailable(`${what} in the store ${this.#name}: ${reason}`, { cause });
  }

  #readAgain<T>(what: string, read: () => Promise<T>): Promise<T> {
    return this.#try(what, async () => {
      try {
        return { end: "done", value: await read() };
      } catch (error) {
        return this.#afterRead(what, error);
      }
    });
  }

  #try<T>(what: string, attempt: () => Promise<Tried<T>>): Promise<T> {
    return tryAgain(`${what} in the store ${this.#name}`, trying, this.#patience, async () => {
      if (this.#closed) throw new StoreUnavailable(`the store ${this.#name} is closed`);
      return attempt();
    });
  }
}
