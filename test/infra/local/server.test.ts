import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { PubSub } from "@google-cloud/pubsub";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { type LocalCloud, startLocalCloud } from "../../../infra/local/server.ts";
import { missingGcloud } from "./gcloud.ts";

const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), "local-cloud-"));
const from = Date.parse("2026-05-04T06:00:00Z");
let cloud: LocalCloud;
let base: string;

beforeAll(async () => {
  cloud = await startLocalCloud({ restPort: 0, grpcPort: 0, from, speed: 0 });
  base = `http://127.0.0.1:${cloud.restPort}`;
});
afterAll(async () => {
  await cloud.close();
  rmSync(folder, { recursive: true });
});

const call = async <T = unknown>(method: string, path: string, body?: unknown, at = base) => {
  const response = await fetch(at + path, {
    method,
    headers: { "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, json: (await response.json()) as T };
};

describe("control", () => {
  test("the clock is read, sped up and moved ahead", async () => {
    expect((await call("GET", "/clock")).json).toMatchObject({
      now: "2026-05-04T06:00:00.000Z",
      nowMs: from,
      speed: 0,
    });
    expect((await call("POST", "/clock", { advanceSeconds: 3600 })).json).toMatchObject({ nowMs: from + 3_600_000 });
    expect(cloud.clock.now()).toBe(from + 3_600_000);
    expect((await call("POST", "/clock", { speed: 60 })).json).toMatchObject({ speed: 60 });
    await call("POST", "/clock", { speed: 0 });
  });

  test.each([{}, { speed: -1 }, { speed: "fast" }, { advanceSeconds: -5 }, { sped: 2 }, null])(
    "a change of %j is refused",
    async (body) => {
      expect(await call("POST", "/clock", body)).toMatchObject({
        status: 400,
        json: { error: { status: "INVALID_ARGUMENT" } },
      });
    },
  );

  test("the index says what runs here, to people in HTML", async () => {
    const { json } = await call<{ routes: { path: string }[]; services: { name: string }[] }>("GET", "/");
    expect(json.routes.map(({ path }) => path)).toEqual(
      expect.arrayContaining(["/clock", "/faults", "/market", "/billing", "/iam/deny", "/healthz"]),
    );
    expect(json.services.map(({ name }) => name)).toContain("google.pubsub.v1.Publisher");
    const page = await fetch(base, { headers: { accept: "text/html,*/*" } });
    expect(page.headers.get("content-type")).toMatch(/text\/html/);
    expect(await page.text()).toContain('<a href="/clock">');
    expect((await call("GET", "/healthz")).json).toEqual({ status: "ok" });
  });

  test("every permission is granted except those denied", async () => {
    const permissions = [
      "aiplatform.persistentResources.create",
      "aiplatform.persistentResources.get",
      "pubsub.topics.get",
    ];
    const ask = (path: string) => call("POST", path, { permissions });
    expect((await ask("/v1/projects/p:testIamPermissions")).json).toEqual({ permissions });
    await call("POST", "/iam/deny", { permissions: ["aiplatform.persistentResources.c*"] });
    expect((await ask("/v3/projects/p:testIamPermissions")).json).toEqual({ permissions: permissions.slice(1) });
    await call("POST", "/iam/deny", { permissions: [] });
    expect((await ask("/v3/projects/p:testIamPermissions")).json).toEqual({ permissions });
  });
});

describe("state", () => {
  test("a state file brings back topics, unacknowledged messages, schedules, Vertex AI and the time", async () => {
    const stateFile = join(folder, "state", "cloud.json");
    const first = await startLocalCloud({ restPort: 0, grpcPort: 0, from, speed: 0, stateFile });
    const at = `http://127.0.0.1:${first.restPort}`;
    const location = "/v1/projects/p/locations/us-central1";
    await call("PUT", "/v1/projects/p/topics/kept", {}, at);
    await call("PUT", "/v1/projects/p/subscriptions/kept", { topic: "projects/p/topics/kept" }, at);
    await call(
      "POST",
      "/v1/projects/p/topics/kept:publish",
      { messages: [{ data: "aGVsbG8=" }, { data: "eA==" }] },
      at,
    );
    // Leased, not acknowledged: it must come back.
    await call("POST", "/v1/projects/p/subscriptions/kept:pull", { maxMessages: 1 }, at);
    const job = {
      name: "projects/p/locations/us-central1/jobs/kept",
      schedule: "0 9 * * *",
      pubsubTarget: { topicName: "projects/p/topics/kept", data: "dGljaw==" },
    };
    expect((await call("POST", `${location}/jobs`, job, at)).status).toBe(200);
    await call(
      "POST",
      `${location}/models:upload`,
      { model: { displayName: "m", containerSpec: { imageUri: "i" } } },
      at,
    );
    await call("POST", "/clock", { advanceSeconds: 60 }, at);
    const models = await call("GET", `${location}/models`, undefined, at);
    await first.close();

    const second = await startLocalCloud({ restPort: 0, grpcPort: 0, from, speed: 0, stateFile });
    const again = `http://127.0.0.1:${second.restPort}`;
    expect(second.clock.now()).toBe(from + 60_000);
    const pulled = await call<{ receivedMessages: { message: { data: string } }[] }>(
      "POST",
      "/v1/projects/p/subscriptions/kept:pull",
      { maxMessages: 10 },
      again,
    );
    expect(pulled.json.receivedMessages.map(({ message }) => message.data)).toEqual(["aGVsbG8=", "eA=="]);
    expect((await call("GET", `${location}/jobs`, undefined, again)).json).toMatchObject({ jobs: [job] });
    expect((await call("GET", `${location}/models`, undefined, again)).json).toEqual(models.json);
    await second.close();
  });

  test("the state goes out and comes back over the wire, but not from the future", async () => {
    await call("PUT", "/v1/projects/p/topics/before", {});
    const { json: state } = await call<{ now: number }>("GET", "/state");
    await call("DELETE", "/v1/projects/p/topics/before");
    expect(await call("POST", "/state", { ...state, now: state.now + 1000 })).toMatchObject({ status: 400 });
    expect(await call("POST", "/state", { format: 1 })).toMatchObject({ status: 400 });
    expect((await call("GET", "/v1/projects/p/topics/before")).status).toBe(404);
    expect(await call("POST", "/state", state)).toMatchObject({ status: 200 });
    expect((await call("GET", "/v1/projects/p/topics/before")).status).toBe(200);
  });

  test.each(["not json", '{"format":9}'])("a state file of %j is refused by name", async (content) => {
    const stateFile = join(folder, "broken.json");
    writeFileSync(stateFile, content);
    await expect(startLocalCloud({ restPort: 0, grpcPort: 0, stateFile })).rejects.toThrow(/broken\.json.*remove it/);
  });

  test("a taken port is an error and leaves nothing open", async () => {
    await expect(startLocalCloud({ restPort: 0, grpcPort: cloud.grpcPort })).rejects.toThrow(
      `The gRPC door cannot listen on port ${cloud.grpcPort}`,
    );
  });
});

test("the schedule publishes on the world's clock to real Pub/Sub subscribers", async () => {
  const client = new PubSub({ projectId: "p", apiEndpoint: `127.0.0.1:${cloud.grpcPort}`, emulatorMode: true });
  const [topic] = await client.createTopic("ticks");
  const [subscription] = await topic.createSubscription("ticks");
  const got: string[] = [];
  subscription.on("message", (message) => {
    got.push(message.data.toString());
    message.ack();
  });
  await call("POST", "/v1/projects/p/locations/us-central1/jobs", {
    name: "projects/p/locations/us-central1/jobs/tick",
    schedule: "* * * * *",
    pubsubTarget: { topicName: topic.name, data: Buffer.from("tick").toString("base64") },
  });
  await call("POST", "/clock", { advanceSeconds: 60 });
  await vi.waitFor(() => expect(got).toEqual(["tick"]), { timeout: 5000 });
  await call("POST", "/clock", { advanceSeconds: 86_400 });
  await vi.waitFor(() => expect(got).toEqual(["tick", "tick"]), { timeout: 5000 });
  await subscription.close();
  await client.close();
});

describe.skipIf(missingGcloud("Pub/Sub and Cloud Scheduler by gcloud"))("gcloud", () => {
  const gcloud = async (command: string, ...more: string[]) => {
    const environment = { ...process.env, ...cloud.environment("demo"), CLOUDSDK_CONFIG: join(folder, "gcloud") };
    const { stdout } = await run("gcloud", [...command.split(" "), ...more, "--format=json"], { env: environment });
    return stdout.trim() === "" ? undefined : JSON.parse(stdout);
  };

  test("creates topics and subscriptions, publishes, pulls", async () => {
    await gcloud("pubsub topics create orders");
    await gcloud("pubsub subscriptions create orders-pull --topic=orders --ack-deadline=20");
    const { messageIds } = await gcloud("pubsub topics publish orders --attribute=kind=a --message", "hello there");
    const [received] = await gcloud("pubsub subscriptions pull orders-pull --auto-ack");
    expect(received.message).toMatchObject({
      messageId: messageIds[0],
      attributes: { kind: "a" },
      data: Buffer.from("hello there").toString("base64"),
    });
    const topics = await gcloud("pubsub topics list");
    expect(topics.map(({ name }: { name: string }) => name)).toContain("projects/demo/topics/orders");
  }, 60_000);

  test("creates, lists, pauses, resumes, runs and deletes schedules", async () => {
    const at = "--location=us-central1";
    await gcloud(`scheduler jobs create pubsub nightly ${at} --topic=orders --message-body=go --schedule`, "0 2 * * *");
    expect(await gcloud(`scheduler jobs list ${at}`)).toMatchObject([{ schedule: "0 2 * * *", state: "ENABLED" }]);
    await gcloud(`scheduler jobs pause nightly ${at}`);
    expect(await gcloud(`scheduler jobs describe nightly ${at}`)).toMatchObject({ state: "PAUSED" });
    await gcloud(`scheduler jobs resume nightly ${at}`);
    await gcloud(`scheduler jobs run nightly ${at}`);
    const [received] = await gcloud("pubsub subscriptions pull orders-pull --auto-ack");
    expect(received.message.data).toBe(Buffer.from("go").toString("base64"));
    await gcloud(`scheduler jobs delete nightly ${at}`);
    expect(await gcloud(`scheduler jobs list ${at}`)).toEqual([]);
  }, 60_000);
});
