/** Field masks: both spellings in, snake_case paths inside. */
import { camelCase, isObject, snakeCase } from "../../wire/json.ts";
import type { Json, JsonObject } from "../../wire/service.ts";
import { invalidField } from "./errors.ts";

/** The paths of a mask in snake_case; empty when it is absent. */
export function maskPaths(mask: Json | undefined, field: string): readonly string[] {
  if (mask === undefined || mask === null || mask === "") return [];
  if (typeof mask !== "string") throw invalidField(field, "A field mask is a comma-separated string of paths.");
  const paths = mask.split(",").map((path) => snakeCase(path.trim()));
  const bad = paths.find((path) => !/^(\*|[a-z0-9_]+(\.[a-z0-9_*-]+)*)$/.test(path));
  if (bad !== undefined) throw invalidField(field, `"${bad}" is not a field path.`);
  return [...new Set(paths)];
}

/** The paths of a mask that the method requires; INVALID_ARGUMENT when there is none. */
export function requiredMask(mask: Json | undefined, field: string): readonly string[] {
  const paths = maskPaths(mask, field);
  if (paths.length === 0) throw invalidField(field, "Required field is not set.");
  return paths;
}

/** What a read mask leaves of a message; an absent mask or `*` leaves everything. */
export function readMasked(message: JsonObject, paths: readonly string[]): JsonObject {
  if (paths.length === 0 || paths.includes("*")) return message;
  const kept: JsonObject = {};
  for (const path of paths) copyPath(message, kept, path.split(".").map(camelCase));
  return kept;
}

function copyPath(from: JsonObject, to: JsonObject, [head, ...rest]: readonly string[]): void {
  const value = head === undefined ? undefined : from[head];
  if (head === undefined || value === undefined) return;
  if (rest.length === 0) {
    to[head] = value;
  } else if (Array.isArray(value)) {
    const kept = Array.isArray(to[head]) ? to[head] : value.map((): Json => ({}));
    value.forEach((item, at) => {
      const target = kept[at];
      if (isObject(item) && isObject(target)) copyPath(item, target, rest);
    });
    to[head] = kept;
  } else if (isObject(value)) {
    const kept = isObject(to[head]) ? to[head] : {};
    copyPath(value, kept, rest);
    to[head] = kept;
  }
}
