/** The gRPC door: every method that the descriptors know, over the same dispatcher as REST. */
import { once } from "node:events";
import {
  type handleBidiStreamingCall,
  type handleUnaryCall,
  type MethodDefinition,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type UntypedHandleCall,
} from "@grpc/grpc-js";
import { decodeMessage, encodeMessage } from "./codec.ts";
import type { MethodDescriptor } from "./descriptors.ts";
import { asApiError, grpcError } from "./errors.ts";
import { mustBeFree } from "./port-taken.ts";
import type { Door, DoorOptions } from "./rest-door.ts";
import type { Call, JsonObject } from "./service.ts";

/** Opens the gRPC door, without encryption. Rejects when the port is taken. */
export async function openGrpcDoor(options: DoorOptions): Promise<Door> {
  const { descriptors, dispatcher, host, port, maxRequestBytes } = options;
  const server = new Server({ "grpc.max_receive_message_length": maxRequestBytes });

  const unary =
    (method: MethodDescriptor): handleUnaryCall<Buffer, Buffer> =>
    async (call, callback) => {
      try {
        const request = decodeMessage(method.request, call.request);
        const answer = await dispatcher.unary(method, request, callOf(method, call));
        callback(null, encodeMessage(method.response, answer));
      } catch (thrown) {
        callback(grpcError(asApiError(thrown, method.fullName), descriptors));
      }
    };

  const stream =
    (method: MethodDescriptor): handleBidiStreamingCall<Buffer, Buffer> =>
    async (call) => {
      const about = callOf(method, call);
      try {
        for await (const answer of dispatcher.stream(method, decoded(method, call), about)) {
          if (!call.write(encodeMessage(method.response, answer))) await once(call, "drain", { signal: about.signal });
        }
        call.end();
      } catch (thrown) {
        if (!about.signal.aborted) call.emit("error", grpcError(asApiError(thrown, method.fullName), descriptors));
      }
    };

  for (const service of new Set(descriptors.methods.map((method) => method.service))) {
    const methods = descriptors.methods.filter((method) => method.service === service);
    const definition = Object.fromEntries(methods.map((method) => [method.name, methodDefinition(method)]));
    const handlers = methods.map((method): [string, UntypedHandleCall] => [
      method.name,
      method.requestStream || method.responseStream ? stream(method) : unary(method),
    ]);
    server.addService(definition, Object.fromEntries(handlers));
  }

  // The library would write lines of its own about a port that is taken.
  await mustBeFree("The gRPC door", host, port);
  const bound = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`${host}:${port}`, ServerCredentials.createInsecure(), (error, actual) =>
      error ? reject(error) : resolve(actual),
    );
  });
  return {
    port: bound,
    close: async () => server.forceShutdown(),
  };
}

/** Bytes pass through: they are decoded where an error can be answered in Google's shape. */
function methodDefinition(method: MethodDescriptor): MethodDefinition<Buffer, Buffer> {
  const same = (bytes: Buffer) => bytes;
  return {
    path: `/${method.service}/${method.name}`,
    requestStream: method.requestStream || method.responseStream,
    responseStream: method.requestStream || method.responseStream,
    requestSerialize: same,
    requestDeserialize: same,
    responseSerialize: same,
    responseDeserialize: same,
  };
}

function callOf(
  method: MethodDescriptor,
  call: ServerUnaryCall<Buffer, Buffer> | ServerDuplexStream<Buffer, Buffer>,
): Omit<Call, "method"> {
  const gone = new AbortController();
  call.once("cancelled", () => gone.abort());
  const headers = Object.entries(call.metadata.getMap()).flatMap(([name, value]) =>
    typeof value === "string" ? [[name, value] as const] : [],
  );
  return { version: method.version, headers: Object.fromEntries(headers), signal: gone.signal };
}

async function* decoded(method: MethodDescriptor, call: AsyncIterable<Buffer>): AsyncIterable<JsonObject> {
  for await (const bytes of call) yield decodeMessage(method.request, bytes);
}
