/** Single values of JSON as protocol buffers take them, in their canonical form. */
import type protobuf from "protobufjs";
import type { IntegerScalar, Scalar } from "./fields.ts";
import { camelCase } from "./json.ts";
import type { Json } from "./service.ts";

/** A value in canonical form, or undefined when the JSON cannot be read as that type. */
type Read = Json | undefined;

const unsigned32 = { lowest: 0n, highest: 2n ** 32n - 1n, asString: false };
const signed32 = { lowest: -(2n ** 31n), highest: 2n ** 31n - 1n, asString: false };
const unsigned64 = { lowest: 0n, highest: 2n ** 64n - 1n, asString: true };
const signed64 = { lowest: -(2n ** 63n), highest: 2n ** 63n - 1n, asString: true };

const integers: Record<IntegerScalar, { lowest: bigint; highest: bigint; asString: boolean }> = {
  int32: signed32,
  sint32: signed32,
  sfixed32: signed32,
  uint32: unsigned32,
  fixed32: unsigned32,
  int64: signed64,
  sint64: signed64,
  sfixed64: signed64,
  uint64: unsigned64,
  fixed64: unsigned64,
};

/** Reads a scalar: 64-bit integers become strings, other numbers numbers, bytes standard base64. */
export function readScalar(scalar: Scalar, json: Json): Read {
  switch (scalar) {
    case "string":
      return typeof json === "string" ? json : undefined;
    case "bool":
      if (json === true || json === "true") return true;
      return json === false || json === "false" ? false : undefined;
    case "bytes":
      return typeof json === "string" ? readBytes(json) : undefined;
    case "double":
    case "float":
      return readFloat(json);
    default:
      return readInteger(scalar, json);
  }
}

/** Whether a canonical scalar is its type's zero; the text "0" is one for 64-bit integers only. */
export function isZero(scalar: Scalar, value: Json): boolean {
  switch (scalar) {
    case "string":
    case "bytes":
      return value === "";
    case "bool":
      return value === false;
    case "double":
    case "float":
      return value === 0;
    default:
      return value === (integers[scalar].asString ? "0" : 0);
  }
}

function readBytes(text: string): Read {
  const standard = text.replaceAll("-", "+").replaceAll("_", "/").replace(/=+$/, "");
  if (!/^[A-Za-z0-9+/]*$/.test(standard) || standard.length % 4 === 1) return undefined;
  return standard.padEnd(Math.ceil(standard.length / 4) * 4, "=");
}

function readFloat(json: Json): Read {
  if (json === "NaN" || json === "Infinity" || json === "-Infinity") return json;
  if (typeof json !== "number" && typeof json !== "string") return undefined;
  const value = typeof json === "string" && json.trim() === "" ? Number.NaN : Number(json);
  return Number.isFinite(value) ? value : undefined;
}

function readInteger(scalar: IntegerScalar, json: Json): Read {
  const { lowest, highest, asString } = integers[scalar];
  let value: bigint;
  if (typeof json === "number" && Number.isInteger(json)) value = BigInt(json);
  else if (typeof json === "string" && /^-?\d{1,20}$/.test(json)) value = BigInt(json);
  else return undefined;
  if (value < lowest || value > highest) return undefined;
  return asString ? value.toString() : Number(value);
}

/** Reads an enum from its name or number; unknown numbers stay numbers, as proto3 keeps them. */
export function readEnum(type: protobuf.Enum, json: Json): Read {
  if (typeof json === "string") {
    if (Object.hasOwn(type.values, json)) return json;
    return /^\d+$/.test(json) ? readEnum(type, Number(json)) : undefined;
  }
  if (typeof json !== "number" || !Number.isInteger(json)) return undefined;
  return type.valuesById[json] ?? json;
}

/** The number of an enum value in canonical form. */
export function enumNumber(type: protobuf.Enum, value: Json): Json {
  return typeof value === "string" ? (type.values[value] ?? value) : value;
}

const rfc3339 = /^\d{4}-(?:0[1-9]|1[0-2])-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/;

/** Messages whose JSON is a single string, by full name: how it is read. */
export const stringMessages: Readonly<Record<string, (text: string) => Read>> = {
  ".google.protobuf.Timestamp": (text) => (rfc3339.test(text) && !Number.isNaN(Date.parse(text)) ? text : undefined),
  ".google.protobuf.Duration": (text) => (/^-?\d{1,12}(?:\.\d{1,9})?s$/.test(text) ? text : undefined),
  ".google.protobuf.FieldMask": (text) =>
    text
      .split(",")
      .map((path) => path.trim())
      .filter((path) => path !== "")
      .map(camelCase)
      .join(","),
};

/** The scalar inside a wrapper message, by full name. */
export const wrappers: Readonly<Record<string, Scalar>> = {
  ".google.protobuf.DoubleValue": "double",
  ".google.protobuf.FloatValue": "float",
  ".google.protobuf.Int64Value": "int64",
  ".google.protobuf.UInt64Value": "uint64",
  ".google.protobuf.Int32Value": "int32",
  ".google.protobuf.UInt32Value": "uint32",
  ".google.protobuf.BoolValue": "bool",
  ".google.protobuf.StringValue": "string",
  ".google.protobuf.BytesValue": "bytes",
};
