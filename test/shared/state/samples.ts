/** Documents that the state tests write; times are world milliseconds of 2026-11-23, a Monday. */
import type { EventMark, FleetHead, RestoreRecord } from "../../../shared/state/documents.ts";
import type { JsonObject } from "../../../shared/vertex/vertex.ts";

/** Monday 2026-11-23T09:00:00Z. */
export const monday9 = Date.UTC(2026, 10, 23, 9);

/** A fleet head whose version is a counter for the contention tests. */
export function head(version: number): FleetHead {
  return { schema: 1, storeId: "store", version, parts: 1, digest: "d", appliedAt: monday9, appliedBy: "test" };
}

/** A handled event that may be forgotten at `expireAt`. */
export function mark(eventId: string, expireAt: number): EventMark {
  return {
    schema: 1,
    receivedAt: monday9,
    expireAt,
    outcome: { id: `${eventId}/done`, eventId, phase: "done", final: true, what: "wake a", why: "asked", at: monday9 },
  };
}

/** A restore record around any JSON that Vertex might have shown. */
export function restore(resource: JsonObject): RestoreRecord {
  return {
    schema: 1,
    targetKey: "projects/p/locations/l/persistentResources/a",
    createTime: "2026-11-20T08:00:00Z",
    savedAt: monday9,
    resource,
    body: {},
    replicas: {},
  };
}
