/** PersistentResourceService. */
import type { JsonObject } from "../../wire/service.ts";
import { bothVersions, type Method, type ModelService } from "../api/dispatch.ts";
import { alreadyExists, errorOf, failedPrecondition, notFound, otherOperations, status } from "../api/errors.ts";
import { type Fields, readFields } from "../api/fields.ts";
import { message } from "../api/json.ts";
import { requiredMask } from "../api/masks.ts";
import { parseLocation, parseResource, resourceName } from "../api/names.ts";
import { page } from "../api/paging.ts";
import { trainingQuotaText } from "../capacity/texts.ts";
import { createLifecycle, type LifecycleParts } from "./lifecycle.ts";
import { isRay, type PersistentResource, type PersistentResourceState, persistentResourceJson } from "./record.ts";
import { checkMask, readNewResource, readPersistentResourceId, readSizes } from "./validation.ts";

const type = "PersistentResource";

/** Creates the service. */
export function createPersistentResourceService(parts: LifecycleParts): ModelService {
  const { kernel, behaviour, operations, resources } = parts;
  const lifecycle = createLifecycle(parts);
  const json = (resource: PersistentResource): JsonObject => persistentResourceJson(resource, behaviour.values);

  const find = (name: string, field = "name"): PersistentResource => {
    const parsed = parseResource(type, name, field);
    const resource = resources.all.get(parsed.name);
    if (!resource) throw notFound(type, parsed.name);
    return resource;
  };
  const named = (request: Fields): PersistentResource => {
    const name = request.requiredString("name");
    request.check();
    return find(name);
  };
  /** Only a resource in one of the states may be changed, and only by one operation at a time. */
  const demand = (resource: PersistentResource, verb: string, states: readonly PersistentResourceState[]): void => {
    if (!states.includes(resource.state)) {
      const wanted = states.join(" or ");
      throw failedPrecondition(
        `The PersistentResource "${resource.name}" is in state ${resource.state} and cannot be ${verb}; it must be ${wanted}.`,
      );
    }
    const running = operations.running(resource.name);
    if (running.length > 0) throw otherOperations(type, resource.name, running);
  };
  const visible = (resource: PersistentResource): boolean =>
    kernel.clock.now() - resource.createTime >= behaviour.values.notFoundAfterCreateSeconds * 1000;
  const charge = (resource: PersistentResource, sizes: ReadonlyMap<string, number>): void => {
    const exceeded = resources.charge(resource, sizes);
    if (exceeded.length > 0) throw errorOf(status("RESOURCE_EXHAUSTED", trainingQuotaText(exceeded)));
  };

  const create: Method = (body, call) => {
    const request = readFields(body);
    const parent = request.requiredString("parent");
    const id = readPersistentResourceId(request);
    const { given, pools } = readNewResource(request.requiredMessage("persistentResource"), kernel.chance);
    request.check();
    const name = resourceName(type, parseLocation(parent, "parent"), id);
    if (resources.all.get(name)) throw alreadyExists(type, name);
    const now = kernel.clock.now();
    const draft = { name, seq: 0, given, pools, error: null, createTime: now, startTime: null, updateTime: now };
    charge({ ...draft, state: "PROVISIONING" }, new Map());
    const resource = resources.all.add({ ...draft, state: "PROVISIONING" });
    const what = {
      target: name,
      metadata: "CreatePersistentResourceOperationMetadata",
      timing: "createPersistentResource",
      progress: [[0, { progressMessage: "Provisioning resource pools." }]],
    } as const;
    return operations.launch(call, what, (due) => lifecycle.created(due, resource));
  };

  const remove: Method = (body, call) => {
    const resource = named(readFields(body));
    demand(resource, "deleted", ["RUNNING", "ERROR"]);
    const from = resource.state;
    resources.become(resource, "STOPPING");
    const timing = "deletePersistentResource";
    return operations.launch(call, { target: resource.name, metadata: "DeleteOperationMetadata", timing }, (due) =>
      lifecycle.deleted(due, resource, from),
    );
  };

  const update: Method = (body, call) => {
    const request = readFields(body);
    const wanted = request.requiredMessage("persistentResource");
    const name = wanted.requiredString("name");
    request.check();
    const resource = find(name, "persistent_resource.name");
    const mode =
      behaviour.values.updatePersistentResourceByName[resource.name] ?? behaviour.values.updatePersistentResource;
    checkMask(requiredMask(body["updateMask"], "update_mask"));
    const sizes = readSizes(wanted, resource);
    request.check();
    if (mode === "refuses") {
      throw failedPrecondition(
        `Updating the PersistentResource "${resource.name}" is not supported; delete it and create it again.`,
      );
    }
    demand(resource, "updated", ["RUNNING"]);
    const busy = resource.pools.find(({ id, used }) => (sizes.get(id) ?? 0) < used);
    if (busy) {
      throw failedPrecondition(
        `Pool "${busy.id}" of "${resource.name}" has ${busy.used} replicas in use; wait for the jobs or ask for more.`,
      );
    }
    if (mode === "works") charge(resource, sizes);
    const what = {
      target: resource.name,
      metadata: "UpdatePersistentResourceOperationMetadata",
      timing: "updatePersistentResource",
      progress: [[0, { progressMessage: "Updating resource pools." }]],
    } as const;
    resources.become(resource, "UPDATING");
    return operations.launch(call, what, (due) =>
      lifecycle.updated(due, resource, mode === "works" ? sizes : undefined),
    );
  };

  const reboot: Method = (body, call) => {
    const resource = named(readFields(body));
    if (isRay(resource.given)) throw failedPrecondition(`The Ray cluster "${resource.name}" cannot be rebooted.`);
    demand(resource, "rebooted", ["RUNNING", "ERROR"]);
    resources.become(resource, "REBOOTING");
    resources.letGo(resource);
    const what = {
      target: resource.name,
      metadata: "RebootPersistentResourceOperationMetadata",
      timing: "rebootPersistentResource",
      progress: [[0, { progressMessage: "Rebooting resource pools." }]],
    } as const;
    return operations.launch(call, what, (due) => lifecycle.rebooted(due, resource));
  };

  return {
    names: bothVersions("PersistentResourceService"),
    submissions: [
      "CreatePersistentResource",
      "DeletePersistentResource",
      "UpdatePersistentResource",
      "RebootPersistentResource",
    ],
    methods: {
      CreatePersistentResource: create,
      GetPersistentResource(body) {
        const resource = named(readFields(body));
        if (!visible(resource)) throw notFound(type, resource.name);
        return json(resource);
      },
      ListPersistentResources(body) {
        const request = readFields(body);
        const parent = parseLocation(request.requiredString("parent"), "parent").name;
        request.check();
        const { items, nextPageToken } = page(resources.all, parent, request, { matches: visible });
        return message({ persistentResources: items.map(json), nextPageToken });
      },
      DeletePersistentResource: remove,
      UpdatePersistentResource: update,
      RebootPersistentResource: reboot,
    },
  };
}
