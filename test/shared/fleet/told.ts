/** What a fleet file is answered with, for tables of cases. */
import { FleetInvalid, formatIssue } from "../../../shared/fleet/issues.ts";
import { parseFleet } from "../../../shared/fleet/parse.ts";

/** YAML as written in a test: without the indentation of its first line, and without the lines around it. */
export function yaml(written: string): string {
  const lines = written.replace(/^\n/, "").replace(/\n *$/, "\n").split("\n");
  const margin = /^ */.exec(lines[0] ?? "")?.[0].length ?? 0;
  return lines.map((line) => line.slice(Math.min(margin, /^ */.exec(line)?.[0].length ?? 0))).join("\n");
}

/** Every error, as `line:column path: message (hint)`; a file that is accepted is a failure of the test. */
export function errorsOf(text: string): readonly string[] {
  try {
    parseFleet(text, "f");
  } catch (error) {
    if (error instanceof FleetInvalid) return error.issues.map((issue) => formatIssue(issue).slice("f:".length));
    throw error;
  }
  throw new Error("the file was accepted");
}

/** Every warning of a file that is accepted. */
export function warningsOf(text: string): readonly string[] {
  return parseFleet(text, "f").warnings.map((issue) => formatIssue(issue).slice("f:".length));
}
