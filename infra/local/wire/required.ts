/** Checks of `google.api.field_behavior = REQUIRED`, from the annotations themselves. */
import type protobuf from "protobufjs";
import { type FieldShape, shapeOf } from "./fields.ts";
import { isObject } from "./json.ts";
import { ApiError, type JsonObject } from "./service.ts";

/**
 * Refuses a canonical request that lacks a REQUIRED field, nested ones included, with Vertex AI's text.
 * Numbers and booleans without presence cannot be missed: their zero is a value.
 * The resource of an update is not looked into: its mask says which of its fields count.
 */
export function requireFields(type: protobuf.Type, request: JsonObject): void {
  const missing = missingFields(type, request);
  if (missing.length === 0) return;
  const found = missing.map((field, index) => `\t${index + 1}.Field: ${field}; Message: Required field is not set.`);
  throw new ApiError("INVALID_ARGUMENT", `List of found errors:${found.join("")}\t`, [
    {
      "@type": "type.googleapis.com/google.rpc.BadRequest",
      fieldViolations: missing.map((field) => ({ field, description: "Required field is not set." })),
    },
  ]);
}

/** Proto paths of the REQUIRED fields that a canonical message of `type` lacks, in the order of the type. */
function missingFields(type: protobuf.Type, message: JsonObject, path = ""): string[] {
  const shape = shapeOf(type);
  const masked = shape.find("updateMask") !== undefined;
  return shape.fields.flatMap((field) => {
    const at = path === "" ? field.protoName : `${path}.${field.protoName}`;
    const value = message[field.name];
    if (value === undefined) return field.required && canBeMissed(field) ? [at] : [];
    if (field.type.kind !== "message" || masked || field.type.message.fullName.startsWith(".google.protobuf."))
      return [];
    const { message: inner } = field.type;
    const held =
      field.cardinality === "map"
        ? Object.entries(isObject(value) ? value : {}).map(
            ([key, item]) => [`${at}[${JSON.stringify(key)}]`, item] as const,
          )
        : field.cardinality === "many"
          ? (Array.isArray(value) ? value : []).map((item, index) => [`${at}[${index}]`, item] as const)
          : [[at, value] as const];
    return held.flatMap(([where, item]) => (isObject(item) ? missingFields(inner, item, where) : []));
  });
}

function canBeMissed(field: FieldShape): boolean {
  if (field.cardinality !== "one" || field.presence || field.type.kind !== "scalar") return true;
  return field.type.scalar === "string" || field.type.scalar === "bytes";
}
