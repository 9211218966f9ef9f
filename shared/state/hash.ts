/** A hash that is the same in every process and version: for shards, jitter and derived ids, never for secrets. */
import { createHash } from "node:crypto";

/** The first 32 bits of the text's SHA-256, 0 to 2^32 - 1. */
export function stableHash(text: string): number {
  return createHash("sha256").update(text).digest().readUInt32BE(0);
}

/** A number in [0, 1) derived from the text: jitter that differs between targets and never depends on luck. */
export function stableFraction(text: string): number {
  return stableHash(text) / 2 ** 32;
}
