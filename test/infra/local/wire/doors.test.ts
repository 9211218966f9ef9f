import { PersistentResourceServiceClient } from "@google-cloud/aiplatform/build/src/v1/persistent_resource_service_client.js";
import { PassThroughClient } from "google-auth-library";
import { grpc } from "google-gax";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Doors, startDoors } from "../../../../infra/local/wire/doors.ts";
import {
  ApiError,
  type Call,
  type JsonObject,
  type ServiceImplementation,
} from "../../../../infra/local/wire/service.ts";

const parent = "projects/p/locations/us-central1";
const name = `${parent}/persistentResources/pool`;
const seen: { request: JsonObject; call: Call }[] = [];
let answer: JsonObject | Error = {};

const reply = (request: JsonObject, call: Call): JsonObject => {
  seen.push({ request, call });
  if (answer instanceof Error) throw answer;
  return answer;
};

const services: ServiceImplementation[] = [
  {
    names: [
      "google.cloud.aiplatform.v1.PersistentResourceService",
      "google.cloud.aiplatform.v1beta1.PersistentResourceService",
    ],
    unary: {
      CreatePersistentResource: reply,
      GetPersistentResource: reply,
      ListPersistentResources: reply,
      UpdatePersistentResource: reply,
      RebootPersistentResource: reply,
    },
  },
  {
    names: ["google.cloud.aiplatform.v1.EndpointService", "google.cloud.aiplatform.v1beta1.EndpointService"],
    unary: { GetEndpoint: reply, DeployModel: reply, UpdateEndpoint: reply },
  },
  {
    names: ["google.longrunning.Operations"],
    unary: { GetOperation: reply, CancelOperation: reply, ListOperations: reply },
  },
];

let doors: Doors;
let base: string;

beforeAll(async () => {
  doors = await startDoors({ services, restPort: 0, grpcPort: 0, maxRequestBytes: 100_000 });
  base = `http://127.0.0.1:${doors.restPort}`;
});
afterAll(() => doors.close());

