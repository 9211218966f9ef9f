/** DeploymentResourcePoolService: machines that several deployed models share. */
import type { JsonObject } from "../../wire/service.ts";
import { timestamp } from "../../wire/times.ts";
import { bothVersions, type Method, type ModelService, type Version } from "../api/dispatch.ts";
import { alreadyExists, failedPrecondition, invalidField, notFound, otherOperations, status } from "../api/errors.ts";
import { type Fields, readFields } from "../api/fields.ts";
import { message } from "../api/json.ts";
import { requiredMask } from "../api/masks.ts";
import { locationOf, parseLocation, parseResource, resourceName } from "../api/names.ts";
import { page } from "../api/paging.ts";
import type { Quotas } from "../capacity/quota.ts";
import type { Replicas } from "../capacity/replicas.ts";
import { stockoutText } from "../capacity/texts.ts";
import {
  changedDedicated,
  chargeServing,
  type Dedicated,
  dedicatedJson,
  mutableNames,
  neededReplicas,
  readDedicated,
  servingPlace,
  startingReplicas,
} from "../endpoints/dedicated-resources.ts";
import { pick } from "../endpoints/record.ts";
import type { Endpoints } from "../endpoints/store.ts";
import { type Collection, createCollection } from "../kernel/collection.ts";
import type { Kernel } from "../kernel/kernel.ts";
import type { Operations } from "../operations/store.ts";

type ResourcePool = { name: string; seq: number; dedicated: Dedicated; given: JsonObject; createTime: number };

/** The pools that exist. */
export type ResourcePools = Collection<ResourcePool>;

/** Creates a world without pools. */
export function createResourcePools(kernel: Kernel): ResourcePools {
  return createCollection<ResourcePool>(kernel.slices, "deploymentResourcePools", ({ name }) => [
    locationOf(name).name,
  ]);
}

/** What the service stands on. */
export interface ResourcePoolParts {
  readonly kernel: Kernel;
  readonly operations: Operations;
  readonly replicas: Replicas;
  readonly quotas: Quotas;
  readonly endpoints: Endpoints;
  readonly pools: ResourcePools;
}

const type = "DeploymentResourcePool";
const idPattern = /^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/;
const givenFields = ["encryptionSpec", "serviceAccount", "disableContainerLogging"];

