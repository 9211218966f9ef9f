/**
 * What is wrong with a fleet file, and where. Everything that is wrong is told at once, each cause once.
 */

/** Keys and list indexes from the root of the file to a place in it. */
export type Path = readonly (string | number)[];

/** One thing that is wrong, or worth a second look, at one place of a fleet file. */
export interface FleetIssue {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
  /** As people write paths: `schedules.office.up[0]`; empty for the file as a whole. */
  readonly path: string;
  /** What is wrong. */
  readonly message: string;
  /** What to do about it. */
  readonly hint: string;
}

/** An issue before its place in the text is known. */
export interface Finding {
  readonly path: Path;
  /** Whether the key or what stands behind it is meant. */
  readonly part: "key" | "value";
  readonly message: string;
  readonly hint: string;
}

/** A fleet file that is refused whole. */
export class FleetInvalid extends Error {
  override readonly name = "FleetInvalid";
  /** In order of their place in the file. */
  readonly issues: readonly FleetIssue[];

  constructor(issues: readonly FleetIssue[]) {
    super(issues.map(formatIssue).join("\n"));
    this.issues = issues;
  }
}

/** Writes a path the way people do: `spotModels[1].ladder[0].machineType`. */
export function formatPath(path: Path): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === "number") return `${text}[${step}]`;
    const key = /^[A-Za-z_][\w-]*$/.test(step) ? step : JSON.stringify(step);
    return text === "" ? key : `${text}.${key}`;
  }, "");
}

/** `file:line:column path: message (hint)`, which editors and terminals turn into a link. */
export function formatIssue(issue: FleetIssue): string {
  const place = `${issue.file}:${issue.line}:${issue.column}`;
  return `${place} ${issue.path === "" ? "" : `${issue.path}: `}${issue.message} (${issue.hint})`;
}

/** Puts message and hint into the one text that a zod issue carries; {@link split} takes them apart. */
export function say(message: string, hint: string): string {
  return `${message}\n${hint}`;
}

/** Takes apart what {@link say} put together. */
export function split(text: string): { message: string; hint: string } {
  const [message = "", hint = ""] = text.split("\n", 2);
  return { message, hint };
}

/** A value as quoted in messages: short, on one line. */
export function quote(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
