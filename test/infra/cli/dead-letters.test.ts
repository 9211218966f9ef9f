/** Dead letters of every kind, through the real command and the real Pub/Sub client. */
import { PubSub, v1 } from "@google-cloud/pubsub";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readLetter } from "../../../infra/cli/dead-letters/letter.ts";
import { setUp } from "../../../infra/local/setup.ts";
import { topology } from "../../../infra/topology.ts";
import { type Home, makeHome } from "../../../shared/home.ts";
import { receiveEvent, receiveSignal } from "../../../shared/receive.ts";
import { readSettings } from "../../../shared/settings.ts";
import { openWorkplace, type Workplace } from "./tidekeeper.ts";

const fleet = `
version: 1
project: demo
location: us-central1
persistentResources:
  - name: research
    scale: { pools: { main: { min: 1, max: 4 } } }
    spec: { resourcePools: [{ id: main, machineType: n1-standard-8, replicas: 2 }] }
`;

interface LetterJson {
  readonly id: string;
  readonly function?: string;
  readonly topic?: string;
  readonly reason: string;
  readonly messageId?: string;
  readonly attributes?: Readonly<Record<string, string>>;
  readonly text?: string;
  readonly base64?: string;
}

let place: Workplace;
let home: Home;
let pubsub: PubSub;
let subscriber: InstanceType<typeof v1.SubscriberClient>;

const letters = () => place.json<readonly LetterJson[]>("dead-letters", "list");
const letterOf = async (messageId: string) => {
  const found = (await letters()).find((letter) => letter.messageId === messageId);
  if (found === undefined) throw new Error(`no letter of message ${messageId}`);
  return found;
};
/** What Pub/Sub pushes. */
const delivery = (messageId: string, data: string, attributes: Readonly<Record<string, string>> = {}) => ({
  message: { messageId, data: Buffer.from(data).toString("base64"), attributes },
});
/** The next message of a topic of ours, by a subscription that is made before `act`. */
async function publishedTo(topic: string, act: () => Promise<void>) {
  const name = `probe-${topic}-${Math.random().toString(36).slice(2)}`;
  const subscription = `projects/demo/subscriptions/${name}`;
  await pubsub.topic(`tidekeeper-${topic}`).createSubscription(name);
  await act();
  const [{ receivedMessages }] = await subscriber.pull({ subscription, maxMessages: 10 });
  return (receivedMessages ?? []).map(({ message }) => ({
    id: message?.messageId,
    text: Buffer.from((message?.data as Uint8Array | undefined) ?? []).toString(),
    attributes: message?.attributes,
  }));
}

beforeAll(async () => {
  place = await openWorkplace("2026-11-23T08:00:00Z");
  const at = { location: "us-central1", rest: place.rest, functionPorts: {} };
  await setUp({ topology, project: "demo", prefix: "tidekeeper", ...at });
  const file = await place.file("fleet.yaml", fleet);
  expect((await place.run("apply", file, "--yes")).err).toBe("");
  process.env["METADATA_SERVER_DETECTION"] = "none";
  process.env["PUBSUB_EMULATOR_HOST"] = `127.0.0.1:${place.cloud.grpcPort}`;
  home = await makeHome(readSettings(place.environment));
  pubsub = new PubSub({ projectId: "demo" });
  subscriber = new v1.SubscriberClient((await pubsub.getClientConfig()) as never);
});

afterAll(async () => {
  await home?.close();
  await subscriber?.close();
  await pubsub?.close();
  await place?.close();
});

