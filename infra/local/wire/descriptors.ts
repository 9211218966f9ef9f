/** What the APIs look like, read from the `.proto` files that Google's npm packages ship. */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import protobuf from "protobufjs";

const aiplatformServices = ["persistent_resource", "endpoint", "job", "model", "deployment_resource_pool"];

/** The files to load; everything they import comes along. */
const files = [
  ...["v1", "v1beta1"].flatMap((version) =>
    aiplatformServices.map((service) => `google/cloud/aiplatform/${version}/${service}_service.proto`),
  ),
  "google/cloud/scheduler/v1/cloudscheduler.proto",
  "google/iam/v1/iam_policy.proto",
  "google/longrunning/operations.proto",
  "google/pubsub/v1/pubsub.proto",
  "google/pubsub/v1/schema.proto",
  "google/rpc/error_details.proto",
];

/** One binding of a method to HTTP, from its `google.api.http` option. */
export interface HttpRule {
  readonly verb: "GET" | "PUT" | "POST" | "DELETE" | "PATCH";
  /** Path template, e.g. `/v1/{name=projects/*}:reboot`. */
  readonly template: string;
  /** `*` = the whole request, a field's proto name, or undefined when the method takes no body. */
  readonly body: string | undefined;
}

/** One RPC as the descriptors know it. */
export interface MethodDescriptor {
  /** E.g. `google.pubsub.v1.Publisher.Publish`. */
  readonly fullName: string;
  /** E.g. `google.pubsub.v1.Publisher`. */
  readonly service: string;
  readonly name: string;
  /** Version segment of the package, `v1` where it has none. */
  readonly version: string;
  readonly request: protobuf.Type;
  readonly response: protobuf.Type;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
  readonly rules: readonly HttpRule[];
}

/** The loaded types and the methods of all loaded services. */
export interface Descriptors {
  readonly root: protobuf.Root;
  readonly methods: readonly MethodDescriptor[];
}

let loaded: Descriptors | undefined;

/** Loads the descriptors, once per process (about 0.4 s). Throws when a package does not ship a file that is needed. */
export function loadDescriptors(): Descriptors {
  loaded ??= load();
  return loaded;
}

function load(): Descriptors {
  const directories = includeDirectories();
  const root = new protobuf.Root();
  root.resolvePath = (_origin, target) => {
    if (target.startsWith("/")) return target;
    const found = directories.map((directory) => join(directory, target)).find((path) => existsSync(path));
    if (found === undefined) throw new Error(`${target}: not shipped by any of ${directories.join(", ")}`);
    return found;
  };
  root.loadSync(files);
  root.resolveAll();
  const methods = servicesOf(root).flatMap((service) =>
    service.methodsArray.map((method) => describe(service, method)),
  );
  return { root, methods };
}

function includeDirectories(): string[] {
  const require = createRequire(import.meta.url);
  const packageProtos = (name: string) => join(dirname(require.resolve(`${name}/package.json`)), "build", "protos");
  return [
    packageProtos("@google-cloud/aiplatform"),
    packageProtos("@google-cloud/pubsub"),
    packageProtos("@google-cloud/scheduler"),
    // google-gax exports no package.json; its protos lie beside its sources.
    join(dirname(require.resolve("google-gax")), "..", "protos"),
  ];
}

function servicesOf(namespace: protobuf.NamespaceBase): protobuf.Service[] {
  return namespace.nestedArray.flatMap((nested) => {
    if (nested instanceof protobuf.Service) return [nested];
    return nested instanceof protobuf.Namespace && !(nested instanceof protobuf.Type) ? servicesOf(nested) : [];
  });
}

function describe(service: protobuf.Service, method: protobuf.Method): MethodDescriptor {
  const { resolvedRequestType: request, resolvedResponseType: response } = method;
  if (!request || !response) throw new Error(`${service.fullName}.${method.name}: its types are not resolved`);
  const serviceName = service.fullName.replace(/^\./, "");
  return {
    fullName: `${serviceName}.${method.name}`,
    service: serviceName,
    name: method.name,
    version: /\.(v\d+(?:(?:alpha|beta)\d+)?)\./.exec(service.fullName)?.[1] ?? "v1",
    request,
    response,
    requestStream: method.requestStream === true,
    responseStream: method.responseStream === true,
    rules: optionsOf(method)
      .filter(([key]) => key === "(google.api.http)")
      .flatMap(([, rule]) => httpRules(rule as RawRule)),
  };
}

/** All options of a descriptor, repeated ones repeated. */
export function optionsOf(object: protobuf.ReflectionObject): [key: string, value: unknown][] {
  const parsed = object.parsedOptions as unknown as Record<string, unknown>[] | null | undefined;
  return (parsed ?? []).flatMap((option) => Object.entries(option));
}

type RawRule = { [key: string]: unknown; body?: string; additional_bindings?: RawRule | RawRule[] };

const verbs = { get: "GET", put: "PUT", post: "POST", delete: "DELETE", patch: "PATCH" } as const;

function httpRules(rule: RawRule): HttpRule[] {
  const own = Object.entries(verbs).flatMap(([key, verb]) => {
    const template = rule[key];
    return typeof template === "string" ? [{ verb, template, body: rule.body }] : [];
  });
  return [...own, ...[rule.additional_bindings ?? []].flat().flatMap(httpRules)];
}
