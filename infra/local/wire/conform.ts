/**
 * Brings JSON into the canonical form of a message type.
 * A request is read strictly, all its faults named at once in Google's words; what only the service may set is ignored.
 * A response is cut to what the version's type knows, zeros omitted, so that no later version's field leaks.
 */
import protobuf from "protobufjs";
import { type FieldShape, type FieldType, shapeOf } from "./fields.ts";
import { isObject } from "./json.ts";
import { enumNumber, isZero, readEnum, readScalar, stringMessages, wrappers } from "./scalars.ts";
import { ApiError, type Json, type JsonObject } from "./service.ts";

/** How deeply a message may nest; deeper is refused, as protocol buffers do. */
const maxDepth = 100;

interface Context {
  readonly direction: "request" | "response";
  readonly numericEnums: boolean;
  readonly violations: Violation[];
}

/** One fault of a request. */
export interface Violation {
  /** Proto path of the field, or of the message that holds it. */
  readonly field: string;
  readonly description: string;
}

/** Canonical request of `type`. Throws INVALID_ARGUMENT naming every fault. */
export function conformRequest(type: protobuf.Type, json: JsonObject): JsonObject {
  const context: Context = { direction: "request", numericEnums: false, violations: [] };
  const result = object(context, type, json, "", 0);
  if (context.violations.length > 0) throw badRequest(context.violations);
  return result;
}

/** Canonical response of `type`. Throws Error when a handler answered what the type cannot hold. */
export function conformResponse(type: protobuf.Type, json: JsonObject, numericEnums = false): JsonObject {
  const context: Context = { direction: "response", numericEnums, violations: [] };
  const result = object(context, type, json, "", 0);
  const faults = context.violations.map((violation) => violation.description).join("; ");
  if (faults !== "") throw new Error(`the answer does not fit ${type.fullName}: ${faults}`);
  return result;
}

/** INVALID_ARGUMENT with one line and one `google.rpc.BadRequest` field violation a fault. */
export function badRequest(violations: readonly Violation[]): ApiError {
  return new ApiError("INVALID_ARGUMENT", violations.map((violation) => violation.description).join("\n"), [
    {
      "@type": "type.googleapis.com/google.rpc.BadRequest",
      fieldViolations: violations.map(({ field, description }) => ({ field, description })),
    },
  ]);
}

/** The text for a name that a message does not have. */
export function unknownName(name: string, path: string, why: string): Violation {
  const where = path === "" ? "" : ` at '${path}'`;
  return { field: path, description: `Invalid JSON payload received. Unknown name "${name}"${where}: ${why}` };
}

function object(context: Context, type: protobuf.Type, json: JsonObject, path: string, depth: number): JsonObject {
  const shape = shapeOf(type);
  const oneofs = new Map<string, string>();
  const entries: [string, Json][] = [];
  for (const [key, given] of Object.entries(json)) {
    const field = shape.find(key);
    if (field === undefined) {
      if (context.direction === "request") context.violations.push(unknownName(key, path, "Cannot find field."));
      continue;
    }
    if (given === null ? !meansNull(field.type) : given === undefined) continue;
    if (context.direction === "request" && field.outputOnly && field.name !== "name") continue;
    const at = path === "" ? field.protoName : `${path}.${field.protoName}`;
    if (field.oneof !== undefined) {
      const other = oneofs.get(field.oneof);
      if (other !== undefined) {
        context.violations.push({
          field: at,
          description: `Invalid value at '${path}' (oneof), oneof field '${field.oneof}' is already set. Cannot set '${field.name}'`,
        });
      }
      oneofs.set(field.oneof, field.name);
    }
    const value = fieldValue(context, field, given, at, depth);
    if (value !== undefined) entries.push([field.name, value]);
  }
  // fromEntries defines own properties, so that a key like "__proto__" stays data.
  return Object.fromEntries(entries);
}

