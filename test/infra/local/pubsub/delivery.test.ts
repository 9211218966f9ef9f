import { PubSub, type Topic, v1 } from "@google-cloud/pubsub";
import { grpc } from "google-gax";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createManualClock, type ManualClock } from "../../../../infra/local/clock/manual-clock.ts";
import { createPubsub, type Pubsub } from "../../../../infra/local/pubsub/pubsub.ts";
import { type Doors, startDoors } from "../../../../infra/local/wire/doors.ts";
import { type PushTarget, startPushTarget } from "./push-target.ts";

/** Delivery with the wire's time held in the hand: what must take seconds takes none. */
let wire: ManualClock;
let pubsub: Pubsub;
let doors: Doors;
let client: PubSub;
let subscriber: v1.SubscriberClient;
let target: PushTarget;
let topic: Topic;

beforeEach(async () => {
  wire = createManualClock(Date.parse("2026-01-01T00:00:00Z"));
  pubsub = createPubsub({ wire, maxConcurrentPushes: 3 });
  doors = await startDoors({ services: pubsub.services, restPort: 0, grpcPort: 0 });
  client = new PubSub({ projectId: "demo", apiEndpoint: `127.0.0.1:${doors.grpcPort}`, emulatorMode: true });
  subscriber = new v1.SubscriberClient({
    servicePath: "127.0.0.1",
    port: doors.grpcPort,
    sslCreds: grpc.credentials.createInsecure(),
    universeDomain: "googleapis.com",
  });
  target = await startPushTarget();
  [topic] = await client.createTopic("topic");
});
afterEach(async () => {
  await client.close();
  await subscriber.close();
  pubsub.close();
  await doors.close();
  await target.close();
});

const publish = (data: string) => topic.publishMessage({ data: Buffer.from(data) });

describe("push", () => {
  const pushConfig = () => ({ pushEndpoint: target.url });

  test("keeps no more requests under way than its bound", async () => {
    const answers: ((status: number) => void)[] = [];
    target.answer = () => new Promise<number>((resolve) => answers.push(resolve));
    await topic.createSubscription("push", { pushConfig: pushConfig() });
    for (let count = 0; count < 5; count++) await publish("x");
    await vi.waitFor(() => expect(answers).toHaveLength(3));
    for (const answer of answers.splice(0)) answer(200);
    await vi.waitFor(() => expect(target.received).toHaveLength(5));
    for (const answer of answers.splice(0)) answer(200);
    await vi.waitFor(() => expect(pubsub.snapshot().subscriptions[0]?.messages).toEqual([]));
  });

  test("an answer that does not come by the acknowledgement deadline counts as refused", async () => {
    let first = true;
    target.answer = () => {
      const hang = first;
      first = false;
      return hang ? new Promise<number>(() => {}) : 200;
    };
    await topic.createSubscription("push", { ackDeadlineSeconds: 10, pushConfig: pushConfig() });
    await publish("x");
    await vi.waitFor(() => expect(target.received).toHaveLength(1));
    await wire.advance(10_000);
    await vi.waitFor(async () => {
      await wire.advance(100);
      expect(target.received).toHaveLength(2);
    });
    await vi.waitFor(() => expect(pubsub.snapshot().subscriptions[0]?.messages).toEqual([]));
  });

  test.each([
    [200, true],
    [201, true],
    [202, true],
    [204, true],
    [206, false],
    [301, false],
    [400, false],
    [404, false],
    [500, false],
  ])("an answer of %i acknowledges: %s", async (status, acknowledges) => {
    target.answer = () => status;
    await topic.createSubscription("push", { pushConfig: pushConfig() });
    await publish("x");
    await vi.waitFor(() => expect(target.received).toHaveLength(1));
    await vi.waitFor(async () => {
      await wire.advance(100);
      if (acknowledges) expect(pubsub.snapshot().subscriptions[0]?.messages).toEqual([]);
      else expect(target.received.length).toBeGreaterThan(1);
    });
  });

  test("a receiver that is not there gets its messages once it is", async () => {
    const gone = await startPushTarget();
    await gone.close();
    const [subscription] = await topic.createSubscription("push", { pushConfig: { pushEndpoint: gone.url } });
    await publish("x");
    await subscription.modifyPushConfig(pushConfig());
    await vi.waitFor(async () => {
      await wire.advance(1000);
      expect(target.received).toHaveLength(1);
    });
  });

  test("a deleted subscription pushes no more", async () => {
    target.answer = () => 500;
    const [subscription] = await topic.createSubscription("push", { pushConfig: pushConfig() });
    await publish("x");
    await vi.waitFor(() => expect(target.received).toHaveLength(1));
    await subscription.delete();
    await wire.advance(600_000);
    expect(target.received).toHaveLength(1);
  });
});

