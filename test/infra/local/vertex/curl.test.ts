/** The documentation's own requests, as curl sends them: plain HTTP, no client library. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Doors, startDoors } from "../../../../infra/local/wire/doors.ts";
import type { JsonObject } from "../../../../infra/local/wire/service.ts";
import { getEndpoint, servingGround } from "./scenes.ts";
import { createWorld, inProcess, Service } from "./service.ts";

const world = createWorld();
let doors: Doors;

beforeAll(async () => {
  doors = await startDoors({
    services: world.vertex.services,
    extraRoutes: world.vertex.routes,
    restPort: 0,
    grpcPort: 0,
  });
});
afterAll(async () => {
  await doors.close();
});

it.each(["v1", "v1beta1"])(
  "POST /%s/...:deployModel answers that version's operation, and the model serves",
  async (version) => {
    const service = new Service(world, inProcess(world), `curl-${version}`);
    const { endpoint, model } = await servingGround(service, "e");
    const body = `{"deployedModel":{"model":"${model}","displayName":"D","dedicatedResources":{"machineSpec":
    {"machineType":"g2-standard-12","acceleratorType":"NVIDIA_L4","acceleratorCount":1},"spot":true,
    "minReplicaCount":1,"maxReplicaCount":1}},"trafficSplit":{"0":100}}`;
    const headers = { "content-type": "application/json; charset=utf-8", authorization: "Bearer any" };
    const url = `http://127.0.0.1:${doors.restPort}/${version}/${endpoint}:deployModel`;
    const answer = await fetch(url, { method: "POST", headers, body });
    const operation = (await answer.json()) as JsonObject;
    expect(operation).toMatchObject({
      metadata: { "@type": `type.googleapis.com/google.cloud.aiplatform.${version}.DeployModelOperationMetadata` },
    });
    await service.settle(operation);
    const state = await getEndpoint(service, endpoint);
    const [deployed] = state["deployedModels"] as { id: string }[];
    expect(state["trafficSplit"]).toEqual({ [String(deployed?.id)]: 100 });
  },
);
