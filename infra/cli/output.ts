/** Text for people, JSON for programs. Colour is for terminals only; a pipe gets none (nor does `NO_COLOR`). */
import { stripVTControlCharacters, styleText } from "node:util";

type Style = Parameters<typeof styleText>[0];

/** Paints text, if standard output is a terminal. */
export function paint(style: Style, text: string): string {
  return styleText(style, text, { stream: process.stdout });
}

/** Writes a line to standard output. */
export function print(line = ""): void {
  process.stdout.write(`${line}\n`);
}

/** Writes one JSON value to standard output. */
export function printJson(value: unknown): void {
  print(JSON.stringify(value, undefined, 2));
}

/** Writes a line to standard error: what must not mix with results. */
export function remark(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** Lets a command go on with its work when nobody reads its output any more (`| head -1`); what it prints then is lost. */
export function outliveReaders(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") throw error;
    });
  }
}

/** Columns of the terminal that is written to; undefined where none is, as in a pipe: there a row stays one line. */
export function terminalWidth(): number | undefined {
  const { isTTY, columns: width } = process.stdout;
  // Some terminals, such as a log that records one, say that they have no column.
  return isTTY && width > 0 ? width : undefined;
}

/** How wide text is on a terminal, without what paints it. */
export function visible(text: string): number {
  return stripVTControlCharacters(text).length;
}

/** Rows as aligned columns; the last column may be of any length. */
export function columns(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [index, cell] of row.entries()) widths[index] = Math.max(widths[index] ?? 0, visible(cell));
  }
  return rows
    .map((row) =>
      row
        .map((cell, index) => cell + " ".repeat(index === row.length - 1 ? 0 : (widths[index] ?? 0) - visible(cell)))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** How a phase or a fate is painted: green is well, yellow wants attention, red is wrong. */
export function paintPhase(phase: string): string {
  if (["up", "serving"].includes(phase)) return paint("green", phase);
  if (["error", "down", "drifted", "degraded"].includes(phase)) return paint("red", phase);
  if (["asleep", "off-hours", "held", "unknown"].includes(phase)) return paint("gray", phase);
  return paint("yellow", phase);
}

/** An instant for people and machines alike: ISO 8601 in UTC, without seconds. */
export function instant(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16)}Z`;
}

/** A number and its thing: `1 target`, `3 targets`. */
export function count(number: number, thing: string): string {
  return `${number} ${thing}${number === 1 ? "" : "s"}`;
}
