import { Client, credentials, type ServiceError } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type LocalCloud, startLocalCloud } from "../../../../infra/local/server.ts";
import { loadDescriptors } from "../../../../infra/local/wire/descriptors.ts";
import { fc } from "../../../properties.ts";

let cloud: LocalCloud;
let client: Client;

beforeAll(async () => {
  cloud = await startLocalCloud({ restPort: 0, grpcPort: 0, speed: 0 });
  client = new Client(`127.0.0.1:${cloud.grpcPort}`, credentials.createInsecure());
});
afterAll(async () => {
  client.close();
  await cloud.close();
});

/** One unary call with bytes as they are. */
const call = (method: string, bytes: Uint8Array) =>
  new Promise<{ code: number; details: string }>((resolve) => {
    const same = (buffer: Buffer) => buffer;
    client.makeUnaryRequest(method, same, same, Buffer.from(bytes), (error: ServiceError | null) =>
      resolve(error ?? { code: 0, details: "" }),
    );
  });

describe("gRPC", () => {
  test("a method that nobody built says that the local cloud lacks it", async () => {
    const answer = await call("/google.cloud.aiplatform.v1.JobService/CreateNasJob", Buffer.alloc(0));
    expect(answer).toMatchObject({
      code: 12,
      details: "The local cloud does not implement google.cloud.aiplatform.v1.JobService.CreateNasJob.",
    });
    expect(await call("/google.pubsub.v1.SchemaService/CreateSchema", Buffer.alloc(0))).toMatchObject({ code: 12 });
    expect(await call("/google.pubsub.v1.Nothing/Such", Buffer.alloc(0))).toMatchObject({ code: 12 });
  });

  test("bytes that are no message are INVALID_ARGUMENT, not a crash", async () => {
    const answer = await call("/google.pubsub.v1.Publisher/GetTopic", Buffer.from([0x0a, 0xff, 0xff]));
    expect(answer).toMatchObject({
      code: 3,
      details: expect.stringMatching(/not a readable google\.pubsub\.v1\.GetTopicRequest/),
    });
  });

  test("a missing required field is INVALID_ARGUMENT naming it, as over REST", async () => {
    const answer = await call("/google.cloud.aiplatform.v1.EndpointService/DeployModel", Buffer.alloc(0));
    expect(answer.code).toBe(3);
    expect(answer.details).toMatch(/1\.Field: endpoint; .*2\.Field: deployed_model; /);
  });

  test("whatever bytes are sent to whatever method, no answer is INTERNAL", async () => {
    const methods = loadDescriptors()
      .methods.filter((method) => !method.requestStream)
      .map(({ service, name }) => `/${service}/${name}`);
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...methods), fc.uint8Array({ maxLength: 40 }), async (method, bytes) => {
        const { code, details } = await call(method, bytes);
        expect([0, 3, 5, 6, 9, 12], details).toContain(code);
      }),
      { numRuns: 500 },
    );
  });
});
