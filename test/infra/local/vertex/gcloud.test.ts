/**
 * gcloud, a client that knows nothing of this double, gets by REST what the service's own words are.
 * Recipes: CLOUDSDK_API_ENDPOINT_OVERRIDES_AIPLATFORM and CLOUDSDK_AUTH_DISABLE_CREDENTIALS. Skipped where gcloud is absent.
 */
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { createRandom } from "../../../../infra/local/clock/random.ts";
import { createScaledClock } from "../../../../infra/local/clock/scaled-clock.ts";
import { createVertex } from "../../../../infra/local/vertex/vertex.ts";
import { type Doors, startDoors } from "../../../../infra/local/wire/doors.ts";
import type { JsonObject } from "../../../../infra/local/wire/service.ts";
import { missingGcloud } from "../gcloud.ts";
import { gpuMachine } from "./scenes.ts";
import { start } from "./service.ts";

const run = promisify(execFile);
const location = "projects/demo/locations/us-central1";
const longest = 120_000;

describe.skipIf(missingGcloud("Vertex AI by gcloud"))("gcloud", () => {
  // Twenty minutes of the world in a second: gcloud polls in real time.
  const clock = createScaledClock({ from: start, speed: 1200 });
  const vertex = createVertex({ clock, random: createRandom(7) });
  let doors: Doors;
  let home: string;

  beforeAll(async () => {
    doors = await startDoors({ services: vertex.services, extraRoutes: vertex.routes, restPort: 0, grpcPort: 0 });
    home = await mkdtemp(join(tmpdir(), "gcloud-"));
    await post("models:upload", { modelId: "m1", model: { displayName: "m1" } });
    await post("endpoints?endpointId=7", { displayName: "seven" });
    for (const path of ["endpoints/7", "models/m1"]) {
      await vi.waitFor(async () => expect(await get(path)).toHaveProperty("displayName"));
    }
  });
  afterAll(async () => {
    clock.stop();
    await doors.close();
    await rm(home, { recursive: true, force: true });
  });

  const url = (path: string): string => `http://127.0.0.1:${doors.restPort}/v1/${location}/${path}`;
  const get = async (path: string): Promise<JsonObject> => (await (await fetch(url(path))).json()) as JsonObject;
  const post = async (path: string, body: JsonObject): Promise<void> => {
    const answer = await fetch(url(path), { method: "POST", body: JSON.stringify(body) });
    expect(answer.status, await answer.text()).toBe(200);
  };
  const gcloud = async (...command: string[]): Promise<{ json: JsonObject; stderr: string }> => {
    const args = ["ai", ...command, "--region=us-central1", "--format=json"];
    const { stdout, stderr } = await run("gcloud", args, {
      env: {
        PATH: process.env["PATH"],
        HOME: home,
        CLOUDSDK_CONFIG: home,
        CLOUDSDK_CORE_PROJECT: "demo",
        CLOUDSDK_CORE_DISABLE_PROMPTS: "1",
        CLOUDSDK_AUTH_DISABLE_CREDENTIALS: "true",
        CLOUDSDK_API_ENDPOINT_OVERRIDES_AIPLATFORM: `http://127.0.0.1:${doors.restPort}/`,
      },
    });
    return { json: (stdout ? JSON.parse(stdout) : {}) as JsonObject, stderr };
  };

  it("persistent-resources: create, describe, list, delete", { timeout: longest }, async () => {
    const pool = "replica-count=2,machine-type=g2-standard-12,accelerator-type=NVIDIA_L4,accelerator-count=1";
    await gcloud(
      "persistent-resources",
      "create",
      "--persistent-resource-id=n1",
      `--resource-pool-spec=${pool}`,
      "--labels=a=b",
    );
    await expect.poll(() => get("persistentResources/n1"), { timeout: 10_000 }).toMatchObject({ state: "RUNNING" });
    const rest = await get("persistentResources/n1");
    expect((await gcloud("persistent-resources", "describe", "n1")).json).toEqual(rest);
    expect(rest).toMatchObject({ labels: { a: "b" }, resourcePools: [{ machineSpec: gpuMachine, replicaCount: "2" }] });
    expect((await gcloud("persistent-resources", "list")).json).toEqual([rest]);
    await gcloud("persistent-resources", "delete", "n1");
    await expect.poll(() => get("persistentResources/n1"), { timeout: 10_000 }).toMatchObject({ error: { code: 404 } });
    await expect(gcloud("persistent-resources", "describe", "n1")).rejects.toThrow(/NOT_FOUND/);
  });

  it("endpoints: deploy-model --spot and undeploy-model wait for their operations", { timeout: longest }, async () => {
    const machine = ["--machine-type=g2-standard-12", "--accelerator=type=nvidia-l4,count=1"];
    const deploy = [
      "deploy-model",
      "7",
      "--model=m1",
      "--display-name=D",
      "--spot",
      "--traffic-split=0=100",
      ...machine,
    ];
    await gcloud("endpoints", ...deploy, "--min-replica-count=1", "--max-replica-count=1");
    const rest = await get("endpoints/7");
    const [deployed] = rest["deployedModels"] as JsonObject[];
    expect(deployed).toMatchObject({ dedicatedResources: { spot: true, machineSpec: gpuMachine } });
    expect(rest["trafficSplit"]).toEqual({ [String(deployed?.["id"])]: 100 });
    expect((await gcloud("endpoints", "describe", "7")).json).toEqual(rest);
    await gcloud("endpoints", "undeploy-model", "7", `--deployed-model-id=${deployed?.["id"]}`);
    expect(await get("endpoints/7")).not.toHaveProperty("deployedModels");
  });

  it("custom-jobs: create, describe, cancel", { timeout: longest }, async () => {
    const pool = "replica-count=1,machine-type=n1-standard-4,container-image-uri=gcr.io/demo/train";
    const created = await gcloud(
      "custom-jobs",
      "create",
      "--display-name=J",
      `--worker-pool-spec=${pool}`,
      "--labels=local-run-seconds=900000",
    );
    const id = String(created.json["name"]).split("/").at(-1) ?? "";
    expect((await gcloud("custom-jobs", "describe", id)).json).toMatchObject({ displayName: "J" });
    await gcloud("custom-jobs", "cancel", id);
    await expect
      .poll(() => get(`customJobs/${id}`), { timeout: 10_000 })
      .toMatchObject({ state: "JOB_STATE_CANCELLED" });
  });
});
