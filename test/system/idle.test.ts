/** Idle deletion: a pool without jobs past its threshold is deleted; one with a job is not. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startHome, type TestHome } from "./home.ts";

const pool = (name: string) => `
  - name: ${name}
    idle: { after: 15m, grace: 5m }
    spec: { resourcePools: [{ id: main, machineType: n1-standard-8, replicas: 1, disk: { type: pd-ssd, sizeGb: 100 } }] }`;
const fleet = `
version: 1
project: demo
location: us-central1
persistentResources:${pool("idle-pool")}${pool("busy-pool")}
`;
const parent = "/v1/projects/demo/locations/us-central1";

function job(resource: string, seconds: number): object {
  return {
    displayName: `on ${resource}`,
    labels: { "local-run-seconds": String(seconds) },
    jobSpec: {
      persistentResourceId: resource,
      workerPoolSpecs: [
        {
          machineSpec: { machineType: "n1-standard-8" },
          replicaCount: "1",
          diskSpec: { bootDiskType: "pd-ssd", bootDiskSizeGb: 100 },
          containerSpec: { imageUri: "us-docker.pkg.dev/demo/training/train:latest" },
        },
      ],
    },
  };
}

describe("idle deletion", () => {
  let home: TestHome;
  beforeAll(async () => {
    home = await startHome(fleet, "2026-11-24T09:00:00Z", 120);
  }, 60_000);
  afterAll(() => home?.stop());

  it("deletes the pool that nobody uses and keeps the one with a job; a job event wakes the sleeper", async () => {
    await Promise.all([home.phase("idle-pool", "up"), home.phase("busy-pool", "up")]);
    // The world waits for the job: on a slow machine the pool would else be idle before it is there.
    await home.call("POST", "/clock", { speed: 1 });
    expect((await home.call("POST", `${parent}/customJobs`, job("busy-pool", 6 * 3600))).status).toBe(200);
    await home.call("POST", "/clock", { speed: 120 });
    const asleep = await home.phase("idle-pool", "asleep");
    expect(asleep.decision?.why).toMatch(/idle/i);
    expect((await home.target("busy-pool")).phase).toBe("up");
    expect((await home.call("GET", `${parent}/persistentResources/busy-pool`)).json["state"]).toBe("RUNNING");

    const { jobSpec, ...customJob } = job("idle-pool", 600) as { jobSpec: object };
    await home.publish("events", {
      type: "job",
      id: "job-1",
      target: "idle-pool",
      customJob: { ...customJob, jobSpec },
    });
    const done = await home.outcome(({ eventId, final }) => eventId === "job-1" && final, "answers the job");
    expect(done.phase, done.why).toBe("done");
    const { json } = await home.call("GET", `${parent}/customJobs`);
    const jobs = json["customJobs"] as { displayName: string; jobSpec: { persistentResourceId: string } }[];
    expect(jobs.filter(({ jobSpec: spec }) => spec.persistentResourceId === "idle-pool")).toHaveLength(1);
  }, 180_000);
});
