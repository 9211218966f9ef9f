/** The REST door: HTTP requests in Google's shape, and the local cloud's own routes. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type ControlRoute, HtmlPage } from "../control/route.ts";
import type { Descriptors } from "./descriptors.ts";
import type { Dispatcher } from "./dispatch.ts";
import { asApiError, httpStatus } from "./errors.ts";
import { headersOf, readJson, send, sendError, sendJson } from "./http-io.ts";
import { assembleRequest } from "./rest-request.ts";
import { createRouter } from "./routes.ts";
import { ApiError } from "./service.ts";

/** What both doors need to open. */
export interface DoorOptions {
  readonly descriptors: Descriptors;
  readonly dispatcher: Dispatcher;
  readonly host: string;
  /** 0 = any free port. */
  readonly port: number;
  /** Largest request in bytes. */
  readonly maxRequestBytes: number;
}

/** An open door. */
export interface Door {
  readonly port: number;
  /** Closes it and cuts the calls that are under way. */
  close(): Promise<void>;
}

/** Opens the REST door. Rejects when the port is taken. */
export async function openRestDoor(options: DoorOptions & { extraRoutes: readonly ControlRoute[] }): Promise<Door> {
  const { descriptors, dispatcher, host, port, maxRequestBytes, extraRoutes } = options;
  const route = createRouter(descriptors);
  const controls = new Map(extraRoutes.map((control) => [`${control.method} ${control.path}`, control]));
  if (controls.size < extraRoutes.length) throw new Error("two control routes have the same method and path");

  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const { pathname, searchParams } = parseTarget(request.url ?? "/");
    const headers = headersOf(request);
    const verb = headers["x-http-method-override"]?.toUpperCase() ?? request.method ?? "GET";
    const control = controls.get(`${verb} ${pathname}`);
    if (control !== undefined) {
      const body = (await readJson(request, maxRequestBytes)) ?? null;
      const result = await control.handle(body, Object.fromEntries(searchParams), headers);
      if (result instanceof HtmlPage) send(response, 200, "text/html; charset=utf-8", result.html);
      else sendJson(response, 200, result);
      return;
    }
    const found = route(verb, pathname);
    if (found === undefined) {
      throw new ApiError("NOT_FOUND", `Method not found: the local cloud has no ${verb} ${pathname}.`);
    }
    const body = found.body === undefined ? undefined : await readJson(request, maxRequestBytes);
    const message = assembleRequest(found, body, searchParams);
    const gone = new AbortController();
    response.once("close", () => {
      // An abort costs more than the rest of a small call: only when somebody has really gone.
      if (!response.writableFinished) gone.abort();
    });
    const alt = searchParams.get("$alt") ?? searchParams.get("alt") ?? "json";
    const numericEnums = /;\s*enum-encoding=int\b/.test(alt);
    const call = { version: found.version, headers, signal: gone.signal };
    sendJson(response, 200, await dispatcher.unary(found.method, message, call, numericEnums));
  };

  const server = createServer((request, response) => {
    answer(request, response).catch((thrown: unknown) => {
      const error = asApiError(thrown, `${request.method} ${request.url}`);
      sendError(response, httpStatus[error.code], error);
    });
  });
  // Connections of clients that pool are theirs to close; a generous idle time spares them resets.
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => resolve());
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function parseTarget(target: string): { pathname: string; searchParams: URLSearchParams } {
  const question = target.indexOf("?");
  return {
    pathname: question < 0 ? target : target.slice(0, question),
    searchParams: new URLSearchParams(question < 0 ? "" : target.slice(question + 1)),
  };
}
