import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type LocalCloud, startLocalCloud } from "../../../../infra/local/server.ts";
import { httpStatus } from "../../../../infra/local/wire/errors.ts";
import type { CodeName } from "../../../../infra/local/wire/service.ts";
import { fc } from "../../../properties.ts";

let cloud: LocalCloud;
let base: string;

beforeAll(async () => {
  cloud = await startLocalCloud({ restPort: 0, grpcPort: 0, speed: 0 });
  base = `http://127.0.0.1:${cloud.restPort}`;
});
afterAll(() => cloud.close());

/** Requests that reach a handler of each service when they are right. */
const targets = [
  ["POST", "/v1/projects/p/locations/us-central1/persistentResources?persistentResourceId=a"],
  ["POST", "/v1/projects/p/locations/us-central1/endpoints/1:deployModel"],
  ["PATCH", "/v1beta1/projects/p/locations/us-central1/endpoints/1?updateMask=display_name"],
  ["POST", "/v1/projects/p/locations/us-central1/customJobs"],
  ["POST", "/v1/projects/p/locations/us-central1/operations/1:cancel"],
  ["PUT", "/v1/projects/p/topics/a-topic"],
  ["PUT", "/v1/projects/p/subscriptions/a-subscription"],
  ["POST", "/v1/projects/p/topics/a-topic:publish"],
  ["POST", "/v1/projects/p/subscriptions/a-subscription:modifyAckDeadline"],
  ["POST", "/v1/projects/p/locations/us-central1/jobs"],
  ["POST", "/v3/projects/p:testIamPermissions"],
  ["POST", "/clock"],
  ["POST", "/iam/deny"],
] as const;

const lists = [
  "/v1/projects/p/locations/us-central1/persistentResources",
  "/v1/projects/p/locations/us-central1/endpoints",
  "/v1/projects/p/locations/us-central1/customJobs",
  "/v1/projects/p/locations/us-central1/operations",
  "/v1/projects/p/locations/us-central1/jobs",
  "/v1/projects/p/topics",
  "/v1/projects/p/subscriptions",
];

/** Real field names among made-up ones, so that generated bodies get past the first check. */
const fieldName = fc.oneof(
  fc.constantFrom(
    "name",
    "displayName",
    "display_name",
    "resourcePools",
    "machineSpec",
    "replicaCount",
    "deployedModel",
    "dedicatedResources",
    "minReplicaCount",
    "trafficSplit",
    "labels",
    "jobSpec",
    "workerPoolSpecs",
    "messages",
    "attributes",
    "data",
    "ackIds",
    "ackDeadlineSeconds",
    "topic",
    "pushConfig",
    "retryPolicy",
    "schedule",
    "timeZone",
    "pubsubTarget",
    "httpTarget",
    "permissions",
    "speed",
    "__proto__",
    "constructor",
    "@type",
  ),
  fc.string(),
);
const { json: nested } = fc.letrec<{ json: unknown }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    fc.oneof(fc.string(), fc.double(), fc.boolean(), fc.constant(null), fc.constantFrom("3600s", "1", "*/5 * * * *")),
    fc.array(tie("json"), { maxLength: 4 }),
    fc.dictionary(fieldName, tie("json"), { maxKeys: 6 }),
  ),
}));

async function expectGoogleShape(response: Response): Promise<void> {
  const body = (await response.json()) as { error?: { status: CodeName; message: string } };
  if (response.ok) return;
  expect(body).toMatchObject({ error: { code: response.status, message: expect.any(String) } });
  const { status = "UNKNOWN", message = "" } = body.error ?? {};
  expect(httpStatus[status], `${status}: ${message}`).toBe(response.status);
  expect(status, message).not.toBe("INTERNAL");
}

describe("whatever is sent, the answer has Google's shape and the cloud stays up", () => {
  const send = (target: readonly [string, string], body: string) =>
    fetch(base + target[1], { method: target[0], body, headers: { "content-type": "application/json" } });

  test("bodies of any JSON", async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...targets), nested, async (target, body) => {
        await expectGoogleShape(await send(target, JSON.stringify(body)));
      }),
      { numRuns: 600 },
    );
  });

  test("bodies that are no JSON", async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...targets), fc.string(), async (target, body) => {
        await expectGoogleShape(await send(target, body));
      }),
      { numRuns: 200 },
    );
  });

  test("paths of any text", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.string({ minLength: 1 }), { maxLength: 7 }), fc.boolean(), async (parts, encode) => {
        const path = parts
          .map((part) => (encode ? encodeURIComponent(part) : part.replace(/[^!-~]|[#\\?]/g, "%")))
          .join("/");
        await expectGoogleShape(await fetch(`${base}/v1/projects/${path}`));
      }),
      { numRuns: 200 },
    );
  });

  test("page sizes, page tokens and filters of any text", async () => {
    const text = fc.oneof(fc.string(), fc.integer().map(String), fc.base64String());
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...lists), text, text, text, async (list, pageSize, pageToken, filter) => {
        const withFilter = /(?:endpoints|customJobs|operations)$/.test(list) ? { filter } : {};
        const query = new URLSearchParams({ pageSize, pageToken, ...withFilter });
        await expectGoogleShape(await fetch(`${base}${list}?${query}`));
      }),
      { numRuns: 300 },
    );
  });

  test.each(lists)("a huge page size is cut, a negative one refused: %s", async (list) => {
    expect((await fetch(`${base}${list}?pageSize=2147483647`)).status).toBe(200);
    expect((await fetch(`${base}${list}?pageSize=-1`)).status).toBe(400);
    expect((await fetch(`${base}${list}?pageSize=2147483648`)).status).toBe(400);
  });

  test("a body nested more deeply than any message", async () => {
    const deep = `${'{"a":'.repeat(50_000)}1${"}".repeat(50_000)}`;
    for (const target of targets) await expectGoogleShape(await send(target, deep));
  });
});
