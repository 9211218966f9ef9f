/** Things that stand in the local cloud before a test begins. */
import { endpointName, persistentResourceName } from "../../../shared/vertex/names.ts";
import type { World } from "./world.ts";

/** Where everything stands. */
export const location = "projects/demo/locations/us-central1";

/** One pool of small machines. */
export const pools = (replicaCount: string) => [
  { id: "p0", machineSpec: { machineType: "n1-standard-4" }, replicaCount, diskSpec: { bootDiskSizeGb: 100 } },
];

/** A model as a deploy request has it. */
export const deployedModel = (id: string) => ({
  id,
  model: `${location}/models/m`,
  displayName: "ours",
  dedicatedResources: { machineSpec: { machineType: "n1-standard-4" }, minReplicaCount: 1, maxReplicaCount: 1 },
});

/** Calls the local cloud as a stranger would. */
export async function callAsStranger(world: World, method: string, path: string, body?: object): Promise<void> {
  const response = await fetch(`${world.rest}/v1/${path}`, { method, ...(body && { body: JSON.stringify(body) }) });
  if (!response.ok) throw new Error(await response.text());
}

/** A persistent resource that runs. @returns its creation time. */
export async function runningPool(world: World, id: string): Promise<string> {
  await callAsStranger(world, "POST", `${location}/persistentResources?persistentResourceId=${id}`, {
    resourcePools: pools("2"),
  });
  await world.world.advance(3_600_000);
  const found = await world.reader.getPersistentResource(persistentResourceName("demo", "us-central1", id));
  if (found?.state !== "RUNNING" || found.createTime === undefined) throw new Error(`${id} is ${found?.state}`);
  return found.createTime;
}

/** An endpoint with models that serve. */
export async function servingEndpoint(world: World, id: string, models: readonly string[]): Promise<void> {
  const name = endpointName("demo", "us-central1", id);
  await callAsStranger(world, "POST", `${location}/endpoints?endpointId=${id}`, { displayName: id });
  await world.world.advance(60_000);
  for (const model of models) {
    await callAsStranger(world, "POST", `${name}:deployModel`, { deployedModel: deployedModel(model) });
    await world.world.advance(7_200_000);
  }
}
