/** Changes a deployed model's replica bounds, with a mask of exactly those: the service takes few others. */
import { hour } from "../time/clock.ts";
import type { JsonObject } from "../vertex/vertex.ts";
import { findModel } from "./deployed-model-view.ts";
import type { OperationKind, Recognition } from "./kind.ts";
import { idOf, started } from "./persistent-resource-view.ts";

const missing = (change: { readonly resource: string; readonly deployedModelId: string }): Recognition => ({
  seen: "impossible",
  class: "gone",
  note: `endpoint ${idOf(change.resource)} has no model ${change.deployedModelId}`,
});

export const mutate: OperationKind<"mutate"> = {
  kind: "mutate",
  metadata: "MutateDeployedModelOperationMetadata",
  repeatable: true,
  limit: hour,
  refuse: (change, view) => {
    const found = findModel(change, view);
    if ("other" in found) return found.other;
    return found.model === undefined ? missing(change) : undefined;
  },
  send: (writer, change, limits, view) => {
    const found = findModel(change, view);
    const model = "model" in found ? found.model : undefined;
    const machineSpec = (model?.dedicatedResources?.machineSpec ?? {}) as JsonObject;
    const { minReplicas: minReplicaCount, maxReplicas: maxReplicaCount } = change;
    return started(
      writer.mutateDeployedModel(
        {
          endpoint: change.resource,
          deployedModel: {
            id: change.deployedModelId,
            dedicatedResources: { machineSpec, minReplicaCount, maxReplicaCount },
          },
          updateMask: { paths: ["dedicated_resources.min_replica_count", "dedicated_resources.max_replica_count"] },
        },
        limits,
      ),
    );
  },
  recognise: (change, _held, { resource: view }) => {
    const found = findModel(change, view);
    if ("other" in found) return found.other;
    if (found.model === undefined) return missing(change);
    const { minReplicaCount = 0, maxReplicaCount = minReplicaCount } = found.model.dedicatedResources ?? {};
    const note = `model ${change.deployedModelId} has ${minReplicaCount} to ${maxReplicaCount} replicas`;
    const same = minReplicaCount === change.minReplicas && maxReplicaCount === change.maxReplicas;
    return { seen: same ? "effect" : "nothing", note };
  },
  describe: ({ resource, deployedModelId, minReplicas, maxReplicas }) =>
    `set ${deployedModelId} on endpoint ${idOf(resource)} to ${minReplicas}-${maxReplicas} replicas`,
};
