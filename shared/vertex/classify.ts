/** Turns whatever a Google client throws, or a long-running operation ends with, into a {@link VertexError}. */
import { type ErrorClass, VertexError } from "./errors.ts";
import type { RpcStatus } from "./vertex.ts";

/** google.rpc.Code in order of its numbers. */
const statusNames = [
  "OK",
  "CANCELLED",
  "UNKNOWN",
  "INVALID_ARGUMENT",
  "DEADLINE_EXCEEDED",
  "NOT_FOUND",
  "ALREADY_EXISTS",
  "PERMISSION_DENIED",
  "RESOURCE_EXHAUSTED",
  "FAILED_PRECONDITION",
  "ABORTED",
  "OUT_OF_RANGE",
  "UNIMPLEMENTED",
  "INTERNAL",
  "UNAVAILABLE",
  "DATA_LOSS",
  "UNAUTHENTICATED",
] as const;
type StatusName = (typeof statusNames)[number];

/** Statuses by which the service says that it did nothing; after any other, without a known text, it may have. */
const certainRefusals: ReadonlySet<StatusName> = new Set([
  "INVALID_ARGUMENT",
  "NOT_FOUND",
  "ALREADY_EXISTS",
  "PERMISSION_DENIED",
  "RESOURCE_EXHAUSTED",
  "FAILED_PRECONDITION",
  "ABORTED",
  "OUT_OF_RANGE",
  "UNIMPLEMENTED",
  "UNAUTHENTICATED",
]);

/**
 * HTTP statuses of errors without a google.rpc status. A 404 is only believed to mean that something does not exist where
 * the service says so: see {@link readHttp}.
 */
const httpStatuses: { readonly [status: number]: StatusName } = {
  400: "INVALID_ARGUMENT",
  401: "UNAUTHENTICATED",
  403: "PERMISSION_DENIED",
  404: "NOT_FOUND",
  409: "ABORTED",
  412: "FAILED_PRECONDITION",
  429: "RESOURCE_EXHAUSTED",
  499: "CANCELLED",
  501: "UNIMPLEMENTED",
  503: "UNAVAILABLE",
  504: "DEADLINE_EXCEEDED",
};

/** Texts that say more than their code; the first that matches decides. Sources: spot.md C3, vertex-api.md 1.4. */
const texts: readonly { readonly pattern: RegExp; readonly class: ErrorClass }[] = [
  // A container's own words come with INVALID_ARGUMENT, FAILED_PRECONDITION and INTERNAL alike.
  {
    pattern: /model server (exited|never became ready|terminated|crashed)|container .*(crash|failed to start)/i,
    class: "model-fault",
  },
  { pattern: /other operations? running|another operation .*(in progress|running)/i, class: "busy" },
  // Call rates are quotas too; only these pass within a minute. The last is Google's text for a rate without a name.
  {
    pattern: /per (second|minute|100 seconds)|rate.?limit|requests? quota|\(e\.g\. check quota\)/i,
    class: "throttled",
  },
  // Before stockout: one author met the 503 text with a quota of zero.
  { pattern: /quotas?\b.*\b(exceed|is 0|zero)|exceed\w* .*\bquota/i, class: "quota" },
  {
    pattern:
      /stock.?out|not have enough resources|temporarily unavailable, please deploy|resource pool exhausted|insufficient capacity/i,
    class: "stockout",
  },
  // Of resizing, for one, the service may say so as a failed precondition; no other look would change it.
  { pattern: /\b(is )?not supported\b|\bunsupported\b/i, class: "invalid" },
  { pattern: /deployed or being-deployed/i, class: "conflict" },
];

/** Codes whose meaning a text may sharpen; a NOT_FOUND that mentions a quota is still a NOT_FOUND. */
const sharpened: ReadonlySet<StatusName> = new Set([
  "UNKNOWN",
  "INVALID_ARGUMENT",
  "RESOURCE_EXHAUSTED",
  "FAILED_PRECONDITION",
  "INTERNAL",
  "UNAVAILABLE",
]);

const plain: { readonly [S in StatusName]: ErrorClass } = {
  OK: "unavailable",
  CANCELLED: "unavailable",
  UNKNOWN: "unavailable",
  INVALID_ARGUMENT: "invalid",
  DEADLINE_EXCEEDED: "unavailable",
  NOT_FOUND: "gone",
  ALREADY_EXISTS: "exists",
  PERMISSION_DENIED: "denied",
  RESOURCE_EXHAUSTED: "stockout",
  FAILED_PRECONDITION: "conflict",
  ABORTED: "conflict",
  OUT_OF_RANGE: "invalid",
  UNIMPLEMENTED: "invalid",
  INTERNAL: "unavailable",
  UNAVAILABLE: "unavailable",
  DATA_LOSS: "unavailable",
  UNAUTHENTICATED: "denied",
};

