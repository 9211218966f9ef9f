/** Turns what zod found into findings that say what is wrong in a user's words. */
import type { z } from "zod";
import { type Finding, type Path, quote, split } from "./issues.ts";
import { nearest } from "./nearest.ts";

type Issue = z.core.$ZodIssue;

const kinds: { readonly [expected: string]: string } = {
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "a group of keys",
  record: "a group of keys",
};

/**
 * Describes the issues of one parse, each cause once.
 * @param data what was parsed.
 * @param base path of `data` in the file.
 */
export function describeIssues(issues: readonly Issue[], data: unknown, base: Path = []): readonly Finding[] {
  const findings = issues.flatMap((issue) => describe(issue, data, base));
  // A misspelt key is one mistake, though its right spelling is missing too.
  const meant = new Set(
    findings.flatMap(({ message, path, hint }) => {
      const right = /^the nearest is "(.+)"$/.exec(hint)?.[1];
      return message.endsWith("is no key here") && right !== undefined
        ? [JSON.stringify([...path.slice(0, -1), right])]
        : [];
    }),
  );
  return findings.filter(({ message, path }) => message !== "is missing" || !meant.has(JSON.stringify(path)));
}

function describe(issue: Issue, data: unknown, base: Path): readonly Finding[] {
  const inner = issue.path as Path;
  const path = [...base, ...inner];
  const value = at(data, inner);
  const found = (message: string, hint: string, part: Finding["part"] = "value"): readonly Finding[] => [
    { path, part, message, hint },
  ];
  if (issue.code === "unrecognized_keys") {
    const hints = issue.message.split("\n");
    return issue.keys.map((key, index) => ({
      path: [...path, key],
      part: "key",
      message: `${quote(key)} is no key here`,
      hint: hints[index] ?? "remove it",
    }));
  }
  if (value === undefined && issue.code !== "custom") {
    return found("is missing", `add the key ${quote(path.at(-1))}`);
  }
  if (value === null) return found("is empty", "write a value, or remove the key");
  switch (issue.code) {
    case "invalid_type": {
      const own = split(issue.message);
      if (own.hint !== "") return found(own.message, own.hint);
      const hint =
        issue.expected === "string" && (typeof value === "number" || typeof value === "boolean")
          ? "put it in quotes"
          : `write ${kinds[issue.expected] ?? issue.expected}`;
      return found(`must be ${kinds[issue.expected] ?? issue.expected}, not ${shown(value)}`, hint);
    }
    case "invalid_value": {
      const words = issue.values.map(String);
      const only = words.length === 1 ? words[0] : undefined;
      if (only !== undefined) return found(`${shown(value)} is not ${only}`, `write ${only}`);
      const near = typeof value === "string" ? nearest(value, words) : undefined;
      const hints = [
        ...(near === undefined ? [] : [`the nearest is "${near}"`]),
        ...(words.length <= 6 ? [`allowed: ${words.join(", ")}`] : []),
      ];
      return found(
        `${shown(value)} is none of the words allowed here`,
        hints.join("; ") || "write one of Vertex AI's own",
      );
    }
    case "too_small":
    case "too_big":
      return found(...describeSize(issue, value));
    case "invalid_key": {
      const { message, hint } = split(issue.issues[0]?.message ?? "is no name");
      return found(message, hint, "key");
    }
    case "invalid_union": {
      const branch = nearestBranch(issue.errors, typeof value === "object");
      if (branch !== undefined) return branch.flatMap((nested) => describe(nested, value, path));
      const own = issue.errors.flatMap(([first]) => (first?.message.includes("\n") ? [split(first.message)] : []))[0];
      if (own !== undefined && typeof value !== "object") return found(own.message, own.hint);
      const expected = issue.errors.flatMap(([first]) => (first?.code === "invalid_type" ? [first.expected] : []));
      const words = [...new Set(expected.map((kind) => kinds[kind] ?? kind))].join(" or ");
      return found(`must be ${words}, not ${shown(value)}`, `write ${words}`);
    }
    default: {
      const { message, hint } = split(issue.message);
      return found(message, hint === "" ? "see fleet.example.yaml" : hint);
    }
  }
}

function describeSize(
  issue: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig,
  value: unknown,
): [message: string, hint: string] {
  const small = issue.code === "too_small";
  const limit = small ? issue.minimum : issue.maximum;
  const strict = issue.inclusive === false;
  if (issue.origin === "array") {
    return small ? ["the list is empty", "write at least one"] : ["the list is too long", `write at most ${limit}`];
  }
  if (issue.origin === "string") {
    return small ? ["the text is empty", "write something"] : ["the text is too long", `at most ${limit} characters`];
  }
  if (strict)
    return [`${quote(value)} is too ${small ? "small" : "large"}`, `write ${small ? "more" : "less"} than ${limit}`];
  return [`${quote(value)} is too ${small ? "small" : "large"}`, `write at ${small ? "least" : "most"} ${limit}`];
}

/** The branch of a union that the value was meant for: the one whose own kind it is, with the fewest issues. */
function nearestBranch(branches: readonly (readonly Issue[])[], group: boolean): readonly Issue[] | undefined {
  // A group of keys was not meant to be one of some words.
  const foreign = ({ code, path }: Issue) =>
    path.length === 0 && (code === "invalid_type" || (group && code === "invalid_value"));
  return branches.filter((issues) => !issues.some(foreign)).sort((a, b) => a.length - b.length)[0];
}

/** What stands at a path of plain data. */
export function at(data: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (value, step) =>
      typeof value === "object" && value !== null && Object.hasOwn(value, step)
        ? (value as { [key: string | number]: unknown })[step]
        : undefined,
    data,
  );
}

function shown(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object" && value !== null) return "a group of keys";
  if (typeof value === "string") return quote(value);
  // Longer numbers are not what was written any more.
  return typeof value === "number" && !Number.isSafeInteger(Math.trunc(value)) ? "a number" : String(value);
}
