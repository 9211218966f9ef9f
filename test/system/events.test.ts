/** Flow 3: events of other systems are answered; what cannot be understood is answered too, set aside, and hurts nobody. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runTidekeeper } from "../infra/cli/tidekeeper.ts";
import { startHome, type TestHome } from "./home.ts";

const run = promisify(execFile);
const gcloud = await run("gcloud", ["--version"]).then(
  () => true,
  () => false,
);
if (!gcloud) console.warn("SKIPPED: gcloud is not on this machine, so publishing with it is not shown");

const fleet = `
version: 1
project: demo
location: us-central1
persistentResources:
  - name: batch
    scale: { pools: { cpu: { min: 1, max: 6 } } }
    spec: { resourcePools: [{ id: cpu, machineType: n1-standard-8, replicas: 2 }] }
`;
const batch = "/v1/projects/demo/locations/us-central1/persistentResources/batch";

describe("events from other systems", () => {
  let home: TestHome;
  const replicas = async () => {
    const { json } = await home.call("GET", batch);
    return (json["resourcePools"] as { replicaCount: string }[] | undefined)?.[0]?.replicaCount;
  };
  const answered = async (eventId: string, phase: string) => {
    const outcome = await home.outcome((one) => one.eventId === eventId && one.final, `answers ${eventId} finally`);
    expect(outcome.phase, outcome.why).toBe(phase);
    return outcome;
  };
  beforeAll(async () => {
    home = await startHome(fleet, "2026-11-24T09:00:00Z");
    await home.phase("batch", "up");
  }, 90_000);
  afterAll(() => home?.stop());

  it("answers a scale event of the Node client: accepted, started, done, with id, what and why", async () => {
    await home.publish("events", {
      type: "scale",
      id: "ci-1",
      target: "batch",
      replicas: 4,
      source: "ci",
      reason: "nightly run",
    });
    const done = await answered("ci-1", "done");
    expect(await replicas()).toBe("4");
    expect(home.outcomes.filter(({ eventId }) => eventId === "ci-1").map(({ phase }) => phase)).toEqual([
      "accepted",
      "started",
      "done",
    ]);
    const started = home.outcomes.find(({ id }) => id === "ci-1/started");
    expect(started?.what).toContain("cpu 4");
    expect(started?.why).toMatch(/ci.*nightly run|nightly run/);
    expect(started?.operation).toMatch(/operations\/\d+$/);
    expect(done.target).toBe("batch");
  }, 90_000);

  it("takes a delta published with curl's request, and the same id twice only once", async () => {
    const message = { type: "scale", id: "curl-1", target: "batch", delta: -1 };
    const body = { messages: [{ data: Buffer.from(JSON.stringify(message)).toString("base64") }] };
    for (let time = 0; time < 2; time += 1) {
      expect((await home.call("POST", "/v1/projects/demo/topics/tidekeeper-events:publish", body)).status).toBe(200);
    }
    await answered("curl-1", "done");
    expect(await replicas()).toBe("3");
    expect(home.outcomes.filter(({ eventId, final }) => eventId === "curl-1" && final)).toHaveLength(1);
  }, 90_000);

  it.skipIf(!gcloud)(
    "takes attributes alone, as gcloud publishes them",
    async () => {
      const attributes = "type=scale,id=gcloud-1,target=batch,pool=cpu,replicas=5";
      await run("gcloud", ["pubsub", "topics", "publish", "tidekeeper-events", `--attribute=${attributes}`], {
        env: { ...process.env, ...home.local.environment, CLOUDSDK_CONFIG: "/tmp/tidekeeper-gcloud-test" },
      });
      await answered("gcloud-1", "done");
      expect(await replicas()).toBe("5");
    },
    90_000,
  );

  it("the command tells each answer as it comes, and ends with the final one", async () => {
    const publish = ["publish", "scale", "--target", "batch", "--replicas", "2", "--wait"];
    const { code, out, err } = await runTidekeeper(publish, home.local.environment);
    expect(code, err).toBe(0);
    // It looks twenty times a second; on a machine that is busy the operation may have started before it looks.
    expect(err).toMatch(/^published cli-.*\n(accepted: scale cpu to 2: .*\n)?started: resize batch to cpu 2: /);
    expect(out).toMatch(/^cli-\S+ done: scale cpu to 2: /);
    expect(await replicas()).toBe("2");
  }, 90_000);

  const bad: readonly { readonly name: string; readonly data: unknown; readonly id?: string; readonly why: RegExp }[] =
    [
      { name: "not JSON", data: "please scale", why: /not JSON/ },
      {
        name: "an unknown type",
        data: { type: "explode", id: "bad-type", target: "batch" },
        id: "bad-type",
        why: /known types: scale/,
      },
      {
        name: "an unknown target",
        data: { type: "wake", id: "bad-target", target: "bach" },
        id: "bad-target",
        why: /batch/,
      },
      {
        name: "replicas out of bounds",
        data: { type: "scale", id: "bad-size", target: "batch", replicas: 60 },
        id: "bad-size",
        why: /1.*6/,
      },
      {
        name: "replicas that are null",
        data: { type: "scale", id: "bad-null", target: "batch", replicas: null },
        id: "bad-null",
        why: /replicas/,
      },
      { name: "a megabyte of nonsense", data: Buffer.alloc(1_000_000, "x"), why: /1000000 bytes/ },
      {
        name: "a key that reaches into prototypes",
        data: '{"type":"wake","target":"batch","__proto__":{"x":1}}',
        why: /__proto__/,
      },
      { name: "a list", data: [1, 2], why: /not an object/ },
      {
        name: "an unknown key",
        data: { type: "wake", id: "bad-key", target: "batch", untill: "2h" },
        id: "bad-key",
        why: /untill.*ttl|untill/,
      },
    ];
  it.each(bad)(
    "answers $name with `rejected` and the reason, and sets it aside",
    async ({ data, id, why }) => {
      const eventId = id ?? (await home.publish("events", data));
      if (id !== undefined) await home.publish("events", data);
      const outcome = await answered(eventId, "rejected");
      expect(outcome.why).toMatch(why);
    },
    60_000,
  );

  it("has every bad event among the dead letters, with its reason", async () => {
    const reasons: string[] = [];
    const subscription = home.pubsub.subscription("tidekeeper-dead-letters");
    subscription.on("message", (message) => {
      reasons.push(message.attributes["reason"] ?? "");
      message.ack();
    });
    await expect.poll(() => reasons.length, { timeout: 30_000 }).toBeGreaterThanOrEqual(bad.length);
    await subscription.close();
    for (const { name, why } of bad)
      expect(
        reasons.some((reason) => why.test(reason)),
        name,
      ).toBe(true);
  }, 60_000);

  it("still handles the next good event, in the same processes", async () => {
    await home.publish("events", { type: "scale", id: "after", target: "batch", replicas: 2 });
    await answered("after", "done");
    expect(await replicas()).toBe("2");
  }, 90_000);
});
