/** Errors in the shapes and, where they are known, the words of the service. */
import { ApiError, type CodeName, codes, type JsonObject } from "../../wire/service.ts";

/** google.rpc.Status as proto3 JSON. */
export type Status = { code: number; message: string };

/** A status by the name of its code. */
export function status(code: CodeName, message: string): Status {
  return { code: codes[code], message };
}

/** The error of a call that fails with this status. */
export function errorOf(failure: Status): ApiError {
  const name = (Object.keys(codes) as CodeName[]).find((code) => codes[code] === failure.code) ?? "UNKNOWN";
  return new ApiError(name, failure.message);
}

/** One wrong field: its proto path and what is wrong. */
export type Violation = { field: string; message: string };

/** INVALID_ARGUMENT in the service's own format, all causes at once, with google.rpc.BadRequest. */
export function invalidFields(violations: readonly Violation[]): ApiError {
  const list = violations.map(({ field, message }, at) => `${at + 1}.Field: ${field}; Message: ${message}`).join("\t");
  return new ApiError("INVALID_ARGUMENT", `List of found errors:\t${list}\t`, [
    {
      "@type": "type.googleapis.com/google.rpc.BadRequest",
      fieldViolations: violations.map(({ field, message }): JsonObject => ({ field, description: message })),
    },
  ]);
}

/** INVALID_ARGUMENT for one field. */
export function invalidField(field: string, message: string): ApiError {
  return invalidFields([{ field, message }]);
}

/** NOT_FOUND. */
export function notFound(type: string, name: string): ApiError {
  return new ApiError("NOT_FOUND", `The ${type} does not exist: "${name}". Check the name, project and location.`);
}

/** ALREADY_EXISTS. */
export function alreadyExists(type: string, name: string): ApiError {
  return new ApiError("ALREADY_EXISTS", `The ${type} already exists: "${name}". Choose another id or use that one.`);
}

/** FAILED_PRECONDITION. */
export function failedPrecondition(message: string): ApiError {
  return new ApiError("FAILED_PRECONDITION", message);
}

/** FAILED_PRECONDITION while other operations run on a resource; the text is the one seen for other resource types. */
export function otherOperations(type: string, name: string, operationIds: readonly string[]): ApiError {
  return failedPrecondition(
    `There are other operations running on the ${type} "${name}". Operation IDs are: [${operationIds.join(", ")}].`,
  );
}
