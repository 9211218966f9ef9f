/** What the kinds that change a deployed model of an endpoint have in common. */
import type { Look } from "../decide/decision.ts";
import type { DeployedModel, Endpoint } from "../vertex/vertex.ts";
import type { Recognition } from "./kind.ts";
import { idOf } from "./persistent-resource-view.ts";

/** The model by its id, undefined where the endpoint does not have it; or why the endpoint does not say. */
export function findModel(
  change: { readonly resource: string; readonly deployedModelId: string },
  view: Look<Endpoint>,
): { readonly model: DeployedModel | undefined } | { readonly other: Recognition } {
  if (view.look === "unknown") return { other: { seen: "unknown", why: view.why } };
  if (view.look === "absent") {
    return { other: { seen: "impossible", class: "gone", note: `endpoint ${idOf(change.resource)} does not exist` } };
  }
  return { model: view.value.deployedModels?.find(({ id }) => id === change.deployedModelId) };
}
