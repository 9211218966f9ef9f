import { expect } from "vitest";
import type { FaultInput } from "../../../../../infra/local/vertex/behaviour/fault-rules.ts";
import { createRequest, deployRequest, getResource, runningResource, servingGround } from "../scenes.ts";
import type { Case } from "./case.ts";

const create = "PersistentResourceService.CreatePersistentResource";
const match = { method: "CreatePersistentResource" };
const refusals: readonly [string, FaultInput["effect"], { code: number; message: string }][] = [
  ["quota", { kind: "quota" }, { code: 8, message: "The following quotas are exceeded" }],
  ["stockout", { kind: "stockout", as: "error" }, { code: 14, message: "Machine type temporarily unavailable" }],
  ["unavailable", { kind: "error", code: "UNAVAILABLE" }, { code: 14, message: "currently unavailable" }],
  ["request quota", { kind: "request-quota" }, { code: 8, message: "Quota exceeded for quota metric" }],
];

export const faultCases: readonly Case[] = [
  ...refusals.map(
    ([name, effect, expected]): Case => ({
      title: `fault: ${name} refuses a counted number of calls`,
      does: `The fault \`${effect.kind}\` with count 2 refuses two calls without effect; the third succeeds.`,
      source: "POST /faults",
      async run(service) {
        service.fault({ match, count: 2, effect });
        for (let at = 0; at < 2; at++) {
          const { code, message } = await service.refused(create, createRequest(service, "hit"));
          expect({ code, message }).toEqual({
            code: expected.code,
            message: expect.stringContaining(expected.message),
          });
        }
        await service.done(create, createRequest(service, "hit"));
      },
    }),
  ),
  {
    title: "fault: a stockout as ERROR state",
    does: "The operation fails with UNAVAILABLE and the resource stays in ERROR, whatever failedPersistentResource says.",
    source: "POST /faults",
    async run(service) {
      service.behaviour({ failedPersistentResource: "gone" });
      service.fault({ match, count: 1, effect: { kind: "stockout", as: "error-state" } });
      const ended = await service.settle(await service.call(create, createRequest(service, "err")));
      expect(ended).toMatchObject({ error: { code: 14 } });
      const name = `${service.location}/persistentResources/err`;
      expect(await getResource(service, name)).toMatchObject({ state: "ERROR", error: { code: 14 } });
    },
  },
  {
    title: "fault: accepted, but the answer is lost",
    does: "The caller gets UNAVAILABLE (or DEADLINE_EXCEEDED); what was asked for happens.",
    source: "POST /faults",
    async run(service) {
      service.fault({ match, count: 1, effect: { kind: "answer-lost", code: "DEADLINE_EXCEEDED" } });
      expect(await service.refused(create, createRequest(service, "mute"))).toMatchObject({ code: 4 });
      const name = `${service.location}/persistentResources/mute`;
      expect(await getResource(service, name)).toMatchObject({ state: "PROVISIONING" });
    },
  },
  {
    title: "fault: an operation never finishes",
    does: "Without effect the resource stays as it is and the operation runs for ever; with effect the resource changes and only the operation stays open.",
    source: "POST /faults",
    async run(service) {
      service.fault({ match, count: 1, effect: { kind: "never-finishes" } });
      service.fault({ match: { ...match, resource: "open" }, effect: { kind: "never-finishes", effect: true } });
      const stuck = await service.call(create, createRequest(service, "stuck"));
      const open = await service.call(create, createRequest(service, "open"));
      await service.pass(100_000);
      expect(await getResource(service, `${service.location}/persistentResources/stuck`)).toMatchObject({
        state: "PROVISIONING",
      });
      expect(await getResource(service, `${service.location}/persistentResources/open`)).toMatchObject({
        state: "RUNNING",
      });
      for (const { name = "" } of [stuck, open]) {
        expect(await service.call("Operations.GetOperation", { name })).not.toHaveProperty("done");
      }
    },
  },
  {
    title: "fault: slow operations",
    does: "Durations are multiplied by the factor.",
    source: "POST /faults",
    async run(service) {
      service.fault({ match, count: 1, effect: { kind: "slow", factor: 10 } });
      await service.call(create, createRequest(service, "slow"));
      await service.pass(5900);
      const name = `${service.location}/persistentResources/slow`;
      expect(await getResource(service, name)).toMatchObject({ state: "PROVISIONING" });
      await service.pass(2600);
      expect(await getResource(service, name)).toMatchObject({ state: "RUNNING" });
    },
  },
  {
    title: "fault: status lags",
    does: "Get and List repeat an answer until it is so many seconds old.",
    source: "POST /faults",
    async run(service) {
      service.fault({ match: { method: "GetPersistentResource" }, effect: { kind: "status-lags", seconds: 1200 } });
      await service.call(create, createRequest(service, "lag"));
      const name = `${service.location}/persistentResources/lag`;
      expect(await getResource(service, name)).toMatchObject({ state: "PROVISIONING" });
      await service.pass(1100);
      expect(await getResource(service, name)).toMatchObject({ state: "PROVISIONING" });
      await service.pass(200);
      expect(await getResource(service, name)).toMatchObject({ state: "RUNNING" });
    },
  },
  {
    title: "fault: lists end early",
    does: "A list gives fewer items and no next page token.",
    source: "POST /faults",
    async run(service) {
      for (const id of ["e1", "e2"]) await service.call(create, createRequest(service, id));
      service.fault({ match: { method: "ListPersistentResources" }, effect: { kind: "list-ends-early", items: 1 } });
      const answer = await service.call("PersistentResourceService.ListPersistentResources", {
        parent: service.location,
        pageSize: 1,
      });
      expect(answer["persistentResources"]).toHaveLength(1);
      expect(answer).not.toHaveProperty("nextPageToken");
    },
  },
  {
    title: "fault: an operation ends with an error",
    does: "The operation fails with the given code and text; a failed deployment leaves nothing, a failed delete leaves the resource.",
    source: "POST /faults",
    async run(service) {
      const { endpoint, model } = await servingGround(service, "broken");
      const message = "Model server exited unexpectedly.";
      service.fault({
        match: { method: "DeployModel" },
        effect: { kind: "operation-error", code: "INTERNAL", message },
      });
      const ended = await service.settle(
        await service.call("EndpointService.DeployModel", deployRequest(endpoint, model)),
      );
      expect(ended["error"]).toEqual({ code: 13, message });
      const name = await runningResource(service, "stays");
      service.fault({
        match: { method: "DeletePersistentResource" },
        effect: { kind: "operation-error", code: "INTERNAL", message },
      });
      await service.settle(await service.call("PersistentResourceService.DeletePersistentResource", { name }));
      expect(await getResource(service, name)).toMatchObject({ state: "RUNNING" });
    },
  },
];
