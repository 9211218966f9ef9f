/** What a subscription's configuration means for delivery. */
import { isObject } from "../wire/json.ts";
import { ApiError, type Json, type JsonObject } from "../wire/service.ts";
import { durationMilliseconds } from "../wire/times.ts";
import { compileFilter, type Filter } from "./filter.ts";
import { checkName } from "./names.ts";

/** Where and how a push subscription delivers. */
export interface PushSettings {
  readonly endpoint: string;
  /** Identity to send as an OIDC token; undefined = none. */
  readonly oidc: { readonly email: string; readonly audience: string } | undefined;
  /** The bare data instead of the JSON wrapper; with metadata as headers or without. */
  readonly wrapper: "wrapped" | "bare" | "bare-with-metadata";
}

/** Delivery settings; times in milliseconds of wire time. */
export interface Settings {
  readonly ackDeadline: number;
  readonly retention: number;
  readonly retainAcked: boolean;
  readonly ordered: boolean;
  readonly exactlyOnce: boolean;
  readonly filter: Filter;
  readonly deadLetter: { readonly topic: string; readonly maxAttempts: number } | undefined;
  readonly backoff: { readonly minimum: number; readonly maximum: number } | undefined;
  readonly push: PushSettings | undefined;
}

/** A subscription's JSON with the service's defaults filled in and its values checked. Throws INVALID_ARGUMENT. */
export function withDefaults(given: JsonObject): JsonObject {
  const json: JsonObject = {
    ...given,
    pushConfig: given["pushConfig"] ?? {},
    ackDeadlineSeconds: given["ackDeadlineSeconds"] ?? 10,
    messageRetentionDuration: given["messageRetentionDuration"] ?? "604800s",
    expirationPolicy: given["expirationPolicy"] ?? { ttl: "2678400s" },
    state: "ACTIVE",
  };
  const policy = json["deadLetterPolicy"];
  if (isObject(policy))
    json["deadLetterPolicy"] = { ...policy, maxDeliveryAttempts: policy["maxDeliveryAttempts"] ?? 5 };
  const retry = json["retryPolicy"];
  if (isObject(retry)) {
    json["retryPolicy"] = {
      minimumBackoff: retry["minimumBackoff"] ?? "10s",
      maximumBackoff: retry["maximumBackoff"] ?? "600s",
    };
  }
  readSettings(json);
  return json;
}

/** Reads the settings of a subscription that {@link withDefaults} gave. Throws INVALID_ARGUMENT. */
export function readSettings(json: JsonObject): Settings {
  const seconds = json["ackDeadlineSeconds"];
  if (typeof seconds !== "number" || seconds < 10 || seconds > 600) {
    throw refused(`Invalid ack deadline given (ack_deadline=${String(seconds)}): it must be 10 to 600 seconds.`);
  }
  const filter = json["filter"];
  return {
    ackDeadline: seconds * 1000,
    retention: bounded(json["messageRetentionDuration"], "message_retention_duration", 600, 31 * 86_400),
    retainAcked: json["retainAckedMessages"] === true,
    ordered: json["enableMessageOrdering"] === true,
    exactlyOnce: json["enableExactlyOnceDelivery"] === true,
    filter: compileFilter(typeof filter === "string" ? filter : ""),
    deadLetter: readDeadLetter(json["deadLetterPolicy"]),
    backoff: readBackoff(json["retryPolicy"]),
    push: readPush(json["pushConfig"]),
  };
}

function readDeadLetter(policy: Json | undefined): Settings["deadLetter"] {
  if (!isObject(policy)) return undefined;
  const { deadLetterTopic: topic, maxDeliveryAttempts: attempts } = policy;
  if (typeof topic !== "string") throw refused("A dead letter policy needs a dead_letter_topic.");
  if (typeof attempts !== "number" || attempts < 5 || attempts > 100) {
    const [size, bound] = Number(attempts) < 5 ? ["small", "minimum value is 5"] : ["large", "maximum value is 100"];
    throw new ApiError(
      "OUT_OF_RANGE",
      `The value for max_delivery_attempts is too ${size}. You passed ${String(attempts)} in the request, but the ${bound}.`,
    );
  }
  return { topic: checkName(topic, "topics"), maxAttempts: attempts };
}

function readBackoff(policy: Json | undefined): Settings["backoff"] {
  if (!isObject(policy)) return undefined;
  const minimum = bounded(policy["minimumBackoff"], "retry_policy.minimum_backoff", 0, 600);
  const maximum = bounded(policy["maximumBackoff"], "retry_policy.maximum_backoff", 0, 600);
  if (minimum > maximum) throw refused("retry_policy.minimum_backoff must not be more than maximum_backoff.");
  return { minimum, maximum };
}

function readPush(config: Json | undefined): PushSettings | undefined {
  if (!isObject(config) || config["pushEndpoint"] === undefined) return undefined;
  const endpoint = String(config["pushEndpoint"]);
  if (!/^https?:\/\/./.test(endpoint) || !URL.canParse(endpoint)) {
    throw refused(
      `Invalid push endpoint given (endpoint=${endpoint}). Refer to https://cloud.google.com/pubsub/docs/push for more information.`,
    );
  }
  const token = config["oidcToken"];
  const bare = config["noWrapper"];
  return {
    endpoint,
    oidc: isObject(token)
      ? { email: String(token["serviceAccountEmail"] ?? ""), audience: String(token["audience"] ?? endpoint) }
      : undefined,
    wrapper: isObject(bare) ? (bare["writeMetadata"] === true ? "bare-with-metadata" : "bare") : "wrapped",
  };
}

function bounded(json: Json | undefined, field: string, lowest: number, highest: number): number {
  const value = durationMilliseconds(json);
  if (value === undefined || value < lowest * 1000 || value > highest * 1000) {
    throw refused(`${field} must be ${lowest} to ${highest} seconds, but is ${String(json)}.`);
  }
  return value;
}

function refused(message: string): ApiError {
  return new ApiError("INVALID_ARGUMENT", message);
}
