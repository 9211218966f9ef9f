/** Which method an HTTP request means: generated from the `google.api.http` rules, and the few bindings that no rule states. */
import type { Descriptors, HttpRule, MethodDescriptor } from "./descriptors.ts";
import { compilePathTemplate, type PathTemplate, splitPath } from "./path-template.ts";

/** A request's method with what its path says. */
export interface Route {
  readonly method: MethodDescriptor;
  readonly body: string | undefined;
  /** Version of the path, e.g. `v1beta1`. */
  readonly version: string;
  /** Fields captured from the path: proto names, dotted. */
  readonly captures: readonly [fieldPath: string, value: string][];
}

/** Finds the method for a verb and a path (without query); undefined when there is none. */
export type Router = (verb: string, path: string) => Route | undefined;

interface Binding {
  readonly method: MethodDescriptor;
  readonly body: string | undefined;
  readonly template: PathTemplate;
}

/**
 * Long-running operations are found under any parent; the rules of operations.proto name none of the real paths.
 * `/ui` is the prefix that Google's Node REST transport polls on.
 */
const operationRules: Readonly<Record<string, readonly HttpRule[]>> = {
  "google.longrunning.Operations.GetOperation": operationRule("GET", "/*", undefined),
  "google.longrunning.Operations.ListOperations": operationRule("GET", "", undefined),
  "google.longrunning.Operations.DeleteOperation": operationRule("DELETE", "/*", undefined),
  "google.longrunning.Operations.CancelOperation": operationRule("POST", "/*:cancel", "*"),
  // Real clients send `timeout` as a query parameter to :wait, or as body.
  "google.longrunning.Operations.WaitOperation": operationRule("POST", "/*:wait", "*"),
};

/** Resource Manager asks about a project on /v3; its own protos are not shipped. */
const projectPermissionRules: Readonly<Record<string, readonly HttpRule[]>> = {
  "google.iam.v1.IAMPolicy.TestIamPermissions": [
    { verb: "POST", template: "/v3/{resource=projects/*}:testIamPermissions", body: "*" },
    { verb: "POST", template: "/v1beta1/{resource=**}:testIamPermissions", body: "*" },
  ],
};

function operationRule(verb: HttpRule["verb"], end: string, body: string | undefined): HttpRule[] {
  const parents = ["projects/*/locations/*", "projects/*/locations/*/*/*", "projects/*/locations/*/*/*/*/*"];
  const [id = "", suffix] = end.split(":");
  const tail = suffix === undefined ? "" : `:${suffix}`;
  // A list is asked for by its parent's name, one operation by its own.
  return ["v1", "v1beta1", "ui"].flatMap((prefix) =>
    parents.map((parent) => ({
      verb,
      template:
        id === "" ? `/${prefix}/{name=${parent}}/operations` : `/${prefix}/{name=${parent}/operations${id}}${tail}`,
      body,
    })),
  );
}

/** Builds the {@link Router} for all loaded methods. */
export function createRouter({ methods }: Descriptors): Router {
  const bindings = new Map<string, Binding[]>();
  const customVerbs = new Set<string>();
  for (const method of methods) {
    const extra = operationRules[method.fullName] ?? projectPermissionRules[method.fullName] ?? [];
    for (const rule of [...extra, ...method.rules]) {
      const template = compilePathTemplate(rule.template);
      customVerbs.add(template.customVerb);
      const key = `${rule.verb}:${template.customVerb}`;
      bindings.set(key, [...(bindings.get(key) ?? []), { method, body: rule.body, template }]);
    }
  }
  customVerbs.delete("");

  return (verb, path) => {
    const { segments, customVerb } = splitPath(path, customVerbs);
    for (const { method, body, template } of bindings.get(`${verb}:${customVerb}`) ?? []) {
      const captures = template.match(segments);
      if (captures !== undefined) return { method, body, version: segments[0] ?? "", captures };
    }
    return undefined;
  };
}
