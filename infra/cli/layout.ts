/** Text that fits a terminal: broken between words, never within one, so that a long id can still be copied. */
import { columns, visible } from "./output.ts";

/** Columns, or undefined where a line may be of any length. */
export type Width = number | undefined;

/** Below this nothing is gained by breaking. */
const narrowest = 24;

/**
 * Breaks a line.
 * @param hanging blanks before each further line; by default two more than the line begins with.
 */
export function wrapped(line: string, width: Width, hanging?: number): string {
  if (width === undefined || visible(line) <= width) return line;
  const most = Math.max(width, narrowest);
  const indent = /^ */.exec(line)?.[0] ?? "";
  const further = " ".repeat(hanging ?? indent.length + 2);
  const [first = "", ...words] = line.slice(indent.length).split(" ");
  const lines: string[] = [];
  let current = indent + first;
  for (const word of words) {
    if (visible(current) + 1 + visible(word) <= most) {
      current += ` ${word}`;
    } else {
      lines.push(current.trimEnd());
      current = further + word;
    }
  }
  return [...lines, current.trimEnd()].join("\n");
}

function fits(text: string, width: Width): boolean {
  return width === undefined || text.split("\n").every((line) => visible(line) <= width);
}

/** Rows whose last cells are long: as columns where they fit, or with the last ones broken, or each as a block. */
export function table(rows: readonly (readonly string[])[], width: Width): string {
  const flat = columns(rows);
  if (width === undefined || fits(flat, width)) return flat;
  // A last cell of one character gives all rows' first cells one width.
  const starts = columns(rows.map((row) => [...row.slice(0, -1), "|"])).split("\n");
  const start = visible(starts[0] ?? "") - 1;
  const lasts = rows.map((row) => row.at(-1) ?? "");
  if (start > width / 2)
    return blocks(
      rows.map((row, index) => [row.slice(0, -1).join("  "), lasts[index] ?? ""]),
      width,
    );
  return lasts.map((last, index) => wrapped((starts[index] ?? "").slice(0, -1) + last, width, start)).join("\n");
}

/** Blocks of two lines or more: what it is, and below it, indented, what is said about it. */
export function blocks(pairs: readonly (readonly [string, string])[], width: Width): string {
  return pairs.map(([what, said]) => `${wrapped(what, width, 4)}\n${wrapped(`  ${said}`, width, 2)}`).join("\n");
}

/** As {@link columns}, or as {@link blocks} where those do not fit. */
export function columnsOrBlocks(
  rows: readonly (readonly string[])[],
  pairs: readonly (readonly [string, string])[],
  width: Width,
): string {
  const flat = columns(rows);
  return fits(flat, width) ? flat : blocks(pairs, width);
}
