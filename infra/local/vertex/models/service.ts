/** ModelService, as far as deploying needs it: upload, get, list, delete. Versions are not kept: every model is version 1. */
import type { JsonObject } from "../../wire/service.ts";
import { timestamp } from "../../wire/times.ts";
import { bothVersions, type Method, type ModelService } from "../api/dispatch.ts";
import { alreadyExists, failedPrecondition, notFound, otherOperations } from "../api/errors.ts";
import { type Fields, readFields } from "../api/fields.ts";
import { compileFilter, type FilterSchema, textField } from "../api/filter.ts";
import { message } from "../api/json.ts";
import { maskPaths, readMasked } from "../api/masks.ts";
import { idOf, locationOf, parseLocation, parseResource, resourceName } from "../api/names.ts";
import { ordering, page } from "../api/paging.ts";
import type { Endpoints } from "../endpoints/store.ts";
import { type Collection, createCollection } from "../kernel/collection.ts";
import type { Kernel } from "../kernel/kernel.ts";
import type { Operations } from "../operations/store.ts";

type Model = { name: string; seq: number; given: JsonObject; createTime: number; revision: number };

/** The uploaded models. */
export type Models = Collection<Model>;

/** Creates a world without models. */
export function createModels(kernel: Kernel): Models {
  return createCollection<Model>(kernel.slices, "models", ({ name }) => [locationOf(name).name]);
}

/** What the service stands on. */
export interface ModelServiceParts {
  readonly kernel: Kernel;
  readonly operations: Operations;
  readonly models: Models;
  readonly endpoints: Endpoints;
}

const type = "Model";
const idPattern = /^[a-z0-9_-]{1,63}$/;
const outputs = [
  "name",
  "versionId",
  "createTime",
  "updateTime",
  "versionCreateTime",
  "versionUpdateTime",
  "deployedModels",
];

const text = (value: unknown): string => (typeof value === "string" ? value : "");
const filters: FilterSchema<Model> = {
  fields: {
    model: textField(["=", "!="], ({ name }) => idOf(name)),
    display_name: textField(["=", "!="], ({ given }) => text(given["displayName"])),
    base_model_name: textField(["="], () => undefined),
  },
  labels: ({ given }) => (given["labels"] ?? {}) as Record<string, string>,
};
const orders = {
  display_name: ({ given }: Model) => text(given["displayName"]),
  create_time: ({ createTime }: Model) => createTime,
  update_time: ({ createTime }: Model) => createTime,
};

/** Creates the service. */
export function createModelService({ kernel, operations, models, endpoints }: ModelServiceParts): ModelService {
  const deployments = (name: string) =>
    endpoints.using(name).map(({ endpoint, deployedModelId }) => ({ endpoint, deployedModelId }));
  const json = (model: Model): JsonObject => {
    const time = timestamp(model.createTime);
    return message({
      name: model.name,
      ...model.given,
      versionId: "1",
      versionAliases: ["default"],
      versionCreateTime: time,
      versionUpdateTime: time,
      createTime: time,
      updateTime: time,
      deployedModels: deployments(model.name),
      supportedDeploymentResourcesTypes: ["DEDICATED_RESOURCES"],
      etag: Buffer.from(`${model.name}/${model.revision}`).toString("base64url").slice(-24),
    });
  };
  const named = (request: Fields): Model => {
    const name = request.requiredString("name");
    request.check();
    const parsed = parseResource(type, name, "name");
    const model = models.get(parsed.name);
    if (!model) throw notFound(type, parsed.name);
    return model;
  };

  const planUploaded = kernel.agenda.define<{ name: string; given: JsonObject; operation: string }>(
    "model.uploaded",
    ({ name, given, operation }) => {
      const failure = operations.failureOf(operation);
      if (failure) return operations.finish(operation, { error: failure });
      models.add({ name, given, createTime: kernel.clock.now(), revision: 1 });
      operations.finish(operation, { type: "UploadModelResponse", value: { model: name, modelVersionId: "1" } });
    },
  );
  const upload: Method = (body, call) => {
    const request = readFields(body);
    const parent = request.requiredString("parent");
    const wanted = request.requiredMessage("model");
    wanted.requiredString("displayName");
    wanted.labels();
    const id = request.string("modelId") ?? kernel.chance.id(19);
    if (!idPattern.test(id)) request.wrong("modelId", `"${id}" must match ${idPattern.source}.`);
    request.check();
    if (request.has("parentModel"))
      throw failedPrecondition("The local cloud keeps one version of each model; upload a new one.");
    const name = resourceName(type, parseLocation(parent, "parent"), id);
    if (models.get(name) || operations.running(name).length > 0) throw alreadyExists(type, name);
    const given = Object.fromEntries(Object.entries(wanted.json).filter(([key]) => !outputs.includes(key)));
    const what = { target: name, metadata: "UploadModelOperationMetadata", timing: "uploadModel" } as const;
    return operations.launch(call, what, ({ at, operation }) => planUploaded(at, { name, given, operation }));
  };

  const planDeleted = kernel.agenda.define<{ name: string; operation: string }>("model.deleted", (event) => {
    const failure = operations.failureOf(event.operation);
    if (!failure) models.remove(event.name);
    operations.finish(event.operation, failure ? { error: failure } : { type: "", value: {} });
  });

  return {
    names: bothVersions("ModelService"),
    submissions: ["UploadModel", "DeleteModel"],
    methods: {
      UploadModel: upload,
      GetModel: (body) => json(named(readFields(body))),
      ListModels(body) {
        const request = readFields(body);
        const parent = parseLocation(request.requiredString("parent"), "parent").name;
        const paths = maskPaths(body["readMask"], "read_mask");
        const matches = compileFilter(request.string("filter"), filters);
        const order = ordering(request.string("orderBy"), orders);
        const { items, nextPageToken } = page(models, parent, request, { matches, order });
        request.check();
        return message({ models: items.map((model) => readMasked(json(model), paths)), nextPageToken });
      },
      DeleteModel(body, call) {
        const model = named(readFields(body));
        const places = deployments(model.name);
        if (places.length > 0) {
          const list = places.map(({ endpoint, deployedModelId }) => `${endpoint} (${deployedModelId})`).join(", ");
          throw failedPrecondition(
            `The Model "${model.name}" is deployed or being deployed on: ${list}. Undeploy it first.`,
          );
        }
        const running = operations.running(model.name);
        if (running.length > 0) throw otherOperations(type, model.name, running);
        const what = { target: model.name, metadata: "DeleteOperationMetadata", timing: "deleteModel" } as const;
        return operations.launch(call, what, ({ at, operation }) => planDeleted(at, { name: model.name, operation }));
      },
    },
  };
}
