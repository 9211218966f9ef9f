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
  const text = await readText(file);
  // Loaded when it is needed: help and wrong use answer at once.
  const { parseFleet } = await import("../../shared/fleet/parse.ts");
  const parsed = parseFleet(text, file);
  for (const warning of parsed.warnings) remark(`warning: ${formatIssue(warning)}`);
  return parsed;
}

/**
 * Reads a text file that a command was given.
 * @throws WrongUse when it cannot be read.
 */
export async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code === "ENOENT" ? "there is no such file" : String(cause);
    throw new WrongUse(`${file} cannot be read: ${reason}`, "name a file, e.g. fleet.yaml", { cause });
  }
}
