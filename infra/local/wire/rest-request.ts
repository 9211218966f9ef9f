/** Puts an HTTP request's path captures, query parameters and body together into one request message. */
import type protobuf from "protobufjs";
import { badRequest, unknownName, type Violation } from "./conform.ts";
import { type FieldShape, shapeOf } from "./fields.ts";
import { camelCase, isObject } from "./json.ts";
import type { Route } from "./routes.ts";
import { ApiError, type Json, type JsonObject } from "./service.ts";

/** Parameters that belong to the transport and to no request message, as cloud.google.com/apis/docs/system-parameters lists them. */
const systemParameters = new Set(
  "alt access_token callback fields key oauth_token prettyPrint quotaUser uploadType upload_protocol xgafv userProject"
    .split(" ")
    .flatMap((name) => [name, `$${name}`, `$.${name}`]),
);

/**
 * The request in JSON, not yet checked against its type except for the names of query parameters.
 * `body` is undefined when none was sent. Throws INVALID_ARGUMENT.
 */
export function assembleRequest(route: Route, body: Json | undefined, query: URLSearchParams): JsonObject {
  const request = fromBody(route, body);
  bindQuery(route.method.request, request, query);
  for (const [fieldPath, value] of route.captures) set(request, fieldPath.split(".").map(camelCase), value);
  return request;
}

function fromBody(route: Route, body: Json | undefined): JsonObject {
  if (route.body === undefined) return {};
  // Google's Node client sends "" for an empty message (cancelOperation over REST).
  const content = body === "" ? {} : (body ?? {});
  if (!isObject(content)) {
    throw new ApiError(
      "INVALID_ARGUMENT",
      'Invalid JSON payload received. Unknown name "": Root element must be a message.',
    );
  }
  if (route.body === "*") return Object.fromEntries(Object.entries(content));
  return { [camelCase(route.body)]: Object.fromEntries(Object.entries(content)) };
}

function bindQuery(type: protobuf.Type, request: JsonObject, query: URLSearchParams): void {
  const violations: Violation[] = [];
  for (const name of new Set(query.keys())) {
    if (systemParameters.has(name)) continue;
    const values = query.getAll(name);
    const found = locate(type, name);
    if (found === undefined) {
      const why = `Cannot bind query parameter. Field '${name}' could not be found in request message.`;
      violations.push(unknownName(name, "", why));
    } else {
      set(request, found.path, found.many ? values : (values.at(-1) ?? ""));
    }
  }
  if (violations.length > 0) throw badRequest(violations);
}

function locate(type: protobuf.Type, name: string): { path: string[]; many: boolean } | undefined {
  const path: string[] = [];
  const names = name.split(".");
  let current: protobuf.Type | undefined = type;
  let many = false;
  for (const part of names) {
    const field: FieldShape | undefined = current === undefined ? undefined : shapeOf(current).find(part);
    if (field === undefined || field.cardinality === "map" || many) return undefined;
    path.push(field.name);
    many = field.cardinality === "many";
    current = field.type.kind === "message" ? field.type.message : undefined;
  }
  return { path, many };
}

/** Sets a value at a path whose parts are known field names. */
function set(target: JsonObject, path: readonly string[], value: Json): void {
  const [first = "", ...rest] = path;
  if (rest.length === 0) {
    target[first] = value;
    return;
  }
  const inner = target[first];
  const holder: JsonObject = isObject(inner) ? inner : {};
  target[first] = holder;
  set(holder, rest, value);
}