describe("dead-letters", () => {
  test("list says that there are none", async () => {
    expect(await place.run("dead-letters", "list")).toMatchObject({ code: 0, out: "no dead letters\n" });
    expect(await place.json("dead-letters"), "without a subcommand").toEqual([]);
    expect(await place.run("dead-letters", "lsit")).toMatchObject({
      code: 2,
      err: expect.stringContaining('the nearest is "list"'),
    });
  });

  test("list shows what was set aside, with its reason, as often as one looks", async () => {
    await receiveEvent(home, delivery("m1", '{"type":"scale","target":"reserch","replicas":2}', { trace: "t1" }));
    await receiveEvent(home, delivery("m2", "\u0000\u0001 not JSON"));
    await receiveSignal(home, delivery("m3", '{"type":"preempted","target":"chat"}'));
    for (let look = 0; look < 2; look += 1) {
      expect((await letters()).map((letter) => ({ ...letter, id: "" }))).toMatchObject([
        {
          function: "scale",
          topic: "events",
          messageId: "m1",
          reason: expect.stringContaining("research"),
          attributes: { trace: "t1" },
          text: '{"type":"scale","target":"reserch","replicas":2}',
        },
        { function: "scale", topic: "events", messageId: "m2", reason: expect.stringContaining("not JSON") },
        { function: "redeploy", topic: "signals", messageId: "m3", reason: expect.stringContaining("no Spot model") },
      ]);
    }
    const { out } = await place.run("dead-letters", "list");
    expect(out.split("\n").filter(Boolean)).toHaveLength(3);
  });

  test("nothing is answered `rejected` that is not among them: it is delivered again until it is", async () => {
    const astray = await makeHome({ ...readSettings(place.environment), prefix: "nowhere" });
    const event = delivery("m0", '{"type":"scale","id":"astray","target":"research","replicas":9}');
    await expect(receiveEvent(astray, event)).rejects.toThrow(/NOT_FOUND/);
    await astray.close();
    expect(await home.store.get("events", "astray")).toBeUndefined();
    await receiveEvent(home, event);
    await receiveEvent(home, event);
    expect((await letters()).filter(({ messageId }) => messageId === "m0")).toHaveLength(1);
    const { outcome } = (await home.store.get("events", "astray"))?.value ?? {};
    expect(outcome).toMatchObject({ phase: "rejected", target: "research", why: expect.stringContaining("1 to 4") });
    expect((await place.run("dead-letters", "drop", "m0")).err).toBe("");
  });

  test("show prints one whole, by either id, and leaves it there", async () => {
    const { id } = await letterOf("m1");
    for (const asked of [id, "m1"]) {
      const { code, out } = await place.run("dead-letters", "show", asked);
      expect(code).toBe(0);
      expect(out).toMatch(/topic events, message m1/);
      expect(out).toMatch(/trace +t1/);
      expect(out).toContain('{"type":"scale","target":"reserch","replicas":2}');
    }
    expect(await letters()).toHaveLength(3);
  });

  test("retry publishes data and attributes as they were, where they came from, and removes the letter", async () => {
    const published = await publishedTo("events", async () => {
      expect((await place.run("dead-letters", "retry", "m1")).out).toMatch(/published again to events as message \d+/);
    });
    expect(published).toMatchObject([
      { text: '{"type":"scale","target":"reserch","replicas":2}', attributes: { trace: "t1" } },
    ]);
    expect((await letters()).map(({ messageId }) => messageId)).toEqual(["m2", "m3"]);
  });

  test("an event whose id was answered for good goes out only under a new one", async () => {
    await receiveEvent(home, delivery("m4", '{"id":"nightly-1","type":"wake","target":"nobody"}'));
    const refused = await place.run("dead-letters", "retry", "m4");
    expect(refused).toMatchObject({
      code: 1,
      err: expect.stringMatching(/nightly-1 was answered rejected for good.*\n.*--as/),
    });
    const published = await publishedTo("events", async () => {
      expect((await place.run("dead-letters", "retry", "m4", "--as", "nightly-2")).code).toBe(0);
    });
    expect(published.map(({ text }) => JSON.parse(text))).toEqual([
      { id: "nightly-2", type: "wake", target: "nobody" },
    ]);
  });

  test("long attributes in any script are kept whole, up to the most that fit a letter", async () => {
    const long = Object.fromEntries(
      Array.from({ length: 60 }, (_, index) => [`k${index}`, `${"é".repeat(100)}${"x".repeat(700)}`]),
    );
    await receiveEvent(home, delivery("m6", '{"type":"wake","target":"nobody"}', long));
    const published = await publishedTo("events", async () => {
      expect((await place.run("dead-letters", "retry", "m6", "--as", "l-1")).err).toBe("");
    });
    expect(published.map(({ attributes }) => attributes)).toEqual([long]);
  });

  test("an event in attributes alone is retried as such", async () => {
    await receiveEvent(home, {
      message: { messageId: "m5", attributes: { type: "wake", target: "nobody", id: "a-1" } },
    });
    const published = await publishedTo("events", async () => {
      expect((await place.run("dead-letters", "retry", "m5", "--as", "a-2")).code).toBe(0);
    });
    expect(published).toMatchObject([{ text: "", attributes: { type: "wake", target: "nobody", id: "a-2" } }]);
  });

  test("what Pub/Sub itself forwarded goes back without Pub/Sub's attributes", async () => {
    await pubsub.topic("tidekeeper-dead-letters").publishMessage({
      data: Buffer.from('{"target":"x"}'),
      attributes: {
        origin: "cron",
        CloudPubSubDeadLetterSourceDeliveryCount: "20",
        CloudPubSubDeadLetterSourceSubscription: "tidekeeper-reconcile",
        CloudPubSubDeadLetterSourceSubscriptionProject: "demo",
        CloudPubSubDeadLetterSourceTopicPublishTime: "2026-11-23T08:00:00Z",
      },
    });
    const forwarded = (await letters()).find(({ function: by }) => by === "reconcile");
    expect(forwarded).toMatchObject({
      topic: "pokes",
      reason: expect.stringContaining("delivered 20 times to reconcile"),
    });
    const published = await publishedTo("pokes", async () => {
      expect((await place.run("dead-letters", "retry", forwarded?.id ?? "")).code).toBe(0);
    });
    expect(published).toMatchObject([{ text: '{"target":"x"}', attributes: { origin: "cron" } }]);
    expect(Object.keys(published[0]?.attributes ?? {})).toEqual(["origin"]);
  });

  test("an event without an id that Pub/Sub forwarded may have been stored: it goes back as a new one, or not", async () => {
    const id = await pubsub.topic("tidekeeper-dead-letters").publishMessage({
      data: Buffer.from('{"type":"scale","target":"research","delta":1}'),
      attributes: {
        CloudPubSubDeadLetterSourceDeliveryCount: "20",
        CloudPubSubDeadLetterSourceSubscription: "tidekeeper-scale",
      },
    });
    expect(await place.run("dead-letters", "retry", id)).toMatchObject({
      code: 1,
      err: expect.stringMatching(/stored before.*\n.*explain TARGET.*--as NEW-ID/s),
    });
    const published = await publishedTo("events", async () => {
      expect((await place.run("dead-letters", "retry", id, "--as", "again-1")).err).toBe("");
    });
    expect(published.map(({ text }) => JSON.parse(text).id)).toEqual(["again-1"]);
  });

  test.each([
    { what: "nobody knows", attributes: { note: "by hand" }, message: /nothing says which topic/ },
    {
      what: "whose attributes were cut",
      attributes: { function: "scale", reason: "r", messageId: "c1", originalAttributes: '{"a":"aaaa' },
      message: /too long to be kept/,
    },
    {
      what: "that never was a message",
      attributes: { function: "scale", reason: "r", messageId: "unopened-1", originalAttributes: "{}" },
      message: /never was a Pub\/Sub message/,
    },
  ])("a letter $what is not repeated, and stays", async ({ attributes, message }) => {
    const id = await pubsub.topic("tidekeeper-dead-letters").publishMessage({ data: Buffer.from("x"), attributes });
    expect(await place.run("dead-letters", "retry", id)).toMatchObject({
      code: 1,
      err: expect.stringMatching(message),
    });
    expect((await place.run("dead-letters", "show", id)).code).toBe(0);
    expect((await place.run("dead-letters", "drop", id)).out).toContain("dropped 1 letter");
  });

  test("drop removes for good, all of them or none", async () => {
    const left = (await letters()).map(({ id }) => id);
    expect(left).toHaveLength(2);
    const none = await place.run("dead-letters", "drop", ...left, "no-such");
    expect(none).toMatchObject({ code: 1, err: expect.stringMatching(/no dead letter no-such among the 2/) });
    expect(await letters()).toHaveLength(2);
    expect(await place.json<readonly LetterJson[]>("dead-letters", "drop", ...left)).toHaveLength(2);
    expect(await letters()).toEqual([]);
  });

  test("a missing subscription is named, with the next step", async () => {
    await pubsub.subscription("tidekeeper-dead-letters").delete();
    expect(await place.run("dead-letters", "list")).toMatchObject({
      code: 1,
      err: expect.stringMatching(/tidekeeper-dead-letters.*\n.*tidekeeper doctor/),
    });
  });
});

test("bytes that are no text come back as base64, a letter by a stranger has no topic", () => {
  const letter = readLetter(
    { messageId: "1", data: Buffer.from([0xff, 0xfe]), attributes: {} },
    topology,
    "tidekeeper",
  );
  expect(letter).toMatchObject({ id: "1", reason: expect.stringContaining("somebody else") });
  expect(letter.topic).toBeUndefined();
});
