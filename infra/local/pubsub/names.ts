/** Resource names of Pub/Sub and the errors about them. */
import { ApiError } from "../wire/service.ts";

/** What a name may be of. */
export type Collection = "topics" | "subscriptions" | "snapshots";

/** What a subscription shows as its topic once that is deleted. */
export const deletedTopic = "_deleted-topic_";

/**
 * Checks `projects/P/topics/T` and its likes: 3-255 letters, digits and `-_.~+%`, beginning with a letter, not with `goog`.
 * Throws INVALID_ARGUMENT. Source: cloud.google.com/pubsub/docs/pubsub-basics#resource_names
 */
export function checkName(name: string, collection: Collection): string {
  const id = new RegExp(`^projects/[^/]+/${collection}/([A-Za-z][A-Za-z0-9_.~+%-]{2,254})$`).exec(name)?.[1];
  if (id === undefined || id.startsWith("goog")) {
    throw new ApiError(
      "INVALID_ARGUMENT",
      `Invalid resource name given (name=${name}). Refer to ` +
        "https://cloud.google.com/pubsub/docs/pubsub-basics#resource_names for more information.",
    );
  }
  return name;
}

/** The error for a resource that is not there. */
export function notFound(name: string): ApiError {
  const id = name.slice(name.lastIndexOf("/") + 1);
  return new ApiError("NOT_FOUND", `Resource not found (resource=${id}).`);
}

/** The error for a resource that is there already. */
export function alreadyExists(name: string): ApiError {
  const id = name.slice(name.lastIndexOf("/") + 1);
  return new ApiError("ALREADY_EXISTS", `Resource already exists in the project (resource=${id}).`);
}

/** The project of a resource name. */
export function projectOf(name: string): string {
  return name.split("/")[1] ?? "";
}
