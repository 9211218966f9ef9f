/** Between the bytes of gRPC and proto3 JSON. */

import { fromProto3JSON, toProto3JSON } from "proto3-json-serializer";
import type protobuf from "protobufjs";
import { isObject } from "./json.ts";
import { ApiError, type JsonObject } from "./service.ts";

/** The JSON of an encoded message. Throws INVALID_ARGUMENT when the bytes are not such a message. */
export function decodeMessage(type: protobuf.Type, bytes: Uint8Array): JsonObject {
  try {
    const json = toProto3JSON(type.decode(bytes));
    return isObject(json) ? json : {};
  } catch (error) {
    throw new ApiError("INVALID_ARGUMENT", `The request is not a readable ${type.fullName.slice(1)}: ${String(error)}`);
  }
}

/** The bytes of a message in canonical JSON. */
export function encodeMessage(type: protobuf.Type, json: JsonObject): Buffer {
  const message = fromProto3JSON(type, json);
  if (message === null) throw new Error(`${type.fullName}: null is no message`);
  return Buffer.from(type.encode(message).finish());
}
