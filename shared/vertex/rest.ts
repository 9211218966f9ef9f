/**
 * GET and POST of proto3 JSON through google-auth-library: real credentials on Google Cloud, none at a local cloud.
 * Idempotent calls are tried twice when the service or the network is unavailable.
 */
import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import { type AuthClient, GoogleAuth, PassThroughClient } from "google-auth-library";
import { type Millis, second } from "../time/clock.ts";
import { classify } from "./classify.ts";
import { VertexError } from "./errors.ts";
import type { JsonObject } from "./vertex.ts";

/** How long one call may take, wire. */
const callTimeout: Millis = 20 * second;

/** A JSON-over-HTTP caller; every method rejects with a {@link VertexError}. */
export interface Rest {
  /** @returns undefined for NOT_FOUND. */
  get(url: string): Promise<JsonObject | undefined>;
  /** For calls that change nothing though they are POSTs. */
  ask(url: string, body: JsonObject): Promise<JsonObject>;
}

/** Reads an answer's text. @throws VertexError unavailable for anything but a JSON object: it is no answer of the service. */
function parseObject(text: unknown, doing: string): JsonObject {
  let parsed: unknown;
  try {
    parsed = typeof text === "string" ? JSON.parse(text) : undefined;
  } catch {
    parsed = undefined;
  }
  if (typeof parsed === "object" && parsed !== null && !Array.isArray(parsed)) return parsed as JsonObject;
  const start = typeof text === "string" ? JSON.stringify(text.slice(0, 80)) : "nothing";
  throw new VertexError(`${doing}: the answer is no JSON object, it begins with ${start}`, {
    class: "unavailable",
    code: 0,
    refused: false,
  });
}

/** @param authenticate false: a local cloud, which asks for nothing. */
export function createRest(authenticate: boolean): Rest {
  let opening: Promise<AuthClient> | undefined;
  const open = (): Promise<AuthClient> => {
    opening ??= authenticate
      ? new GoogleAuth({ scopes: "https://www.googleapis.com/auth/cloud-platform" }).getClient()
      : Promise.resolve(new PassThroughClient());
    // Credentials that could not be loaded once are looked for again at the next call.
    opening.catch(() => {
      opening = undefined;
    });
    return opening;
  };
  const agents = { "http:": new HttpAgent({ keepAlive: true }), "https:": new HttpsAgent({ keepAlive: true }) };

  async function call(method: "GET" | "POST", url: string, body?: JsonObject): Promise<JsonObject> {
    const doing = `${method} ${url.replace(/\?.*$/, "")}`;
    let text: unknown;
    try {
      const client = await open();
      const response = await client.request<unknown>({
        url,
        method,
        responseType: "text",
        timeout: callTimeout,
        agent: agents[url.startsWith("https:") ? "https:" : "http:"],
        ...(body === undefined ? {} : { data: body }),
        retryConfig: {
          retry: 1,
          noResponseRetries: 1,
          retryDelay: 100,
          httpMethodsToRetry: ["GET", "POST"],
          statusCodesToRetry: [[502, 504]],
        },
      });
      text = response.data;
    } catch (error) {
      throw classify(error, doing);
    }
    return parseObject(text, doing);
  }

  return {
    get: async (url) => {
      try {
        return await call("GET", url);
      } catch (error) {
        if (error instanceof VertexError && error.class === "gone") return undefined;
        throw error;
      }
    },
    ask: (url, body) => call("POST", url, body),
  };
}
