import { expect } from "vitest";
import type { JsonObject } from "../../../../../infra/local/wire/service.ts";
import { deployedModels, deployRequest, getEndpoint, gpuMachine, servingGround } from "../scenes.ts";
import type { Service } from "../service.ts";
import type { Case } from "./case.ts";

const deploy = "EndpointService.DeployModel";
const undeploy = "EndpointService.UndeployModel";
const mutate = "EndpointService.MutateDeployedModel";
const update = "EndpointService.UpdateEndpoint";

/** Deploys a model with id 7 that the platform undeploys by itself after some seconds; v1beta1. */
function flexStart(endpoint: string, model: string, seconds: number): JsonObject {
  const dedicatedResources = { spot: false, flexStart: { maxRuntimeDuration: `${seconds}s` } };
  return deployRequest(endpoint, model, { id: "7", dedicatedResources }, { "0": 100 });
}

/** An endpoint with one Spot model that has all the traffic. */
async function served(service: Service, id: string, more: JsonObject = {}) {
  const ground = await servingGround(service, id);
  const request = deployRequest(ground.endpoint, ground.model, { id: "111", ...more }, { "0": 100 });
  await service.done(deploy, request);
  return ground;
}

export const endpointCases: readonly Case[] = [
  ...(["v1", "v1beta1"] as const).map(
    (version): Case => ({
      title: `the documentation's own deployModel request, ${version}`,
      does: `DeployModel answers an Operation whose metadata is ${version}'s DeployModelOperationMetadata with a deploymentStage; the model serves and "0" in the split has become its id.`,
      source: "docs use-spot-vms; proto endpoint_service",
      async run(service) {
        const { endpoint, model } = await servingGround(service, `doc-${version}`);
        const request = deployRequest(endpoint, model, {}, { "0": 100 });
        const operation = await service.call(deploy, request, version);
        const type = `type.googleapis.com/google.cloud.aiplatform.${version}.`;
        expect(operation).toMatchObject({
          name: expect.stringMatching(/\/endpoints\/[^/]+\/operations\/\d+$/),
          metadata: { "@type": `${type}DeployModelOperationMetadata`, deploymentStage: "STARTING_DEPLOYMENT" },
        });
        const ended = await service.settle(operation);
        expect(ended).toMatchObject({
          metadata: { deploymentStage: "SUCCESSFULLY_DEPLOYED" },
          response: { "@type": `${type}DeployModelResponse`, deployedModel: { dedicatedResources: { spot: true } } },
        });
        const state = await getEndpoint(service, endpoint, version);
        const [deployed] = state["deployedModels"] as JsonObject[];
        expect(deployed).toMatchObject({ model, status: { availableReplicaCount: 1 } });
        expect(state["trafficSplit"]).toEqual({ [String(deployed?.["id"])]: 100 });
      },
    }),
  ),
  {
    title: "an empty split leaves the traffic alone",
    does: "DeployModel without traffic_split does not touch the endpoint's split; a split that does not sum to 100 or names a stranger is INVALID_ARGUMENT.",
    source: "proto DeployModelRequest.traffic_split",
    async run(service) {
      const { endpoint, model } = await served(service, "calm");
      await service.done(deploy, deployRequest(endpoint, model, { id: "222" }));
      expect(await getEndpoint(service, endpoint)).toMatchObject({ trafficSplit: { "111": 100 } });
      for (const split of [{ "0": 99 }, { "0": 50, "999": 50 }]) {
        expect(await service.refused(deploy, deployRequest(endpoint, model, {}, split))).toMatchObject({ code: 3 });
      }
    },
  },
  {
    title: "one operation at a time on an endpoint",
    does: "Deploy, undeploy, mutate and delete while one runs answer FAILED_PRECONDITION: There are other operations running on the Endpoint ... Operation IDs are: [..].",
    source: "text seen for Index resources; for endpoints undocumented",
    async run(service) {
      const { endpoint, model } = await served(service, "single");
      const operation = await service.call(deploy, deployRequest(endpoint, model));
      const id = String(operation["name"]).split("/").at(-1);
      const other = await service.refused(undeploy, { endpoint, deployedModelId: "111" });
      expect(other).toMatchObject({ code: 9, message: expect.stringContaining(`Operation IDs are: [${id}]`) });
      expect(await service.refused(deploy, deployRequest(endpoint, model))).toMatchObject({ code: 9 });
    },
  },
  {
    title: "a chosen id collides",
    does: "DeployedModel.id may be chosen (1-10 digits, not 0); one that is taken is ALREADY_EXISTS; anything else is INVALID_ARGUMENT.",
    source: "proto DeployedModel.id; the collision's code is undocumented; switch duplicateIds",
    async run(service) {
      const { endpoint, model } = await served(service, "chosen");
      expect(await service.refused(deploy, deployRequest(endpoint, model, { id: "111" }))).toMatchObject({ code: 6 });
      for (const id of ["abc", "12345678901", "0", "00"]) {
        expect(await service.refused(deploy, deployRequest(endpoint, model, { id }))).toMatchObject({ code: 3 });
      }
      service.behaviour({ duplicateIds: "accept" });
      await service.done(deploy, deployRequest(endpoint, model, { id: "111" }));
      expect((await deployedModels(service, endpoint)).map(({ id }) => id)).toEqual(["111", "111"]);
    },
  },
  {
    title: "undeploy refuses a model with traffic",
    does: "UndeployModel of a model with traffic is FAILED_PRECONDITION unless the given split takes it away; the last model may go, and the split becomes empty.",
    source: "proto UndeployModelRequest",
    async run(service) {
      const { endpoint, model } = await served(service, "traffic");
      await service.done(deploy, deployRequest(endpoint, model, { id: "222" }));
      expect(await service.refused(undeploy, { endpoint, deployedModelId: "111" })).toMatchObject({ code: 9 });
      const keeps = { endpoint, deployedModelId: "111", trafficSplit: { "111": 100 } };
      expect(await service.refused(undeploy, keeps)).toMatchObject({ code: 3 });
      await service.done(undeploy, { endpoint, deployedModelId: "111", trafficSplit: { "222": 100 } });
      expect(await getEndpoint(service, endpoint)).toMatchObject({ trafficSplit: { "222": 100 } });
      await service.done(undeploy, { endpoint, deployedModelId: "222" });
      const empty = await getEndpoint(service, endpoint);
      expect(empty).not.toHaveProperty("trafficSplit");
      expect(empty).not.toHaveProperty("deployedModels");
    },
  },
  {
    title: "the etag guards updates",
    does: "Every write gives a new etag; UpdateEndpoint with an old one is ABORTED, without one it overwrites blindly; it answers the endpoint, not an operation.",
    source: "proto Endpoint.etag; ABORTED by AIP-154, undocumented here",
    async run(service) {
      const { endpoint } = await served(service, "guarded");
      const { etag = "" } = await getEndpoint(service, endpoint);
      const renamed = { endpoint: { name: endpoint, displayName: "new", etag }, updateMask: "displayName" };
      const after = await service.call(update, renamed);
      expect(after).toMatchObject({ displayName: "new", trafficSplit: { "111": 100 } });
      expect(after["etag"]).not.toBe(etag);
      expect(await service.refused(update, renamed)).toMatchObject({ code: 10 });
      const blind = { endpoint: { name: endpoint, trafficSplit: {} }, updateMask: "trafficSplit" };
      expect(await service.call(update, blind)).not.toHaveProperty("trafficSplit");
      expect(await service.refused(update, { endpoint: { name: endpoint, displayName: "x" } })).toMatchObject({
        code: 3,
      });
    },
  },
  {
    title: "mutate changes replica counts only",
    does: "MutateDeployedModel changes min, max and required replica counts, autoscaling metrics and container logging; spot and machine_spec are INVALID_ARGUMENT.",
    source: "proto MutateDeployedModelRequest; MM PR #18116",
    async run(service) {
      const { endpoint } = await served(service, "mutable");
      const deployedModel = {
        id: "111",
        dedicatedResources: { machineSpec: gpuMachine, minReplicaCount: 2, maxReplicaCount: 3, spot: false },
      };
      const sizes = "dedicatedResources.minReplicaCount,dedicatedResources.maxReplicaCount";
      await service.done(mutate, { endpoint, deployedModel, updateMask: sizes });
      await service.pass(600);
      expect(await deployedModels(service, endpoint)).toMatchObject([
        {
          dedicatedResources: { minReplicaCount: 2, maxReplicaCount: 3, spot: true },
          status: { availableReplicaCount: 2 },
        },
      ]);
      for (const updateMask of ["dedicatedResources.spot", "dedicatedResources.machineSpec", "displayName"]) {
        expect(await service.refused(mutate, { endpoint, deployedModel, updateMask })).toMatchObject({ code: 3 });
      }
    },
  },
  {
    title: "a stockout fails the deployment",
    does: "No machines: the operation waits in ADDING_NODES_TO_CLUSTER, then fails with UNAVAILABLE: Machine type temporarily unavailable, please deploy with a different machine type or retry.",
    source: "spot.md C3 (text seen)",
    async run(service) {
      const { endpoint, model } = await servingGround(service, "dry");
      service.market({ action: "exhaust", place: { project: service.location.split("/")[1], provisioning: "SPOT" } });
      const ended = await service.settle(await service.call(deploy, deployRequest(endpoint, model)));
      expect(ended).toMatchObject({
        metadata: { deploymentStage: "FAILED_TO_DEPLOY" },
        error: {
          code: 14,
          message: "Machine type temporarily unavailable, please deploy with a different machine type or retry.",
        },
      });
      await service.done(deploy, deployRequest(endpoint, model, { dedicatedResources: { spot: false } }));
      service.market({ action: "restore" });
    },
  },
  {
    title: "quota is charged for the largest size",
    does: "Preemptible quota is charged max_replica_count times its accelerators; a failed deployment holds it for up to 30 minutes.",
    source: "proto max_replica_count; spot.md C3",
    async run(service) {
      const { endpoint, model } = await servingGround(service, "quota");
      const project = service.location.split("/")[1];
      const quota = "CustomModelServingPreemptibleL4GPUsPerProjectPerRegion";
      service.market({ action: "quota", quota, project, limit: 2 });
      const large = deployRequest(endpoint, model, { dedicatedResources: { maxReplicaCount: 3 } });
      const exceeded = { code: 8, message: `The following quotas are exceeded: ${quota}` };
      expect(await service.refused(deploy, large)).toMatchObject(exceeded);
      service.market({ action: "exhaust", place: { project } });
      await service.settle(
        await service.call(deploy, deployRequest(endpoint, model, { dedicatedResources: { maxReplicaCount: 2 } })),
      );
      service.market({ action: "restore" });
      expect(await service.refused(deploy, deployRequest(endpoint, model))).toMatchObject(exceeded);
      await service.pass(1800);
      await service.done(deploy, deployRequest(endpoint, model));
    },
  },
  {
    title: "a deployment may succeed in part",
    does: "With required_replica_count the operation succeeds once so many serve; status.message tells of the rest, which is tried again and again.",
    source: "docs autoscaling; proto required_replica_count",
    async run(service) {
      const { endpoint, model } = await servingGround(service, "partial");
      const project = service.location.split("/")[1];
      service.market({ action: "capacity", place: { project }, machines: 1 });
      const sizes = { minReplicaCount: 3, maxReplicaCount: 3, requiredReplicaCount: 1 };
      await service.done(deploy, deployRequest(endpoint, model, { dedicatedResources: sizes }));
      expect(await deployedModels(service, endpoint)).toMatchObject([
        { status: { availableReplicaCount: 1, message: expect.stringContaining("STOCKOUT") } },
      ]);
      service.market({ action: "capacity", place: { project }, machines: null });
      await service.pass(1800);
      const [whole] = await deployedModels(service, endpoint);
      expect(whole?.["status"]).toEqual({ availableReplicaCount: 3, lastUpdateTime: expect.any(String) });
    },
  },
  {
    title: "a preempted Spot model is restarted six times",
    does: "After a preemption availableReplicaCount drops (0 is omitted) and status.message says STOCKOUT; six restarts with growing waits; then it stays with 0 replicas.",
    source: "docs use-spot-vms; final state undocumented, switch spotFinalState=zero",
    async run(service) {
      const { endpoint } = await served(service, "spot");
      const project = service.location.split("/")[1];
      expect(service.market({ action: "exhaust", place: { project }, preempt: true })).toEqual({ preempted: 1 });
      const [lost] = await deployedModels(service, endpoint);
      expect(lost?.["status"]).toMatchObject({ message: expect.stringContaining("preempted") });
      expect(lost?.["status"]).not.toHaveProperty("availableReplicaCount");
      await service.pass(3600);
      service.market({ action: "restore" });
      await service.pass(3600);
      const [final] = await deployedModels(service, endpoint);
      expect(final?.["status"]).toMatchObject({ message: expect.stringContaining("6 restarts") });
      expect(final?.["status"]).not.toHaveProperty("availableReplicaCount");
      expect(await getEndpoint(service, endpoint)).toMatchObject({ trafficSplit: { "111": 100 } });
    },
  },
  {
    title: "a preempted Spot model comes back when machines do",
    does: "A restart that finds a machine brings the replica back after its start-up time.",
    source: "docs use-spot-vms",
    async run(service) {
      const { endpoint } = await served(service, "back");
      service.market({ action: "preempt", endpoint });
      await service.pass(360);
      expect(await deployedModels(service, endpoint)).toMatchObject([{ status: { availableReplicaCount: 1 } }]);
    },
  },
  {
    title: "a lost Spot model may be gone",
    does: "With spotFinalState=gone the deployed model disappears with its share of the traffic; the others keep their proportions.",
    source: "undocumented; switch spotFinalState=gone",
    async run(service) {
      const { endpoint, model } = await served(service, "lost");
      service.behaviour({ spotFinalState: "gone" });
      const other = { id: "222", dedicatedResources: { spot: false } };
      await service.done(deploy, deployRequest(endpoint, model, other, { "111": 70, "0": 30 }));
      service.market({
        action: "exhaust",
        place: { project: service.location.split("/")[1], provisioning: "SPOT" },
        preempt: true,
      });
      await service.pass(3600);
      service.market({ action: "restore" });
      expect(await getEndpoint(service, endpoint)).toMatchObject({
        deployedModels: [{ id: "222" }],
        trafficSplit: { "222": 100 },
      });
    },
  },
  {
    title: "being-deployed models are hidden, or shown",
    does: "Get does not show a model before its deployment has succeeded; with deployingModels=shown it does.",
    source: "undocumented; switch deployingModels",
    async run(service) {
      const { endpoint, model } = await servingGround(service, "shy");
      await service.call(deploy, deployRequest(endpoint, model, { id: "5" }));
      expect(await deployedModels(service, endpoint)).toEqual([]);
      service.behaviour({ deployingModels: "shown" });
      expect(await deployedModels(service, endpoint)).toMatchObject([{ id: "5" }]);
    },
  },
  {
    title: "an endpoint with models cannot be deleted",
    does: "DeleteEndpoint answers FAILED_PRECONDITION: Endpoint has deployed or being-deployed DeployedModel(s), traffic or not.",
    source: "python-aiplatform #1441; spot.md C3",
    async run(service) {
      const { endpoint } = await served(service, "kept");
      const refusal = await service.refused("EndpointService.DeleteEndpoint", { name: endpoint });
      expect(refusal).toMatchObject({
        code: 9,
        message: expect.stringContaining("Endpoint has deployed or being-deployed"),
      });
      await service.done(undeploy, { endpoint, deployedModelId: "111" });
      await service.done("EndpointService.DeleteEndpoint", { name: endpoint });
      expect(await service.refused("EndpointService.GetEndpoint", { name: endpoint })).toMatchObject({ code: 5 });
    },
  },
  {
    title: "flex-start undeploys itself",
    does: "v1beta1 flex_start: the model is undeployed when max_runtime_duration (up to 7 days) is over; v1 does not show the field.",
    source: "docs use-flex-start-vms; proto v1beta1",
    async run(service) {
      const { endpoint, model } = await servingGround(service, "flex");
      expect(await service.refused(deploy, flexStart(endpoint, model, 604_801), "v1beta1")).toMatchObject({ code: 3 });
      await service.done(deploy, flexStart(endpoint, model, 7200), "v1beta1");
      expect(JSON.stringify(await getEndpoint(service, endpoint, "v1beta1"))).toContain('"maxRuntimeDuration":"7200s"');
      expect(JSON.stringify(await getEndpoint(service, endpoint))).not.toContain("flexStart");
      await service.pass(7200);
      expect(await deployedModels(service, endpoint)).toEqual([]);
    },
  },
  {
    title: "an operation on a model that the platform undeploys ends",
    does: "An operation on a deployed model that goes away by itself ends with NOT_FOUND: the endpoint is not blocked by it.",
    source: "nothing documented; an operation that never ends would block the endpoint for ever",
    async run(service) {
      const { endpoint, model } = await servingGround(service, "expired");
      await service.done(deploy, flexStart(endpoint, model, 7200), "v1beta1");
      await service.pass(7_170);
      const dedicatedResources = { machineSpec: gpuMachine, minReplicaCount: 2, maxReplicaCount: 2 };
      const updateMask = "dedicatedResources.minReplicaCount,dedicatedResources.maxReplicaCount";
      const request = { endpoint, deployedModel: { id: "7", dedicatedResources }, updateMask };
      const operation = await service.settle(await service.call(mutate, request));
      expect(operation).toMatchObject({ done: true, error: { code: 5 } });
      expect(await deployedModels(service, endpoint)).toEqual([]);
      await service.done(deploy, deployRequest(endpoint, model, { id: "8" }, { "0": 100 }));
    },
  },
  {
    title: "scale to zero gives idle replicas back",
    does: "v1beta1 scale_to_zero_spec allows min_replica_count 0; after the idle period the model has no replicas.",
    source: "proto v1beta1 ScaleToZeroSpec; nothing here sends predictions",
    async run(service) {
      const { endpoint, model } = await servingGround(service, "zero");
      const scaleToZeroSpec = { idleScaledownPeriod: "600s" };
      const sizes = { spot: false, minReplicaCount: 0, maxReplicaCount: 1, initialReplicaCount: 1, scaleToZeroSpec };
      await service.done(deploy, deployRequest(endpoint, model, { dedicatedResources: sizes }), "v1beta1");
      expect(await deployedModels(service, endpoint)).toMatchObject([{ status: { availableReplicaCount: 1 } }]);
      await service.pass(700);
      const [idle] = await deployedModels(service, endpoint);
      expect(idle?.["status"]).not.toHaveProperty("availableReplicaCount");
    },
  },
  {
    title: "deployment resource pools are shared",
    does: "Models on a pool have its replicas; a pool in use cannot be deleted; queryDeployedModels names the users.",
    source: "proto deployment_resource_pool_service",
    async run(service) {
      const { endpoint, model } = await servingGround(service, "shared");
      const name = `${service.location}/deploymentResourcePools/drp`;
      const dedicatedResources = { machineSpec: gpuMachine, minReplicaCount: 1, maxReplicaCount: 2 };
      await service.done("DeploymentResourcePoolService.CreateDeploymentResourcePool", {
        parent: service.location,
        deploymentResourcePoolId: "drp",
        deploymentResourcePool: { dedicatedResources },
      });
      await service.done(deploy, { endpoint, deployedModel: { model, id: "9", sharedResources: name } });
      expect(await deployedModels(service, endpoint)).toMatchObject([
        { sharedResources: name, status: { availableReplicaCount: 1 } },
      ]);
      const query = { deploymentResourcePool: name };
      expect(await service.call("DeploymentResourcePoolService.QueryDeployedModels", query)).toMatchObject({
        deployedModelRefs: [{ endpoint, deployedModelId: "9" }],
      });
      expect(
        await service.refused("DeploymentResourcePoolService.DeleteDeploymentResourcePool", { name }),
      ).toMatchObject({ code: 9 });
    },
  },
  {
    title: "an unknown model cannot be deployed",
    does: "DeployModel of a Model nobody uploaded is NOT_FOUND; a model that is deployed cannot be deleted.",
    source: "undocumented; switch unknownModels",
    async run(service) {
      const { endpoint, model } = await served(service, "known");
      const stranger = deployRequest(endpoint, `${service.location}/models/stranger`);
      expect(await service.refused(deploy, stranger)).toMatchObject({ code: 5 });
      expect(await service.refused("ModelService.DeleteModel", { name: model })).toMatchObject({ code: 9 });
    },
  },
  {
    title: "endpoints are listed, filtered and ordered",
    does: "filter by endpoint, display_name, labels; order_by display_name, create_time, update_time in v1; anything else is INVALID_ARGUMENT.",
    source: "proto ListEndpointsRequest",
    async run(service) {
      for (const id of ["bb", "cc", "aa"]) await servingGround(service, id);
      const list = async (more: JsonObject) => {
        const answer = await service.call("EndpointService.ListEndpoints", { parent: service.location, ...more });
        return ((answer["endpoints"] ?? []) as JsonObject[]).map(({ displayName }) => displayName);
      };
      expect(await list({})).toEqual(["aa", "cc", "bb"]);
      expect(await list({ orderBy: "display_name desc" })).toEqual(["cc", "bb", "aa"]);
      expect(await list({ filter: "endpoint=bb" })).toEqual(["bb"]);
      expect(await list({ filter: 'display_name!="bb"', readMask: "displayName" })).toEqual(["aa", "cc"]);
      const bad = { parent: service.location, orderBy: "colour" };
      expect(await service.refused("EndpointService.ListEndpoints", bad)).toMatchObject({ code: 3 });
    },
  },
];
