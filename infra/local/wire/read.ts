/** Reading fields of canonical requests: the doors have checked their types, only absence is left to tell. */
import type { Json, JsonObject } from "./service.ts";

/** A string field; empty when unset. */
export function textOf(json: JsonObject, key: string): string {
  const value = json[key];
  return typeof value === "string" ? value : "";
}

/** A list of strings; empty when unset. */
export function textsOf(json: Json | undefined): string[] {
  return Array.isArray(json) ? json.map(String) : [];
}

/** A map of strings; empty when unset. */
export function textMapOf(json: Json | undefined): Record<string, string> {
  if (typeof json !== "object" || json === null || Array.isArray(json)) return {};
  return Object.fromEntries(Object.entries(json).map(([key, value]) => [key, String(value)]));
}
