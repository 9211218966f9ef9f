/** Several runs of a bench as one table. */
import { type Measure, median } from "./bench.ts";

/** One line: a measure over all runs. */
export interface Line extends Pick<Measure, "what" | "unit" | "most" | "least"> {
  readonly median: number;
  readonly lowest: number;
  readonly highest: number;
  /** Whether the median keeps its bounds; absent where there are none. */
  readonly kept?: boolean;
}

/** One line a measure, in the order of the first run. */
export function summarise(runs: readonly (readonly Measure[])[]): Line[] {
  return (runs[0] ?? []).map(({ what, unit, most, least }) => {
    const values = runs.flatMap((run) => run.filter((measure) => measure.what === what).map(({ value }) => value));
    const middle = median(values);
    const bounded = most !== undefined || least !== undefined;
    return {
      what,
      unit,
      median: middle,
      lowest: Math.min(...values),
      highest: Math.max(...values),
      ...(most === undefined ? {} : { most }),
      ...(least === undefined ? {} : { least }),
      ...(bounded ? { kept: middle <= (most ?? Infinity) && middle >= (least ?? -Infinity) } : {}),
    };
  });
}

/** The lines as a table for people. */
export function table(lines: readonly Line[]): string {
  const rows = lines.map(({ what, unit, median: middle, lowest, highest, most, least, kept }) => [
    what,
    `${shown(middle)} ${unit}`,
    `${shown(lowest)} .. ${shown(highest)}`,
    [most === undefined ? "" : `at most ${shown(most)}`, least === undefined ? "" : `at least ${shown(least)}`].join(
      "",
    ),
    kept === undefined ? "" : kept ? "ok" : "MISSED",
  ]);
  const all = [["", "median", "lowest .. highest", "bound", ""], ...rows];
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...all.map((row) => (row[column] ?? "").length)));
  return all
    .map((row) => row.map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0))))
    .map((row) => `  ${row.join("  ").trimEnd()}`)
    .join("\n");
}

function shown(value: number): string {
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString("en-US");
  return value.toFixed(Math.abs(value) >= 10 ? 1 : 2);
}
