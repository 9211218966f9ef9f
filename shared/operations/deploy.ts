/**
 * Deploys a model under an id that was chosen before the call and stored with the claim: a repeated call collides instead
 * of deploying twice. The endpoint's split is left alone.
 */
import { hour } from "../time/clock.ts";
import { findModel } from "./deployed-model-view.ts";
import type { OperationKind } from "./kind.ts";
import { idOf, started } from "./persistent-resource-view.ts";

export const deploy: OperationKind<"deploy"> = {
  kind: "deploy",
  metadata: "DeployModelOperationMetadata",
  repeatable: true,
  limit: 3 * hour,
  send: (writer, { resource, deployedModel }, limits) =>
    started(writer.deployModel({ endpoint: resource, deployedModel }, limits)),
  recognise: (change, _held, { resource: view, operation }) => {
    const found = findModel(change, view);
    if ("other" in found) return found.other;
    const what = `model ${change.deployedModelId} on ${idOf(change.resource)}`;
    if (found.model === undefined) return { seen: "nothing", note: `there is no ${what}` };
    // A model can be shown while it is being deployed; it is there once its operation says so, or once enough of it serves.
    const { minReplicaCount = 1, requiredReplicaCount = minReplicaCount } = found.model.dedicatedResources ?? {};
    const available = found.model.status?.availableReplicaCount ?? 0;
    const succeeded = operation?.look === "present" && operation.value.done === true && !operation.value.error;
    if (succeeded || available >= Math.max(1, requiredReplicaCount)) {
      return { seen: "effect", note: `${what} serves with ${available} of ${minReplicaCount} replicas`, ours: true };
    }
    return { seen: "under-way", note: `${what} is there, with no replica that serves yet` };
  },
  describe: ({ resource, rungId, deployedModelId }) =>
    `deploy ${rungId} to endpoint ${idOf(resource)} as ${deployedModelId}`,
};
