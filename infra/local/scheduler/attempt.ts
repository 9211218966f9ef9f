/** One attempt to deliver a job's firing. */
import type { WireClock } from "../clock/wire-clock.ts";
import { ApiError, codes } from "../wire/service.ts";
import type { Plan, Target } from "./job.ts";

/** A google.rpc.Status; code 0 = delivered. */
export interface AttemptStatus {
  readonly code: number;
  readonly message: string;
}

/** What an attempt needs. */
export interface AttemptOptions {
  readonly wire: WireClock;
  readonly jobName: string;
  readonly plan: Plan;
  /** RFC 3339 of the firing in world time. */
  readonly scheduleTime: string;
  readonly publish: (topic: string, message: { data: string; attributes: Readonly<Record<string, string>> }) => void;
  /** Cuts the attempt. */
  readonly signal: AbortSignal;
}

/** Delivers to the plan's target; failures come back as a status, never as a rejection. */
export async function attempt(options: AttemptOptions): Promise<AttemptStatus> {
  const { target } = options.plan;
  if (target.kind === "http") return request(options, target);
  try {
    options.publish(target.topic, { data: target.data, attributes: target.attributes });
    return { code: codes.OK, message: "" };
  } catch (error) {
    if (error instanceof ApiError) return { code: codes[error.code], message: error.message };
    throw error;
  }
}

async function request(options: AttemptOptions, target: Target & { kind: "http" }): Promise<AttemptStatus> {
  const { wire, plan, signal } = options;
  const late = new AbortController();
  const cancel = wire.at(wire.now() + plan.attemptDeadline, () => late.abort());
  try {
    const response = await fetch(target.uri, {
      method: target.method,
      headers: headersOf(options, target),
      ...(target.body === "" ? {} : { body: Buffer.from(target.body, "base64") }),
      signal: AbortSignal.any([late.signal, signal]),
    });
    await response.body?.cancel();
    return response.ok
      ? { code: codes.OK, message: "" }
      : { code: codeOf(response.status), message: `HTTP status ${response.status} from ${target.uri}` };
  } catch (error) {
    if (late.signal.aborted) return { code: codes.DEADLINE_EXCEEDED, message: `No answer from ${target.uri} in time` };
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    return { code: codes.UNAVAILABLE, message: `${target.uri} could not be reached: ${String(cause)}` };
  } finally {
    cancel();
  }
}

/** Source of the names: the comment on HttpTarget.headers in target.proto */
function headersOf(options: AttemptOptions, target: Target & { kind: "http" }): Record<string, string> {
  const own = Object.entries(target.headers).filter(
    ([name]) => !/^(?:host|content-length|user-agent|x-google-.*|x-appengine-.*|x-cloudscheduler.*)$/i.test(name),
  );
  const typed = own.some(([name]) => name.toLowerCase() === "content-type");
  return {
    ...(target.body === "" || typed ? {} : { "content-type": "application/octet-stream" }),
    ...Object.fromEntries(own),
    "user-agent": "Google-Cloud-Scheduler",
    "x-cloudscheduler": "true",
    "x-cloudscheduler-jobname": options.jobName.slice(options.jobName.lastIndexOf("/") + 1),
    "x-cloudscheduler-scheduletime": options.scheduleTime,
  };
}

function codeOf(httpStatus: number): number {
  const known: Readonly<Record<number, number>> = {
    400: codes.INVALID_ARGUMENT,
    401: codes.UNAUTHENTICATED,
    403: codes.PERMISSION_DENIED,
    404: codes.NOT_FOUND,
    409: codes.ABORTED,
    429: codes.RESOURCE_EXHAUSTED,
    499: codes.CANCELLED,
    501: codes.UNIMPLEMENTED,
    503: codes.UNAVAILABLE,
    504: codes.DEADLINE_EXCEEDED,
  };
  return known[httpStatus] ?? (httpStatus >= 500 ? codes.INTERNAL : codes.UNKNOWN);
}
