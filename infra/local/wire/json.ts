/** What proto3 JSON is made of: its messages and the two spellings of field names. */
import type { Json, JsonObject } from "./service.ts";

/** Whether JSON is an object (not null, not a list). */
export function isObject(json: Json | undefined): json is JsonObject {
  return typeof json === "object" && json !== null && !Array.isArray(json);
}

/** `replicaCount` -> `replica_count`. */
export function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** `replica_count` -> `replicaCount`. */
export function camelCase(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_match, letter: string) => letter.toUpperCase());
}
