/** EndpointService. */

import { camelCase } from "../../wire/json.ts";
import { ApiError, type JsonObject } from "../../wire/service.ts";
import { bothVersions, type Method, type ModelService, type Version } from "../api/dispatch.ts";
import { alreadyExists, failedPrecondition, invalidField } from "../api/errors.ts";
import { type Fields, readFields } from "../api/fields.ts";
import { compileFilter, type FilterSchema, textField } from "../api/filter.ts";
import { message } from "../api/json.ts";
import { maskPaths, readMasked, requiredMask } from "../api/masks.ts";
import { idOf, parseLocation, resourceName } from "../api/names.ts";
import { ordering, page } from "../api/paging.ts";
import { createMutateDeployedModel, createUndeployModel } from "./change-deployed.ts";
import type { EndpointContext } from "./context.ts";
import type { Deployment } from "./deploy-model.ts";
import { type Endpoint, endpointFields, endpointJson, etagOf, pick } from "./record.ts";
import { checkSplit, resolveSplit, type TrafficSplit } from "./traffic.ts";

const type = "Endpoint";
const idPattern = /^([a-z]([a-z0-9-]{0,61}[a-z0-9])?|[1-9]\d{0,8}|0)$/;
/** What UpdateEndpoint may change, beside the traffic split. */
const updatable = ["display_name", "description", "labels", "predict_request_response_logging_config"];

const text = (value: unknown): string => (typeof value === "string" ? value : "");
const filters: FilterSchema<Endpoint> = {
  fields: {
    endpoint: textField(["=", "!="], ({ name }) => idOf(name)),
    display_name: textField(["=", "!="], ({ given }) => text(given["displayName"])),
    base_model_name: textField(["="], () => undefined),
  },
  labels: ({ given }) => (given["labels"] ?? {}) as Record<string, string>,
};
const orders = {
  display_name: ({ given }: Endpoint) => text(given["displayName"]),
  create_time: ({ createTime }: Endpoint) => createTime,
  update_time: ({ updateTime }: Endpoint) => updateTime,
};

