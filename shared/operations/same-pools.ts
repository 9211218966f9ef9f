/** Whether a resource is what a create request asked for: pools, machines, disks, replica counts unless autoscaled. */
import type { Json, JsonObject, PersistentResource } from "../vertex/vertex.ts";

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Whether `shown` has everything that `wanted` names. Numbers equal their text: int64 is text on this wire. */
function shows(shown: Json | undefined, wanted: Json | undefined): boolean {
  if (wanted === undefined || wanted === null) return true;
  if (Array.isArray(wanted)) {
    return Array.isArray(shown) && shown.length === wanted.length && wanted.every((one, at) => shows(shown[at], one));
  }
  if (isObject(wanted)) {
    return isObject(shown) && Object.entries(wanted).every(([key, value]) => shows(shown[key], value));
  }
  // Zero, false and the empty text are the same bytes as unset, so they may be missing.
  if (shown === undefined) return wanted === 0 || wanted === "0" || wanted === false || wanted === "";
  return String(shown) === String(wanted);
}

/** Compares the pools a create request names, by id where it gives one and else by place, with those that exist. */
export function samePools(body: JsonObject, resource: PersistentResource): boolean {
  const wanted = (body["resourcePools"] ?? []) as JsonObject[];
  const shown = resource.resourcePools as readonly unknown[] as readonly JsonObject[];
  if (wanted.length !== shown.length) return false;
  return wanted.every((pool, at) => {
    const { id, machineSpec, diskSpec, replicaCount, autoscalingSpec } = pool;
    const match = id === undefined ? shown[at] : shown.find((other) => other["id"] === id);
    const size = autoscalingSpec === undefined && replicaCount !== undefined ? { replicaCount } : {};
    return (
      match !== undefined && shows(match, { machineSpec: machineSpec ?? {}, ...(diskSpec && { diskSpec }), ...size })
    );
  });
}
