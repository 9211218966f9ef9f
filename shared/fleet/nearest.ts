/** The word that somebody probably meant. */
import { distance } from "fastest-levenshtein";

/** So many edits are a slip in any word; a long one may have one in three letters. */
const slips = 2;

/** Longest list that anybody reads. */
const mostListed = 12;

/** Whether so many edits leave anything of a word. */
function isSlip(edits: number, word: string, candidate: string): boolean {
  const allowed = Math.max(slips, Math.floor(word.length / 3));
  return edits <= allowed && edits < Math.max(word.length, candidate.length);
}

/**
 * The known word nearest to a misspelt one, if it is near enough to be meant: fewest edits, letter case aside; of equals the
 * one most like it in length, so that swapped letters (`idel`) find their word.
 */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const [best] = known
    .map((candidate) => ({ candidate, edits: distance(word.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ candidate, edits }) => isSlip(edits, word, candidate))
    .map(({ candidate, edits }) => ({ candidate, cost: edits * 100 + Math.abs(word.length - candidate.length) }))
    .sort((a, b) => a.cost - b.cost);
  return best?.candidate;
}

/**
 * What to write instead of an unknown word: the one that was probably meant, or else what there is.
 * @param known at least one word.
 */
export function suggest(word: string, known: readonly string[]): string {
  const near = nearest(word, known);
  if (near !== undefined) return `the nearest is "${near}"`;
  const more = known.length > mostListed ? `, and ${known.length - mostListed} more` : "";
  return `known: ${known.slice(0, mostListed).join(", ")}${more}`;
}
