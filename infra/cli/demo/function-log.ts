/** What the functions print goes to a file; what went wrong in it is counted. */
import { createWriteStream } from "node:fs";
import { finished } from "node:stream/promises";

/** A log file being written. */
export interface FunctionLog {
  readonly path: string;
  /** Takes a line that a function printed. */
  line(name: string, line: string): void;
  /** How many there have been. */
  readonly lines: number;
  /** How often something went wrong, and the first few of them. */
  readonly errors: { readonly count: number; readonly first: readonly string[] };
  close(): Promise<void>;
}

const kept = 5;

/**
 * The message of a line that tells of an error: Cloud Logging's ERROR and worse, or the first line that JavaScript prints of
 * an error that nobody caught. An alert is logged as an error too, but it is an outcome, and was heard as one.
 * @returns undefined for any other line.
 */
export function errorIn(line: string): string | undefined {
  if (!line.startsWith("{")) return /^(?:Uncaught )?[A-Za-z]*Error\b.*:/.test(line) ? line : undefined;
  try {
    const { severity, message, outcome } = JSON.parse(line) as Readonly<Record<string, unknown>>;
    if (outcome !== undefined) return undefined;
    return severity === "ERROR" || severity === "CRITICAL" ? String(message) : undefined;
  } catch {
    return undefined;
  }
}

/** Opens the file. */
export function openFunctionLog(path: string): FunctionLog {
  const file = createWriteStream(path, { flags: "a" });
  const first: string[] = [];
  let count = 0;
  let lines = 0;
  return {
    path,
    line(name, line) {
      file.write(`${name} ${line}\n`);
      lines += 1;
      const error = errorIn(line);
      if (error === undefined) return;
      count += 1;
      if (first.length < kept) first.push(`${name}: ${error}`);
    },
    get lines() {
      return lines;
    },
    get errors() {
      return { count, first };
    },
    async close() {
      file.end();
      await finished(file);
    },
  };
}
