/** From a request in JSON to the implementation and back: the same for both doors. */
import { conformRequest, conformResponse } from "./conform.ts";
import type { MethodDescriptor } from "./descriptors.ts";
import { requireFields } from "./required.ts";
import { ApiError, type Call, type JsonObject, type ServiceImplementation, type StreamHandler } from "./service.ts";

/** Calls the services. */
export interface Dispatcher {
  /** Checks the request, calls the handler, cuts the answer to the method's type. Throws ApiError; a fault of ours as it is. */
  unary(
    method: MethodDescriptor,
    request: JsonObject,
    call: Omit<Call, "method">,
    numericEnums?: boolean,
  ): Promise<JsonObject>;
  /** The same for a stream; requests are checked one by one. */
  stream(
    method: MethodDescriptor,
    requests: AsyncIterable<JsonObject>,
    call: Omit<Call, "method">,
  ): AsyncIterable<JsonObject>;
}

/** Options of {@link createDispatcher}. */
export interface DispatcherOptions {
  readonly services: readonly ServiceImplementation[];
  /** Answers UNAUTHENTICATED unless `Authorization: Bearer ...` is sent. */
  readonly requireBearerToken?: boolean;
}

/** Creates the {@link Dispatcher} over some services. Throws when two implement the same. */
export function createDispatcher({ services, requireBearerToken = false }: DispatcherOptions): Dispatcher {
  const byName = new Map<string, ServiceImplementation>();
  for (const service of services) {
    for (const name of service.names) {
      if (byName.has(name)) throw new Error(`${name} is implemented twice`);
      byName.set(name, service);
    }
  }

  const admit = (call: Omit<Call, "method">) => {
    if (requireBearerToken && !/^Bearer \S/i.test(call.headers["authorization"] ?? "")) {
      throw new ApiError(
        "UNAUTHENTICATED",
        "Request is missing required authentication credential. Expected OAuth 2 access token, login cookie or other " +
          "valid authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.",
      );
    }
  };

  return {
    async unary(method, request, call, numericEnums = false) {
      admit(call);
      const handlers = byName.get(method.service)?.unary ?? {};
      const handler = Object.hasOwn(handlers, method.name) ? handlers[method.name] : undefined;
      if (handler === undefined) throw unimplemented(method);
      const canonical = conformRequest(method.request, request);
      requireFields(method.request, canonical);
      const answer = await handler(canonical, { ...call, method: method.fullName });
      return conformResponse(method.response, answer, numericEnums);
    },
    async *stream(method, requests, call) {
      admit(call);
      const handlers: Readonly<Record<string, StreamHandler>> = byName.get(method.service)?.streams ?? {};
      const handler = Object.hasOwn(handlers, method.name) ? handlers[method.name] : undefined;
      if (handler === undefined) throw unimplemented(method);
      const answers = handler(conformed(method, requests), { ...call, method: method.fullName });
      for await (const answer of answers) yield conformResponse(method.response, answer);
    },
  };
}

async function* conformed(method: MethodDescriptor, requests: AsyncIterable<JsonObject>): AsyncIterable<JsonObject> {
  for await (const request of requests) yield conformRequest(method.request, request);
}

function unimplemented(method: MethodDescriptor): ApiError {
  return new ApiError("UNIMPLEMENTED", `The local cloud does not implement ${method.fullName}.`);
}