describe("pull", () => {
  test("waits a bounded time for a message, and is woken by one", async () => {
    const [{ name: subscription }] = await topic.createSubscription("pull");
    const waiting = subscriber.pull({ subscription, maxMessages: 1 });
    await publish("x");
    const [{ receivedMessages }] = await waiting;
    expect(receivedMessages).toHaveLength(1);
    const empty = subscriber.pull({ subscription, maxMessages: 1 });
    let done = false;
    void empty.then(() => {
      done = true;
    });
    await vi.waitFor(async () => {
      await wire.advance(1000);
      expect(done).toBe(true);
    });
    expect((await empty)[0].receivedMessages).toEqual([]);
  });

  test("a detached subscription keeps nothing and cannot be pulled from", async () => {
    const [{ name: subscription }] = await topic.createSubscription("pull");
    await publish("x");
    await client.detachSubscription("pull");
    await expect(subscriber.pull({ subscription, maxMessages: 1 })).rejects.toMatchObject({ code: 9 });
  });

  test("an expired id is an error on an exactly-once subscription, told by id", async () => {
    const [{ name: subscription }] = await topic.createSubscription("once", { enableExactlyOnceDelivery: true });
    await publish("x");
    const [{ receivedMessages }] = await subscriber.pull({ subscription, maxMessages: 1 });
    const ackId = String(receivedMessages?.[0]?.ackId);
    await wire.advance(10_000);
    await expect(subscriber.acknowledge({ subscription, ackIds: [ackId] })).rejects.toMatchObject({
      code: 9,
      errorInfoMetadata: { [ackId]: "PERMANENT_FAILURE_INVALID_ACK_ID" },
    });
  });

  test("Seek to a time works, to a snapshot says what is missing", async () => {
    const [subscription] = await topic.createSubscription("pull");
    await publish("x");
    // The high-level client's seek(Date) sends an empty timestamp, so the generated one is used.
    await subscriber.seek({ subscription: subscription.name, time: { seconds: wire.now() / 1000 + 1 } });
    expect(pubsub.snapshot().subscriptions[0]?.messages).toEqual([]);
    await expect(subscription.seek("a-snapshot")).rejects.toMatchObject({ code: 12 });
  });
});

describe("streaming pull", () => {
  test("hands out no more than the client's outstanding limit, and more as it acknowledges", async () => {
    const [{ name: subscription }] = await topic.createSubscription("stream");
    for (let count = 0; count < 5; count++) await publish(String(count));
    const stream = subscriber.streamingPull();
    const ackIds: string[] = [];
    stream.on("data", (response: { receivedMessages: { ackId: string }[] }) =>
      ackIds.push(...response.receivedMessages.map(({ ackId }) => ackId)),
    );
    stream.write({ subscription, streamAckDeadlineSeconds: 10, maxOutstandingMessages: 2 });
    await vi.waitFor(() => expect(ackIds).toHaveLength(2));
    await wire.advance(1000);
    expect(ackIds).toHaveLength(2);
    stream.write({ ackIds: ackIds.slice(0, 1) });
    await vi.waitFor(() => expect(ackIds).toHaveLength(3));
    stream.write({ ackIds: ackIds.slice(1) });
    await vi.waitFor(() => expect(ackIds).toHaveLength(5));
    stream.end();
    await new Promise((resolve) => stream.once("end", resolve));
  });

  test.each([
    ["no such subscription", { subscription: "projects/demo/subscriptions/none", streamAckDeadlineSeconds: 10 }, 5],
    ["a deadline too short", { subscription: "projects/demo/subscriptions/stream", streamAckDeadlineSeconds: 1 }, 3],
  ])("%s ends the stream with an error", async (_case, request, code) => {
    await topic.createSubscription("stream");
    const stream = subscriber.streamingPull();
    stream.on("data", () => {});
    const failed = new Promise((resolve) => stream.once("error", resolve));
    stream.write(request);
    expect(await failed).toMatchObject({ code });
  });

  test("deleting the subscription ends its streams", async () => {
    const [subscription] = await topic.createSubscription("stream");
    const stream = subscriber.streamingPull();
    const failed = new Promise((resolve) => stream.once("error", resolve));
    const opened = new Promise((resolve) => stream.once("data", resolve));
    stream.write({ subscription: subscription.name, streamAckDeadlineSeconds: 10 });
    await opened;
    await subscription.delete();
    expect(await failed).toMatchObject({ code: 5 });
  });
});
