/**
 * The generated gRPC clients, one of each per location, loaded when first needed: importing them costs 0.35 s, constructing
 * the first a second and 4 MB of descriptors (vertex-api.md 4.6).
 */
import { createRequire } from "node:module";
import type { EndpointServiceClient } from "@google-cloud/aiplatform/build/src/v1/endpoint_service_client.js";
import type { JobServiceClient } from "@google-cloud/aiplatform/build/src/v1/job_service_client.js";
import type { PersistentResourceServiceClient } from "@google-cloud/aiplatform/build/src/v1/persistent_resource_service_client.js";
import type { EndpointServiceClient as BetaEndpointServiceClient } from "@google-cloud/aiplatform/build/src/v1beta1/endpoint_service_client.js";
import type * as Protobuf from "protobufjs";
import { classify } from "./classify.ts";

/** The clients by service. */
export interface ClientTypes {
  readonly persistentResources: PersistentResourceServiceClient;
  readonly endpoints: EndpointServiceClient;
  readonly jobs: JobServiceClient;
  readonly betaEndpoints: BetaEndpointServiceClient;
}

/** Clients of one location by service. */
export type ClientKind = keyof ClientTypes;

/** Open clients. */
export interface Clients {
  /** @throws VertexError denied when credentials cannot be loaded: nothing has been sent then. */
  get<K extends ClientKind>(kind: K, location: string): Promise<ClientTypes[K]>;
  /** Descriptors of every message. */
  readonly root: Protobuf.Root;
  close(): Promise<void>;
}

async function loadClasses() {
  const [persistentResources, endpoints, jobs, betaEndpoints] = await Promise.all([
    import("@google-cloud/aiplatform/build/src/v1/persistent_resource_service_client.js"),
    import("@google-cloud/aiplatform/build/src/v1/endpoint_service_client.js"),
    import("@google-cloud/aiplatform/build/src/v1/job_service_client.js"),
    import("@google-cloud/aiplatform/build/src/v1beta1/endpoint_service_client.js"),
  ]);
  return {
    persistentResources: persistentResources.PersistentResourceServiceClient,
    endpoints: endpoints.EndpointServiceClient,
    jobs: jobs.JobServiceClient,
    betaEndpoints: betaEndpoints.EndpointServiceClient,
  } as const;
}

/** @param local `HOST:PORT` of a local cloud's gRPC door: plaintext, no credentials (vertex-api.md 4.2). */
export async function openClients(local: string | undefined): Promise<Clients> {
  const [classes, gax] = await Promise.all([loadClasses(), import("google-gax")]);
  const [host = "", port = ""] = local?.split(":") ?? [];
  const optionsAt = (location: string) =>
    local === undefined
      ? { apiEndpoint: `${location}-aiplatform.googleapis.com` }
      : {
          apiEndpoint: host,
          port: Number(port),
          sslCreds: gax.grpc.credentials.createInsecure(),
          universeDomain: "googleapis.com",
        };
  const open = new Map<string, Promise<ClientTypes[ClientKind]>>();

  return {
    get: async <K extends ClientKind>(kind: K, location: string): Promise<ClientTypes[K]> => {
      const key = `${kind} ${location}`;
      let opening = open.get(key);
      if (opening === undefined) {
        const client = new classes[kind](optionsAt(location));
        // Awaited here, because a client whose credentials are missing otherwise takes the process down at its first call.
        opening = client.initialize().then(
          () => client,
          (error: unknown) => {
            open.delete(key);
            throw classify(error, `open the ${kind} client of ${location}`);
          },
        );
        open.set(key, opening);
      }
      return (await opening) as ClientTypes[K];
    },
    // The clients have parsed and cached the same descriptors.
    root: gax.protobufFromJSON(
      createRequire(import.meta.url)("@google-cloud/aiplatform/build/protos/protos.json"),
    ) as unknown as Protobuf.Root,
    close: async () => {
      const settled = await Promise.allSettled(open.values());
      await Promise.all(settled.map((one) => (one.status === "fulfilled" ? one.value.close() : undefined)));
    },
  };
}