/** Sends one REST request; `body` is sent as it is when a string. */
async function rest(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(base + path, {
    method,
    headers: { "content-type": "application/json", ...headers },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  const json = (await response.json()) as JsonObject & { error?: { code: number; message: string; status: string } };
  return { status: response.status, json, error: json.error };
}

function clientOptions(transport: "gRPC" | "REST") {
  return transport === "gRPC"
    ? {
        apiEndpoint: "127.0.0.1",
        port: doors.grpcPort,
        sslCreds: grpc.credentials.createInsecure(),
        universeDomain: "googleapis.com",
      }
    : {
        apiEndpoint: "127.0.0.1",
        port: doors.restPort,
        fallback: true as const,
        protocol: "http",
        authClient: new PassThroughClient(),
      };
}

describe.each(["gRPC", "REST"] as const)("the real client over %s", (transport) => {
  test("reads a resource: enums by name or number, 64-bit numbers as text, timestamps", async () => {
    answer = {
      name,
      state: "RUNNING",
      resourcePools: [{ id: "a", replicaCount: "2", machineSpec: { machineType: "n1-standard-4" } }],
      createTime: "2026-01-02T03:04:05Z",
    };
    const client = new PersistentResourceServiceClient(clientOptions(transport));
    const [resource] = await client.getPersistentResource({ name });
    expect(seen.at(-1)?.request).toEqual({ name });
    expect(["RUNNING", 3]).toContain(resource.state);
    expect(String(resource.resourcePools?.[0]?.replicaCount)).toBe("2");
    expect(Number(resource.createTime?.seconds)).toBe(Date.parse("2026-01-02T03:04:05Z") / 1000);
    await client.close();
  });

  test("sees an error's code, text and details", async () => {
    answer = new ApiError("RESOURCE_EXHAUSTED", "no machines", [
      { "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason: "STOCKOUT", domain: "aiplatform.googleapis.com" },
    ]);
    const client = new PersistentResourceServiceClient(clientOptions(transport));
    await expect(client.getPersistentResource({ name })).rejects.toMatchObject({ code: 8, reason: "STOCKOUT" });
    await expect(client.getPersistentResource({ name })).rejects.toThrow(/no machines/);
    await client.close();
  });

  test("follows a long-running operation to its response", async () => {
    answer = {
      name: `${name}/operations/7`,
      done: true,
      metadata: {
        "@type": "type.googleapis.com/google.cloud.aiplatform.v1.CreatePersistentResourceOperationMetadata",
        progressMessage: "up",
      },
      response: {
        "@type": "type.googleapis.com/google.cloud.aiplatform.v1.PersistentResource",
        name,
        state: "RUNNING",
      },
    };
    const client = new PersistentResourceServiceClient(clientOptions(transport));
    const [operation] = await client.createPersistentResource({
      parent,
      persistentResourceId: "pool",
      persistentResource: { resourcePools: [{ replicaCount: 2, machineSpec: { machineType: "n1-standard-4" } }] },
    });
    expect(seen.at(-1)?.request).toEqual({
      parent,
      persistentResourceId: "pool",
      persistentResource: { resourcePools: [{ replicaCount: "2", machineSpec: { machineType: "n1-standard-4" } }] },
    });
    const [resource] = await operation.promise();
    expect(resource.name).toBe(name);
    await client.close();
  });

  test("sends an update mask that the service reads in camelCase", async () => {
    answer = { name: `${name}/operations/8`, done: true };
    const client = new PersistentResourceServiceClient(clientOptions(transport));
    await client.updatePersistentResource({
      persistentResource: { name, resourcePools: [{ id: "a", replicaCount: 3 }] },
      updateMask: { paths: ["resource_pools.replica_count"] },
    });
    expect(seen.at(-1)?.request).toEqual({
      persistentResource: { name, resourcePools: [{ id: "a", replicaCount: "3" }] },
      updateMask: "resourcePools.replicaCount",
    });
    await client.close();
  });
});

describe("REST", () => {
  const get = `/v1/${name}`;

  test.each([
    ["names by default", "", "RUNNING"],
    ["numbers when the caller asks", "?$alt=json%3Benum-encoding=int", 3],
    ["names with alt=json", "?alt=json", "RUNNING"],
  ])("enums are %s", async (_case, query, state) => {
    answer = { name, state: "RUNNING" };
    expect((await rest("GET", get + query)).json).toEqual({ name, state });
  });

  test("a field that only v1beta1 has does not leak into v1", async () => {
    answer = { name, satisfiesPzs: true };
    expect((await rest("GET", `/v1beta1/${name}`)).json).toEqual({ name, satisfiesPzs: true });
    expect(seen.at(-1)?.call.version).toBe("v1beta1");
    expect((await rest("GET", get)).json).toEqual({ name });
  });

  test("zeros and unset fields are left out; optional fields keep their zero", async () => {
    answer = {
      name,
      displayName: "",
      state: "STATE_UNSPECIFIED",
      resourcePools: [{ replicaCount: "0", usedReplicaCount: "0" }],
      labels: {},
    };
    expect((await rest("GET", get)).json).toEqual({ name, resourcePools: [{ replicaCount: "0" }] });
  });

  test('the text "0" is a value, in requests and in responses', async () => {
    answer = { name, displayName: "0" };
    expect((await rest("GET", get)).json).toEqual({ name, displayName: "0" });
    answer = {};
    await rest("POST", deploy, { deployedModel: { id: "0", model: "m" } });
    expect(seen.at(-1)?.request).toMatchObject({ deployedModel: { id: "0", model: "m" } });
  });

  test.each([
    ["/v1", `${parent}/operations/5`],
    ["/v1beta1", `${parent}/operations/5`],
    ["/ui", `${parent}/persistentResources/pool/operations/5`],
    ["/v1", `${parent}/endpoints/1/operations/5`],
    ["/v1beta1", `${parent}/customJobs/1/operations/5`],
  ])("an operation is found under %s/%s", async (prefix, operation) => {
    answer = { name: operation };
    expect((await rest("GET", `${prefix}/${operation}`)).json).toEqual({ name: operation });
    expect(seen.at(-1)?.call.method).toBe("google.longrunning.Operations.GetOperation");
    await rest("POST", `${prefix}/${operation}:cancel`, {});
    expect(seen.at(-1)).toMatchObject({
      request: { name: operation },
      call: { method: "google.longrunning.Operations.CancelOperation" },
    });
  });

  test("operations are listed by their parent's name", async () => {
    answer = { operations: [{ name: "x" }] };
    await rest("GET", `/v1beta1/${name}/operations?pageSize=2&filter=done%3Dfalse`);
    expect(seen.at(-1)?.request).toEqual({ name, pageSize: 2, filter: "done=false" });
  });

  test("the documentation's own deployModel reaches the handler as written", async () => {
    answer = { name: `${parent}/endpoints/1/operations/9` };
    const body = {
      deployedModel: {
        model: `${parent}/models/m`,
        dedicatedResources: {
          machineSpec: { machineType: "g2-standard-12", acceleratorType: "NVIDIA_L4", acceleratorCount: 1 },
          spot: true,
          minReplicaCount: 1,
          maxReplicaCount: 1,
        },
      },
      trafficSplit: { "0": 100 },
    };
    expect((await rest("POST", `/v1/${parent}/endpoints/1:deployModel`, body)).status).toBe(200);
    expect(seen.at(-1)?.request).toEqual({ endpoint: `${parent}/endpoints/1`, ...body });
  });

  test.each([
    [
      "snake_case in bodies",
      "POST",
      `/v1/${parent}/endpoints/1:deployModel`,
      { deployed_model: { model: "m" } },
      { endpoint: `${parent}/endpoints/1`, deployedModel: { model: "m" } },
    ],
    [
      "snake_case in queries",
      "GET",
      `/v1/${parent}/persistentResources?page_size=3`,
      undefined,
      { parent, pageSize: 3 },
    ],
    [
      "snake_case masks",
      "PATCH",
      `/v1/${parent}/endpoints/1?updateMask=traffic_split,display_name`,
      {},
      { endpoint: { name: `${parent}/endpoints/1` }, updateMask: "trafficSplit,displayName" },
    ],
    [
      "enum numbers",
      "POST",
      `/v1/${parent}/endpoints/1:deployModel`,
      {
        deployedModel: {
          model: "m",
          dedicatedResources: { machineSpec: { acceleratorType: 1 }, minReplicaCount: "2" },
        },
      },
      {
        endpoint: `${parent}/endpoints/1`,
        deployedModel: {
          model: "m",
          dedicatedResources: { machineSpec: { acceleratorType: "NVIDIA_TESLA_K80" }, minReplicaCount: 2 },
        },
      },
    ],
    [
      "nulls as unset",
      "POST",
      `/v1/${parent}/endpoints/1:deployModel`,
      { deployedModel: { model: "m", displayName: null } },
      { endpoint: `${parent}/endpoints/1`, deployedModel: { model: "m" } },
    ],
  ])("accepts %s", async (_case, method, path, body, request) => {
    answer = {};
    expect((await rest(method, path, body)).json).toEqual({});
    expect(seen.at(-1)?.request).toEqual(request);
  });

  test("what only the service may set is ignored in a request", async () => {
    answer = { name: "x" };
    await rest("POST", `/v1/${parent}/persistentResources?persistentResourceId=pool`, {
      state: "RUNNING",
      createTime: "2020-01-01T00:00:00Z",
      resourcePools: [{ machineSpec: { machineType: "m" }, usedReplicaCount: 4 }],
    });
    expect(seen.at(-1)?.request).toEqual({
      parent,
      persistentResourceId: "pool",
      persistentResource: { resourcePools: [{ machineSpec: { machineType: "m" } }] },
    });
  });

  const deploy = `/v1/${parent}/endpoints/1:deployModel`;
  test.each([
    [
      "an unknown field",
      "POST",
      deploy,
      { deployedModel: { model: "m", nope: 1 } },
      400,
      `Invalid JSON payload received. Unknown name "nope" at 'deployed_model': Cannot find field.`,
    ],
    [
      "an unknown field at the root",
      "POST",
      deploy,
      { nope: 1 },
      400,
      `Invalid JSON payload received. Unknown name "nope": Cannot find field.`,
    ],
    [
      "an unknown query parameter",
      "GET",
      `${get}?nope=1`,
      undefined,
      400,
      `Invalid JSON payload received. Unknown name "nope": Cannot bind query parameter. Field 'nope' could not be found in request message.`,
    ],
    [
      "a wrong number",
      "POST",
      deploy,
      { deployedModel: { dedicatedResources: { minReplicaCount: "many" } } },
      400,
      `Invalid value at 'deployed_model.dedicated_resources.min_replica_count' (TYPE_INT32), "many"`,
    ],
    [
      "a wrong enum",
      "POST",
      deploy,
      { deployedModel: { dedicatedResources: { machineSpec: { acceleratorType: "GPU" } } } },
      400,
      `Invalid value at 'deployed_model.dedicated_resources.machine_spec.accelerator_type' (type.googleapis.com/google.cloud.aiplatform.v1.AcceleratorType), "GPU"`,
    ],
    [
      "a list for one value",
      "POST",
      deploy,
      { deployedModel: { model: ["m"] } },
      400,
      `Invalid JSON payload received. Unknown name "model" at 'deployed_model': Proto field is not repeating, cannot start list.`,
    ],
    [
      "an object for a scalar",
      "POST",
      deploy,
      { deployedModel: { model: {} } },
      400,
      `Invalid value at 'deployed_model.model' (TYPE_STRING), Starting an object on a scalar field`,
    ],
    [
      "a body that is no object",
      "POST",
      deploy,
      "[]",
      400,
      `Invalid JSON payload received. Unknown name "": Root element must be a message.`,
    ],
    [
      "a missing required field",
      "POST",
      deploy,
      {},
      400,
      "List of found errors:\t1.Field: deployed_model; Message: Required field is not set.\t",
    ],
    [
      "a missing nested required field",
      "POST",
      `/v1/${parent}/persistentResources?persistentResourceId=a`,
      { resourcePools: [{}] },
      400,
      "List of found errors:\t1.Field: persistent_resource.resource_pools[0].machine_spec; Message: Required field is not set.\t",
    ],
    [
      "a body over the limit",
      "POST",
      deploy,
      { x: "y".repeat(100_001) },
      400,
      "Request payload size exceeds the limit: 100000 bytes.",
    ],
    [
      "an unknown path",
      "GET",
      "/v1/nothing",
      undefined,
      404,
      "Method not found: the local cloud has no GET /v1/nothing.",
    ],
    [
      "a method nobody built",
      "GET",
      `/v1/${parent}/models/m`,
      undefined,
      501,
      "The local cloud does not implement google.cloud.aiplatform.v1.ModelService.GetModel.",
    ],
  ])("refuses %s in Google's words", async (_case, method, path, body, code, message) => {
    const { status, error } = await rest(method, path, body);
    expect(error).toMatchObject({ code, message });
    expect(status).toBe(code);
  });

  test("names every fault at once", async () => {
    const { json, error } = await rest("POST", deploy, { a: 1, deployedModel: { b: 2, model: 3 } });
    expect(error?.message.split("\n")).toHaveLength(3);
    expect(json).toMatchObject({ error: { details: [{ "@type": "type.googleapis.com/google.rpc.BadRequest" }] } });
  });

  test.each([
    ["nothing", undefined],
    ["an empty message", "{}"],
    ['the JSON string "", as the Node client sends it to cancelOperation', '""'],
  ])("no field is read from %s", async (_what, body) => {
    answer = {};
    const operation = `${parent}/operations/5`;
    expect(await rest("POST", `/v1/${operation}:cancel`, body)).toMatchObject({ status: 200 });
    expect(seen.at(-1)?.request).toEqual({ name: operation });
  });

  test("another JSON string as body is INVALID_ARGUMENT", async () => {
    expect((await rest("POST", deploy, '"x"')).error?.message).toMatch(/Root element must be a message/);
  });

  test("bad JSON is INVALID_ARGUMENT", async () => {
    expect((await rest("POST", deploy, "{")).error).toMatchObject({ code: 400, status: "INVALID_ARGUMENT" });
  });

  test("a __proto__ key is refused as the unknown field that it is, and kept as data in a map", async () => {
    expect((await rest("POST", deploy, '{"__proto__":{"polluted":1}}')).error?.message).toMatch(
      /Unknown name "__proto__"/,
    );
    await rest("POST", deploy, '{"deployedModel":{"model":"m"},"trafficSplit":{"__proto__":100}}');
    expect(Object.keys((seen.at(-1)?.request["trafficSplit"] ?? {}) as JsonObject)).toEqual(["__proto__"]);
    expect(({} as JsonObject)["polluted"]).toBeUndefined();
  });

  test("X-HTTP-Method-Override decides the verb", async () => {
    answer = { name };
    expect((await rest("POST", get, undefined, { "x-http-method-override": "GET" })).json).toEqual({ name });
  });

  test("a fault of the local cloud is INTERNAL, told to the caller, and survived", async () => {
    answer = new Error("boom");
    expect((await rest("GET", get)).error).toMatchObject({ code: 500, status: "INTERNAL" });
    answer = { name };
    expect((await rest("GET", get)).status).toBe(200);
  });
});

test("with requireBearerToken a call without one is UNAUTHENTICATED", async () => {
  const closed = await startDoors({ services, restPort: 0, grpcPort: 0, requireBearerToken: true });
  answer = { name };
  const url = `http://127.0.0.1:${closed.restPort}/v1/${name}`;
  const refused = await fetch(url);
  expect(refused.status).toBe(401);
  expect(await refused.json()).toMatchObject({ error: { status: "UNAUTHENTICATED" } });
  expect((await fetch(url, { headers: { authorization: "Bearer t" } })).status).toBe(200);
  await closed.close();
});
