/** Pages of a list that is ordered by name: the token is the last name given, so it stays right while others come and go. */
import { ApiError, type JsonObject } from "./service.ts";

/** One page. */
export interface NamedPage<T> {
  readonly items: T[];
  /** Present while more follow. */
  readonly nextPageToken?: string;
}

/**
 * The page that a canonical request asks for with `pageSize` (0 or more than `largest` = `largest`) and `pageToken`.
 * Throws INVALID_ARGUMENT for a negative size or a token that no list gave.
 */
export function pageByName<T extends { readonly name: string }>(
  items: Iterable<T>,
  request: JsonObject,
  largest: number,
): NamedPage<T> {
  const asked = typeof request["pageSize"] === "number" ? request["pageSize"] : 0;
  if (asked < 0) throw new ApiError("INVALID_ARGUMENT", `page_size must not be negative, but is ${asked}.`);
  const size = asked === 0 ? largest : Math.min(asked, largest);
  const after = readToken(request["pageToken"]);
  const rest = [...items].filter((item) => item.name > after).sort((left, right) => (left.name < right.name ? -1 : 1));
  const page = rest.slice(0, size);
  const last = page.at(-1);
  return rest.length > size && last !== undefined
    ? { items: page, nextPageToken: Buffer.from(JSON.stringify([last.name])).toString("base64url") }
    : { items: page };
}

function readToken(token: unknown): string {
  if (token === undefined) return "";
  try {
    const [name] = JSON.parse(Buffer.from(String(token), "base64url").toString()) as unknown[];
    if (typeof name === "string") return name;
  } catch {
    // Answered below, like a token of another kind.
  }
  throw new ApiError("INVALID_ARGUMENT", "The page_token is not one that this list gave; start again without it.");
}
