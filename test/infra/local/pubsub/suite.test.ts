import { type Message, PubSub, type Subscription, type Topic, v1 } from "@google-cloud/pubsub";
import { grpc } from "google-gax";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { missingEmulator } from "../../../emulators/emulator.ts";
import { type Backend, startGoogles, startOurs } from "./backends.ts";
import { type PushTarget, startPushTarget } from "./push-target.ts";

/** Where Google's emulator is known to differ from the real service, which ours follows. */
const differences = {
  filters: "Google's emulator accepts filters and ignores them",
  pushOrderingKey: "Google's emulator leaves orderingKey out of push bodies",
  pushDeliveryAttempt: "Google's emulator leaves deliveryAttempt out of push bodies",
  noWrapperContentType: "Google's emulator sends bare pushes as a form",
  shortDeadlines: "Google's emulator takes any acknowledgement deadline",
  pushToken: "Google's emulator sends no OIDC token",
  unreadPush: "Google's emulator may never deliver again what was answered before it was read",
} as const;

const backends: { name: string; ours: boolean; start: () => Promise<Backend> }[] = [
  { name: "ours", ours: true, start: startOurs },
  ...(missingEmulator("pubsub") === undefined ? [{ name: "Google's emulator", ours: false, start: startGoogles }] : []),
];