/** Creates the service. */
export function createEndpointService(context: EndpointContext, deployment: Deployment): ModelService {
  const { kernel, behaviour, operations, replicas, endpoints } = context;
  const json = (endpoint: Endpoint, version: Version): JsonObject =>
    endpointJson(endpoint, { version, behaviour: behaviour.values, replicas });
  const named = (request: Fields): Endpoint => {
    const name = request.requiredString("name");
    request.check();
    return context.find(name, "name");
  };

  type Created = { draft: Omit<Endpoint, "seq">; operation: string };
  const planCreated = kernel.agenda.define<Created>("endpoint.created", ({ draft, operation }) => {
    const failure = operations.failureOf(operation);
    if (failure) return operations.finish(operation, { error: failure });
    const created = { ...draft, createTime: kernel.clock.now(), updateTime: kernel.clock.now() };
    const endpoint = endpoints.all.add(created);
    const version = operations.get(operation)?.version ?? "v1";
    operations.finish(operation, { type, value: json(endpoint, version) });
  });
  const create: Method = (body, call) => {
    const request = readFields(body);
    const parent = request.requiredString("parent");
    const wanted = request.requiredMessage("endpoint");
    const displayName = wanted.requiredString("displayName");
    if (displayName.length > 128) wanted.wrong("displayName", "At most 128 characters.");
    wanted.labels();
    const split = wanted.integers("trafficSplit");
    const id = request.string("endpointId") ?? kernel.chance.id(19);
    if (request.has("endpointId") && !idPattern.test(id)) {
      request.wrong("endpointId", `"${id}" must start with a letter, or be up to 9 digits without a leading zero.`);
    }
    request.check();
    checkSplit(split, [], "endpoint.traffic_split");
    const name = resourceName(type, parseLocation(parent, "parent"), id);
    if (endpoints.all.get(name) || operations.running(name).length > 0) throw alreadyExists(type, name);
    const given = pick(wanted.json, endpointFields);
    const draft = { name, given, models: [], trafficSplit: {}, revision: 1, createTime: 0, updateTime: 0 };
    const what = { target: name, metadata: "CreateEndpointOperationMetadata", timing: "createEndpoint" } as const;
    return operations.launch(call, what, ({ at, operation }) => planCreated(at, { draft, operation }));
  };

  const update: Method = (body, { version }) => {
    const request = readFields(body);
    const wanted = request.requiredMessage("endpoint");
    const name = wanted.requiredString("name");
    request.check();
    const endpoint = context.find(name, "endpoint.name");
    const paths = requiredMask(body["updateMask"], "update_mask");
    const unknown = paths.find((path) => path !== "traffic_split" && !updatable.includes(path));
    if (unknown !== undefined) {
      const allowed = [...updatable, "traffic_split"].join(", ");
      throw invalidField("update_mask", `"${unknown}" cannot be updated. Supported: ${allowed}.`);
    }
    const etag = wanted.string("etag");
    if (etag !== undefined && etag !== etagOf(endpoint)) {
      throw new ApiError(
        "ABORTED",
        `The etag of "${endpoint.name}" does not match: it was changed meanwhile. Read it again and repeat the change.`,
      );
    }
    if (paths.includes("display_name")) wanted.requiredString("displayName");
    if (paths.includes("labels")) wanted.labels();
    const split: TrafficSplit = { ...wanted.integers("trafficSplit") };
    request.check();
    if (paths.includes("traffic_split")) {
      const ids = endpoint.models.filter(({ phase }) => phase === "serving").map(({ id }) => id);
      checkSplit(split, ids, "endpoint.traffic_split");
      endpoint.trafficSplit = resolveSplit(split, "");
    }
    for (const path of paths.filter((one) => updatable.includes(one))) {
      const value = wanted.json[camelCase(path)];
      if (value === undefined) delete endpoint.given[camelCase(path)];
      else endpoint.given[camelCase(path)] = value;
    }
    endpoints.touch(endpoint);
    return json(endpoint, version);
  };

  const planDeleted = kernel.agenda.define<{ endpoint: string; operation: string }>("endpoint.deleted", (event) => {
    const failure = operations.failureOf(event.operation);
    if (!failure) endpoints.all.remove(event.endpoint);
    operations.finish(event.operation, failure ? { error: failure } : { type: "", value: {} });
  });
  const remove: Method = (body, call) => {
    const endpoint = named(readFields(body));
    if (endpoint.models.length > 0) {
      const ids = endpoint.models.map(({ id }) => id).join(", ");
      throw failedPrecondition(
        `Endpoint has deployed or being-deployed DeployedModel(s): ${ids}. Undeploy them before deleting "${endpoint.name}".`,
      );
    }
    context.demandIdle(endpoint);
    const what = { target: endpoint.name, metadata: "DeleteOperationMetadata", timing: "deleteEndpoint" } as const;
    return operations.launch(call, what, ({ at, operation }) =>
      planDeleted(at, { endpoint: endpoint.name, operation }),
    );
  };

  return {
    names: bothVersions("EndpointService"),
    submissions: ["CreateEndpoint", "DeleteEndpoint", "DeployModel", "UndeployModel", "MutateDeployedModel"],
    methods: {
      CreateEndpoint: create,
      GetEndpoint: (body, { version }) => json(named(readFields(body)), version),
      ListEndpoints(body, { version }) {
        const request = readFields(body);
        const parent = parseLocation(request.requiredString("parent"), "parent").name;
        const paths = maskPaths(body["readMask"], "read_mask");
        const matches = compileFilter(request.string("filter"), filters);
        const order = version === "v1" ? ordering(request.string("orderBy"), orders) : undefined;
        const { items, nextPageToken } = page(endpoints.all, parent, request, { matches, order });
        request.check();
        return message({ endpoints: items.map((one) => readMasked(json(one, version), paths)), nextPageToken });
      },
      UpdateEndpoint: update,
      DeleteEndpoint: remove,
      DeployModel: deployment.method,
      UndeployModel: createUndeployModel(context),
      MutateDeployedModel: createMutateDeployedModel(context),
    },
  };
}
