/** What a job's configuration means, checked. */
import { Cron } from "croner";
import { isObject } from "../wire/json.ts";
import { textMapOf, textOf } from "../wire/read.ts";
import { ApiError, type JsonObject } from "../wire/service.ts";
import { durationMilliseconds } from "../wire/times.ts";
import { checkJobName } from "./names.ts";

/** Where a job's firing goes. */
export type Target =
  | {
      readonly kind: "pubsub";
      readonly topic: string;
      /** Standard base64. */
      readonly data: string;
      readonly attributes: Readonly<Record<string, string>>;
    }
  | {
      readonly kind: "http";
      readonly uri: string;
      readonly method: string;
      readonly headers: Readonly<Record<string, string>>;
      /** Standard base64. */
      readonly body: string;
    };

/** How failures are tried again; milliseconds of world time. */
export interface RetryPolicy {
  /** Further attempts after the first; 0 = none. */
  readonly count: number;
  readonly minBackoff: number;
  readonly maxBackoff: number;
  readonly maxDoublings: number;
  /** 0 = unlimited. */
  readonly maxDuration: number;
}

/** A job's plan. */
export interface Plan {
  readonly target: Target;
  readonly retry: RetryPolicy;
  /** Milliseconds of wire time that one attempt may take. */
  readonly attemptDeadline: number;
  /** First firing after `time`, both in milliseconds since the epoch; undefined when there is none. */
  next(time: number): number | undefined;
}

const defaultRetry = {
  retryCount: 0,
  maxRetryDuration: "0s",
  minBackoffDuration: "5s",
  maxBackoffDuration: "3600s",
  maxDoublings: 5,
};

/** A job's JSON with the service's defaults. */
export function withDefaults(job: JsonObject): JsonObject {
  const { pubsubTarget, httpTarget } = job;
  const retry = isObject(job["retryConfig"]) ? job["retryConfig"] : {};
  return {
    ...job,
    timeZone: textOf(job, "timeZone") || "Etc/UTC",
    retryConfig: { ...defaultRetry, ...retry },
    ...(isObject(httpTarget) ? { httpTarget: { ...httpTarget, httpMethod: httpTarget["httpMethod"] ?? "POST" } } : {}),
    ...(pubsubTarget === undefined ? { attemptDeadline: job["attemptDeadline"] ?? "180s" } : {}),
  };
}

/** Reads a job that {@link withDefaults} gave. Throws INVALID_ARGUMENT. */
export function readPlan(job: JsonObject): Plan {
  checkJobName(textOf(job, "name"));
  if (textOf(job, "description").length > 500) throw refused("description must not have more than 500 characters.");
  const target = readTarget(job);
  const attemptDeadline = durationMilliseconds(job["attemptDeadline"]) ?? 180_000;
  if (target.kind === "http" && (attemptDeadline < 15_000 || attemptDeadline > 1_800_000)) {
    throw refused("attempt_deadline must be between 15s and 1800s for an HTTP target.");
  }
  return { target, retry: readRetry(job), attemptDeadline, next: readSchedule(job) };
}

function readSchedule(job: JsonObject): Plan["next"] {
  const schedule = textOf(job, "schedule").trim();
  const timeZone = textOf(job, "timeZone");
  if (schedule === "") throw refused("Schedule must be set.");
  try {
    new Intl.DateTimeFormat("en", { timeZone });
  } catch {
    throw refused(`The provided time zone '${timeZone}' is invalid.`);
  }
  // Unix cron has five fields; croner would also take seconds, years and nicknames.
  if (!/^@?\S+(?: +\S+){4}$/.test(schedule))
    throw malformed(schedule, "unix-cron has five fields (schedules in English words are not known here)");
  let cron: Cron;
  try {
    cron = new Cron(schedule, { timezone: timeZone, paused: true, mode: "5-part" });
  } catch (error) {
    throw malformed(schedule, error instanceof Error ? error.message : String(error));
  }
  return (time) => cron.nextRun(new Date(time))?.getTime();
}

function readTarget(job: JsonObject): Target {
  const { pubsubTarget, httpTarget } = job;
  if (isObject(pubsubTarget)) {
    const topic = textOf(pubsubTarget, "topicName");
    if (!/^projects\/[^/]+\/topics\/[^/]+$/.test(topic)) {
      throw refused(`PubsubTarget.topic_name must be "projects/PROJECT_ID/topics/TOPIC_ID", but is "${topic}".`);
    }
    const [data, attributes] = [textOf(pubsubTarget, "data"), textMapOf(pubsubTarget["attributes"])];
    if (data === "" && Object.keys(attributes).length === 0) {
      throw refused("Pubsub message must contain either non-empty data, or at least one attribute.");
    }
    return { kind: "pubsub", topic, data, attributes };
  }
  if (isObject(httpTarget)) {
    const [uri, method, body] = [
      textOf(httpTarget, "uri"),
      textOf(httpTarget, "httpMethod"),
      textOf(httpTarget, "body"),
    ];
    if (!/^https?:\/\/./.test(uri) || !URL.canParse(uri) || uri.length > 2083) {
      throw refused(`HttpTarget.uri must begin with "http://" or "https://" and be a valid URL, but is "${uri}".`);
    }
    if (body !== "" && !["POST", "PUT", "PATCH"].includes(method)) {
      throw refused(`HttpTarget.body is only allowed for POST, PUT and PATCH, not for ${method}.`);
    }
    return { kind: "http", uri, method, headers: textMapOf(httpTarget["headers"]), body };
  }
  if (job["appEngineHttpTarget"] !== undefined) {
    throw new ApiError("UNIMPLEMENTED", "The local cloud has no App Engine; use a Pub/Sub or HTTP target.");
  }
  throw refused("Job must have a target.");
}

function readRetry(job: JsonObject): RetryPolicy {
  const config = isObject(job["retryConfig"]) ? job["retryConfig"] : {};
  const policy = {
    count: Number(config["retryCount"] ?? 0),
    minBackoff: durationMilliseconds(config["minBackoffDuration"]) ?? 5_000,
    maxBackoff: durationMilliseconds(config["maxBackoffDuration"]) ?? 3_600_000,
    maxDoublings: Number(config["maxDoublings"] ?? 5),
    maxDuration: durationMilliseconds(config["maxRetryDuration"]) ?? 0,
  };
  if (policy.count < 0 || policy.count > 5) throw refused(`retry_count must be 0 to 5, but is ${policy.count}.`);
  if (policy.minBackoff > policy.maxBackoff)
    throw refused("min_backoff_duration must not be more than max_backoff_duration.");
  return policy;
}

/** How long to wait before retry number `retry` (1 = the first), in milliseconds: doubling, then linear, then the maximum. */
export function backoff({ minBackoff, maxBackoff, maxDoublings }: RetryPolicy, retry: number): number {
  const doublings = Math.min(retry - 1, maxDoublings);
  const linear = Math.max(1, retry - maxDoublings);
  return Math.min(maxBackoff, minBackoff * 2 ** doublings * linear);
}

function malformed(schedule: string, why: string): ApiError {
  return refused(`Schedule or time zone is invalid: '${schedule}': ${why}.`);
}

function refused(message: string): ApiError {
  return new ApiError("INVALID_ARGUMENT", message);
}
