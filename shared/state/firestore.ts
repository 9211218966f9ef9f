/**
 * The store on Firestore (Native mode). Documents live in collections named `tidekeeper-COLLECTION`, each with three
 * fields: `id` (as it is; lists are ordered by it), `text` (the document's JSON) and, where the document has one,
 * `expireAt` as a Timestamp: the field of the TTL policy that removes it.
 *
 * A commit whose answer is lost is not tried again here: it may have been made. The caller is told
 * {@link StoreUnavailable}, its message is delivered again, and the next run sees what is true.
 */
import type { DocumentReference, DocumentSnapshot, Firestore, Timestamp } from "@google-cloud/firestore";
import { BufferedTransaction } from "./buffer.ts";
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

/** About 20 s at the most; Firestore itself queues writers of one document. */
const trying: Trying = { tries: 16, first: 25, most: 2_000 };

/** gRPC codes after which the same read may succeed: cancelled, unknown, deadline, exhausted, aborted, internal, unavailable. */
const passing = new Set([1, 2, 4, 8, 10, 13, 14]);

/** gRPC codes with which a commit was certainly refused because of others: aborted, exhausted. */
const refusedForNow = new Set([8, 10]);

function codeOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !("code" in error) || typeof error.code !== "number") return undefined;
  // Over REST the client may hand on HTTP's word for ABORTED.
  return error.code === 409 ? 10 : error.code;
}

/** A read inside a transaction that failed; told apart from what the work itself throws. */
class ReadFailed extends Error {
  override readonly name = "ReadFailed";
}

/** Options of {@link openFirestore}. */
export interface FirestoreOptions {
  /** Default: `(default)`. */
  readonly database?: string;
  readonly patience?: Patience;
}

/**
 * Opens the project's Firestore; the client library is loaded only here. `FIRESTORE_EMULATOR_HOST` is honoured by it.
 * Nothing is sent yet: a missing database shows with the first read.
 */
export async function openFirestore(projectId: string, options: FirestoreOptions = {}): Promise<Store> {
  const { Firestore, Timestamp } = await import("@google-cloud/firestore");
  const databaseId = options.database ?? "(default)";
  const firestore = new Firestore({ projectId, databaseId });
  return new FirestoreStore(
    firestore,
    Timestamp,
    `firestore:${projectId}/${databaseId}`,
    options.patience ?? realPatience,
  );
}

/** Document ids may not hold `/`, be `.` or `..`, or look like `__this__`. */
function pathSegment(id: string): string {
  return encodeURIComponent(id).replace(/^[._]/, (first) => (first === "." ? "%2E" : "%5F"));
}

function versionOf(updateTime: Timestamp | undefined): string {
  if (!updateTime) throw new Error("Firestore gave a document without its update time");
  return `${updateTime.seconds}.${String(updateTime.nanoseconds).padStart(9, "0")}`;
}

function fromSnapshot<C extends Collection>(snapshot: DocumentSnapshot): Versioned<Documents[C]> | undefined {
  if (!snapshot.exists) return undefined;
  return { value: decodeDocument<C>(String(snapshot.get("text"))), version: versionOf(snapshot.updateTime) };
}

class FirestoreStore implements Store {
  readonly #firestore: Firestore;
  readonly #timestamp: typeof Timestamp;
  readonly #name: string;
  readonly #patience: Patience;
  #closed = false;

  constructor(firestore: Firestore, timestamp: typeof Timestamp, name: string, patience: Patience) {
    this.#firestore = firestore;
    this.#timestamp = timestamp;
    this.#name = name;
    this.#patience = patience;
  }

  async get<C extends Collection>(collection: C, id: string): Promise<Versioned<Documents[C]> | undefined> {
    const reference = this.#reference(collection, id);
    return this.#readAgain(`reading ${collection}/${id}`, async () => fromSnapshot<C>(await reference.get()));
  }

  async list<C extends Collection>(
    collection: C,
    { prefix = "", after = "", limit }: ListOptions = {},
  ): Promise<readonly (Versioned<Documents[C]> & { readonly id: string })[]> {
    if (limit === 0) return [];
    let query = this.#firestore.collection(`tidekeeper-${collection}`).orderBy("id");
    if (prefix !== "") query = query.where("id", ">=", prefix).where("id", "<", `${prefix}\u{10ffff}`);
    if (after !== "") query = query.where("id", ">", after);
    if (limit !== undefined) query = query.limit(limit);
    const found = await this.#readAgain(`listing ${collection}`, () => query.get());
    return found.docs.map((document) => ({
      id: String(document.get("id")),
      value: decodeDocument<C>(String(document.get("text"))),
      version: versionOf(document.updateTime),
    }));
  }

  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    return this.#try("a transaction", async () => {
      let committing = false;
      try {
        const value = await this.#firestore.runTransaction(
          async (native) => {
            const tx = new BufferedTransaction(async (collection, id) => {
              try {
                return fromSnapshot(await native.get(this.#reference(collection, id)));
              } catch (cause) {
                throw new ReadFailed(`${collection}/${id} could not be read`, { cause });
              }
            });
            const result = await work(tx).finally(() => tx.end());
            for (const { collection, id, document } of tx.writes) {
              const reference = this.#reference(collection, id);
              if (!document) native.delete(reference);
              else if (document.expireAt === undefined) native.set(reference, { id, text: document.text });
              else {
                const expireAt = this.#timestamp.fromMillis(document.expireAt);
                native.set(reference, { id, text: document.text, expireAt });
              }
            }
            committing = true;
            return result;
          },
          { maxAttempts: 1 },
        );
        return { end: "done", value };
      } catch (error) {
        if (committing) return this.#afterCommit(error);
        if (error instanceof ReadFailed) return this.#afterRead("reading in a transaction", error.cause);
        throw error;
      }
    });
  }

  /** Nothing to do: the database's TTL policies remove what has expired, within a day. */
  async sweep(): Promise<number> {
    return 0;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#firestore.terminate();
  }

  #reference(collection: Collection, id: string): DocumentReference {
    checkId(collection, id);
    return this.#firestore.doc(`tidekeeper-${collection}/${pathSegment(id)}`);
  }

  #afterRead(what: string, cause: unknown): { readonly end: "again"; readonly cause: unknown } {
    const code = codeOf(cause);
    if (code !== undefined && passing.has(code)) return { end: "again", cause };
    throw this.#unavailable(`${what} failed`, cause);
  }

  #afterCommit(cause: unknown): { readonly end: "again"; readonly cause: unknown } {
    const code = codeOf(cause);
    if (code !== undefined && refusedForNow.has(code)) return { end: "again", cause };
    throw this.#unavailable("a commit ended in an error, so it may or may not have been made", cause);
  }

  #unavailable(what: string, cause: unknown): StoreUnavailable {
    const reason = cause instanceof Error ? cause.message : String(cause);
    return new StoreUnavailable(`${what} in the store ${this.#name}: ${reason}; deliver the message again`, { cause });
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
      if (this.#closed) throw new StoreUnavailable(`the store ${this.#name} is closed; deliver the message again`);
      return attempt();
    });
  }
}
