/** Reads proto3 JSON requests, collecting every wrong field before it refuses. */
import { isObject, snakeCase } from "../../wire/json.ts";
import type { Json, JsonObject } from "../../wire/service.ts";
import { durationMilliseconds } from "../../wire/times.ts";
import { invalidFields, type Violation } from "./errors.ts";

/** A reader of one message; every getter notes what is wrong and gives undefined or an empty value. */
export interface Fields {
  /** The message as it came. */
  readonly json: JsonObject;
  has(key: string): boolean;
  string(key: string): string | undefined;
  /** A non-empty string; its absence is a violation and reads as "". */
  requiredString(key: string): string;
  /** An int32 or int64 (number or decimal string). */
  integer(key: string): number | undefined;
  boolean(key: string): boolean | undefined;
  /** A duration in milliseconds. */
  duration(key: string): number | undefined;
  message(key: string): Fields | undefined;
  /** A message; its absence is a violation and reads as an empty one. */
  requiredMessage(key: string): Fields;
  messages(key: string): readonly Fields[];
  /** A map of strings to integers. */
  integers(key: string): Readonly<Record<string, number>>;
  /** Resource labels, checked: keys and values up to 64 characters, lower case, digits, `_`, `-`, letters of any script. */
  labels(): Readonly<Record<string, string>>;
  /** Notes that a field of this message is wrong. */
  wrong(key: string, message: string): void;
  /** Throws INVALID_ARGUMENT with everything that was noted, here and in the messages read from here. */
  check(): void;
}

/** Reads a request message. @param path - proto path of the message, "" for the request itself. */
export function readFields(json: JsonObject, path = ""): Fields {
  const violations: Violation[] = [];
  return fieldsOf(json, path, violations);
}

function fieldsOf(json: JsonObject, path: string, violations: Violation[]): Fields {
  const at = (key: string): string => (path ? `${path}.${snakeCase(key)}` : snakeCase(key));
  const wrong = (key: string, message: string): void => {
    violations.push({ field: at(key), message });
  };
  const value = (key: string): Json | undefined => json[key] ?? undefined;
  const typed = <T extends Json>(key: string, type: string, is: (json: Json) => json is T): T | undefined => {
    const found = value(key);
    if (found === undefined || is(found)) return found;
    wrong(key, `Must be ${type}.`);
    return undefined;
  };
  const nested = (key: string): Fields | undefined => {
    const found = typed(key, "a message", isObject);
    return found && fieldsOf(found, at(key), violations);
  };
  const required = (key: string): void => wrong(key, "Required field is not set.");
  const integer = (key: string): number | undefined => {
    const found = typed(key, "an integer", isInteger);
    return found === undefined ? undefined : Number(found);
  };

  return {
    json,
    wrong,
    integer,
    has: (key) => value(key) !== undefined,
    string: (key) => typed(key, "a string", isString) || undefined,
    requiredString(key) {
      const found = typed(key, "a string", isString);
      if (!found && (value(key) === undefined || found === "")) required(key);
      return found ?? "";
    },
    boolean: (key) => typed(key, "a boolean", isBoolean),
    duration(key) {
      const found = typed(key, "a duration", isString);
      if (found === undefined) return undefined;
      const milliseconds = durationMilliseconds(found);
      if (milliseconds === undefined) wrong(key, `"${found}" is not a duration in seconds such as "600s".`);
      return milliseconds;
    },
    message: nested,
    requiredMessage(key) {
      if (value(key) === undefined) required(key);
      return nested(key) ?? fieldsOf({}, at(key), []);
    },
    messages(key) {
      const found = typed(key, "a list of messages", isObjectList) ?? [];
      return found.map((item, index) => fieldsOf(item, `${at(key)}[${index}]`, violations));
    },
    integers(key) {
      const map = nested(key);
      if (!map) return {};
      return Object.fromEntries(Object.keys(map.json).map((name) => [name, map.integer(name) ?? 0]));
    },
    labels() {
      const found = typed("labels", "a map of strings to strings", isStringMap) ?? {};
      if (Object.keys(found).length > 64) wrong("labels", "No more than 64 labels are allowed.");
      for (const [name, text] of Object.entries(found)) {
        const legal = /^\p{Ll}|^\p{Lo}/u.test(name) && [name, text].every(isLabelText);
        if (!legal) wrong("labels", `"${name}": "${text}" is not a valid label.`);
      }
      return found;
    },
    check() {
      if (violations.length > 0) throw invalidFields(violations);
    },
  };
}

function isLabelText(text: string): boolean {
  return [...text].length <= 64 && /^[\p{Ll}\p{Lo}\p{N}_-]*$/u.test(text);
}

function isObjectList(json: Json): json is JsonObject[] {
  return Array.isArray(json) && json.every(isObject);
}

function isStringMap(json: Json): json is Record<string, string> {
  return isObject(json) && Object.values(json).every(isString);
}

function isString(json: Json): json is string {
  return typeof json === "string";
}

function isBoolean(json: Json): json is boolean {
  return typeof json === "boolean";
}

function isInteger(json: Json): json is number | string {
  return typeof json === "number" ? Number.isInteger(json) : isString(json) && /^-?\d{1,19}$/.test(json);
}
