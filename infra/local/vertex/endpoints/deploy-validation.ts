/** What a DeployedModel must be to be deployed. */
import type { Version } from "../api/dispatch.ts";
import { alreadyExists, invalidField, notFound } from "../api/errors.ts";
import type { Fields } from "../api/fields.ts";
import { parseResource } from "../api/names.ts";
import type { BehaviourValues } from "../behaviour/behaviour.ts";
import type { Randomness } from "../kernel/randomness.ts";
import { readAutomatic, readDedicated } from "./dedicated-resources.ts";
import { type DeployedModel, deployedModelFields, type Endpoint, pick, type Serving } from "./record.ts";

/** Who knows whether models and pools exist. */
export interface Known {
  model(name: string): boolean;
  pool(name: string): boolean;
}

const kinds = ["dedicatedResources", "automaticResources", "sharedResources"] as const;

/** Reads the deployed model of a request; its violations are noted there. */
export function readDeployedModel(
  wanted: Fields,
  version: Version,
): Omit<DeployedModel, "uid" | "createTime" | "phase"> {
  const id = wanted.string("id") ?? "";
  if (id && (!/^\d{1,10}$/.test(id) || Number(id) === 0)) {
    wanted.wrong("id", "Must be 1-10 characters of /[0-9]/, and not zero.");
  }
  const chosen = kinds.filter((kind) => wanted.has(kind));
  if (chosen.length !== 1) wanted.wrong("predictionResources", `Exactly one of ${kinds.join(", ")} must be set.`);
  const containerLogging =
    version === "v1" ? !wanted.boolean("disableContainerLogging") : (wanted.boolean("enableContainerLogging") ?? false);
  return {
    id,
    model: wanted.requiredString("model"),
    given: pick(wanted.json, deployedModelFields),
    containerLogging,
    serving: readServing(wanted, version),
  };
}

function readServing(wanted: Fields, version: Version): Serving {
  const automatic = wanted.message("automaticResources");
  if (automatic) return { kind: "own", dedicated: readAutomatic(automatic) };
  const pool = wanted.string("sharedResources");
  if (pool) return { kind: "shared", pool };
  return { kind: "own", dedicated: readDedicated(wanted.message("dedicatedResources") ?? wanted, version) };
}

/** Refuses a model or pool that does not exist; gives the pool's canonical name in place. */
export function checkReferences(
  { model, serving }: Pick<DeployedModel, "model" | "serving">,
  known: Known,
  values: BehaviourValues,
): void {
  const name = parseResource("Model", model, "deployed_model.model").name;
  if (values.unknownModels === "refuse" && !known.model(name)) throw notFound("Model", name);
  if (serving.kind === "shared") {
    const pool = parseResource("DeploymentResourcePool", serving.pool, "deployed_model.shared_resources").name;
    if (!known.pool(pool)) throw notFound("DeploymentResourcePool", pool);
  }
}

/** The id the model will have: the chosen one unless it is taken, or a new one. */
export function chooseId(endpoint: Endpoint, chosen: string, values: BehaviourValues, chance: Randomness): string {
  const taken = (id: string): boolean => endpoint.models.some((model) => model.id === id);
  if (chosen === "") {
    const id = chance.id(19);
    return taken(id) ? chooseId(endpoint, chosen, values, chance) : id;
  }
  if (taken(chosen) && values.duplicateIds === "refuse")
    throw alreadyExists("DeployedModel", `${endpoint.name}:${chosen}`);
  return chosen;
}

/** A deployed model of the endpoint by the id in a request. */
export function findDeployed(endpoint: Endpoint, id: string): DeployedModel {
  if (!id) throw invalidField("deployed_model_id", "Required field is not set.");
  const model = endpoint.models.find((one) => one.id === id && one.phase === "serving");
  if (!model) throw notFound("DeployedModel", `${endpoint.name}:${id}`);
  return model;
}
