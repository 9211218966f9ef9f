/** Opens the store that a URL names. */
import { openFirestore } from "./firestore.ts";
import { type Patience, realPatience } from "./patience.ts";
import { openSqlite } from "./sqlite.ts";
import { type Store, StoreUnavailable } from "./store.ts";
import { missingFile, storeFile, type WhenMissing } from "./store-file.ts";

/** A store URL that cannot be understood: a fault of configuration. */
export class StoreUrlInvalid extends Error {
  override readonly name = "StoreUrlInvalid";
}

/** Options of {@link openStore}. */
export interface OpenOptions {
  readonly patience?: Patience;
  /** Default `make`. */
  readonly missing?: WhenMissing;
}

/**
 * @param url `sqlite:FILE`, `sqlite::memory:`, or `firestore:PROJECT[/DATABASE]`.
 * @throws StoreUrlInvalid when it is none of these; {@link StoreUnavailable} when the file cannot be opened, or is not there
 * and may not be made.
 */
export async function openStore(
  url: string,
  { patience = realPatience, missing = "make" }: OpenOptions = {},
): Promise<Store> {
  const absent = missingFile(url);
  if (absent !== undefined && missing === "stand-in") return openSqlite(":memory:", { patience });
  if (absent !== undefined && missing === "refuse") {
    throw new StoreUnavailable(`there is no file ${absent}; set TIDEKEEPER_STORE to where the store is`);
  }
  const file = storeFile(url);
  if (file !== undefined) return openSqlite(file, { patience });
  const [, project, database] =
    /^firestore:([a-z][a-z0-9:.-]{1,61}[a-z0-9])(?:\/(\(default\)|[a-z0-9-]{1,63}))?$/.exec(url) ?? [];
  if (project !== undefined)
    return openFirestore(project, { patience, ...(database === undefined ? {} : { database }) });
  throw new StoreUrlInvalid(
    `${url === "" ? "the store's URL is empty" : `the store's URL ${JSON.stringify(url)} is not understood`}; write sqlite:FILE, sqlite::memory: or firestore:PROJECT[/DATABASE]`,
  );
}
