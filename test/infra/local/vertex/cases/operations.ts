import { expect } from "vitest";
import type { JsonObject } from "../../../../../infra/local/wire/service.ts";
import {
  createRequest,
  deployedModels,
  deployRequest,
  getResource,
  runningResource,
  servingGround,
} from "../scenes.ts";
import type { Case } from "./case.ts";

const create = "PersistentResourceService.CreatePersistentResource";
const get = "Operations.GetOperation";

export const operationCases: readonly Case[] = [
  {
    title: "an operation is found under any parent",
    does: "Operation ids are numeric; the nested name, the name directly under the location and a wrong parent all find it, in every API version; metadata keeps the version that started it.",
    source: "gcloud api_lib/ai/operations; names measured",
    async run(service) {
      const operation = await service.call(create, createRequest(service, "seek"), "v1beta1");
      const name = String(operation["name"]);
      const id = name.split("/").at(-1);
      for (const one of [
        name,
        `${service.location}/operations/${id}`,
        `${service.location}/endpoints/1/operations/${id}`,
      ]) {
        expect(await service.call(get, { name: one })).toMatchObject({
          name,
          metadata: {
            "@type": "type.googleapis.com/google.cloud.aiplatform.v1beta1.CreatePersistentResourceOperationMetadata",
            genericMetadata: { createTime: expect.any(String), updateTime: expect.any(String) },
          },
        });
      }
      expect(await service.refused(get, { name: `${service.location}/operations/1` })).toMatchObject({ code: 5 });
    },
  },
  {
    title: "operations are listed newest first",
    does: "ListOperations under a location lists all, under a resource only its own; paging and done filters work.",
    source: "google.longrunning.Operations; order undocumented",
    async run(service) {
      await runningResource(service, "l1");
      const second = await service.call(create, createRequest(service, "l2"));
      const list = async (more: JsonObject) => {
        const answer = await service.call("Operations.ListOperations", { name: service.location, ...more });
        return (answer["operations"] ?? []) as JsonObject[];
      };
      expect((await list({}))[0]).toMatchObject({ name: second["name"] });
      expect(await list({})).toHaveLength(2);
      expect(await list({ filter: "done=true" })).toHaveLength(1);
      expect(await list({ pageSize: 1 })).toHaveLength(1);
      expect(await list({ name: `${service.location}/persistentResources/l1` })).toHaveLength(1);
    },
  },
  {
    title: "a deployment can be cancelled, a creation cannot",
    does: "CancelOperation is best effort: a DeployModel ends CANCELLED and leaves nothing; other kinds go on.",
    source: "google.longrunning.Operations; which kinds is undocumented",
    async run(service) {
      const { endpoint, model } = await servingGround(service, "cancel");
      const operation = await service.call("EndpointService.DeployModel", deployRequest(endpoint, model));
      await service.call("Operations.CancelOperation", { name: operation["name"] ?? "" });
      const cancelled = await service.call(get, { name: operation["name"] ?? "" });
      expect(cancelled).toMatchObject({ done: true, error: { code: 1 } });
      expect(await deployedModels(service, endpoint)).toEqual([]);
      const creation = await service.call(create, createRequest(service, "goes-on"));
      await service.call("Operations.CancelOperation", { name: creation["name"] ?? "" });
      expect(await service.settle(creation)).toMatchObject({ response: { state: "RUNNING" } });
    },
  },
  {
    title: "a deleted operation goes on unseen",
    does: "DeleteOperation hides the operation; what it does happens all the same.",
    source: "google.longrunning.Operations",
    async run(service) {
      const operation = await service.call(create, createRequest(service, "unseen"));
      await service.call("Operations.DeleteOperation", { name: operation["name"] ?? "" });
      expect(await service.refused(get, { name: operation["name"] ?? "" })).toMatchObject({ code: 5 });
      await service.pass(900);
      const name = `${service.location}/persistentResources/unseen`;
      expect(await getResource(service, name)).toMatchObject({ state: "RUNNING" });
    },
  },
  {
    title: "names can carry project numbers",
    does: "With projectNames=number returned names have the project's number; requests may use the id or the number.",
    source: "measured (nested operation names); switch projectNames",
    async run(service) {
      service.behaviour({ projectNames: "number" });
      const operation = await service.call(create, createRequest(service, "numbered"));
      expect(operation["name"]).toMatch(/^projects\/\d{12}\/locations\//);
      await service.settle(operation);
      const name = String(operation["name"]).split("/operations/")[0] ?? "";
      expect(await getResource(service, name)).toMatchObject({ name, state: "RUNNING" });
      const byId = await getResource(service, `${service.location}/persistentResources/numbered`);
      expect(byId["name"]).toBe(name);
    },
  },
  {
    title: "request quotas answer 429",
    does: "With requestQuotas=on: 600 reads and writes and 60 submissions a minute, project and region; above that RESOURCE_EXHAUSTED with the limit's name; the next minute is free again.",
    source: "docs quotas; text of Service Infrastructure",
    async run(service) {
      await service.pass(60 - ((service.world.clock.now() / 1000) % 60));
      service.behaviour({ requestQuotas: "on" });
      for (let at = 0; at < 60; at++) await service.call(create, createRequest(service, `q${at}`));
      const refusal = await service.refused(create, createRequest(service, "q60"));
      expect(refusal).toMatchObject({ code: 8, message: expect.stringMatching(/^Quota exceeded for quota metric/) });
      await service.call("PersistentResourceService.ListPersistentResources", { parent: service.location });
      await service.pass(60);
      await service.call(create, createRequest(service, "q60"));
    },
  },
];
