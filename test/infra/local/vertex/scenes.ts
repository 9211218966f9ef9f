/** What cases begin with. */
import type { JsonObject } from "../../../../infra/local/wire/service.ts";
import type { Service } from "./service.ts";

export const gpuMachine = { machineType: "g2-standard-12", acceleratorType: "NVIDIA_L4", acceleratorCount: 1 };

export function poolSpec(replicas: number, more: JsonObject = {}): JsonObject {
  return { id: "workers", machineSpec: gpuMachine, replicaCount: String(replicas), ...more };
}

export function createRequest(service: Service, id: string, replicas = 2, more: JsonObject = {}): JsonObject {
  return {
    parent: service.location,
    persistentResourceId: id,
    persistentResource: { displayName: id, resourcePools: [poolSpec(replicas)], ...more },
  };
}

/** A persistent resource in RUNNING; gives its name. */
export async function runningResource(
  service: Service,
  id: string,
  replicas = 2,
  more: JsonObject = {},
): Promise<string> {
  await service.done("PersistentResourceService.CreatePersistentResource", createRequest(service, id, replicas, more));
  return `${service.location}/persistentResources/${id}`;
}

export async function getResource(service: Service, name: string): Promise<JsonObject> {
  return await service.call("PersistentResourceService.GetPersistentResource", { name });
}

export function jobRequest(
  service: Service,
  resource: string | undefined,
  more: JsonObject = {},
  replicas = 1,
): JsonObject {
  return {
    parent: service.location,
    customJob: {
      displayName: "train",
      labels: { "local-run-seconds": "300" },
      ...more,
      jobSpec: {
        ...(resource === undefined ? {} : { persistentResourceId: resource }),
        workerPoolSpecs: [
          { machineSpec: gpuMachine, replicaCount: String(replicas), containerSpec: { imageUri: "gcr.io/demo/train" } },
        ],
      },
    },
  };
}

/** A Model and an Endpoint; gives their names. */
export async function servingGround(service: Service, id: string): Promise<{ endpoint: string; model: string }> {
  const model = await service.done("ModelService.UploadModel", {
    parent: service.location,
    modelId: id,
    model: { displayName: id, containerSpec: { imageUri: "gcr.io/demo/serve" } },
  });
  await service.done("EndpointService.CreateEndpoint", {
    parent: service.location,
    endpointId: id,
    endpoint: { displayName: id },
  });
  return { endpoint: `${service.location}/endpoints/${id}`, model: String(model["model"]) };
}

export function deployRequest(endpoint: string, model: string, more: JsonObject = {}, split?: JsonObject): JsonObject {
  const { dedicatedResources, ...rest } = more;
  const sizes = (dedicatedResources ?? {}) as JsonObject;
  return {
    endpoint,
    deployedModel: {
      model,
      displayName: "D",
      dedicatedResources: { machineSpec: gpuMachine, spot: true, minReplicaCount: 1, maxReplicaCount: 1, ...sizes },
      ...rest,
    },
    ...(split ? { trafficSplit: split } : {}),
  };
}

export async function getEndpoint(
  service: Service,
  name: string,
  version: "v1" | "v1beta1" = "v1",
): Promise<JsonObject> {
  return await service.call("EndpointService.GetEndpoint", { name }, version);
}

/** The deployed models of an endpoint as Get shows them. */
export async function deployedModels(service: Service, endpoint: string): Promise<JsonObject[]> {
  return ((await getEndpoint(service, endpoint))["deployedModels"] ?? []) as JsonObject[];
}
