import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { createIam } from "../../../infra/local/iam/iam.ts";
import { ApiError, type JsonObject, type UnaryHandler } from "../../../infra/local/wire/service.ts";
import { endpointName, persistentResourceName } from "../../../shared/vertex/names.ts";
import { createReader } from "../../../shared/vertex/reader.ts";
import { openScriptedCloud } from "./scripted-cloud.ts";

const pool = persistentResourceName("demo", "us-central1", "pool");
const endpoint = endpointName("demo", "us-central1", "7");
const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function open(handlers: Readonly<Record<string, UnaryHandler>>) {
  const cloud = await openScriptedCloud(handlers);
  closers.push(cloud.close);
  return { cloud, reader: createReader({ project: "demo", rest: cloud.rest }) };
}

/** A server that answers every request with one body, for what the doors would never send. */
async function openRaw(answers: readonly { readonly status: number; readonly body: string }[]) {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    const answer = answers[Math.min(seen.length, answers.length - 1)];
    seen.push(`${request.method} ${request.url}`);
    response.writeHead(answer?.status ?? 500, { "content-type": "application/json" }).end(answer?.body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closers.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  return { seen, reader: createReader({ project: "demo", rest: `http://127.0.0.1:${port}` }) };
}

const resource = {
  name: pool,
  resourcePools: [
    { id: "p0", machineSpec: { machineType: "n1-standard-4" }, replicaCount: "2", usedReplicaCount: "1" },
  ],
  state: "RUNNING",
  createTime: "2026-11-22T00:00:00Z",
  satisfiesPzs: true,
};

describe("single things", () => {
  test("a persistent resource is read in v1beta1, so that fields only it has survive verbatim", async () => {
    const { cloud, reader } = await open({ GetPersistentResource: () => resource });
    expect(await reader.getPersistentResource(pool)).toEqual(resource);
    expect(await reader.getPersistentResourceVerbatim(pool)).toEqual(resource);
    expect(cloud.arrivals.map(({ method }) => method)).toEqual(
      Array(2).fill("google.cloud.aiplatform.v1beta1.PersistentResourceService.GetPersistentResource"),
    );
  });

  test("not there is undefined, for each kind of thing", async () => {
    const gone: UnaryHandler = () => {
      throw new ApiError("NOT_FOUND", "not found");
    };
    const { reader } = await open({ GetPersistentResource: gone, GetEndpoint: gone, GetOperation: gone });
    expect(await reader.getPersistentResource(pool)).toBeUndefined();
    expect(await reader.getPersistentResourceVerbatim(pool)).toBeUndefined();
    expect(await reader.getEndpoint(endpoint)).toBeUndefined();
    expect(await reader.getOperation(`${pool}/operations/1`)).toBeUndefined();
  });

  test("an endpoint and an operation", async () => {
    const shown = { name: endpoint, etag: "e", deployedModels: [{ id: "1" }], trafficSplit: { "1": 100 } };
    const operation = { name: `${pool}/operations/1`, done: true, error: { code: 8, message: "no" } };
    const { reader } = await open({ GetEndpoint: () => shown, GetOperation: () => operation });
    expect(await reader.getEndpoint(endpoint)).toEqual(shown);
    expect(await reader.getOperation(operation.name)).toEqual(operation);
  });

  test("no permission is an error, never 'not there'", async () => {
    const { reader } = await open({
      GetPersistentResource: () => {
        throw new ApiError("PERMISSION_DENIED", "no");
      },
    });
    await expect(reader.getPersistentResource(pool)).rejects.toMatchObject({ class: "denied", refused: true });
  });
});

describe("what is no answer is unavailable, never 'not there' and never zero", () => {
  test.each([
    { what: "a page of a proxy", body: "<html>hello</html>" },
    { what: "nothing", body: "" },
    { what: "a list", body: "[]" },
    { what: "a resource without name", body: "{}" },
    { what: "pools that are no list", body: JSON.stringify({ ...resource, resourcePools: {} }) },
    {
      what: "a counter that is no number",
      body: JSON.stringify({ ...resource, resourcePools: [{ machineSpec: {}, usedReplicaCount: "many" }] }),
    },
    { what: "a creation time that is no time", body: JSON.stringify({ ...resource, createTime: "yesterday" }) },
  ])("$what", async ({ body }) => {
    const { reader } = await openRaw([{ status: 200, body }]);
    await expect(reader.getPersistentResource(pool)).rejects.toMatchObject({ class: "unavailable" });
  });

  test("nobody listens", async () => {
    const { reader } = await openRaw([{ status: 200, body: "{}" }]);
    await closers.pop()?.();
    await expect(reader.getPersistentResource(pool)).rejects.toMatchObject({ class: "unavailable", refused: false });
  });
});

describe("a read is tried twice when the service is unavailable", () => {
  const away = { status: 503, body: '{"error":{"code":503,"status":"UNAVAILABLE","message":"away"}}' };

  test("once away, then there", async () => {
    const { seen, reader } = await openRaw([away, { status: 200, body: JSON.stringify(resource) }]);
    expect(await reader.getPersistentResource(pool)).toEqual(resource);
    expect(seen).toHaveLength(2);
  });

  test("away twice", async () => {
    const { seen, reader } = await openRaw([away]);
    await expect(reader.getPersistentResource(pool)).rejects.toMatchObject({ class: "unavailable", code: 14 });
    expect(seen).toHaveLength(2);
  });

  test("a refusal is not tried again", async () => {
    const { seen, reader } = await openRaw([{ status: 403, body: "{}" }]);
    await expect(reader.getPersistentResource(pool)).rejects.toMatchObject({ class: "denied" });
    expect(seen).toHaveLength(1);
  });
});

describe("lists", () => {
  const page = (items: readonly JsonObject[], nextPageToken?: string): JsonObject => ({
    persistentResources: [...items],
    ...(nextPageToken === undefined ? {} : { nextPageToken }),
  });

  test("every page is read", async () => {
    const { cloud, reader } = await open({
      ListPersistentResources: ({ pageToken }) =>
        pageToken === "2" ? page([{ ...resource, name: `${pool}2` }]) : page([resource], "2"),
    });
    const listing = await reader.listPersistentResources("us-central1");
    expect(listing.complete).toBe(true);
    expect(listing.items.map(({ name }) => name)).toEqual([pool, `${pool}2`]);
    expect(cloud.arrivals.map(({ request }) => request["pageToken"] ?? "")).toEqual(["", "2"]);
  });

  test.each([
    { what: "a token that comes again", answer: () => page([resource], "same") },
    {
      what: "pages without end",
      answer: ({ pageToken }: JsonObject) => page([resource], `${Number(pageToken ?? 0) + 1}`),
    },
  ])("$what: the list is not complete", async ({ answer }) => {
    const { reader } = await open({ ListPersistentResources: answer });
    const { complete, items } = await reader.listPersistentResources("us-central1");
    expect(complete).toBe(false);
    expect(items.length).toBeLessThanOrEqual(200);
  });

  test.each([
    { what: "a malformed item", body: { persistentResources: [resource, { state: 3 }] } },
    { what: "a malformed page", body: { persistentResources: "none" } },
    { what: "a malformed token", body: { persistentResources: [resource], nextPageToken: 7 } },
  ])("$what: the list is not complete", async ({ body }) => {
    const { reader } = await openRaw([{ status: 200, body: JSON.stringify(body) }]);
    expect((await reader.listPersistentResources("us-central1")).complete).toBe(false);
  });

  test("a page that fails fails the list", async () => {
    const { reader } = await open({
      ListEndpoints: ({ pageToken }) => {
        if (pageToken !== undefined) throw new ApiError("INTERNAL", "broken");
        return { endpoints: [{ name: endpoint }], nextPageToken: "2" };
      },
    });
    await expect(reader.listEndpoints("us-central1")).rejects.toMatchObject({ class: "unavailable" });
  });

  const notFound = (): never => {
    throw new ApiError("NOT_FOUND", "not found");
  };

  test("not found on a later page: what came before it is not all", async () => {
    const { reader } = await open({
      ListCustomJobs: ({ pageToken }) =>
        pageToken === undefined ? { customJobs: [], nextPageToken: "2" } : notFound(),
    });
    expect(await reader.listActiveCustomJobs("us-central1")).toEqual({ items: [], complete: false });
  });

  test("a location that is not found is not an empty one: an answer without items is how that is said", async () => {
    const { reader } = await open({
      ListCustomJobs: notFound,
      ListPersistentResources: notFound,
      ListEndpoints: notFound,
    });
    const unknown = { items: [], complete: false };
    expect(await reader.listActiveCustomJobs("us-central1")).toEqual(unknown);
    expect(await reader.listCustomJobsLabelled("us-central1", { key: "k", value: "v" })).toEqual(unknown);
    expect(await reader.listPersistentResources("us-central1")).toEqual(unknown);
    expect(await reader.listEndpoints("us-central1")).toEqual(unknown);
  });

  test("under a resource that is not found there are no operations; that is certain of the first page alone", async () => {
    const empty = await open({ ListOperations: notFound });
    expect(await empty.reader.listOperations(pool)).toEqual({ items: [], complete: true });
    const { reader } = await open({
      ListOperations: ({ pageToken }) =>
        pageToken === undefined ? { operations: [], nextPageToken: "2" } : notFound(),
    });
    expect((await reader.listOperations(pool)).complete).toBe(false);
  });

  test("jobs that may hold or ask for a replica, and jobs by label, are filtered by the service", async () => {
    const { cloud, reader } = await open({ ListCustomJobs: () => ({}) });
    await reader.listActiveCustomJobs("us-central1");
    await reader.listCustomJobsLabelled("us-central1", { key: "k", value: "v" });
    expect(cloud.arrivals.map(({ request }) => request["filter"])).toEqual([
      'state="JOB_STATE_QUEUED" OR state="JOB_STATE_PENDING" OR state="JOB_STATE_RUNNING" OR state="JOB_STATE_CANCELLING" OR state="JOB_STATE_PAUSED" OR state="JOB_STATE_UPDATING"',
      "labels.k=v",
    ]);
  });

  test("operations under a resource come newest first", async () => {
    const at = (id: number, createTime: string) => ({
      name: `${pool}/operations/${id}`,
      metadata: {
        "@type": "type.googleapis.com/google.cloud.aiplatform.v1.DeleteOperationMetadata",
        genericMetadata: { createTime },
      },
    });
    const { reader } = await open({
      ListOperations: () => ({
        operations: [at(1, "2026-11-22T00:00:00Z"), at(3, "2026-11-22T02:00:00Z"), at(2, "2026-11-22T01:00:00Z")],
      }),
    });
    const { items, complete } = await reader.listOperations(pool);
    expect(complete).toBe(true);
    expect(items.map(({ name }) => name.at(-1))).toEqual(["3", "2", "1"]);
  });
});

test("permissions are tested on the project", async () => {
  const { startDoors } = await import("../../../infra/local/wire/doors.ts");
  const iam = createIam();
  const doors = await startDoors({ services: iam.services, extraRoutes: iam.routes, restPort: 0, grpcPort: 0 });
  closers.push(() => doors.close());
  const rest = `http://127.0.0.1:${doors.restPort}`;
  const reader = createReader({ project: "demo", rest });
  const asked = ["aiplatform.persistentResources.create", "aiplatform.persistentResources.delete"];
  expect(await reader.testPermissions(asked)).toEqual(asked);
});
