/** DeployModel: machines are had, the image is fetched, the server starts, the traffic moves; or there are no machines. */
import type { JsonObject } from "../../wire/service.ts";
import type { Method } from "../api/dispatch.ts";
import { type Status, status } from "../api/errors.ts";
import { readFields } from "../api/fields.ts";
import { locationOf } from "../api/names.ts";
import { stockoutText } from "../capacity/texts.ts";
import type { Operation } from "../operations/store.ts";
import type { EndpointContext } from "./context.ts";
import { chargeServing, neededReplicas, servingPlace, startingReplicas } from "./dedicated-resources.ts";
import { checkReferences, chooseId, readDeployedModel } from "./deploy-validation.ts";
import { type DeployedModel, deployedModelJson, type Endpoint } from "./record.ts";
import { checkSplit, newModelKey, resolveSplit, withoutVanished } from "./traffic.ts";

/** Message name of the operation's metadata. */
const deployMetadata = "DeployModelOperationMetadata";

const stage = (name: string): JsonObject => ({ deploymentStage: name });
/** The stages by the share of the duration that has passed; the machines are had in ADDING_NODES_TO_CLUSTER. */
const nodesAt = 0.15;
const stages: readonly (readonly [number, JsonObject])[] = [
  [0, stage("STARTING_DEPLOYMENT")],
  [0.03, stage("PREPARING_MODEL")],
  [0.08, stage("CREATING_SERVING_CLUSTER")],
  [nodesAt, stage("ADDING_NODES_TO_CLUSTER")],
  [0.5, stage("GETTING_CONTAINER_IMAGE")],
  [0.7, stage("STARTING_MODEL_SERVER")],
  [0.95, stage("FINISHING_UP")],
];

/** DeployModel and what ends it early. */
export interface Deployment {
  readonly method: Method;
  /** Ends a running deployment; false when the operation is not one. */
  cancel(operation: Operation): boolean;
}

/** Creates the method. */
export function createDeployModel(context: EndpointContext): Deployment {
  const { kernel, behaviour, operations, replicas, quotas, endpoints, known } = context;
  const { agenda, clock, chance } = kernel;
  type Event = { endpoint: string; uid: string; operation: string; split: Record<string, number>; due: number };

  const fail = (event: Event, endpoint: Endpoint, model: DeployedModel, error: Status): void => {
    endpoints.remove(endpoint, model);
    const now = clock.now();
    const running = operations.get(event.operation)?.progress.filter(({ at }) => at <= now) ?? [];
    operations.advance(event.operation, [...running, { at: now, fields: stage("FAILED_TO_DEPLOY") }]);
    operations.finish(event.operation, { error });
    // A failed deployment holds its quota for a while.
    planQuotaFree(now + behaviour.values.failedDeployHoldsQuotaSeconds * 1000, { uid: event.uid });
  };
  const enough = ({ uid, serving }: DeployedModel): boolean => {
    if (serving.kind === "shared") return (replicas.all.get(serving.pool)?.available ?? 0) > 0;
    const set = replicas.all.get(uid);
    return set !== undefined && replicas.acquire(set) >= neededReplicas(serving.dedicated);
  };
  const succeed = (event: Event, endpoint: Endpoint, model: DeployedModel): void => {
    model.phase = "serving";
    const set = replicas.all.get(model.uid);
    if (set) replicas.serve(set);
    if (Object.keys(event.split).length > 0) {
      const ids = endpoint.models.map(({ id }) => id);
      endpoint.trafficSplit = withoutVanished(resolveSplit(event.split, model.id), ids);
    }
    endpoints.touch(endpoint);
    endpoints.planFuture(endpoint, model);
    const operation = operations.get(event.operation);
    const now = clock.now();
    operations.advance(event.operation, [
      ...(operation?.progress.filter(({ at }) => at < now) ?? []),
      { at: now, fields: stage("SUCCESSFULLY_DEPLOYED") },
    ]);
    const view = { version: operation?.version ?? "v1", behaviour: behaviour.values, replicas };
    const value = { deployedModel: deployedModelJson(model, view) };
    operations.finish(event.operation, { type: "DeployModelResponse", value });
  };
  const step = (kind: string, action: (event: Event, endpoint: Endpoint, model: DeployedModel) => void) =>
    agenda.define<Event>(`deployModel.${kind}`, (event) => {
      const found = endpoints.deployed(event.endpoint, event.uid);
      if (found) action(event, found.endpoint, found.model);
    });

  const planQuotaFree = agenda.define<{ uid: string }>("deployModel.quotaFreed", ({ uid }) => quotas.release(uid));
  const planStockout = step("stockout", (event, endpoint, model) => {
    const wait = event.due - clock.now();
    if (enough(model)) planFinished(clock.now() + Math.max(0, wait), event);
    else fail(event, endpoint, model, status("UNAVAILABLE", stockoutText));
  });
  const planFinished = step("finished", (event, endpoint, model) => {
    const injected = operations.failureOf(event.operation);
    if (injected) fail(event, endpoint, model, injected);
    else if (enough(model)) succeed(event, endpoint, model);
    else fail(event, endpoint, model, status("UNAVAILABLE", stockoutText));
  });
  const planNodes = step("nodes", (event, _, model) => {
    if (enough(model)) {
      planFinished(event.due, event);
      return;
    }
    const running = operations.get(event.operation)?.progress ?? [];
    operations.advance(
      event.operation,
      running.filter(({ at }) => at <= clock.now()),
    );
    planStockout(clock.now() + chance.duration(behaviour.values.timings.stockout), event);
  });

  const method: Method = (body, call) => {
    const request = readFields(body);
    const name = request.requiredString("endpoint");
    const wanted = readDeployedModel(request.requiredMessage("deployedModel"), call.version);
    const split = { ...request.integers("trafficSplit") };
    request.check();
    const endpoint = context.find(name, "endpoint");
    context.demandIdle(endpoint);
    checkReferences(wanted, known, behaviour.values);
    const ids = endpoint.models.map(({ id }) => id);
    checkSplit(split, [...ids, newModelKey], "traffic_split");
    const id = chooseId(endpoint, wanted.id, behaviour.values, chance);

    const uid = `${endpoint.name}/deployedModels/${chance.id(12)}`;
    const model: DeployedModel = { ...wanted, uid, id, phase: "deploying", createTime: clock.now() };
    if (wanted.serving.kind === "own") {
      const { dedicated } = wanted.serving;
      const place = servingPlace(dedicated, locationOf(endpoint.name));
      chargeServing(quotas, uid, dedicated, place);
      const billed = { resource: endpoint.name, part: id, kind: "deployedModel", place } as const;
      replicas.create(uid, { ...billed, machine: dedicated.machine }, startingReplicas(dedicated));
    }
    endpoints.place(endpoint, model);
    const what = { target: endpoint.name, metadata: deployMetadata, timing: "deployModel", progress: stages } as const;
    return operations.launch(call, what, ({ at, from, operation }) => {
      planNodes(from + nodesAt * (at - from), { endpoint: endpoint.name, uid, operation, split, due: at });
    });
  };

  return {
    method,
    cancel(operation) {
      const endpoint = endpoints.all.get(operation.target);
      const model = endpoint?.models.find(({ phase }) => phase === "deploying");
      if (operation.metadata !== deployMetadata || !endpoint || !model) return false;
      endpoints.remove(endpoint, model);
      quotas.release(model.uid);
      operations.advance(operation.name, [{ at: clock.now(), fields: stage("DEPLOYMENT_TERMINATED") }]);
      operations.finish(operation.name, { error: status("CANCELLED", "The deployment was cancelled.") });
      return true;
    },
  };
}
