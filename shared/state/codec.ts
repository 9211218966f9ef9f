/**
 * How a document is written down: as one JSON text in either store, so that what strangers send (arrays in arrays, keys
 * such as `__proto__`, empty keys) comes back as it was, and one size limit holds everywhere.
 */
import type { Millis } from "../time/clock.ts";
import type { Documents } from "./documents.ts";
import type { Collection } from "./store.ts";

/** Largest document in bytes of JSON; Firestore's own limit is 1 MiB with names and indexed fields. */
export const largestDocument = 1_000_000;

/** Longest id in UTF-8 bytes: Firestore allows 1,500 after escaping, which may triple a `/`. */
const longestId = 500;

/** A document as a store keeps it. */
export interface EncodedDocument {
  readonly text: string;
  /** World time after which it may be removed; undefined: kept until removed. */
  readonly expireAt: Millis | undefined;
}

/** A document or id that no store could keep: a defect of the caller, not of the store; trying again cannot help. */
export class DocumentRefused extends Error {
  override readonly name = "DocumentRefused";
}

/** @throws DocumentRefused for an id that one of the stores could not hold. */
export function checkId(collection: Collection, id: string): void {
  const bytes = Buffer.byteLength(id);
  if (bytes > 0 && bytes <= longestId && id.isWellFormed() && !id.includes("\0")) return;
  throw new DocumentRefused(
    `the id ${JSON.stringify(id.slice(0, 80))} of a document in ${collection} has ${bytes} bytes; ids are well-formed text of 1 to ${longestId} bytes`,
  );
}

function finite(key: string, value: unknown): unknown {
  if (typeof value !== "number" || Number.isFinite(value)) return value;
  throw new DocumentRefused(`"${key}" is ${value}, which JSON cannot hold; it would come back as null`);
}

/** @throws DocumentRefused when the document is too large or holds a number that JSON has no word for. */
export function encodeDocument<C extends Collection>(collection: C, id: string, value: Documents[C]): EncodedDocument {
  checkId(collection, id);
  const text = JSON.stringify(value, finite);
  const bytes = Buffer.byteLength(text);
  if (bytes > largestDocument) {
    throw new DocumentRefused(
      `${collection}/${id} has ${bytes} bytes, more than the ${largestDocument} a document may have`,
    );
  }
  const expireAt = "expireAt" in value ? value.expireAt : undefined;
  return { text, expireAt };
}

/** Reads a document back; the caller compares `schema` before acting on it. */
export function decodeDocument<C extends Collection>(text: string): Documents[C] {
  return JSON.parse(text) as Documents[C];
}
