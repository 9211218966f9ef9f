/**
 * Proto3 JSON into what the gRPC clients take. Strict: a key that the message does not have, or a name that its enum does
 * not have, would otherwise be dropped in silence, and a pool rebuilt without it.
 */

import { fromProto3JSON } from "proto3-json-serializer";
import type * as Protobuf from "protobufjs";
import { VertexError } from "./errors.ts";
import type { Json, JsonObject } from "./vertex.ts";

/** Messages whose JSON is not an object of their fields; the serializer checks them itself. */
const special = /^\.google\.protobuf\.(Any|Duration|FieldMask|ListValue|Struct|Timestamp|Value|[A-Z]\w+Value)$/;

/** What `type` cannot carry of `json`: the path of the first key or enum name that it does not have, and what is wrong with it. */
function obstacle(type: Protobuf.Type | Protobuf.Enum, json: Json, path: string): string | undefined {
  if ("values" in type) {
    if (typeof json !== "string" || Object.hasOwn(type.values, json)) return undefined;
    return `${path} cannot be ${json}: this client's ${type.name} does not know it, and a newer client may`;
  }
  if (typeof json !== "object" || json === null || Array.isArray(json) || special.test(type.fullName)) return undefined;
  for (const [key, value] of Object.entries(json)) {
    const where = path === "" ? key : `${path}.${key}`;
    const field = type.fields[key];
    if (field === undefined) return `${where} is no field that can be sent`;
    field.resolve();
    const inner = field.resolvedType;
    if (inner === null) continue;
    const values: [string, Json][] =
      field.map && typeof value === "object" && value !== null && !Array.isArray(value)
        ? Object.entries(value).map(([entry, item]) => [`${where}.${entry}`, item])
        : Array.isArray(value)
          ? value.map((item, index) => [`${where}[${index}]`, item])
          : [[where, value]];
    for (const [at, item] of values) {
      const found = obstacle(inner, item, at);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

const invalid = (message: string, cause?: unknown): VertexError =>
  new VertexError(message, { class: "invalid", code: 3, refused: true, cause });

/**
 * Converts a request's JSON.
 * @param name full message name, e.g. `google.cloud.aiplatform.v1.PersistentResource`.
 * @returns a plain object with only the fields that the JSON has, so that unset stays unset.
 * @throws VertexError invalid, naming the field.
 */
export function toMessage(root: Protobuf.Root, name: string, json: JsonObject): { [field: string]: unknown } {
  const type = root.lookupType(name);
  const found = obstacle(type, json, "");
  if (found !== undefined) throw invalid(`${type.name}.${found}; nothing was sent, since it would be lost`);
  try {
    // The serializer was typed for another copy of protobufjs; the classes are the same.
    const message = fromProto3JSON(type as never, json as never);
    return message === null ? {} : type.toObject(message as never);
  } catch (error) {
    throw invalid(`${type.name} cannot be sent: ${error instanceof Error ? error.message : String(error)}`, error);
  }
}
