/**
 * Changes Vertex AI through the real gRPC clients. Each call is sent once, carries an absolute deadline and answers the
 * operation's name; what it means is shared/operations' affair. v1, but for flex-start, which only v1beta1 has.
 */
import type { CallOptions } from "google-gax";
import { classify } from "./classify.ts";
import { type ClientKind, type ClientTypes, openClients } from "./clients.ts";
import { VertexError } from "./errors.ts";
import { parseName } from "./names.ts";
import { toMessage } from "./proto-json.ts";
import type { CallLimits, JsonObject, VertexWriter } from "./vertex.ts";

/** Options of {@link openWriter}. */
export interface WriterOptions {
  /** gRPC door of a local cloud, `127.0.0.1:PORT`; absent: Google Cloud, with application default credentials. */
  readonly grpc?: string | undefined;
}

/** A writer that can be closed. */
export interface OpenWriter extends VertexWriter {
  close(): Promise<void>;
}

type Interceptor = (options: { deadline?: Date | number }, next: (options: object) => unknown) => unknown;

/**
 * One call, one try. The deadline is put in by an interceptor, which runs right before the call leaves: the client's own
 * `timeout` counts from when it gets to it, and a process frozen in between would send hours late.
 */
function once(grpc: typeof import("google-gax").grpc, limits: CallLimits): CallOptions {
  const interceptor: Interceptor = (options, next) =>
    new grpc.InterceptingCall(next({ ...options, deadline: limits.deadline }) as never);
  return { retry: null, otherArgs: { options: { interceptors: [interceptor] } } } as CallOptions;
}

function locationOf(name: string): string {
  const location = parseName(name)?.location ?? /^projects\/[^/]+\/locations\/([^/]+)$/.exec(name)?.[1];
  if (location === undefined) {
    throw new VertexError(`"${name}" is no Vertex AI resource name`, { class: "invalid", code: 3, refused: true });
  }
  return location;
}

/** Whatever a call answered must have a name, or what it started could not be found again. */
function nameOf(answer: { name?: string | null | undefined }, doing: string): string {
  if (answer.name) return answer.name;
  throw new VertexError(`${doing}: the answer has no name`, { class: "unavailable", code: 0, refused: false });
}

/** Loads the clients and opens the writer. Clients connect per location at their first call. */
export async function openWriter(options: WriterOptions = {}): Promise<OpenWriter> {
  const [clients, { grpc }] = await Promise.all([openClients(options.grpc), import("google-gax")]);
  const v1 = (message: string, json: JsonObject) =>
    toMessage(clients.root, `google.cloud.aiplatform.v1.${message}`, json);
  const v1beta1 = (message: string, json: JsonObject) =>
    toMessage(clients.root, `google.cloud.aiplatform.v1beta1.${message}`, json);

  /** Everything between the caller and the wire; errors of any kind come out classified. */
  async function calling<K extends ClientKind, T>(
    kind: K,
    doing: string,
    name: string,
    send: (client: ClientTypes[K]) => Promise<T>,
  ): Promise<T> {
    try {
      return await send(await clients.get(kind, locationOf(name)));
    } catch (error) {
      throw classify(error, `${doing} ${name}`);
    }
  }
  const started = async (call: Promise<readonly [{ name?: string | null }, ...unknown[]]>, doing: string) =>
    nameOf((await call)[0], doing);

  return {
    createPersistentResource: ({ parent, persistentResourceId, persistentResource }, limits) =>
      calling("persistentResources", "create persistent resource in", parent, (client) => {
        const request = {
          parent,
          persistentResourceId,
          persistentResource: v1("PersistentResource", persistentResource),
        };
        return started(client.createPersistentResource(request, once(grpc, limits)), "create");
      }),
    deletePersistentResource: (request, limits) =>
      calling("persistentResources", "delete", request.name, (client) =>
        started(client.deletePersistentResource(request, once(grpc, limits)), "delete"),
      ),
    updatePersistentResource: ({ persistentResource, updateMask }, limits) =>
      calling("persistentResources", "update", persistentResource.name, (client) => {
        const request = { persistentResource: v1("PersistentResource", persistentResource), updateMask };
        return started(client.updatePersistentResource(request, once(grpc, limits)), "update");
      }),
    rebootPersistentResource: (request, limits) =>
      calling("persistentResources", "reboot", request.name, (client) =>
        started(client.rebootPersistentResource(request, once(grpc, limits)), "reboot"),
      ),
    deployModel: ({ endpoint, deployedModel, trafficSplit = {} }, limits) => {
      const dedicated = deployedModel["dedicatedResources"] as JsonObject | undefined;
      if (dedicated?.["flexStart"] !== undefined) {
        return calling("betaEndpoints", "deploy to", endpoint, (client) => {
          const request = { endpoint, deployedModel: v1beta1("DeployedModel", deployedModel), trafficSplit };
          return started(client.deployModel(request, once(grpc, limits)), "deploy");
        });
      }
      return calling("endpoints", "deploy to", endpoint, (client) => {
        const request = { endpoint, deployedModel: v1("DeployedModel", deployedModel), trafficSplit };
        return started(client.deployModel(request, once(grpc, limits)), "deploy");
      });
    },
    undeployModel: (request, limits) =>
      calling("endpoints", "undeploy from", request.endpoint, (client) =>
        started(client.undeployModel(request, once(grpc, limits)), "undeploy"),
      ),
    mutateDeployedModel: ({ endpoint, deployedModel, updateMask }, limits) =>
      calling("endpoints", "mutate a deployed model of", endpoint, (client) => {
        const request = { endpoint, deployedModel: v1("DeployedModel", deployedModel), updateMask };
        return started(client.mutateDeployedModel(request, once(grpc, limits)), "mutate");
      }),
    updateTraffic: ({ name, etag, trafficSplit }, limits) =>
      calling("endpoints", "set the traffic split of", name, async (client) => {
        const updateMask = { paths: ["traffic_split"] };
        await client.updateEndpoint({ endpoint: { name, etag, trafficSplit }, updateMask }, once(grpc, limits));
      }),
    createCustomJob: ({ parent, customJob }, limits) =>
      calling("jobs", "create a custom job in", parent, (client) => {
        const request = { parent, customJob: v1("CustomJob", customJob) };
        return started(client.createCustomJob(request, once(grpc, limits)), "create");
      }),
    close: () => clients.close(),
  };
}
