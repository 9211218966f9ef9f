/** UndeployModel and MutateDeployedModel. */
import type { Method } from "../api/dispatch.ts";
import { failedPrecondition, invalidField, status } from "../api/errors.ts";
import { type Fields, readFields } from "../api/fields.ts";
import { requiredMask } from "../api/masks.ts";
import type { EndpointContext } from "./context.ts";
import {
  changedDedicated,
  chargeServing,
  type Dedicated,
  mutableNames,
  startingReplicas,
} from "./dedicated-resources.ts";
import { findDeployed } from "./deploy-validation.ts";
import { type DeployedModel, deployedModelJson } from "./record.ts";
import { splitAfterUndeploy } from "./traffic.ts";

/** Creates UndeployModel: the traffic leaves at once, the machines when the operation ends. */
export function createUndeployModel(context: EndpointContext): Method {
  const { kernel, operations, quotas, endpoints } = context;
  type Event = { endpoint: string; uid: string; operation: string };
  const planUndeployed = kernel.agenda.define<Event>("undeployModel.finished", (event) => {
    const found = endpoints.deployed(event.endpoint, event.uid);
    const failure = operations.failureOf(event.operation);
    if (failure && found) {
      found.model.phase = "serving";
      operations.finish(event.operation, { error: failure });
      return;
    }
    if (found) {
      endpoints.remove(found.endpoint, found.model);
      quotas.release(event.uid);
    }
    operations.finish(event.operation, { type: "UndeployModelResponse", value: {} });
  });

  return (body, call) => {
    const request = readFields(body);
    const name = request.requiredString("endpoint");
    const id = request.requiredString("deployedModelId");
    const split = request.integers("trafficSplit");
    request.check();
    const endpoint = context.find(name, "endpoint");
    context.demandIdle(endpoint);
    const model = findDeployed(endpoint, id);
    const others = endpoint.models.filter(({ uid }) => uid !== model.uid).map((other) => other.id);
    endpoint.trafficSplit = splitAfterUndeploy(endpoint.trafficSplit, split, id, others);
    model.phase = "undeploying";
    endpoints.touch(endpoint);
    const what = {
      target: endpoint.name,
      metadata: "UndeployModelOperationMetadata",
      timing: "undeployModel",
    } as const;
    return operations.launch(call, what, ({ at, operation }) =>
      planUndeployed(at, { endpoint: endpoint.name, uid: model.uid, operation }),
    );
  };
}

/** Creates MutateDeployedModel: replica counts, autoscaling metrics and container logging, nothing else. */
export function createMutateDeployedModel(context: EndpointContext): Method {
  const { kernel, behaviour, operations, replicas, quotas, endpoints } = context;
  type Event = { endpoint: string; uid: string; operation: string; dedicated: Dedicated | null; logging: boolean };
  const planMutated = kernel.agenda.define<Event>("mutateDeployedModel.finished", (event) => {
    const found = endpoints.deployed(event.endpoint, event.uid);
    const operation = operations.get(event.operation);
    if (!operation) return;
    // The platform may have undeployed it meanwhile, a Spot model whose restarts all failed.
    const gone = () => status("NOT_FOUND", "The deployed model does not exist any more.");
    const failure = operations.failureOf(event.operation);
    if (!found || failure) {
      operations.finish(event.operation, { error: failure ?? gone() });
      return;
    }
    const { endpoint, model } = found;
    model.containerLogging = event.logging;
    if (event.dedicated && model.serving.kind === "own") {
      model.serving.dedicated = event.dedicated;
      const set = replicas.all.get(model.uid);
      if (set) replicas.resize(set, startingReplicas(event.dedicated));
    }
    endpoints.touch(endpoint);
    const view = { version: operation.version, behaviour: behaviour.values, replicas };
    const value = { deployedModel: deployedModelJson(model, view) };
    operations.finish(event.operation, { type: "MutateDeployedModelResponse", value });
  });

  return (body, call) => {
    const request = readFields(body);
    const name = request.requiredString("endpoint");
    const wanted = request.requiredMessage("deployedModel");
    const id = wanted.requiredString("id");
    request.check();
    const logging = call.version === "v1" ? "disableContainerLogging" : "enableContainerLogging";
    const loggingPath = call.version === "v1" ? "disable_container_logging" : "enable_container_logging";
    const paths = requiredMask(body["updateMask"], "update_mask");
    const names = resourceNames(paths.filter((path) => path !== loggingPath));
    const endpoint = context.find(name, "endpoint");
    context.demandIdle(endpoint);
    const model = findDeployed(endpoint, id);
    const dedicated = names.length > 0 ? wantedResources(model, wanted, names) : null;
    request.check();
    const asked = wanted.boolean(logging) ?? false;
    const containerLogging = call.version === "v1" ? !asked : asked;
    const set = replicas.all.get(model.uid);
    if (dedicated && set) chargeServing(quotas, model.uid, dedicated, set.billed.place);
    const metadata = "MutateDeployedModelOperationMetadata";
    const what = { target: endpoint.name, metadata, timing: "mutateDeployedModel" } as const;
    return operations.launch(call, what, ({ at, operation }) =>
      planMutated(at, {
        endpoint: endpoint.name,
        uid: model.uid,
        operation,
        dedicated,
        logging: paths.includes(loggingPath) ? containerLogging : model.containerLogging,
      }),
    );
  };
}

/** The names below dedicated_resources or automatic_resources; INVALID_ARGUMENT for what cannot be mutated. */
function resourceNames(paths: readonly string[]): string[] {
  return paths.map((path) => {
    const [, name] = /^(?:dedicated_resources|automatic_resources)\.(\w+)$/.exec(path) ?? [];
    if (name === undefined || !mutableNames.includes(name)) {
      const allowed = mutableNames.map((one) => `dedicated_resources.${one}`).join(", ");
      throw invalidField("update_mask", `"${path}" cannot be mutated. Supported: ${allowed}, container logging.`);
    }
    return name;
  });
}

function wantedResources(model: DeployedModel, wanted: Fields, names: readonly string[]): Dedicated {
  if (model.serving.kind === "shared") {
    throw failedPrecondition(
      `The deployed model "${model.id}" is served by a DeploymentResourcePool; change that one.`,
    );
  }
  const { dedicated } = model.serving;
  const resources = wanted.requiredMessage(dedicated.automatic ? "automaticResources" : "dedicatedResources");
  return changedDedicated(dedicated, resources, names);
}
