/** An endpoint and its deployed models as kept, and as the service shows them. */
import type { JsonObject } from "../../wire/service.ts";
import { timestamp } from "../../wire/times.ts";
import type { Version } from "../api/dispatch.ts";
import { message } from "../api/json.ts";
import type { BehaviourValues } from "../behaviour/behaviour.ts";
import { type Replicas, replicaStatus } from "../capacity/replicas.ts";
import { type Dedicated, dedicatedJson } from "./dedicated-resources.ts";
import type { TrafficSplit } from "./traffic.ts";

/** What serves a deployed model: machines of its own, or those of a DeploymentResourcePool. */
export type Serving = { kind: "own"; dedicated: Dedicated } | { kind: "shared"; pool: string };

/** A deployed model. */
export type DeployedModel = {
  /** Ours alone: ids can be chosen twice. Also the name of its replicas and the holder of its quota. */
  uid: string;
  id: string;
  model: string;
  /** What the caller gave beside the resources. */
  given: JsonObject;
  containerLogging: boolean;
  serving: Serving;
  phase: "deploying" | "serving" | "undeploying";
  createTime: number;
};

/** An endpoint. */
export type Endpoint = {
  name: string;
  seq: number;
  given: JsonObject;
  models: DeployedModel[];
  trafficSplit: TrafficSplit;
  /** Counts every write; the etag is made of it. */
  revision: number;
  createTime: number;
  updateTime: number;
};

/** Endpoint fields a caller may set at creation, beside the traffic split. */
export const endpointFields = [
  "displayName",
  "description",
  "labels",
  "encryptionSpec",
  "network",
  "enablePrivateServiceConnect",
  "privateServiceConnectConfig",
  "predictRequestResponseLoggingConfig",
  "dedicatedEndpointEnabled",
  "clientConnectionConfig",
  "genAiAdvancedFeaturesConfig",
  "privateModelServerEnabled",
] as const;

/** DeployedModel fields a caller may set beside id, model, resources and container logging. */
export const deployedModelFields = [
  "displayName",
  "explanationSpec",
  "disableExplanations",
  "serviceAccount",
  "enableAccessLogging",
  "fasterDeploymentConfig",
  "systemLabels",
  "checkpointId",
  "speculativeDecodingSpec",
] as const;

/** The fields of `keys` that a message has. */
export function pick(json: JsonObject, keys: readonly string[]): JsonObject {
  return Object.fromEntries(keys.flatMap((key) => (key in json ? [[key, json[key] ?? null]] : [])));
}

/** The endpoint's etag: another one after every write. */
export function etagOf(endpoint: Endpoint): string {
  return Buffer.from(`${endpoint.name.slice(-12)}/${endpoint.createTime}/${endpoint.revision}`).toString("base64url");
}

/** How endpoints are shown. */
export interface View {
  readonly version: Version;
  readonly behaviour: BehaviourValues;
  readonly replicas: Replicas;
}

/** The endpoint as proto3 JSON. */
export function endpointJson(endpoint: Endpoint, view: View): JsonObject {
  const shown = endpoint.models.filter(
    ({ phase }) => phase !== "deploying" || view.behaviour.deployingModels === "shown",
  );
  return message({
    name: endpoint.name,
    ...endpoint.given,
    deployedModels: shown.map((model) => deployedModelJson(model, view)),
    trafficSplit: endpoint.trafficSplit,
    etag: etagOf(endpoint),
    createTime: timestamp(endpoint.createTime),
    updateTime: timestamp(endpoint.updateTime),
  });
}

/** The deployed model as proto3 JSON. */
export function deployedModelJson(deployed: DeployedModel, { version, behaviour, replicas }: View): JsonObject {
  const { serving, containerLogging } = deployed;
  const set = replicas.all.get(serving.kind === "own" ? deployed.uid : serving.pool);
  return message({
    id: deployed.id,
    model: deployed.model,
    ...deployed.given,
    createTime: timestamp(deployed.createTime),
    ...servingJson(serving, version),
    ...(version === "v1"
      ? { disableContainerLogging: !containerLogging }
      : { enableContainerLogging: containerLogging }),
    status: set && behaviour.deployedModelStatus === "filled" ? replicaStatus(set) : undefined,
  });
}

function servingJson(serving: Serving, version: Version): JsonObject {
  if (serving.kind === "shared") return { sharedResources: serving.pool };
  const json = dedicatedJson(serving.dedicated, version);
  return serving.dedicated.automatic ? { automaticResources: json } : { dedicatedResources: json };
}
