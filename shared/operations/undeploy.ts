/** Undeploys a model that has no traffic. */
import { hour } from "../time/clock.ts";
import { findModel } from "./deployed-model-view.ts";
import type { OperationKind } from "./kind.ts";
import { idOf, started } from "./persistent-resource-view.ts";

export const undeploy: OperationKind<"undeploy"> = {
  kind: "undeploy",
  metadata: "UndeployModelOperationMetadata",
  repeatable: true,
  limit: hour,
  send: (writer, { resource, deployedModelId }, limits) =>
    started(writer.undeployModel({ endpoint: resource, deployedModelId }, limits)),
  recognise: (change, _held, { resource: view }) => {
    const endpoint = `endpoint ${idOf(change.resource)}`;
    if (view.look === "absent") return { seen: "effect", note: `${endpoint} does not exist, nor does its model` };
    const found = findModel(change, view);
    if ("other" in found) return found.other;
    return found.model === undefined
      ? { seen: "effect", note: `${endpoint} has no model ${change.deployedModelId}` }
      : { seen: "nothing", note: `${endpoint} still has model ${change.deployedModelId}` };
  },
  describe: ({ resource, deployedModelId }) => `undeploy ${deployedModelId} from endpoint ${idOf(resource)}`,
};