/** Creates the service. */
export function createResourcePoolService(parts: ResourcePoolParts): ModelService {
  const { kernel, operations, replicas, quotas, endpoints, pools } = parts;
  const json = (pool: Omit<ResourcePool, "seq">, version: Version): JsonObject =>
    message({
      name: pool.name,
      dedicatedResources: dedicatedJson(pool.dedicated, version),
      ...pool.given,
      createTime: timestamp(pool.createTime),
    });
  const find = (name: string, field: string): ResourcePool => {
    const parsed = parseResource(type, name, field);
    const pool = pools.get(parsed.name);
    if (!pool) throw notFound(type, parsed.name);
    return pool;
  };
  const named = (request: Fields): ResourcePool => {
    const name = request.requiredString("name");
    request.check();
    return find(name, "name");
  };
  const demandIdle = ({ name }: { name: string }): void => {
    const running = operations.running(name);
    if (running.length > 0) throw otherOperations(type, name, running);
  };
  const versionOf = (operation: string): Version => operations.get(operation)?.version ?? "v1";

  type Created = { draft: Omit<ResourcePool, "seq">; operation: string };
  const planCreated = kernel.agenda.define<Created>("resourcePool.created", ({ draft, operation }) => {
    const set = replicas.all.get(draft.name);
    const enough = set !== undefined && replicas.acquire(set) >= neededReplicas(draft.dedicated);
    const failure = operations.failureOf(operation) ?? (enough ? undefined : status("UNAVAILABLE", stockoutText));
    if (failure || !set) {
      replicas.release(draft.name);
      quotas.release(draft.name);
      operations.finish(operation, { error: failure ?? status("UNAVAILABLE", stockoutText) });
      return;
    }
    replicas.serve(set);
    const pool = pools.add({ ...draft, createTime: kernel.clock.now() });
    operations.finish(operation, { type, value: json(pool, versionOf(operation)) });
  });
  const create: Method = (body, call) => {
    const request = readFields(body);
    const parent = request.requiredString("parent");
    const id = request.requiredString("deploymentResourcePoolId");
    if (id && !idPattern.test(id)) request.wrong("deploymentResourcePoolId", `"${id}" must match ${idPattern.source}.`);
    const wanted = request.requiredMessage("deploymentResourcePool");
    const dedicated = readDedicated(wanted.requiredMessage("dedicatedResources"), call.version);
    request.check();
    const location = parseLocation(parent, "parent");
    const name = resourceName(type, location, id);
    if (pools.get(name) || operations.running(name).length > 0) throw alreadyExists(type, name);
    const place = servingPlace(dedicated, location);
    chargeServing(quotas, name, dedicated, place);
    const billed = { resource: name, part: "", kind: "deploymentResourcePool", place } as const;
    replicas.create(name, { ...billed, machine: dedicated.machine }, startingReplicas(dedicated));
    const draft = { name, dedicated, given: pick(wanted.json, givenFields), createTime: 0 };
    const metadata = "CreateDeploymentResourcePoolOperationMetadata";
    const what = { target: name, metadata, timing: "createDeploymentResourcePool" } as const;
    return operations.launch(call, what, ({ at, operation }) => planCreated(at, { draft, operation }));
  };

  type Updated = { pool: string; dedicated: Dedicated; operation: string };
  const planUpdated = kernel.agenda.define<Updated>("resourcePool.updated", (event) => {
    const pool = pools.get(event.pool);
    const set = replicas.all.get(event.pool);
    if (!pool || !set) return;
    const failure = operations.failureOf(event.operation);
    if (failure) return operations.finish(event.operation, { error: failure });
    pool.dedicated = event.dedicated;
    replicas.resize(set, startingReplicas(event.dedicated));
    operations.finish(event.operation, { type, value: json(pool, versionOf(event.operation)) });
  });
  const update: Method = (body, call) => {
    const request = readFields(body);
    const wanted = request.requiredMessage("deploymentResourcePool");
    const name = wanted.requiredString("name");
    request.check();
    const pool = find(name, "deployment_resource_pool.name");
    const names = requiredMask(body["updateMask"], "update_mask").map((path) => {
      const [, field] = /^dedicated_resources\.(\w+)$/.exec(path) ?? [];
      if (field === undefined || !mutableNames.includes(field)) {
        throw invalidField("update_mask", `"${path}" cannot be updated. Supported: ${mutableNames.join(", ")}.`);
      }
      return field;
    });
    const dedicated = changedDedicated(pool.dedicated, wanted.requiredMessage("dedicatedResources"), names);
    request.check();
    demandIdle(pool);
    chargeServing(quotas, pool.name, dedicated, servingPlace(dedicated, locationOf(pool.name)));
    const metadata = "UpdateDeploymentResourcePoolOperationMetadata";
    const what = { target: pool.name, metadata, timing: "updateDeploymentResourcePool" } as const;
    return operations.launch(call, what, ({ at, operation }) =>
      planUpdated(at, { pool: pool.name, dedicated, operation }),
    );
  };

  const planDeleted = kernel.agenda.define<{ pool: string; operation: string }>("resourcePool.deleted", (event) => {
    const failure = operations.failureOf(event.operation);
    if (!failure) {
      replicas.release(event.pool);
      quotas.release(event.pool);
      pools.remove(event.pool);
    }
    operations.finish(event.operation, failure ? { error: failure } : { type: "", value: {} });
  });
  const remove: Method = (body, call) => {
    const pool = named(readFields(body));
    const users = endpoints.using(pool.name);
    if (users.length > 0) {
      const list = users.map(({ endpoint, deployedModelId }) => `${endpoint} (${deployedModelId})`).join(", ");
      throw failedPrecondition(
        `The DeploymentResourcePool "${pool.name}" serves deployed models: ${list}. Undeploy them first.`,
      );
    }
    demandIdle(pool);
    const what = {
      target: pool.name,
      metadata: "DeleteOperationMetadata",
      timing: "deleteDeploymentResourcePool",
    } as const;
    return operations.launch(call, what, ({ at, operation }) => planDeleted(at, { pool: pool.name, operation }));
  };

  return {
    names: bothVersions("DeploymentResourcePoolService"),
    submissions: ["CreateDeploymentResourcePool", "UpdateDeploymentResourcePool", "DeleteDeploymentResourcePool"],
    methods: {
      CreateDeploymentResourcePool: create,
      GetDeploymentResourcePool: (body, { version }) => json(named(readFields(body)), version),
      ListDeploymentResourcePools(body, { version }) {
        const request = readFields(body);
        const parent = parseLocation(request.requiredString("parent"), "parent").name;
        const { items, nextPageToken } = page(pools, parent, request);
        request.check();
        return message({ deploymentResourcePools: items.map((pool) => json(pool, version)), nextPageToken });
      },
      UpdateDeploymentResourcePool: update,
      DeleteDeploymentResourcePool: remove,
      QueryDeployedModels(body) {
        const request = readFields(body);
        const pool = find(request.requiredString("deploymentResourcePool"), "deployment_resource_pool");
        const users = endpoints.using(pool.name);
        return message({
          deployedModelRefs: users.map(({ endpoint, deployedModelId }) => ({ endpoint, deployedModelId })),
          totalDeployedModelCount: users.length,
          totalEndpointCount: new Set(users.map(({ endpoint }) => endpoint)).size,
        });
      },
    },
  };
}