describe.each(backends)("Pub/Sub: $name", ({ ours, start }) => {
  /** A case that Google's emulator is known to fail; the name says why. */
  const differs = (difference: keyof typeof differences, name: string, run: () => Promise<void>) =>
    ours ? test(name, run) : test.skip(`${name} (${differences[difference]})`, run);

  let backend: Backend;
  let client: PubSub;
  let subscriber: v1.SubscriberClient;
  let target: PushTarget;
  let count = 0;
  let topic: Topic;

  beforeAll(async () => {
    backend = await start();
    client = new PubSub({ projectId: "demo", apiEndpoint: backend.grpc, emulatorMode: true });
    subscriber = new v1.SubscriberClient({
      servicePath: "127.0.0.1",
      port: Number(backend.grpc.split(":")[1]),
      sslCreds: grpc.credentials.createInsecure(),
      universeDomain: "googleapis.com",
    });
    target = await startPushTarget();
  });
  beforeEach(async () => {
    count += 1;
    [topic] = await client.createTopic(`topic-${count}`);
    target.received.length = 0;
    target.answer = () => 204;
    target.unread = 0;
  });
  afterAll(async () => {
    await client?.close();
    await subscriber?.close();
    await target?.close();
    await backend?.close();
  });

  const subscribe = async (options: object = {}): Promise<Subscription> => {
    const [subscription] = await topic.createSubscription(`sub-${count}`, options);
    return subscription;
  };
  const pull = async (subscription: Subscription, maxMessages = 100) => {
    const [{ receivedMessages }] = await subscriber.pull({ subscription: subscription.name, maxMessages });
    return receivedMessages ?? [];
  };
  const pullNow = async (subscription: Subscription) => {
    const request = { subscription: subscription.name, maxMessages: 100, returnImmediately: true };
    const [{ receivedMessages }] = await subscriber.pull(request);
    return receivedMessages ?? [];
  };
  const acknowledge = (subscription: Subscription, ids: (string | null | undefined)[]) =>
    subscriber.acknowledge({ subscription: subscription.name, ackIds: ids.map(String) });
  const giveBack = (subscription: Subscription, ids: (string | null | undefined)[]) =>
    subscriber.modifyAckDeadline({ subscription: subscription.name, ackIds: ids.map(String), ackDeadlineSeconds: 0 });
  const textOf = (message: { data?: Uint8Array | string | null } | null | undefined) =>
    Buffer.from((message?.data ?? "") as Uint8Array).toString();
  const pushed = () => target.received.map(({ body }) => JSON.parse(body));

  test("what exists cannot be created again, what does not cannot be used", async () => {
    await expect(client.createTopic(topic.name)).rejects.toMatchObject({ code: 6 });
    await expect(client.topic("nowhere").publishMessage({ data: Buffer.from("x") })).rejects.toMatchObject({ code: 5 });
    await expect(client.topic("nowhere").createSubscription("lost")).rejects.toMatchObject({ code: 5 });
    await expect(client.subscription("nowhere").getMetadata()).rejects.toMatchObject({ code: 5 });
    await expect(client.createTopic("x")).rejects.toMatchObject({ code: 3 });
  });

  test("topics and subscriptions are listed, by pages, and deleted", async () => {
    const subscription = await subscribe();
    const [page, , { nextPageToken }] = (await client.getTopics({ pageSize: 1, autoPaginate: false })) as unknown as [
      Topic[],
      unknown,
      { nextPageToken: string },
    ];
    expect(page).toHaveLength(1);
    if (count > 1) expect(nextPageToken).not.toBe("");
    const [topics] = await client.getTopics();
    expect(topics.map(({ name }) => name)).toContain(topic.name);
    const [subscriptions] = await topic.getSubscriptions();
    expect(subscriptions.map(({ name }) => name)).toEqual([subscription.name]);
    await topic.delete();
    const [metadata] = await subscription.getMetadata();
    expect(metadata.topic).toBe("_deleted-topic_");
    await subscription.delete();
    expect(await subscription.exists()).toEqual([false]);
  });

  test("a new subscription has the service's defaults", async () => {
    const subscription = await subscribe();
    const [metadata] = await subscription.getMetadata();
    expect(metadata).toMatchObject({ ackDeadlineSeconds: 10, topic: topic.name, enableMessageOrdering: false });
    expect(Number(metadata.messageRetentionDuration?.seconds)).toBe(604_800);
  });

  test("fewer than five delivery attempts are refused", async () => {
    const deadLetterPolicy = { deadLetterTopic: topic.name, maxDeliveryAttempts: 2 };
    await expect(subscribe({ deadLetterPolicy })).rejects.toMatchObject({ code: 11 });
  });

  differs("shortDeadlines", "an acknowledgement deadline under ten seconds is refused", async () => {
    await expect(subscribe({ ackDeadlineSeconds: 5 })).rejects.toMatchObject({ code: 3 });
  });

  test("a message reaches every subscription of its topic, with its attributes, once acknowledged never again", async () => {
    const subscription = await subscribe();
    const [second] = await topic.createSubscription(`second-${count}`);
    const id = await topic.publishMessage({ data: Buffer.from("hello"), attributes: { kind: "greeting" } });
    for (const each of [subscription, second]) {
      const [received, ...more] = await pull(each);
      expect(more).toEqual([]);
      expect(received?.message).toMatchObject({ messageId: id, attributes: { kind: "greeting" } });
      expect(textOf(received?.message)).toBe("hello");
      await acknowledge(each, [received?.ackId]);
    }
    await topic.publishMessage({ data: Buffer.from("next") });
    expect((await pull(subscription)).map(({ message }) => textOf(message))).toEqual(["next"]);
  });

  test("an empty message is refused, one with only attributes is not", async () => {
    await expect(topic.publishMessage({ data: Buffer.from("") })).rejects.toMatchObject({ code: 3 });
    await expect(topic.publishMessage({ attributes: { only: "this" } })).resolves.toMatch(/./);
  });

  test("a message given back comes again at once, another id each time", async () => {
    const subscription = await subscribe();
    await topic.publishMessage({ data: Buffer.from("again") });
    const [first] = await pull(subscription);
    await giveBack(subscription, [first?.ackId]);
    const [second] = await pull(subscription);
    expect(second?.message?.messageId).toBe(first?.message?.messageId);
    expect(second?.ackId).not.toBe(first?.ackId);
  });

  test("a streaming pull gets messages as they come and its acknowledgements count", async () => {
    const subscription = await subscribe();
    const got: string[] = [];
    subscription.on("message", (message: Message) => {
      got.push(message.data.toString());
      message.ack();
    });
    const all = Array.from({ length: 50 }, (_item, index) => `m${index}`);
    await Promise.all(all.map((data) => topic.publishMessage({ data: Buffer.from(data) })));
    await vi.waitFor(() => expect(got.toSorted()).toEqual(all.toSorted()), { timeout: 10_000 });
    await subscription.close();
  });

  test("a message that a streaming subscriber gives back comes again", async () => {
    const subscription = await subscribe();
    const got: string[] = [];
    subscription.on("message", (message: Message) => {
      got.push(message.id);
      if (got.length < 3) message.nack();
      else message.ack();
    });
    await topic.publishMessage({ data: Buffer.from("x") });
    await vi.waitFor(() => expect(got).toHaveLength(3), { timeout: 10_000 });
    expect(new Set(got).size).toBe(1);
    await subscription.close();
  });

  test("messages of one ordering key come in their order", async () => {
    const subscription = await subscribe({ enableMessageOrdering: true });
    const ordered = client.topic(topic.name, { messageOrdering: true });
    const all = Array.from({ length: 20 }, (_item, index) => `m${index}`);
    for (const data of all) await ordered.publishMessage({ data: Buffer.from(data), orderingKey: "k" });
    const got: string[] = [];
    while (got.length < all.length) {
      const received = await pull(subscription);
      got.push(...received.map(({ message }) => textOf(message)));
      await acknowledge(
        subscription,
        received.map(({ ackId }) => ackId),
      );
    }
    expect(got).toEqual(all);
  });

  test("what is given back as often as its policy allows goes to the dead letters, saying where from", async () => {
    const [dead] = await client.createTopic(`dead-${count}`);
    const [deadSubscription] = await dead.createSubscription(`dead-${count}`);
    const subscription = await subscribe({ deadLetterPolicy: { deadLetterTopic: dead.name, maxDeliveryAttempts: 5 } });
    await topic.publishMessage({ data: Buffer.from("poison"), attributes: { own: "kept" } });
    for (let attempt = 1; attempt <= 5; attempt++) {
      const [received] = await pull(subscription);
      expect(received?.deliveryAttempt).toBe(attempt);
      await giveBack(subscription, [received?.ackId]);
    }
    // Google's emulator forwards when it is next asked, so both are asked until the letter is there.
    const letter = await vi.waitFor(
      async () => {
        await pullNow(subscription);
        const [found] = await pullNow(deadSubscription);
        expect(found).toBeDefined();
        return found;
      },
      { timeout: 10_000 },
    );
    expect(textOf(letter?.message)).toBe("poison");
    expect(letter?.message?.attributes).toMatchObject({
      own: "kept",
      CloudPubSubDeadLetterSourceDeliveryCount: "5",
      CloudPubSubDeadLetterSourceSubscription: subscription.name.split("/").at(-1),
      CloudPubSubDeadLetterSourceSubscriptionProject: "demo",
      CloudPubSubDeadLetterSourceTopicPublishTime: expect.stringMatching(/^\d{4}-/),
    });
  });

  test("a push carries the message in its wrapping; an answer of 204 acknowledges", async () => {
    const subscription = await subscribe({ pushConfig: { pushEndpoint: target.url } });
    const messageId = await topic.publishMessage({ data: Buffer.from("hello"), attributes: { a: "b" } });
    await vi.waitFor(() => expect(target.received).toHaveLength(1), { timeout: 10_000 });
    expect(target.received[0]?.headers["content-type"]).toMatch(/application\/json/);
    expect(pushed()[0]).toMatchObject({
      subscription: subscription.name,
      message: {
        data: Buffer.from("hello").toString("base64"),
        attributes: { a: "b" },
        messageId,
        message_id: messageId,
        publishTime: expect.stringMatching(/^\d{4}-\d{2}-\d{2}T/),
        publish_time: expect.stringMatching(/^\d{4}-\d{2}-\d{2}T/),
      },
    });
    await topic.publishMessage({ data: Buffer.from("second") });
    await vi.waitFor(() => expect(target.received).toHaveLength(2), { timeout: 10_000 });
  });

  test("a push that is refused comes again until it is taken", async () => {
    target.answer = () => (target.received.length < 3 ? 503 : 200);
    await subscribe({
      pushConfig: { pushEndpoint: target.url },
      retryPolicy: { minimumBackoff: { seconds: 0 }, maximumBackoff: { seconds: 1 } },
    });
    const id = await topic.publishMessage({ data: Buffer.from("x") });
    await vi.waitFor(() => expect(target.received).toHaveLength(3), { timeout: 15_000 });
    expect(pushed().map(({ message }) => message.messageId)).toEqual([id, id, id]);
  });

  differs("unreadPush", "a push that is answered before it is read comes again", async () => {
    target.unread = 20;
    await subscribe({
      pushConfig: { pushEndpoint: target.url },
      retryPolicy: { minimumBackoff: { seconds: 0 }, maximumBackoff: { seconds: 1 } },
    });
    const ids = await Promise.all(
      Array.from({ length: 20 }, (_, index) => topic.publishMessage({ data: Buffer.from(`${index}`) })),
    );
    await vi.waitFor(() => expect(target.received).toHaveLength(20), { timeout: 15_000 });
    expect(
      pushed()
        .map(({ message }) => message.messageId)
        .toSorted(),
    ).toEqual(ids.toSorted());
  });

  test("push and pull are switched by ModifyPushConfig", async () => {
    const subscription = await subscribe({ pushConfig: { pushEndpoint: target.url } });
    await subscription.modifyPushConfig({ pushEndpoint: "" });
    await topic.publishMessage({ data: Buffer.from("pulled") });
    const received = await pull(subscription);
    expect(received.map(({ message }) => textOf(message))).toEqual(["pulled"]);
    expect(target.received).toEqual([]);
  });

  test("an exactly-once acknowledgement is confirmed", async () => {
    const subscription = await subscribe({ enableExactlyOnceDelivery: true });
    const answer = new Promise<string>((resolve, reject) => {
      subscription.on("message", (message: Message) => message.ackWithResponse().then(resolve, reject));
    });
    await topic.publishMessage({ data: Buffer.from("once") });
    expect(await answer).toBe("SUCCESS");
    await subscription.close();
  });

  test("settings are updated under a mask, the rest stays", async () => {
    const subscription = await subscribe({ labels: { kept: "yes" } });
    await subscription.setMetadata({ ackDeadlineSeconds: 60 });
    const [metadata] = await subscription.getMetadata();
    expect(metadata).toMatchObject({ ackDeadlineSeconds: 60, labels: { kept: "yes" } });
  });

  test("REST publishes and pulls as gRPC does", async () => {
    const subscription = await subscribe();
    const post = async <T>(path: string, body: object): Promise<T> => {
      const response = await fetch(`${backend.rest}/v1/${path}`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      });
      return (await response.json()) as T;
    };
    const data = Buffer.from("by hand").toString("base64");
    const { messageIds } = await post<{ messageIds: string[] }>(`${topic.name}:publish`, {
      messages: [{ data, attributes: { by: "hand" } }],
    });
    const { receivedMessages } = await post<{ receivedMessages: object[] }>(`${subscription.name}:pull`, {
      maxMessages: 5,
    });
    expect(receivedMessages).toMatchObject([
      { message: { data, messageId: messageIds[0], attributes: { by: "hand" } } },
    ]);
  });

  differs("filters", "a filter holds back what it does not match", async () => {
    const subscription = await subscribe({ filter: 'attributes.kind = "a" OR hasPrefix(attributes.kind, "b")' });
    for (const kind of ["a", "b1", "c"]) await topic.publishMessage({ attributes: { kind } });
    const received = await pull(subscription);
    expect(received.map(({ message }) => message?.attributes?.["kind"])).toEqual(["a", "b1"]);
  });

  differs("pushOrderingKey", "pushes of one ordering key come one after another and name it", async () => {
    target.answer = ({ body }) => {
      const attempts = target.received.filter((push) => push.body === body).length;
      return Buffer.from(JSON.parse(body).message.data, "base64").toString() === "m2" && attempts < 2 ? 500 : 200;
    };
    await subscribe({ enableMessageOrdering: true, pushConfig: { pushEndpoint: target.url } });
    const ordered = client.topic(topic.name, { messageOrdering: true });
    for (const data of ["m1", "m2", "m3"]) await ordered.publishMessage({ data: Buffer.from(data), orderingKey: "k" });
    await vi.waitFor(() => expect(target.received).toHaveLength(4), { timeout: 10_000 });
    expect(pushed().map(({ message }) => Buffer.from(message.data, "base64").toString())).toEqual([
      "m1",
      "m2",
      "m2",
      "m3",
    ]);
    expect(pushed().map(({ message }) => message.orderingKey)).toEqual(["k", "k", "k", "k"]);
  });

  differs("pushDeliveryAttempt", "pushes under a dead letter policy tell their attempt", async () => {
    const [dead] = await client.createTopic(`push-dead-${count}`);
    const [deadSubscription] = await dead.createSubscription(`push-dead-${count}`);
    target.answer = () => 500;
    await subscribe({
      pushConfig: { pushEndpoint: target.url },
      retryPolicy: { minimumBackoff: { seconds: 0 }, maximumBackoff: { seconds: 1 } },
      deadLetterPolicy: { deadLetterTopic: dead.name, maxDeliveryAttempts: 5 },
    });
    await topic.publishMessage({ data: Buffer.from("poison") });
    expect(await pull(deadSubscription)).toHaveLength(1);
    expect(pushed().map(({ deliveryAttempt }) => deliveryAttempt)).toEqual([1, 2, 3, 4, 5]);
  });

  differs("noWrapperContentType", "a bare push has the data as body and the metadata as headers", async () => {
    const subscription = await subscribe({
      pushConfig: { pushEndpoint: target.url, noWrapper: { writeMetadata: true } },
    });
    const id = await topic.publishMessage({ data: Buffer.from('{"bare":1}'), attributes: { own: "attribute" } });
    await vi.waitFor(() => expect(target.received).toHaveLength(1));
    expect(target.received[0]).toMatchObject({
      body: '{"bare":1}',
      headers: {
        own: "attribute",
        "x-goog-pubsub-message-id": id,
        "x-goog-pubsub-subscription-name": subscription.name,
        "content-type": "application/octet-stream",
      },
    });
  });

  differs("pushToken", "a push with an OIDC identity carries its claims", async () => {
    const oidcToken = { serviceAccountEmail: "pusher@demo.iam.gserviceaccount.com", audience: "me" };
    await subscribe({ pushConfig: { pushEndpoint: target.url, oidcToken } });
    await topic.publishMessage({ data: Buffer.from("x") });
    await vi.waitFor(() => expect(target.received).toHaveLength(1));
    const [, claims = ""] = target.received[0]?.headers.authorization?.split(".") ?? [];
    expect(JSON.parse(Buffer.from(claims, "base64url").toString())).toMatchObject({
      aud: "me",
      email: oidcToken.serviceAccountEmail,
      iss: "https://accounts.google.com",
    });
  });
});
