/** The word that somebody probably meant. */
import { distance } from "fastest-levenshtein";

/**
 * The known word nearest to a misspelt one: fewest edits, letter case aside; of equals the one most like it in length, so
 * that swapped letters (`idel`) find their word.
 * @param known at least one word.
 */
export function nearest(word: string, known: readonly string[]): string {
  const cost = (candidate: string) =>
    distance(word.toLowerCase(), candidate.toLowerCase()) * 100 + Math.abs(word.length - candidate.length);
  return known.reduce((best, candidate) => (cost(candidate) < cost(best) ? candidate : best), known[0] ?? "");
}
