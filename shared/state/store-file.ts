/** The file that a store's URL names, if it names one. */
import { existsSync } from "node:fs";

/**
 * What is done where a store's file is not there: it is made, an empty store stands in for it and is forgotten, or that is
 * an error. A store made by mistake is an empty one, which hides that the right one is elsewhere.
 */
export type WhenMissing = "make" | "stand-in" | "refuse";

/** The path in `sqlite:FILE`; `:memory:` is one, too. */
export function storeFile(url: string): string | undefined {
  return /^sqlite:(.+)$/s.exec(url)?.[1];
}

/** The path in a store's URL where nothing is there. */
export function missingFile(url: string): string | undefined {
  const file = storeFile(url);
  return file === undefined || file === ":memory:" || existsSync(file) ? undefined : file;
}
