/** Real `@google-cloud/aiplatform` clients, over gRPC and over REST, as transports. */
import { createRequire } from "node:module";
import { PassThroughClient } from "google-auth-library";
import { grpc } from "google-gax";
import { fromProto3JSON } from "proto3-json-serializer";
import type protobuf from "protobufjs";
import { decodeMessage } from "../../../../infra/local/wire/codec.ts";
import { conformResponse } from "../../../../infra/local/wire/conform.ts";
import { loadDescriptors } from "../../../../infra/local/wire/descriptors.ts";
import { startDoors } from "../../../../infra/local/wire/doors.ts";
import type { JsonObject } from "../../../../infra/local/wire/service.ts";
import { type MethodName, Refusal, type Transport, type Version, type World } from "./service.ts";

export interface OpenTransport {
  readonly transport: Transport;
  readonly restPort: number;
  close(): Promise<void>;
}

type Raw = Record<string, unknown>;
type Caller = (request: object, options?: object) => Promise<unknown[]>;
type Client = Record<string, Caller> & { operationsClient: Record<string, Caller>; close(): Promise<void> };

/** Opens the doors of a world and clients to them. */
export async function openTransport(world: World, kind: "gRPC" | "REST"): Promise<OpenTransport> {
  const { services, routes } = world.vertex;
  const doors = await startDoors({ services, extraRoutes: routes, restPort: 0, grpcPort: 0 });
  const options =
    kind === "gRPC"
      ? { port: doors.grpcPort, sslCreds: grpc.credentials.createInsecure(), universeDomain: "googleapis.com" }
      : { port: doors.restPort, fallback: true, protocol: "http", authClient: new PassThroughClient() };
  const clients = new Map<string, Client>();
  // The package's index loads every version and service; CommonJS keeps it out of vitest's transforms.
  const versions = createRequire(import.meta.url)("@google-cloud/aiplatform") as Record<
    Version,
    Record<string, new (options: object) => Client>
  >;
  const clientOf = (service: string, version: Version): Client => {
    const key = `${version}.${service}`;
    const known = clients.get(key);
    if (known) return known;
    const Constructor = versions[version][`${service}Client`];
    if (!Constructor) throw new Error(`no client for ${key}`);
    const client = new Constructor({ apiEndpoint: "127.0.0.1", ...options });
    clients.set(key, client);
    return client;
  };

  return {
    transport: async (method, request, version) => {
      try {
        return await callClient(clientOf, method, request, version);
      } catch (error) {
        const { code, message } = error as { code?: unknown; message?: string };
        if (typeof code !== "number" || code > 16) throw error;
        throw new Refusal(code, String(message).replace(/^\d+ [A-Z_]+: /, ""));
      }
    },
    restPort: doors.restPort,
    async close() {
      await Promise.all([...clients.values()].map((client) => client.close()));
      await doors.close();
    },
  };
}

async function callClient(
  clientOf: (service: string, version: Version) => Client,
  method: MethodName,
  request: JsonObject,
  version: Version,
): Promise<JsonObject> {
  const [service = "", name = ""] = method.split(".");
  const operations = service === "Operations";
  const fullName = operations ? `google.longrunning.${method}` : `google.cloud.aiplatform.${version}.${method}`;
  const descriptor = loadDescriptors().methods.find((one) => one.fullName === fullName);
  if (!descriptor) throw new Error(`no method ${fullName}`);
  const message = plainMessage(descriptor.request, request);
  const lower = name.charAt(0).toLowerCase() + name.slice(1);
  const client = clientOf(operations ? "EndpointService" : service, version);
  const target = operations ? client.operationsClient : client;
  const caller = target[lower];
  if (!caller) throw new Error(`the client has no ${lower}`);
  const answer = await caller.call(target, message, { autoPaginate: false });
  return toJson(descriptor.response, rawAnswer(answer));
}

/** What the service answered: behind a client's page of items, behind its operation object, or as it is. */
function rawAnswer(answer: unknown[]): Raw {
  const [first, , third] = answer as [Raw | Raw[], unknown, Raw | undefined];
  if (Array.isArray(first)) return third ?? {};
  const latest = (first as { latestResponse?: Raw } | undefined)?.latestResponse;
  return latest ?? first ?? {};
}

/** A request as clients take it. */
function plainMessage(type: protobuf.Type, request: JsonObject): object {
  const message = fromProto3JSON(type, request);
  if (!message) throw new Error(`${type.fullName} cannot be read`);
  return type.toObject(message as unknown as protobuf.Message, { longs: String, enums: String });
}

function toJson(type: protobuf.Type, raw: Raw): JsonObject {
  return conformResponse(type, decodeMessage(type, type.encode(type.fromObject(raw)).finish()));
}