/** `said`: the service gave its reason in words, so it was reached and refused, whatever the code. */
function classOf(status: StatusName, text: string): { readonly class: ErrorClass; readonly said: boolean } {
  const found = sharpened.has(status) ? texts.find(({ pattern }) => pattern.test(text)) : undefined;
  return { class: found?.class ?? plain[status], said: found !== undefined };
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;
const isStatusName = (value: unknown): value is StatusName => (statusNames as readonly unknown[]).includes(value);

interface Reading {
  readonly status: StatusName;
  readonly text: string;
}

/** `{error: {code, message, status}}`, as an object or as the text of a body; in a list where a stream was expected. */
function readRestBody(body: unknown, httpStatus: number): Reading | undefined {
  let parsed = body;
  if (typeof body === "string") {
    try {
      parsed = JSON.parse(body);
    } catch {
      return undefined;
    }
  }
  if (Array.isArray(parsed)) parsed = parsed[0];
  const error = isRecord(parsed) ? parsed["error"] : undefined;
  if (!isRecord(error)) return undefined;
  const { status, code, message } = error;
  const fallback = httpStatuses[typeof code === "number" ? code : httpStatus];
  const name = isStatusName(status) ? status : (fallback ?? "UNKNOWN");
  return { status: name, text: typeof message === "string" ? message : `HTTP ${httpStatus}` };
}

function readHttp(httpStatus: number, body: unknown): Reading {
  const read = readRestBody(body, httpStatus);
  if (read !== undefined) return read;
  const start = typeof body === "string" && body !== "" ? `: ${body.slice(0, 200)}` : "";
  // Proxies, load balancers and the metadata server (no token) answer 404 too, and know nothing of the resource.
  const unknown = httpStatus >= 500 || httpStatus === 404;
  const status = unknown ? "UNAVAILABLE" : (httpStatuses[httpStatus] ?? "UNKNOWN");
  return { status, text: `HTTP ${httpStatus}${start}` };
}

/** What google-auth-library says when it has no way to prove who we are: the call was never made. */
const noCredentials = /default credentials|invalid_grant|invalid_client|universe domain/i;

function read(error: unknown): Reading {
  if (!isRecord(error)) return { status: "UNKNOWN", text: String(error) };
  const message = typeof error["message"] === "string" ? error["message"] : String(error);
  const response = error["response"];
  if (isRecord(response) && typeof response["status"] === "number") {
    return readHttp(response["status"], response["data"]);
  }
  const body = readRestBody(error, 0);
  if (body !== undefined) return body;
  if (noCredentials.test(message)) return { status: "UNAUTHENTICATED", text: message };
  const name = typeof error["code"] === "number" ? statusNames[error["code"]] : undefined;
  if (name !== undefined)
    return { status: name, text: typeof error["details"] === "string" ? error["details"] : message };
  // Sockets, names and timeouts: Node's own codes, with the cause where fetch hid it.
  const cause =
    isRecord(error["cause"]) && typeof error["cause"]["message"] === "string" ? error["cause"]["message"] : "";
  return { status: "UNAVAILABLE", text: message === "" || cause.includes(message) ? cause : message };
}

/**
 * Reads an error thrown by a gRPC client, a REST client or the network.
 * @param doing what was being done to what, e.g. `get projects/p/...`; begins the message.
 */
export function classify(error: unknown, doing?: string): VertexError {
  if (error instanceof VertexError) return error;
  const { status, text } = read(error);
  const found = classOf(status, text);
  return new VertexError(`${doing === undefined ? "" : `${doing}: `}${status}: ${text}`, {
    class: found.class,
    code: statusNames.indexOf(status),
    refused: found.said || certainRefusals.has(status),
    cause: error,
  });
}

/** How a long-running operation failed. Without a text that says otherwise, exhausted and unavailable mean machines here. */
export function classifyStatus(failure: RpcStatus, doing?: string): VertexError {
  const status = statusNames[failure.code ?? 2] ?? "UNKNOWN";
  const text = failure.message ?? "no message";
  const found = classOf(status, text).class;
  const machines = found === "unavailable" && status === "UNAVAILABLE";
  return new VertexError(`${doing === undefined ? "" : `${doing}: `}${status}: ${text}`, {
    class: machines ? "stockout" : status === "CANCELLED" ? "conflict" : found,
    code: failure.code ?? 2,
    refused: false,
  });
}
