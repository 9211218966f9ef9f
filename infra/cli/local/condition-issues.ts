/** What is wrong with conditions and traces that people write, in the words that are used of a fleet file, on one line. */
import { z } from "zod";
import { at, describeIssues } from "../../../shared/fleet/describe.ts";
import { formatPath, type Path, quote, say } from "../../../shared/fleet/issues.ts";
import { suggest } from "../../../shared/fleet/nearest.ts";

/** What to write instead of each unknown key, which only the schema knows; a line a key, as {@link describeIssues} reads it. */
export const keyHints: z.core.$ZodErrorMap = ({ code, keys, inst }) => {
  if (code !== "unrecognized_keys" || !(inst instanceof z.ZodObject)) return undefined;
  return keys.map((key) => suggest(key, Object.keys(inst.shape))).join("\n");
};

/** Every issue with its place, e.g. `[0].match.metod: "metod" is no key here (the nearest is "method")`. */
export function issueLine(issues: readonly z.core.$ZodIssue[], data: unknown): string {
  return describeIssues(
    issues.map((issue) => inOwnWords(issue, data)),
    data,
  )
    .map(({ path, message, hint }) => `${path.length === 0 ? "" : `${formatPath(path)}: `}${message} (${hint})`)
    .join("; ");
}

/** Words for what a fleet file has not: dates, tuples, and groups that one word decides on. */
function inOwnWords(issue: z.core.$ZodIssue, data: unknown): z.core.$ZodIssue {
  const value = at(data, issue.path as Path);
  const told = (message: string, hint: string): z.core.$ZodIssue => ({
    code: "custom",
    path: issue.path,
    message: say(message, hint),
  });
  if (value === undefined) return issue;
  const words = wordsOf(issue);
  if (words !== undefined) {
    return told(`${quote(value)} is none of the words allowed here`, suggest(String(value), words));
  }
  if (issue.code === "invalid_format")
    return told(`${quote(value)} is no time with a zone`, "e.g. 2026-11-23T05:00:00Z");
  if (issue.code === "custom") return told(issue.message, `it is ${quote(value)}`);
  if (Array.isArray(value) && issue.code === "too_small" && Number(issue.minimum) > 1) {
    return told(`has too few items: ${quote(value)}`, `write ${issue.minimum}`);
  }
  return issue;
}

function wordsOf(issue: z.core.$ZodIssue): readonly string[] | undefined {
  if (issue.code === "invalid_value") return issue.values.map(String);
  return issue.code === "invalid_union" && "options" in issue ? issue.options?.map(String) : undefined;
}
