/** A pause as every command tells it: since when, by whom, why, and what ends it. */
import type { FleetHead } from "../../shared/state/documents.ts";
import { instant } from "./output.ts";

/** @param word how it begins: status shouts it. */
export function pausedLine({ at, by, note }: NonNullable<FleetHead["paused"]>, word = "paused"): string {
  const why = note === undefined ? "" : `: ${note}`;
  return `${word} since ${instant(at)} by ${by}${why}; nothing is started until \`tidekeeper resume\``;
}
