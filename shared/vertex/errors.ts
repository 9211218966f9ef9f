/**
 * What an error of Vertex AI means. classify.ts reads one; decide/backoff.ts says for each class whether to try again now,
 * later or never. Real texts: test/shared/vertex/errors.test.ts.
 */
import type { Millis } from "../time/clock.ts";

/**
 * - `stockout`: no machine of that kind there now.
 * - `quota`: the project may not have (more of) it; a person must act.
 * - `throttled`: too many API calls; the resource itself is fine.
 * - `busy`: another operation runs on the resource; not a failure.
 * - `conflict`: precondition or etag: look again.
 * - `exists`: the id is taken.
 * - `model-fault`: the container does not come up; capacity is not the cause.
 * - `gone`: the thing does not exist.
 * - `denied`: permission or authentication.
 * - `invalid`: the request can never succeed as it is.
 * - `unavailable`: the service or the network; the call may or may not have arrived.
 */
export type ErrorClass =
  | "stockout"
  | "quota"
  | "throttled"
  | "busy"
  | "conflict"
  | "exists"
  | "model-fault"
  | "gone"
  | "denied"
  | "invalid"
  | "unavailable";

/** Whether to try again: now (on the next look), later (not before a delay, doubling up to a limit), or never by itself. */
export type RetryAdvice =
  | { readonly retry: "now" }
  | { readonly retry: "later"; readonly after: Millis; readonly upTo: Millis }
  | { readonly retry: "never" };

/** An error answered by, or on the way to, Vertex AI. */
export class VertexError extends Error {
  override readonly name = "VertexError";
  readonly class: ErrorClass;
  /** gRPC status code, 0 when there was none. */
  readonly code: number;
  /** Whether the service certainly refused the call: false means it may have been carried out. */
  readonly refused: boolean;

  constructor(message: string, fields: { class: ErrorClass; code: number; refused: boolean; cause?: unknown }) {
    super(message, fields.cause === undefined ? undefined : { cause: fields.cause });
    this.class = fields.class;
    this.code = fields.code;
    this.refused = fields.refused;
  }
}
