/**
 * The seam between the doors (gRPC, REST) and the services of the local cloud.
 * A service sees proto3 JSON as Google publishes it: camelCase keys, enum names, int64 as strings, timestamps in RFC 3339,
 * `Any` with "@type". The doors translate; a service never knows which door a call came through.
 */

/** A proto3 JSON value. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
/** A proto3 JSON message. */
export type JsonObject = { [key: string]: Json };

/** What a handler may know of the call besides its request. */
export interface Call {
  /** Full method name, e.g. `google.cloud.aiplatform.v1.EndpointService.GetEndpoint`. */
  readonly method: string;
  /** API version of the package the method belongs to, e.g. `v1`, `v1beta1`. */
  readonly version: string;
  /** Lower-case header or gRPC metadata names. */
  readonly headers: Readonly<Record<string, string>>;
  /** Aborted when the caller has gone. */
  readonly signal: AbortSignal;
}

/** Answers one request; throws {@link ApiError} for anything the caller did wrong or the cloud cannot do. */
export type UnaryHandler = (request: JsonObject, call: Call) => JsonObject | Promise<JsonObject>;

/** Answers a bidirectional or server stream (only Pub/Sub's StreamingPull needs one; gRPC door only). */
export type StreamHandler = (requests: AsyncIterable<JsonObject>, call: Call) => AsyncIterable<JsonObject>;

/** The methods of one service. A method that the descriptors know and the service lacks answers UNIMPLEMENTED. */
export interface ServiceImplementation {
  /** Full service names this implementation serves, e.g. both versions of EndpointService. */
  readonly names: readonly string[];
  readonly unary: Readonly<Record<string, UnaryHandler>>;
  readonly streams?: Readonly<Record<string, StreamHandler>>;
}

/** google.rpc.Code by name. */
export const codes = {
  OK: 0,
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  DATA_LOSS: 15,
  UNAUTHENTICATED: 16,
} as const;

export type CodeName = keyof typeof codes;

/** An error as Google's APIs answer it; the doors turn it into a gRPC status or `{"error":{code,message,status}}`. */
export class ApiError extends Error {
  readonly code: CodeName;
  /** google.rpc details as proto3 JSON Any values. */
  readonly details: readonly JsonObject[];

  constructor(code: CodeName, message: string, details: readonly JsonObject[] = []) {
    super(message);
    this.name = "ApiError";
    this.code = code;
    this.details = details;
  }
}
