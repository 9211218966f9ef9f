/** Updates by field mask. */
import { isObject } from "./json.ts";
import { ApiError, type Json, type JsonObject } from "./service.ts";

/**
 * `current` with the masked fields taken from `given`; a masked field that `given` lacks is cleared.
 * `mask` is canonical (camelCase, comma-separated). Throws INVALID_ARGUMENT for a path outside `updatable`,
 * whose entries also allow what lies below them.
 */
export function applyMask(
  current: JsonObject,
  given: JsonObject,
  mask: string,
  updatable: readonly string[],
): JsonObject {
  return mask
    .split(",")
    .filter((path) => path !== "")
    .reduce((result, path) => {
      const [first = ""] = path.split(".");
      if (!updatable.includes(first)) {
        throw new ApiError(
          "INVALID_ARGUMENT",
          `Invalid update_mask provided in the request: "${path}" cannot be updated. Updatable: ${updatable.join(", ")}.`,
        );
      }
      return withPath(result, given, path.split("."));
    }, current);
}

function withPath(current: JsonObject, given: JsonObject, [first = "", ...rest]: readonly string[]): JsonObject {
  const { [first]: before, ...others } = current;
  const value: Json | undefined = given[first];
  if (rest.length === 0) return value === undefined ? others : { ...others, [first]: value };
  const inner = withPath(isObject(before) ? before : {}, isObject(value) ? value : {}, rest);
  return { ...others, [first]: inner };
}
