/** List filters: the part of Google's filter grammar (AIP-160) that the documented fields use. */

import { snakeCase } from "../../wire/json.ts";
import { invalidField } from "./errors.ts";
import { type FilterNode, parseFilter } from "./filter-grammar.ts";

/** How one field may be filtered. */
export interface FilterField<T> {
  readonly operators: readonly string[];
  /** `text` compares strings, `time` compares instants written in RFC 3339. */
  readonly type: "text" | "time";
  /** The record's value: text, or milliseconds. */
  value(record: T): string | number | undefined;
}

/** What a list may be filtered by. */
export interface FilterSchema<T> {
  /** By snake_case name. */
  readonly fields: Readonly<Record<string, FilterField<T>>>;
  labels(record: T): Readonly<Record<string, string>>;
}

/** A field of text. */
export function textField<T>(operators: readonly string[], value: (record: T) => string | undefined): FilterField<T> {
  return { operators, type: "text", value };
}

/** A field of time. */
export function timeField<T>(value: (record: T) => number | undefined): FilterField<T> {
  return { operators: ["=", "!=", "<", "<=", ">", ">="], type: "time", value };
}

/** The test a filter makes; an absent filter passes everything. INVALID_ARGUMENT for what the list does not support. */
export function compileFilter<T>(text: string | undefined, schema: FilterSchema<T>): (record: T) => boolean {
  const tree = text === undefined ? undefined : parseFilter(text);
  return tree ? compile(tree, schema) : () => true;
}

function compile<T>(node: FilterNode, schema: FilterSchema<T>): (record: T) => boolean {
  switch (node.kind) {
    case "and": {
      const parts = node.parts.map((part) => compile(part, schema));
      return (record) => parts.every((part) => part(record));
    }
    case "or": {
      const parts = node.parts.map((part) => compile(part, schema));
      return (record) => parts.some((part) => part(record));
    }
    case "not": {
      const inner = compile(node.part, schema);
      return (record) => !inner(record);
    }
    case "compare":
      return node.path[0] === "labels" ? compileLabel(node, schema) : compileField(node, schema);
  }
}

type Comparison = Extract<FilterNode, { kind: "compare" }>;

function compileLabel<T>(node: Comparison, schema: FilterSchema<T>): (record: T) => boolean {
  const [, key, ...rest] = node.path;
  if (rest.length > 0) throw unsupported(`Field "${node.path.join(".")}" is not supported.`);
  if (key === undefined) {
    if (node.operator !== ":") throw unsupported('Use "labels.key=value", "labels.key:*" or "labels:key".');
    return (record) => Object.hasOwn(schema.labels(record), node.value);
  }
  if (node.operator === ":" && node.value === "*") return (record) => Object.hasOwn(schema.labels(record), key);
  if (node.operator === "=" || node.operator === ":") return (record) => schema.labels(record)[key] === node.value;
  if (node.operator === "!=") return (record) => schema.labels(record)[key] !== node.value;
  throw unsupported(`Operator "${node.operator}" is not supported for labels.`);
}

function compileField<T>(node: Comparison, schema: FilterSchema<T>): (record: T) => boolean {
  const name = snakeCase(node.path.join("."));
  const field = Object.hasOwn(schema.fields, name) ? schema.fields[name] : undefined;
  if (!field) {
    const known = [...Object.keys(schema.fields), "labels.KEY"].join(", ");
    throw unsupported(`Field "${name}" is not supported. Supported fields: ${known}.`);
  }
  if (!field.operators.includes(node.operator)) {
    throw unsupported(`Operator "${node.operator}" is not supported for field "${name}".`);
  }
  if (field.type === "text" && (node.operator === ":" || node.value.includes("*"))) {
    const pattern = wildcard(node.value, node.operator === ":");
    const matches = (record: T): boolean => pattern.test(String(field.value(record) ?? ""));
    return node.operator === "!=" ? (record) => !matches(record) : matches;
  }
  const wanted = field.type === "time" ? Date.parse(node.value) : node.value;
  if (Number.isNaN(wanted)) throw unsupported(`"${node.value}" is not an RFC 3339 time.`);
  return comparison(node.operator, field.value, wanted);
}

/** A test of its own for each operator: it is made once for each record of the list. */
function comparison<T>(
  operator: string,
  value: FilterField<T>["value"],
  wanted: string | number,
): (record: T) => boolean {
  const known = (test: (found: string | number) => boolean) => (record: T) => {
    const found = value(record);
    return found !== undefined && test(found);
  };
  switch (operator) {
    case "=":
      return (record) => value(record) === wanted;
    case "!=":
      return (record) => value(record) !== wanted;
    case "<":
      return known((found) => found < wanted);
    case "<=":
      return known((found) => found <= wanted);
    case ">":
      return known((found) => found > wanted);
    default:
      return known((found) => found >= wanted);
  }
}

function wildcard(text: string, contains: boolean): RegExp {
  const parts = text.split("*");
  // Each wildcard multiplies the work of a mismatch.
  if (parts.length > 6) throw unsupported(`"${text}" has more than 5 wildcards.`);
  const body = parts.map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return contains && body.length === 1 ? new RegExp(body[0] ?? "") : new RegExp(`^${body.join(".*")}$`, "s");
}

function unsupported(message: string): Error {
  return invalidField("filter", message);
}
