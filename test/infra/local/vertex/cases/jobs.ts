import { expect } from "vitest";
import type { JsonObject } from "../../../../../infra/local/wire/service.ts";
import { getResource, gpuMachine, jobRequest, runningResource } from "../scenes.ts";
import type { Service } from "../service.ts";
import type { Case } from "./case.ts";

const create = "JobService.CreateCustomJob";
const get = "JobService.GetCustomJob";
const list = "JobService.ListCustomJobs";
const cancel = "JobService.CancelCustomJob";
const remove = "JobService.DeleteCustomJob";

async function listed(service: Service, filter: string, more: JsonObject = {}): Promise<unknown[]> {
  const answer = await service.call(list, { parent: service.location, filter, ...more });
  return ((answer["customJobs"] ?? []) as JsonObject[]).map(({ displayName }) => displayName);
}

export const jobCases: readonly Case[] = [
  {
    title: "a job occupies replicas until it ends",
    does: "CreateCustomJob answers the job (no operation): QUEUED, PENDING, RUNNING, SUCCEEDED; usedReplicaCount counts its replicas. It runs for the seconds of its label local-run-seconds.",
    source: "proto job_service; docs persistent-resource-train",
    async run(service) {
      const name = await runningResource(service, "pool");
      const job = await service.call(create, jobRequest(service, "pool", {}, 2));
      expect(job).toMatchObject({ name: expect.stringMatching(/customJobs\/\d+$/), state: "JOB_STATE_PENDING" });
      await service.pass(70);
      expect(await service.call(get, { name: job["name"] ?? "" })).toMatchObject({ state: "JOB_STATE_RUNNING" });
      expect(await getResource(service, name)).toMatchObject({ resourcePools: [{ usedReplicaCount: "2" }] });
      await service.pass(300);
      const ended = await service.call(get, { name: job["name"] ?? "" });
      expect(ended).toMatchObject({ state: "JOB_STATE_SUCCEEDED", endTime: expect.any(String) });
      expect(JSON.stringify(await getResource(service, name))).not.toContain("usedReplicaCount");
    },
  },
  {
    title: "a full pool queues jobs",
    does: "A job that finds no free replicas stays JOB_STATE_QUEUED and starts when some are given back.",
    source: "proto JobState; QUEUED rather than PENDING is undocumented",
    async run(service) {
      await runningResource(service, "full");
      await service.call(create, jobRequest(service, "full", {}, 2));
      const second = await service.call(create, jobRequest(service, "full"));
      expect(second).toMatchObject({ state: "JOB_STATE_QUEUED" });
      await service.pass(430);
      expect(await service.call(get, { name: second["name"] ?? "" })).toMatchObject({ state: "JOB_STATE_RUNNING" });
    },
  },
  {
    title: "a job must match a pool exactly",
    does: "Another machine, accelerator count or disk, or more replicas than the pool has, is INVALID_ARGUMENT; an unknown resource NOT_FOUND.",
    source: "docs persistent-resource-train; codes undocumented",
    async run(service) {
      await runningResource(service, "exact");
      const specs: JsonObject[] = [
        { machineSpec: { machineType: "n1-standard-4" } },
        { machineSpec: { ...gpuMachine, acceleratorCount: 2 } },
        { machineSpec: gpuMachine, diskSpec: { bootDiskType: "pd-standard", bootDiskSizeGb: 100 } },
        { machineSpec: gpuMachine, replicaCount: "3" },
      ];
      for (const spec of specs) {
        const workerPoolSpecs = [{ replicaCount: "1", containerSpec: { imageUri: "gcr.io/demo/train" }, ...spec }];
        const jobSpec = { persistentResourceId: "exact", workerPoolSpecs };
        const request = { parent: service.location, customJob: { displayName: "odd", jobSpec } };
        expect(await service.refused(create, request)).toMatchObject({ code: 3 });
      }
      expect(await service.refused(create, jobRequest(service, "nowhere"))).toMatchObject({ code: 5 });
    },
  },
  {
    title: "cancel is asynchronous",
    does: "CancelCustomJob answers Empty; the job goes CANCELLING, then CANCELLED with error code 1; a job that is over is FAILED_PRECONDITION.",
    source: "proto job_service; the refusal is undocumented",
    async run(service) {
      await runningResource(service, "stop");
      const { name = "" } = await service.call(create, jobRequest(service, "stop"));
      expect(await service.call(cancel, { name })).toEqual({});
      expect(await service.call(get, { name })).toMatchObject({ state: "JOB_STATE_CANCELLING" });
      await service.pass(60);
      expect(await service.call(get, { name })).toMatchObject({ state: "JOB_STATE_CANCELLED", error: { code: 1 } });
      expect(await service.refused(cancel, { name })).toMatchObject({ code: 9 });
    },
  },
  {
    title: "only jobs that are over can be deleted",
    does: "DeleteCustomJob is an operation; a job that is not over is FAILED_PRECONDITION.",
    source: "proto job_service",
    async run(service) {
      const { name = "" } = await service.call(create, jobRequest(service, undefined));
      expect(await service.refused(remove, { name })).toMatchObject({ code: 9 });
      await service.pass(500);
      await service.done(remove, { name });
      expect(await service.refused(get, { name })).toMatchObject({ code: 5 });
    },
  },
  {
    title: "lists are filtered by the documented grammar",
    does: "display_name (=, !=, : with *), state (=, !=), create_time (all comparisons), labels.key=value, labels.key:*, AND, OR (binds tighter), NOT, parentheses.",
    source: "proto ListCustomJobsRequest; AIP-160",
    async run(service) {
      const labels = { "local-run-seconds": "9000" };
      for (const displayName of ["my_job_1", "my_job_2", "other"]) {
        const more = { displayName, labels: displayName === "other" ? { ...labels, team: "red" } : labels };
        await service.call(create, jobRequest(service, undefined, more));
        await service.pass(120);
      }
      const second = new Date(service.world.clock.now() - 300_000).toISOString();
      expect(await listed(service, 'display_name:"my_job_*"')).toEqual(["my_job_2", "my_job_1"]);
      expect(await listed(service, 'display_name!="other" AND state="JOB_STATE_RUNNING"')).toHaveLength(2);
      expect(await listed(service, 'NOT display_name="other"')).toHaveLength(2);
      expect(await listed(service, "labels.team=red")).toEqual(["other"]);
      expect(await listed(service, "labels.team:*")).toEqual(["other"]);
      expect(await listed(service, `create_time>="${second}"`)).toEqual(["other", "my_job_2"]);
      expect(await listed(service, 'state="JOB_STATE_FAILED" OR (display_name="other")')).toEqual(["other"]);
    },
  },
  {
    title: "persistent_resource_id cannot be filtered by",
    does: "An unknown field, an unsupported operator or a broken filter is INVALID_ARGUMENT.",
    source: "proto ListCustomJobsRequest",
    async run(service) {
      for (const filter of ['persistent_resource_id="x"', 'state<"A"', 'display_name="', "(", 'create_time>"soon"']) {
        const refusal = await service.refused(list, { parent: service.location, filter });
        expect(refusal).toMatchObject({ code: 3, message: expect.stringContaining("Field: filter") });
      }
    },
  },
  {
    title: "read masks leave only what was asked",
    does: "read_mask keeps the named paths, nested ones too.",
    source: "proto ListCustomJobsRequest",
    async run(service) {
      await service.call(create, jobRequest(service, undefined));
      const answer = await service.call(list, { parent: service.location, readMask: "displayName,state" });
      expect(answer["customJobs"]).toEqual([{ displayName: "train", state: expect.stringMatching(/^JOB_STATE/) }]);
    },
  },
];
