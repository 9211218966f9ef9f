/**
 * Changes pools' replica counts by patch: every pool is sent, mask `resource_pools.replica_count`, the only path the
 * service is known to accept, and only the replica counts tell whether it did (vertex-api.md 0.1).
 */
import { hour } from "../time/clock.ts";
import type { JsonObject } from "../vertex/vertex.ts";
import type { OperationKind } from "./kind.ts";
import { idOf, sameIncarnation, started } from "./persistent-resource-view.ts";

export const resize: OperationKind<"resize"> = {
  kind: "resize",
  metadata: "UpdatePersistentResourceOperationMetadata",
  repeatable: true,
  limit: hour,
  refuse: (change, view) => {
    const found = sameIncarnation(change, view);
    if ("other" in found) return found.other;
    const there = found.same.resourcePools.map(({ id }) => id);
    const wanted = change.pools.map(({ id }) => id);
    if (there.length === wanted.length && wanted.every((id) => there.includes(id))) return undefined;
    return { seen: "impossible", class: "invalid", note: `pools are ${there.join(", ")}, not ${wanted.join(", ")}` };
  },
  send: (writer, { resource, pools }, limits, view) => {
    const shown = view.look === "present" ? view.value.resourcePools : [];
    const resourcePools = shown.map(({ usedReplicaCount: _output, ...pool }): JsonObject => {
      const size = pools.find(({ id }) => id === pool.id)?.replicaCount;
      return { ...(pool as JsonObject), ...(size === undefined ? {} : { replicaCount: String(size) }) };
    });
    return started(
      writer.updatePersistentResource(
        {
          persistentResource: { name: resource, resourcePools },
          updateMask: { paths: ["resource_pools.replica_count"] },
        },
        limits,
      ),
    );
  },
  recognise: (change, _held, { resource: view }) => {
    const found = sameIncarnation(change, view);
    if ("other" in found) return found.other;
    const { state, resourcePools } = found.same;
    const sizes = change.pools.map(({ id, replicaCount }) => ({
      id,
      wanted: replicaCount,
      shown: Number(resourcePools.find((pool) => pool.id === id)?.replicaCount ?? 0),
    }));
    const text = sizes.map(({ id, shown, wanted }) => `${id} ${shown}${shown === wanted ? "" : ` of ${wanted}`}`);
    const note = `${idOf(change.resource)} is ${state ?? "in an unknown state"} with ${text.join(", ")}`;
    if (state === "UPDATING") return { seen: "under-way", note };
    return sizes.every(({ shown, wanted }) => shown === wanted) ? { seen: "effect", note } : { seen: "nothing", note };
  },
  describe: ({ resource, pools }) =>
    `resize ${idOf(resource)} to ${pools.map(({ id, replicaCount }) => `${id} ${replicaCount}`).join(", ")}`,
};
