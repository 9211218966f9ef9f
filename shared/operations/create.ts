/** Creates a persistent resource. Ours is the one with our pools that is no older than the claim. */
import { differsFromSpec } from "../decide/persistent-resource/fingerprint.ts";
import { isWreck } from "../decide/persistent-resource/identity.ts";
import { hour } from "../time/clock.ts";
import { locationName, parseName } from "../vertex/names.ts";
import type { JsonObject, PersistentResource, ResourcePool } from "../vertex/vertex.ts";
import { clockTolerance, type OperationKind } from "./kind.ts";
import { broken, idOf, started } from "./persistent-resource-view.ts";

/** How the resource differs from what the request asks for: pools, machines, disks, replica counts unless autoscaled. */
function differsFromRequest(body: JsonObject, resource: PersistentResource): string | undefined {
  const asked = (body["resourcePools"] ?? []) as readonly unknown[] as readonly ResourcePool[];
  const difference = differsFromSpec({ resourcePools: asked }, resource);
  if (difference !== undefined) return difference;
  for (const [index, { id, replicaCount, autoscalingSpec }] of asked.entries()) {
    if (autoscalingSpec !== undefined || replicaCount === undefined) continue;
    const shown = (
      id === undefined ? resource.resourcePools[index] : resource.resourcePools.find((pool) => pool.id === id)
    )?.replicaCount;
    // What never ran may show no sizes.
    if (shown === undefined && isWreck(resource)) continue;
    if (Number(shown ?? 0) !== Number(replicaCount)) {
      return `${id ?? `pool ${index + 1}`} has ${shown ?? 0} replicas instead of ${replicaCount}`;
    }
  }
  return undefined;
}

export const create: OperationKind<"create"> = {
  kind: "create",
  metadata: "CreatePersistentResourceOperationMetadata",
  repeatable: true,
  limit: 2 * hour,
  send: (writer, { resource, body }, limits) => {
    const { project = "", location = "", id = "" } = parseName(resource) ?? {};
    const parent = locationName(project, location);
    return started(
      writer.createPersistentResource({ parent, persistentResourceId: id, persistentResource: body }, limits),
    );
  },
  recognise: ({ resource, body }, held, { resource: view }) => {
    const id = idOf(resource);
    if (view.look === "unknown") return { seen: "unknown", why: view.why };
    if (view.look === "absent") return { seen: "nothing", note: `${id} does not exist` };
    const { createTime, state } = view.value;
    const created = createTime === undefined ? Number.NaN : Date.parse(createTime);
    if (!(created >= held.claimedAt - clockTolerance)) {
      return {
        seen: "impossible",
        class: "exists",
        note: `${id} exists since ${createTime ?? "an unknown time"}, before this create was decided`,
      };
    }
    const difference = differsFromRequest(body, view.value);
    if (difference !== undefined) {
      return { seen: "impossible", class: "exists", note: `somebody else created ${id}: ${difference}` };
    }
    if (state === "ERROR") return broken(view.value);
    if (state === "RUNNING") return { seen: "effect", note: `${id} is running since its creation at ${createTime}` };
    return { seen: "under-way", note: `${id} is ${state ?? "in an unknown state"}` };
  },
  describe: ({ resource, body }) => {
    const pools = Array.isArray(body["resourcePools"]) ? body["resourcePools"].length : 0;
    return `create ${idOf(resource)} with ${pools} pool${pools === 1 ? "" : "s"}`;
  },
};
