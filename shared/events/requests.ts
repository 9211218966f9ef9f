/**
 * What somebody may ask of us, as it is stored. events/schema.ts parses what arrives into these.
 */
import type { Millis } from "../time/clock.ts";
import type { JsonObject } from "../vertex/vertex.ts";

/** What a request wants. */
export type Wish =
  /** A pool's size; deltas became absolute when the request was stored. */
  | { readonly type: "scale"; readonly pool: string; readonly replicas: number }
  /** Be on, off-hours or not. */
  | { readonly type: "wake" }
  /** Change nothing. */
  | { readonly type: "hold" }
  /** End holds, wakes and drift: back to the fleet's own rules. */
  | { readonly type: "release" }
  /** Run this custom job on the resource, waking it first. */
  | { readonly type: "job"; readonly customJob: JsonObject }
  /** Reboot the resource's machines, when no job runs. */
  | { readonly type: "reboot" };

/** A stored request. */
export interface Request {
  /** The publisher's id, or the Pub/Sub message id where it gave none. */
  readonly eventId: string;
  readonly wish: Wish;
  /** Who asked, as they said. */
  readonly source: string;
  /** Their reason, if given; quoted in ours. */
  readonly note?: string;
  /** Pub/Sub's publish time, wire: the order of requests, never the sender's clock. */
  readonly publishedAt: Millis;
  /** Pub/Sub's id of the message: the order of requests published together. Those of earlier releases lack it. */
  readonly messageId?: string;
  /** World time at which it was stored. */
  readonly storedAt: Millis;
  /** World time after which it is not wanted any more. */
  readonly expiresAt: Millis;
  /** How far its answer has got; a request that has been answered finally may stay in force until it expires. */
  readonly answered: "accepted" | "started" | "final";
}
