/** Reading and writing HTTP messages. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { restError } from "./errors.ts";
import { ApiError, type Json } from "./service.ts";

/** Reads a JSON body; undefined when it is empty. Throws INVALID_ARGUMENT when too large or no JSON. */
export async function readJson(request: IncomingMessage, maxBytes: number): Promise<Json | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    // The rest is read and thrown away, so that the caller sees the answer instead of a broken connection.
    if (size <= maxBytes) chunks.push(chunk);
  }
  if (size > maxBytes) {
    throw new ApiError("INVALID_ARGUMENT", `Request payload size exceeds the limit: ${maxBytes} bytes.`);
  }
  const text = Buffer.concat(chunks).toString("utf8");
  if (text.trim() === "") return undefined;
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ApiError("INVALID_ARGUMENT", `Invalid JSON payload received. ${why}`);
  }
}

/** Headers with one value each, names in lower case. */
export function headersOf(request: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(", ") : (value ?? ""),
    ]),
  );
}

/** Answers JSON, indented as Google's APIs do. */
export function sendJson(response: ServerResponse, status: number, json: Json): void {
  send(response, status, "application/json; charset=UTF-8", `${JSON.stringify(json, null, 2)}\n`);
}

/** Answers an error in Google's shape. */
export function sendError(response: ServerResponse, status: number, error: ApiError): void {
  if (error.code === "UNAUTHENTICATED")
    response.setHeader("www-authenticate", 'Bearer realm="https://accounts.google.com/"');
  sendJson(response, status, restError(error));
}

/** Answers text of any type; nothing when the caller has gone or was answered. */
export function send(response: ServerResponse, status: number, type: string, text: string): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, {
    "content-type": type,
    "content-length": Buffer.byteLength(text),
    "x-content-type-options": "nosniff",
  });
  response.end(text);
}
