/** Writes proto3 JSON: what is zero, empty or unset is left out, as the service does. */
import type { Json, JsonObject } from "../../wire/service.ts";

/** A message without its undefined, zero, false and empty fields. */
export function message(fields: Record<string, Json | undefined>): JsonObject {
  return Object.fromEntries(Object.entries(fields).filter((field): field is [string, Json] => isSet(field[1])));
}

/** An int64 as the service writes it; 0 is left out by {@link message}. */
export function int64(value: number): string | undefined {
  return value === 0 ? undefined : String(value);
}

function isSet(value: Json | undefined): boolean {
  if (value === undefined || value === null || value === false || value === 0 || value === "") return false;
  return typeof value !== "object" || Object.keys(value).length > 0;
}
