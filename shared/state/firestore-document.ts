/** How a document lies in Firestore: where, in which fields, and under which precondition it is written. */
import type {
  DocumentData,
  DocumentReference,
  DocumentSnapshot,
  Firestore,
  Precondition,
  UpdateData,
} from "@google-cloud/firestore";
import type { Address, ReadMade, WriteHeld } from "./buffer.ts";
import { checkId, decodeDocument } from "./codec.ts";
import type { Documents } from "./documents.ts";
import type { Collection, Versioned } from "./store.ts";

/** The client library, loaded only where Firestore is used. */
export type Library = typeof import("@google-cloud/firestore");

/** Firestore's own collection; prefixed, because a database may be shared. */
export function collectionPath(collection: Collection): string {
  return `tidekeeper-${collection}`;
}

/** Document ids may not hold `/`, be `.` or `..`, or look like `__this__`. */
function pathSegment(id: string): string {
  return encodeURIComponent(id).replace(/^[._]/, (first) => (first === "." ? "%2E" : "%5F"));
}

/** @throws DocumentRefused for an id that no store could hold. */
export function referenceTo(firestore: Firestore, { collection, id }: Address): DocumentReference {
  checkId(collection, id);
  return firestore.doc(`${collectionPath(collection)}/${pathSegment(id)}`);
}

/** A document's version is its update time, whole. */
export function versionOf({ updateTime }: DocumentSnapshot): string | undefined {
  return updateTime && `${updateTime.seconds}.${String(updateTime.nanoseconds).padStart(9, "0")}`;
}

/** Reads a document back; undefined when there is none. */
export function fromSnapshot<C extends Collection>(snapshot: DocumentSnapshot): Versioned<Documents[C]> | undefined {
  const version = versionOf(snapshot);
  if (!snapshot.exists || version === undefined) return undefined;
  return { value: decodeDocument<C>(String(snapshot.get("text"))), version };
}

/** What a write batch and a transaction have in common. */
export interface Writer {
  create(reference: DocumentReference, data: DocumentData): unknown;
  set(reference: DocumentReference, data: DocumentData): unknown;
  update(reference: DocumentReference, data: UpdateData<DocumentData>, precondition?: Precondition): unknown;
  delete(reference: DocumentReference, precondition?: Precondition): unknown;
}

/**
 * Adds a write, on condition that the document is still as it was read.
 * @param read how it was read; undefined: it was not, and is written whatever it is.
 * @param commit names this commit in every document it writes.
 */
export function addWrite(
  library: Library,
  writer: Writer,
  reference: DocumentReference,
  write: WriteHeld,
  read: ReadMade | undefined,
  commit: string,
): void {
  const { FieldValue, Timestamp } = library;
  const [seconds, nanoseconds] = (read?.version ?? "").split(".").map(Number);
  const lastUpdateTime =
    seconds === undefined || nanoseconds === undefined ? undefined : new Timestamp(seconds, nanoseconds);
  if (write.document === undefined) {
    if (read === undefined) writer.delete(reference);
    else writer.delete(reference, lastUpdateTime === undefined ? { exists: false } : { lastUpdateTime });
    return;
  }
  const { text, expireAt } = write.document;
  const fields = { id: write.id, text, commit };
  const whole = expireAt === undefined ? fields : { ...fields, expireAt: Timestamp.fromMillis(expireAt) };
  if (read === undefined) writer.set(reference, whole);
  else if (lastUpdateTime === undefined) writer.create(reference, whole);
  else writer.update(reference, { expireAt: FieldValue.delete(), ...whole }, { lastUpdateTime });
}
