/** A published message and the limits on publishing. */
import { isObject } from "../wire/json.ts";
import { textMapOf, textOf } from "../wire/read.ts";
import { ApiError, type Json, type JsonObject } from "../wire/service.ts";

/** A message as Pub/Sub keeps it. */
export interface Message {
  readonly messageId: string;
  /** Milliseconds since the epoch, wire time. */
  readonly publishTime: number;
  /** Standard base64; empty when only attributes were sent. */
  readonly data: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** Empty when none was given. */
  readonly orderingKey: string;
}

/** What a publisher gives. */
export type Content = Pick<Message, "data" | "attributes" | "orderingKey">;

/** Limits of one publish request. Source: cloud.google.com/pubsub/quotas#resource_limits */
export const publishLimits = {
  messages: 1000,
  bytes: 10_000_000,
  attributes: 100,
  keyBytes: 256,
  valueBytes: 1024,
  orderingKeyBytes: 1024,
} as const;

/** The contents of a publish request's messages. Throws INVALID_ARGUMENT for what breaks a limit. */
export function readContents(messages: Json | undefined): Content[] {
  const contents = (Array.isArray(messages) ? messages : []).map((message) =>
    readContent(isObject(message) ? message : {}),
  );
  if (contents.length === 0) throw refused("There is no message to publish.");
  if (contents.length > publishLimits.messages) {
    throw refused(
      `The value for message_count is too large. You passed ${contents.length} in the request, but the maximum value is ${publishLimits.messages}.`,
    );
  }
  const bytes = contents.reduce((sum, content) => sum + sizeOf(content), 0);
  if (bytes > publishLimits.bytes) {
    throw refused(
      `The value for request_size is too large. You passed ${bytes} in the request, but the maximum value is ${publishLimits.bytes}.`,
    );
  }
  return contents;
}

/** Bytes that a message counts for: data, attributes and ordering key. */
export function sizeOf({ data, attributes, orderingKey }: Content): number {
  const attributeBytes = Object.entries(attributes).reduce(
    (sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value),
    0,
  );
  return Buffer.byteLength(data, "base64") + attributeBytes + Buffer.byteLength(orderingKey);
}

function readContent(json: JsonObject): Content {
  const data = textOf(json, "data");
  const attributes = textMapOf(json["attributes"]);
  const orderingKey = textOf(json, "orderingKey");
  const entries = Object.entries(attributes);
  if (data === "" && entries.length === 0) {
    throw refused(
      "Some messages in the publish request are empty. Each message must contain either non-empty data, or at least one attribute.",
    );
  }
  if (entries.length > publishLimits.attributes) {
    throw refused(`A message has ${entries.length} attributes, but the maximum is ${publishLimits.attributes}.`);
  }
  for (const [key, value] of entries) {
    if (key === "" || Buffer.byteLength(key) > publishLimits.keyBytes || key.startsWith("goog")) {
      throw refused(
        `The attribute key "${key.slice(0, 80)}" must have 1-${publishLimits.keyBytes} bytes and not begin with "goog".`,
      );
    }
    if (Buffer.byteLength(value) > publishLimits.valueBytes) {
      throw refused(`The value of attribute "${key}" has more than ${publishLimits.valueBytes} bytes.`);
    }
  }
  if (Buffer.byteLength(orderingKey) > publishLimits.orderingKeyBytes) {
    throw refused(`The ordering key has more than ${publishLimits.orderingKeyBytes} bytes.`);
  }
  return { data, attributes, orderingKey };
}

function refused(message: string): ApiError {
  return new ApiError("INVALID_ARGUMENT", message);
}
