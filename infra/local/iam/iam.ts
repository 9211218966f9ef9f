/** Permission tests: everything is granted except what was denied by hand. No call is refused for lack of one. */
import type { ControlRoute } from "../control/route.ts";
import { isObject } from "../wire/json.ts";
import { textsOf } from "../wire/read.ts";
import { ApiError, type Json, type ServiceImplementation } from "../wire/service.ts";

/** A running IAM. */
export interface Iam {
  readonly services: readonly ServiceImplementation[];
  /** `GET /iam/deny`, `POST /iam/deny {"permissions": [...]}`. */
  readonly routes: readonly ControlRoute[];
  snapshot(): string[];
  restore(denied: readonly string[]): void;
}

/** Creates an IAM that denies nothing. A denied permission may end in `*`. */
export function createIam(): Iam {
  let denied: readonly string[] = [];
  const isDenied = (permission: string) =>
    denied.some((pattern) =>
      pattern.endsWith("*") ? permission.startsWith(pattern.slice(0, -1)) : pattern === permission,
    );

  return {
    services: [
      {
        names: ["google.iam.v1.IAMPolicy"],
        unary: {
          TestIamPermissions: (request) => ({
            permissions: textsOf(request["permissions"]).filter((permission) => !isDenied(permission)),
          }),
        },
      },
    ],
    routes: [
      {
        method: "GET",
        path: "/iam/deny",
        about: "permissions that testIamPermissions does not grant",
        handle: () => ({ permissions: [...denied] }),
      },
      {
        method: "POST",
        path: "/iam/deny",
        about: 'replaces them: {"permissions": ["aiplatform.persistentResources.create"]}; may end in *',
        handle: (body) => {
          denied = readPermissions(body);
          return { permissions: [...denied] };
        },
      },
    ],
    snapshot: () => [...denied],
    restore: (saved) => {
      denied = saved;
    },
  };
}

function readPermissions(body: Json): string[] {
  const permissions = isObject(body) ? body["permissions"] : undefined;
  if (Array.isArray(permissions) && permissions.every((permission) => typeof permission === "string")) {
    return textsOf(permissions);
  }
  throw new ApiError(
    "INVALID_ARGUMENT",
    'POST /iam/deny takes {"permissions": ["a.permission", ...]}; [] denies nothing.',
  );
}
