import { expect } from "vitest";
import { createRequest, getResource, jobRequest, poolSpec, runningResource } from "../scenes.ts";
import type { Case } from "./case.ts";

const create = "PersistentResourceService.CreatePersistentResource";
const update = "PersistentResourceService.UpdatePersistentResource";
const remove = "PersistentResourceService.DeletePersistentResource";
const reboot = "PersistentResourceService.RebootPersistentResource";
const mask = "resourcePools.replicaCount";

export const persistentResourceCases: readonly Case[] = [
  {
    title: "create answers an operation and ends RUNNING",
    does: "CreatePersistentResource answers an Operation with its version's metadata; the resource is PROVISIONING, then RUNNING with startTime; usedReplicaCount 0 is omitted.",
    source: "proto persistent_resource_service",
    async run(service) {
      const operation = await service.call(create, createRequest(service, "a"));
      const name = `${service.location}/persistentResources/a`;
      expect(operation["name"]).toMatch(new RegExp(`^${name}/operations/\\d+$`));
      expect(operation).toMatchObject({
        metadata: {
          "@type": "type.googleapis.com/google.cloud.aiplatform.v1.CreatePersistentResourceOperationMetadata",
          progressMessage: expect.any(String),
        },
      });
      expect(operation).not.toHaveProperty("done");
      expect(await getResource(service, name)).toMatchObject({ state: "PROVISIONING" });
      const ended = await service.settle(operation);
      expect(ended["response"]).toMatchObject({
        "@type": "type.googleapis.com/google.cloud.aiplatform.v1.PersistentResource",
        state: "RUNNING",
      });
      const resource = await getResource(service, name);
      expect(resource).toMatchObject({ state: "RUNNING", startTime: expect.any(String) });
      expect(resource["resourcePools"]).toEqual([
        expect.objectContaining({ replicaCount: "2", diskSpec: { bootDiskType: "pd-ssd", bootDiskSizeGb: 100 } }),
      ]);
      expect(JSON.stringify(resource)).not.toContain("usedReplicaCount");
    },
  },
  {
    title: "a taken id is refused in every state",
    does: "CreatePersistentResource with an existing id answers ALREADY_EXISTS, while PROVISIONING too.",
    source: "standard; text undocumented",
    async run(service) {
      const operation = await service.call(create, createRequest(service, "twice"));
      expect(await service.refused(create, createRequest(service, "twice"))).toMatchObject({ code: 6 });
      await service.settle(operation);
      expect(await service.refused(create, createRequest(service, "twice"))).toMatchObject({ code: 6 });
    },
  },
  {
    title: "bad resources are refused with every cause",
    does: "Id pattern, replica counts, autoscaling bounds, labels and required fields are checked; INVALID_ARGUMENT lists the fields.",
    source: "proto persistent_resource; gcloud validation.py",
    async run(service) {
      const bad = await service.refused(create, {
        parent: service.location,
        persistentResourceId: "Bad_Id",
        persistentResource: {
          labels: { UPPER: "no" },
          resourcePools: [poolSpec(1, { autoscalingSpec: { minReplicaCount: "0", maxReplicaCount: "1001" } })],
        },
      });
      expect(bad.code).toBe(3);
      for (const field of ["persistent_resource_id", "labels", "min_replica_count", "max_replica_count"]) {
        expect(bad.message).toContain(field);
      }
      const empty = { parent: service.location, persistentResourceId: "ok", persistentResource: {} };
      expect((await service.refused(create, empty)).message).toContain("resource_pools; Message: Required field");
    },
  },
  {
    title: "delete waits for the dead window and is refused twice",
    does: "DeletePersistentResource answers FAILED_PRECONDITION while PROVISIONING, and again while STOPPING; then the resource is NOT_FOUND.",
    source: "SDK-py delete_ray_cluster; gcloud delete.py",
    async run(service) {
      const operation = await service.call(create, createRequest(service, "gone"));
      const name = `${service.location}/persistentResources/gone`;
      expect(await service.refused(remove, { name })).toMatchObject({ code: 9 });
      await service.settle(operation);
      const deletion = await service.call(remove, { name });
      expect(await getResource(service, name)).toMatchObject({ state: "STOPPING" });
      expect(await service.refused(remove, { name })).toMatchObject({ code: 9 });
      const ended = await service.settle(deletion);
      expect(ended["response"]).toMatchObject({ "@type": "type.googleapis.com/google.protobuf.Empty" });
      expect(await service.refused("PersistentResourceService.GetPersistentResource", { name })).toMatchObject({
        code: 5,
      });
    },
  },
  {
    title: "delete cancels running jobs",
    does: "Custom jobs on a resource being deleted are cancelled silently: JOB_STATE_CANCELLED with error code 1.",
    source: "docs persistent-resource-delete",
    async run(service) {
      const name = await runningResource(service, "busy");
      const job = await service.call("JobService.CreateCustomJob", jobRequest(service, "busy"));
      await service.pass(100);
      await service.done(remove, { name });
      const after = await service.call("JobService.GetCustomJob", { name: job["name"] ?? "" });
      expect(after).toMatchObject({ state: "JOB_STATE_CANCELLED", error: { code: 1 } });
    },
  },
  {
    title: "update resizes pools",
    does: "UpdatePersistentResource with mask resource_pools.replica_count goes UPDATING, then RUNNING with the new size.",
    source: "proto; SDK-py update_ray_cluster; switch updatePersistentResource=works",
    async run(service) {
      const name = await runningResource(service, "grow");
      const request = { persistentResource: { name, resourcePools: [poolSpec(5)] }, updateMask: mask };
      const operation = await service.call(update, request);
      expect(await getResource(service, name)).toMatchObject({ state: "UPDATING" });
      await service.settle(operation);
      expect(await getResource(service, name)).toMatchObject({
        state: "RUNNING",
        resourcePools: [{ replicaCount: "5" }],
      });
    },
  },
  {
    title: "update may be refused, or have no effect",
    does: "With updatePersistentResource=refuses the call is FAILED_PRECONDITION; with no-effect the operation succeeds and the size stays.",
    source: "Terraform provider (MM PR #18273); switch updatePersistentResource",
    async run(service) {
      const name = await runningResource(service, "stiff");
      const request = { persistentResource: { name, resourcePools: [poolSpec(5)] }, updateMask: mask };
      service.behaviour({ updatePersistentResourceByName: { [name]: "refuses" } });
      expect(await service.refused(update, request)).toMatchObject({ code: 9 });
      service.behaviour({ updatePersistentResourceByName: { [name]: "no-effect" } });
      await service.done(update, request);
      expect(await getResource(service, name)).toMatchObject({
        state: "RUNNING",
        resourcePools: [{ replicaCount: "2" }],
      });
    },
  },
  {
    title: "update takes one mask path and all pools",
    does: "A missing mask, any other path (labels included), or a pool left out is INVALID_ARGUMENT.",
    source: "Terraform provider; proto (mask required)",
    async run(service) {
      const name = await runningResource(service, "fixed");
      const resource = { name, resourcePools: [poolSpec(3)], labels: { a: "b" } };
      for (const request of [
        { persistentResource: resource },
        { persistentResource: resource, updateMask: "labels" },
        { persistentResource: resource, updateMask: `${mask},displayName` },
        { persistentResource: { name }, updateMask: mask },
      ]) {
        expect(await service.refused(update, request)).toMatchObject({ code: 3 });
      }
    },
  },
  {
    title: "reboot returns autoscaled pools at their minimum",
    does: "RebootPersistentResource goes REBOOTING (no delete meanwhile), then RUNNING; autoscaled pools come back with min_replica_count; jobs that ran fail (undocumented).",
    source: "docs persistent-resource-reboot",
    async run(service) {
      const autoscalingSpec = { minReplicaCount: "1", maxReplicaCount: "4" };
      const more = { resourcePools: [poolSpec(3, { autoscalingSpec })] };
      const name = await runningResource(service, "again", 3, more);
      const operation = await service.call(reboot, { name });
      expect(await getResource(service, name)).toMatchObject({ state: "REBOOTING" });
      expect(await service.refused(remove, { name })).toMatchObject({ code: 9 });
      expect(await service.refused(reboot, { name })).toMatchObject({ code: 9 });
      await service.settle(operation);
      expect(await getResource(service, name)).toMatchObject({
        state: "RUNNING",
        resourcePools: [{ replicaCount: "1" }],
      });
    },
  },
  {
    title: "a stockout leaves the resource in ERROR",
    does: "No machines: the operation fails with RESOURCE_EXHAUSTED and the resource stays in ERROR with `error`; it can be deleted.",
    source: "undocumented; switch failedPersistentResource",
    async run(service) {
      service.market({ action: "exhaust", place: { project: service.location.split("/")[1] } });
      const ended = await service.settle(await service.call(create, createRequest(service, "empty")));
      expect(ended["error"]).toMatchObject({ code: 8, message: expect.stringContaining("STOCKOUT") });
      const name = `${service.location}/persistentResources/empty`;
      expect(await getResource(service, name)).toMatchObject({ state: "ERROR", error: { code: 8 } });
      await service.done(remove, { name });
      service.market({ action: "restore" });
    },
  },
  {
    title: "training quota is checked at create",
    does: "RESOURCE_EXHAUSTED: The following quota metrics exceed quota limits: aiplatform.googleapis.com/custom_model_training_nvidia_l4_gpus.",
    source: "issues stable-diffusion-on-gcp #12, vertex-ai-samples #3479",
    async run(service) {
      const project = service.location.split("/")[1];
      service.market({ action: "quota", quota: "custom_model_training_nvidia_l4_gpus", project, limit: 3 });
      expect(await service.refused(create, createRequest(service, "big", 4))).toMatchObject({
        code: 8,
        message:
          "The following quota metrics exceed quota limits: aiplatform.googleapis.com/custom_model_training_nvidia_l4_gpus",
      });
      await runningResource(service, "small", 3);
    },
  },
  {
    title: "get may answer 404 for a moment after create",
    does: "With notFoundAfterCreateSeconds, Get and List do not see a resource just created.",
    source: "SDK-py (one retry after create); switch notFoundAfterCreateSeconds",
    async run(service) {
      service.behaviour({ notFoundAfterCreateSeconds: 5 });
      await service.call(create, createRequest(service, "late"));
      const name = `${service.location}/persistentResources/late`;
      expect(await service.refused("PersistentResourceService.GetPersistentResource", { name })).toMatchObject({
        code: 5,
      });
      await service.pass(6);
      expect(await getResource(service, name)).toMatchObject({ state: "PROVISIONING" });
    },
  },
  {
    title: "lists have pages with tokens",
    does: "Newest first; pageToken goes on exactly where the page ended; a token of another list is INVALID_ARGUMENT.",
    source: "proto (page_size, page_token); order undocumented",
    async run(service) {
      for (const id of ["p1", "p2", "p3"]) await service.call(create, createRequest(service, id));
      const list = "PersistentResourceService.ListPersistentResources";
      const first = await service.call(list, { parent: service.location, pageSize: 2 });
      expect((first["persistentResources"] as object[]).length).toBe(2);
      const pageToken = first["nextPageToken"] ?? "";
      const second = await service.call(list, { parent: service.location, pageSize: 2, pageToken });
      expect(second).toMatchObject({ persistentResources: [{ displayName: "p1" }] });
      expect(second).not.toHaveProperty("nextPageToken");
      expect(await service.refused(list, { parent: service.location, pageToken: "nonsense" })).toMatchObject({
        code: 3,
      });
    },
  },
  {
    title: "counters can stay unfilled",
    does: "With usedReplicaCount=unfilled the counter is absent while jobs run.",
    source: "proto (no presence); switch usedReplicaCount",
    async run(service) {
      const name = await runningResource(service, "blind");
      await service.call("JobService.CreateCustomJob", jobRequest(service, "blind"));
      expect(JSON.stringify(await getResource(service, name))).toContain('"usedReplicaCount":"1"');
      service.behaviour({ usedReplicaCount: "unfilled" });
      expect(JSON.stringify(await getResource(service, name))).not.toContain("usedReplicaCount");
    },
  },
];
