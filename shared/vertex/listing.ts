/** Paging to the end. A list that may have ended early says so: it counts as busy (law 2). */
import type { JsonObject, Listing } from "./vertex.ts";

/** A list longer than this many pages of {@link pageSize} is not believed to end. */
const mostPages = 200;

/** Asked of the service, which may give less. */
export const pageSize = 100;

/**
 * Reads every page.
 * @param page answers the page behind a token, or undefined for NOT_FOUND, which says nothing of what else there is.
 * @param key where the items are in a page.
 * @param read takes an item; undefined means malformed, and the list is incomplete.
 */
export async function listAll<T>(
  page: (token: string) => Promise<JsonObject | undefined>,
  key: string,
  read: (item: JsonObject) => T | undefined,
): Promise<Listing<T>> {
  const items: T[] = [];
  const seen = new Set<string>();
  let complete = true;
  let token = "";
  for (let count = 0; count < mostPages; count += 1) {
    const body = await page(token);
    if (body === undefined) return { items, complete: false };
    const values = body[key] ?? [];
    const next = body["nextPageToken"] ?? "";
    if (!Array.isArray(values) || typeof next !== "string") return { items, complete: false };
    for (const value of values) {
      const item = typeof value === "object" && value !== null && !Array.isArray(value) ? read(value) : undefined;
      if (item === undefined) complete = false;
      else items.push(item);
    }
    if (next === "") return { items, complete };
    if (seen.has(next)) return { items, complete: false };
    seen.add(next);
    token = next;
  }
  return { items, complete: false };
}
