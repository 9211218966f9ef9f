/** Reads the fleet file that a command is given. */
import { readFile } from "node:fs/promises";
import { formatIssue } from "../../shared/fleet/issues.ts";
import type { ParsedFleet } from "../../shared/fleet/parse.ts";
import { WrongUse } from "./command.ts";
import { remark } from "./output.ts";

/**
 * Reads and checks a fleet file; what is odd about it is told on standard error.
 * @throws WrongUse when there is no such file; FleetInvalid with everything that is wrong with it.
 */
export async function readFleetFile(file: string): Promise<ParsedFleet> {
  const text = await readText(file, "name a fleet file, e.g. fleet.yaml");
  // Loaded when it is needed: help and wrong use answer at once.
  const { parseFleet } = await import("../../shared/fleet/parse.ts");
  const parsed = parseFleet(text, file);
  for (const warning of parsed.warnings) remark(`warning: ${formatIssue(warning)}`);
  return parsed;
}

/** What the system's codes mean to who named a file. */
const reasons: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  EISDIR: "it is a directory",
  EACCES: "you may not read it",
};

/**
 * Reads a text file that a command was given.
 * @param next what is to be given, e.g. `name a file, e.g. fleet.yaml`.
 * @throws WrongUse when it cannot be read.
 */
export async function readText(file: string, next: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    const { code = "", message } = cause as NodeJS.ErrnoException;
    throw new WrongUse(`${file} cannot be read: ${reasons[code] ?? message}`, next, { cause });
  }
}
