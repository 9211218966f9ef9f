/** Vertex AI in this process: persistent resources whose every change is done by the time the call returns. */
import type { Fleet } from "../../../shared/fleet/fleet.ts";
import type {
  JsonObject,
  LongRunningOperation,
  PersistentResource,
  VertexReader,
  VertexWriter,
} from "../../../shared/vertex/vertex.ts";
import { shown } from "../tick/fleet-of.ts";

/** The double, and how many changes it was asked for. */
export interface InstantVertex {
  readonly reader: VertexReader;
  readonly writer: VertexWriter;
  changes(): number;
}

function unexpected(what: string): () => Promise<never> {
  return () => Promise.reject(new Error(`this bench asks for no ${what}`));
}

/** Makes it show the fleet's persistent resources as they shall be. */
export function createInstantVertex(fleet: Fleet, now: () => number): InstantVertex {
  const resources = new Map<string, JsonObject>();
  for (const policy of fleet.targets)
    if (policy.kind === "persistentResource") resources.set(policy.resource, shown(policy));
  const operations = new Map<string, LongRunningOperation>();
  const get = (name: string) => resources.get(name) as (PersistentResource & JsonObject) | undefined;
  let changes = 0;
  return {
    changes: () => changes,
    reader: {
      getPersistentResource: async (name) => get(name),
      getPersistentResourceVerbatim: async (name) => get(name),
      listPersistentResources: async () => ({ items: [], complete: true }),
      listActiveCustomJobs: async () => ({ items: [], complete: true }),
      listCustomJobsLabelled: async () => ({ items: [], complete: true }),
      getEndpoint: async () => undefined,
      listEndpoints: async () => ({ items: [], complete: true }),
      getOperation: async (name) => operations.get(name),
      listOperations: async () => ({ items: [], complete: true }),
      testPermissions: async (asked) => asked,
    },
    writer: {
      async updatePersistentResource({ persistentResource }) {
        changes += 1;
        const { name } = persistentResource;
        resources.set(name, { ...resources.get(name), resourcePools: persistentResource["resourcePools"] ?? [] });
        const operation = `${name}/operations/1`;
        const at = new Date(now()).toISOString();
        operations.set(operation, {
          name: operation,
          done: true,
          metadata: {
            "@type": "type.googleapis.com/google.cloud.aiplatform.v1beta1.UpdatePersistentResourceOperationMetadata",
            genericMetadata: { createTime: at, updateTime: at },
          },
          response: {},
        });
        return operation;
      },
      createPersistentResource: unexpected("create"),
      deletePersistentResource: unexpected("delete"),
      rebootPersistentResource: unexpected("reboot"),
      deployModel: unexpected("deploy"),
      undeployModel: unexpected("undeploy"),
      mutateDeployedModel: unexpected("mutate"),
      updateTraffic: unexpected("traffic"),
      createCustomJob: unexpected("job"),
    } as VertexWriter,
  };
}