function fieldValue(context: Context, field: FieldShape, given: Json, at: string, depth: number): Json | undefined {
  if (field.cardinality === "many") {
    if (!Array.isArray(given)) return invalid(context, field.type, given, at);
    if (given.length === 0) return undefined;
    return given.map((item, index) => single(context, field.type, item, `${at}[${index}]`, depth) ?? null);
  }
  if (field.cardinality === "map") {
    if (!isObject(given)) return invalid(context, field.type, given, at);
    const entries = Object.entries(given).map(([key, item]): [string, Json] => [
      key,
      single(context, field.type, item, `${at}[${JSON.stringify(key)}]`, depth) ?? null,
    ]);
    return entries.length === 0 ? undefined : Object.fromEntries(entries);
  }
  if (Array.isArray(given) && !holdsLists(field.type)) {
    const path = at.includes(".") ? at.slice(0, at.lastIndexOf(".")) : "";
    context.violations.push(unknownName(field.protoName, path, "Proto field is not repeating, cannot start list."));
    return undefined;
  }
  const value = single(context, field.type, given, at, depth);
  if (value === undefined || field.presence) return value;
  return isDefault(field.type, value) ? undefined : value;
}

function isDefault(type: FieldType, value: Json): boolean {
  switch (type.kind) {
    case "scalar":
      return isZero(type.scalar, value);
    case "enum":
      return enumNumber(type.enum, value) === 0;
    case "message":
      return false;
  }
}

function single(context: Context, type: FieldType, given: Json, at: string, depth: number): Json | undefined {
  switch (type.kind) {
    case "scalar":
      return readScalar(type.scalar, given) ?? invalid(context, type, given, at);
    case "enum": {
      const value = readEnum(type.enum, given);
      if (value === undefined) return invalid(context, type, given, at);
      return context.numericEnums ? enumNumber(type.enum, value) : value;
    }
    case "message":
      return message(context, type, given, at, depth + 1);
  }
}

function message(
  context: Context,
  type: FieldType & { kind: "message" },
  given: Json,
  at: string,
  depth: number,
): Json | undefined {
  const name = type.message.fullName;
  if (name === ".google.protobuf.Value") return given;
  const readString = stringMessages[name];
  if (readString !== undefined) {
    return (typeof given === "string" ? readString(given) : undefined) ?? invalid(context, type, given, at);
  }
  const wrapped = wrappers[name];
  if (wrapped !== undefined) return readScalar(wrapped, given) ?? invalid(context, type, given, at);
  if (name === ".google.protobuf.ListValue") return Array.isArray(given) ? given : invalid(context, type, given, at);
  if (!isObject(given)) return invalid(context, type, given, at);
  if (depth > maxDepth) {
    context.violations.push({ field: at, description: "Message too deep. Max recursion depth reached for key" });
    return undefined;
  }
  if (name === ".google.protobuf.Struct") return given;
  if (name === ".google.protobuf.Any") return any(context, type, given, at, depth);
  return object(context, type.message, given, at, depth);
}

function any(
  context: Context,
  type: FieldType & { kind: "message" },
  given: JsonObject,
  at: string,
  depth: number,
): Json | undefined {
  const { "@type": url, ...content } = given;
  if (typeof url !== "string") return invalid(context, type, given, at);
  const found = type.message.root.lookup(url.slice(url.lastIndexOf("/") + 1));
  if (!(found instanceof protobuf.Type)) {
    context.violations.push({
      field: at,
      description: `Invalid value at '${at}' (Any), type "${url}" is not known here`,
    });
    return undefined;
  }
  if (stringMessages[found.fullName] !== undefined) return given;
  return { "@type": url, ...object(context, found, content, at, depth) };
}

function invalid(context: Context, type: FieldType, given: Json, at: string): undefined {
  const scalarGotMore = type.kind !== "message" && isObject(given);
  const shown = scalarGotMore ? "Starting an object on a scalar field" : abbreviated(JSON.stringify(given));
  context.violations.push({ field: at, description: `Invalid value at '${at}' (${typeName(type)}), ${shown}` });
  return undefined;
}

function typeName(type: FieldType): string {
  if (type.kind === "scalar") return `TYPE_${type.scalar.toUpperCase()}`;
  return `type.googleapis.com/${(type.kind === "enum" ? type.enum : type.message).fullName.slice(1)}`;
}

function abbreviated(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200)}...` : text;
}

function meansNull(type: FieldType): boolean {
  return type.kind === "message" && type.message.fullName === ".google.protobuf.Value";
}

function holdsLists(type: FieldType): boolean {
  return type.kind === "message" && /\.google\.protobuf\.(?:List)?Value$/.test(type.message.fullName);
}
