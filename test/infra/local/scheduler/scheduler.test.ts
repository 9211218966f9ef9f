import { CloudSchedulerClient } from "@google-cloud/scheduler";
import { grpc } from "google-gax";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createManualClock, type ManualClock } from "../../../../infra/local/clock/manual-clock.ts";
import { createScaledClock } from "../../../../infra/local/clock/scaled-clock.ts";
import { createScheduler, type Scheduler } from "../../../../infra/local/scheduler/scheduler.ts";
import { type Doors, startDoors } from "../../../../infra/local/wire/doors.ts";
import { ApiError } from "../../../../infra/local/wire/service.ts";
import { type PushTarget, startPushTarget } from "../pubsub/push-target.ts";

const parent = "projects/demo/locations/europe-west4";
const topicName = "projects/demo/topics/tick";
const pubsubTarget = { topicName, data: Buffer.from("tick").toString("base64"), attributes: { by: "schedule" } };
const minute = 60_000;
const hour = 60 * minute;

let world: ManualClock;
let wire: ManualClock;
let scheduler: Scheduler;
let doors: Doors;
let client: CloudSchedulerClient;
let target: PushTarget;
let published: { topic: string; at: string; data: string; attributes: object }[];
let failing: ApiError | undefined;

beforeEach(async () => {
  // A Friday; in Berlin, clocks go forward on Sunday 29 March 2026 at 2:00.
  world = createManualClock(Date.parse("2026-03-27T00:00:30Z"));
  wire = createManualClock(0);
  published = [];
  failing = undefined;
  scheduler = createScheduler({
    clock: world,
    wire,
    publish: (topic, message) => {
      if (failing !== undefined) throw failing;
      published.push({ topic, at: new Date(world.now()).toISOString(), ...message });
    },
  });
  doors = await startDoors({ services: scheduler.services, restPort: 0, grpcPort: 0 });
  client = new CloudSchedulerClient({
    apiEndpoint: "127.0.0.1",
    port: doors.grpcPort,
    sslCreds: grpc.credentials.createInsecure(),
    universeDomain: "googleapis.com",
  });
  target = await startPushTarget();
});
afterEach(async () => {
  await client.close();
  scheduler.close();
  await doors.close();
  await target.close();
});

const create = async (job: object, id = "job") => {
  const name = `${parent}/jobs/${id}`;
  const [created] = await client.createJob({ parent, job: { name, schedule: "*/5 * * * *", pubsubTarget, ...job } });
  return { name, created };
};
const times = () => published.map(({ at }) => at);

describe("firing", () => {
  test("a job publishes at its cron's times on the world's clock, with data and attributes", async () => {
    await create({});
    await world.advance(11 * minute);
    expect(times()).toEqual(["2026-03-27T00:05:00.000Z", "2026-03-27T00:10:00.000Z"]);
    expect(published[0]).toMatchObject({ topic: topicName, data: pubsubTarget.data, attributes: { by: "schedule" } });
  });

  test("the cron is read in the job's zone, also across a change of the clocks", async () => {
    await create({ schedule: "30 8 * * *", timeZone: "Europe/Berlin" });
    await world.advance(72 * hour);
    expect(times()).toEqual(["2026-03-27T07:30:00.000Z", "2026-03-28T07:30:00.000Z", "2026-03-29T06:30:00.000Z"]);
  });

  test("after a jump a job fires once, however many firings the jump passed", async () => {
    await create({});
    const jumpable = createScaledClock({ from: world.now(), speed: 0 });
    const publish = vi.fn();
    const jumping = createScheduler({ clock: jumpable, wire, publish });
    jumping.restore(scheduler.snapshot());
    jumpable.jump(8 * hour);
    await vi.waitFor(() => expect(publish).toHaveBeenCalled());
    expect(publish).toHaveBeenCalledOnce();
    expect(jumping.snapshot()).toMatchObject([{ scheduleTime: "2026-03-27T08:05:00.000Z" }]);
    jumping.close();
  });

  test("a paused job does not fire until it is resumed; RunJob fires it all the same", async () => {
    const { name } = await create({});
    const [paused] = await client.pauseJob({ name });
    expect(paused.state).toBe("PAUSED");
    await world.advance(hour);
    expect(published).toEqual([]);
    await client.runJob({ name });
    expect(published).toHaveLength(1);
    await client.resumeJob({ name });
    await world.advance(6 * minute);
    expect(published).toHaveLength(2);
    await expect(client.resumeJob({ name })).rejects.toMatchObject({ code: 9 });
  });

  test("a deleted job does not fire", async () => {
    const { name } = await create({});
    await client.deleteJob({ name });
    await world.advance(hour);
    expect(published).toEqual([]);
    await expect(client.getJob({ name })).rejects.toMatchObject({ code: 5 });
  });
});

describe("failures", () => {
  test("the last attempt's status and time can be read", async () => {
    const { name } = await create({});
    failing = new ApiError("NOT_FOUND", "Resource not found (resource=tick).");
    await world.advance(5 * minute);
    const [job] = await client.getJob({ name });
    expect(job.status).toMatchObject({ code: 5 });
    expect(Number(job.lastAttemptTime?.seconds)).toBe(Date.parse("2026-03-27T00:05:00Z") / 1000);
    expect(Number(job.scheduleTime?.seconds)).toBe(Date.parse("2026-03-27T00:10:00Z") / 1000);
  });

  test("retries double their wait, and end with success", async () => {
    await create({ retryConfig: { retryCount: 5, minBackoffDuration: { seconds: 10 } } });
    failing = new ApiError("UNAVAILABLE", "not now");
    await world.advance(4.5 * minute + 25_000);
    failing = undefined;
    await world.advance(2 * minute);
    // 5:00 fails, 5:10 fails, 5:30 succeeds.
    expect(times()).toEqual(["2026-03-27T00:05:30.000Z"]);
  });

  test("without a retry count a failure waits for the next firing", async () => {
    await create({});
    failing = new ApiError("UNAVAILABLE", "not now");
    await world.advance(5 * minute);
    failing = undefined;
    await world.advance(5 * minute);
    expect(times()).toEqual(["2026-03-27T00:10:00.000Z"]);
  });
});

