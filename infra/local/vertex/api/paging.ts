/** Pages of lists: opaque tokens that stay right while records come and go. */
import { type Collection, firstAtOrAfter, type Kept } from "../kernel/collection.ts";
import { invalidField } from "./errors.ts";
import type { Fields } from "./fields.ts";

/** Page size when none is asked for (undocumented; gcloud asks for 100). */
const defaultPageSize = 100;
/** Larger pages are cut to this (undocumented). */
const largestPageSize = 1000;

/** One page. */
export type Page<T> = { items: T[]; nextPageToken: string | undefined };

/** How a list is narrowed and ordered. */
export interface Listing<T> {
  readonly matches?: (record: T) => boolean;
  /** Another order than newest first. */
  readonly order?: ((a: T, b: T) => number) | undefined;
}

/**
 * The page a request asks for, newest first unless ordered otherwise.
 * A token holds the place of the last record given (or, in another order, how many were given) and the question it
 * belongs to; INVALID_ARGUMENT for a token of another question.
 */
export function page<T extends Kept>(
  records: Collection<T>,
  parent: string,
  request: Fields,
  listing: Listing<T> = {},
): Page<T> {
  const size = pageSize(request);
  const question = [parent, request.string("filter") ?? "", request.string("orderBy") ?? ""].join("\n");
  const place = readToken(request, question);
  const matches = listing.matches ?? (() => true);
  const kept = records.under(parent);
  const items: T[] = [];

  if (listing.order) {
    const end = place + size;
    // One more than the page's end: it tells whether another page follows.
    const ordered = firstOf(kept, { count: end + 1, matches, order: listing.order });
    return {
      items: ordered.slice(place, end),
      nextPageToken: end < ordered.length ? writeToken(end, question) : undefined,
    };
  }
  const start = place === 0 ? kept.length : firstAtOrAfter(kept, place);
  for (let at = start - 1; at >= 0; at--) {
    const record = kept[at];
    if (!record || !matches(record)) continue;
    const last = items.at(-1);
    if (items.length === size && last) return { items, nextPageToken: writeToken(last.seq, question) };
    items.push(record);
  }
  return { items, nextPageToken: undefined };
}

/**
 * The first so many of those that match, in an order, ties as they come. One pass: sorting a long list whole for each of
 * its pages takes too long.
 */
function firstOf<T>(
  records: readonly T[],
  { count, matches, order }: { count: number; matches: (record: T) => boolean; order: (a: T, b: T) => number },
): T[] {
  const first: T[] = [];
  for (const record of records) {
    if (!matches(record)) continue;
    const last = first.at(-1);
    if (first.length === count && last !== undefined && order(record, last) >= 0) continue;
    let low = 0;
    let high = first.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = first[middle];
      if (other !== undefined && order(other, record) <= 0) low = middle + 1;
      else high = middle;
    }
    first.splice(low, 0, record);
    if (first.length > count) first.pop();
  }
  return first;
}

function pageSize(request: Fields): number {
  const asked = request.integer("pageSize") ?? 0;
  if (asked < 0) throw invalidField("page_size", "The page size must not be negative.");
  return asked === 0 ? defaultPageSize : Math.min(asked, largestPageSize);
}

function writeToken(place: number, question: string): string {
  return Buffer.from(JSON.stringify([place, question])).toString("base64url");
}

function readToken(request: Fields, question: string): number {
  const token = request.string("pageToken");
  if (!token) return 0;
  const wrong = invalidField("page_token", "The page token is not valid for this list; start again without one.");
  let content: unknown;
  try {
    content = JSON.parse(Buffer.from(token, "base64url").toString());
  } catch {
    throw wrong;
  }
  const [place, asked] = Array.isArray(content) ? content : [];
  if (typeof place !== "number" || !Number.isSafeInteger(place) || place < 1 || asked !== question) throw wrong;
  return place;
}

/**
 * Reads `order_by`: comma-separated fields, ascending unless followed by `desc`.
 * @param fields - comparable values by snake_case field name; INVALID_ARGUMENT for any other field.
 */
export function ordering<T>(
  text: string | undefined,
  fields: Readonly<Record<string, (record: T) => string | number>>,
): ((a: T, b: T) => number) | undefined {
  if (!text) return undefined;
  const terms = text.split(",").map((term) => {
    const [name = "", direction = "asc", ...rest] = term.trim().split(/\s+/);
    const value = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (!value || !/^(asc|desc)$/.test(direction) || rest.length > 0) {
      const known = Object.keys(fields).join(", ");
      throw invalidField("order_by", `"${term.trim()}" cannot be ordered by. Supported fields: ${known}.`);
    }
    return by(value, direction === "desc" ? -1 : 1);
  });
  const [only] = terms;
  // One field is the common case, and each comparison of a long list counts.
  if (terms.length === 1) return only;
  return (a, b) => {
    for (const term of terms) {
      const found = term(a, b);
      if (found !== 0) return found;
    }
    return 0;
  };
}

function by<T>(value: (record: T) => string | number, sign: 1 | -1): (a: T, b: T) => number {
  return (a, b) => {
    const left = value(a);
    const right = value(b);
    if (left === right) return 0;
    return left < right ? -sign : sign;
  };
}
