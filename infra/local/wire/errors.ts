/** Errors as the two doors answer them. */
import { Metadata, type ServiceError } from "@grpc/grpc-js";
import { encodeMessage } from "./codec.ts";
import type { Descriptors } from "./descriptors.ts";
import { ApiError, type CodeName, codes, type JsonObject } from "./service.ts";

/** HTTP status of each code, as google/rpc/code.proto lists them. */
export const httpStatus: Readonly<Record<CodeName, number>> = {
  OK: 200,
  CANCELLED: 499,
  UNKNOWN: 500,
  INVALID_ARGUMENT: 400,
  DEADLINE_EXCEEDED: 504,
  NOT_FOUND: 404,
  ALREADY_EXISTS: 409,
  PERMISSION_DENIED: 403,
  RESOURCE_EXHAUSTED: 429,
  FAILED_PRECONDITION: 400,
  ABORTED: 409,
  OUT_OF_RANGE: 400,
  UNIMPLEMENTED: 501,
  INTERNAL: 500,
  UNAVAILABLE: 503,
  DATA_LOSS: 500,
  UNAUTHENTICATED: 401,
};

/** Whatever was thrown, as an {@link ApiError}; a fault of ours becomes INTERNAL and is told on standard error with its stack. */
export function asApiError(thrown: unknown, where: string): ApiError {
  if (thrown instanceof ApiError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  console.error(`local cloud: ${where} failed:`, thrown);
  return new ApiError("INTERNAL", `The local cloud failed in ${where}: ${message}`);
}

/** `{"error":{code,message,status,details}}`. */
export function restError(error: ApiError): JsonObject {
  const details = error.details.length === 0 ? {} : { details: [...error.details] };
  return { error: { code: httpStatus[error.code], message: error.message, status: error.code, ...details } };
}

/** A gRPC status; details travel as a google.rpc.Status in `grpc-status-details-bin`. */
export function grpcError(error: ApiError, descriptors: Descriptors): ServiceError {
  const metadata = new Metadata();
  const code = codes[error.code];
  if (error.details.length > 0) {
    const type = descriptors.root.lookupType("google.rpc.Status");
    const status = encodeMessage(type, { code, message: error.message, details: [...error.details] });
    metadata.set("grpc-status-details-bin", status);
  }
  return Object.assign(new Error(error.message), { code, details: error.message, metadata });
}