describe("HTTP targets", () => {
  test("get the body, the job's own headers and the service's", async () => {
    await create({
      pubsubTarget: undefined,
      httpTarget: { uri: target.url, body: Buffer.from("{}"), headers: { "X-Own": "1", "User-Agent": "mine" } },
    });
    await world.advance(5 * minute);
    await vi.waitFor(() => expect(target.received).toHaveLength(1));
    expect(target.received[0]).toMatchObject({
      body: "{}",
      headers: {
        "x-own": "1",
        "content-type": "application/octet-stream",
        "user-agent": "Google-Cloud-Scheduler",
        "x-cloudscheduler": "true",
        "x-cloudscheduler-jobname": "job",
        "x-cloudscheduler-scheduletime": "2026-03-27T00:05:00.000Z",
      },
    });
  });

  test.each([
    [404, 5],
    [503, 14],
    [500, 13],
  ])("an answer of %i is status %i", async (answer, code) => {
    target.answer = () => answer;
    const { name } = await create({ pubsubTarget: undefined, httpTarget: { uri: target.url } });
    await client.runJob({ name });
    await vi.waitFor(async () => expect((await client.getJob({ name }))[0].status?.code).toBe(code));
  });

  test("an answer that does not come by the attempt deadline is DEADLINE_EXCEEDED", async () => {
    let release: (status: number) => void = () => {};
    target.answer = () =>
      new Promise<number>((resolve) => {
        release = resolve;
      });
    const httpTarget = { uri: target.url };
    const { name } = await create({ pubsubTarget: undefined, httpTarget, attemptDeadline: { seconds: 15 } });
    await client.runJob({ name });
    await vi.waitFor(() => expect(target.received).toHaveLength(1));
    await wire.advance(15_000);
    await vi.waitFor(async () => expect((await client.getJob({ name }))[0].status?.code).toBe(4));
    release(200);
  });
});

describe("configuration", () => {
  test("a new job has the service's defaults", async () => {
    const { created } = await create({});
    expect(created).toMatchObject({
      state: "ENABLED",
      timeZone: "Etc/UTC",
      retryConfig: { retryCount: 0, maxDoublings: 5, minBackoffDuration: { seconds: "5" } },
    });
  });

  test.each([
    ["a cron of four fields", { schedule: "* * * *" }],
    ["a cron out of range", { schedule: "61 * * * *" }],
    ["no schedule", { schedule: "" }],
    ["an unknown zone", { timeZone: "Mars/Olympus" }],
    ["no target", { pubsubTarget: undefined }],
    ["a topic that is no topic", { pubsubTarget: { ...pubsubTarget, topicName: "tick" } }],
    ["an empty message", { pubsubTarget: { topicName } }],
    ["a URI that is none", { pubsubTarget: undefined, httpTarget: { uri: "ftp://x" } }],
    [
      "a body with GET",
      { pubsubTarget: undefined, httpTarget: { uri: "http://x", httpMethod: "GET", body: Buffer.from("x") } },
    ],
    ["more than five retries", { retryConfig: { retryCount: 6 } }],
    ["a name outside its parent", { name: "projects/other/locations/europe-west4/jobs/x" }],
    ["a name that is none", { name: "job" }],
  ])("%s is refused", async (_case, job) => {
    await expect(create(job)).rejects.toMatchObject({ code: 3 });
    expect((await client.listJobs({ parent }))[0]).toEqual([]);
  });

  test("an update changes what its mask names and the firing with it", async () => {
    const { name } = await create({ description: "kept" });
    const [job] = await client.updateJob({
      job: { name, schedule: "0 * * * *", description: "not this" },
      updateMask: { paths: ["schedule"] },
    });
    expect(job).toMatchObject({ schedule: "0 * * * *", description: "kept" });
    await world.advance(hour);
    expect(times()).toEqual(["2026-03-27T01:00:00.000Z"]);
  });

  test("an update to another kind of target leaves one target", async () => {
    const { name } = await create({});
    const httpTarget = { uri: target.url };
    const [job] = await client.updateJob({ job: { name, httpTarget }, updateMask: { paths: ["http_target"] } });
    expect(job).toMatchObject({ target: "httpTarget" });
  });

  test("jobs are listed by pages in their location only, and cannot be created twice", async () => {
    for (const id of ["c", "a", "b"]) await create({}, id);
    await expect(create({}, "a")).rejects.toMatchObject({ code: 6 });
    const [all] = await client.listJobs({ parent, pageSize: 2 });
    expect(all.map(({ name }) => name?.at(-1))).toEqual(["a", "b", "c"]);
    expect((await client.listJobs({ parent: "projects/demo/locations/us-central1" }))[0]).toEqual([]);
  });

  test("a snapshot brings the jobs back, firing on", async () => {
    await create({});
    const saved = scheduler.snapshot();
    scheduler.restore(structuredClone(saved));
    await world.advance(5 * minute);
    expect(published).toHaveLength(1);
    expect(scheduler.snapshot()).toMatchObject([{ name: `${parent}/jobs/job`, state: "ENABLED" }]);
  });
});
