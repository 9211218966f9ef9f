import { beforeEach, describe, expect, test } from "vitest";
import { createManualClock, type ManualClock } from "../../../../infra/local/clock/manual-clock.ts";
import type { Message } from "../../../../infra/local/pubsub/message.ts";
import { Queue } from "../../../../infra/local/pubsub/queue.ts";
import { readSettings, withDefaults } from "../../../../infra/local/pubsub/settings.ts";
import type { JsonObject } from "../../../../infra/local/wire/service.ts";
import { fc } from "../../../properties.ts";

let wire: ManualClock;
let forwarded: { id: string; attempts: number }[];
let canForward: boolean;
let published: number;

beforeEach(() => {
  wire = createManualClock(Date.parse("2026-01-01T00:00:00Z"));
  forwarded = [];
  canForward = true;
  published = 0;
});

const settingsOf = (subscription: JsonObject) => readSettings(withDefaults(subscription));
const queueOf = (subscription: JsonObject = {}) =>
  new Queue({
    wire,
    settings: settingsOf(subscription),
    forward: ({ messageId: id }, attempts) => {
      if (canForward) forwarded.push({ id, attempts });
      return canForward;
    },
  });
const add = (queue: Queue, orderingKey = ""): Message => {
  published += 1;
  const message = { messageId: String(published), publishTime: wire.now(), data: "eA==", attributes: {}, orderingKey };
  queue.add(message);
  return message;
};
const take = (queue: Queue, max = 100) => queue.take({ max });
const idsOf = (deliveries: { message: Message }[]) => deliveries.map(({ message }) => message.messageId);

describe("leases", () => {
  test("a message is handed out once until its deadline has passed, then again with the next attempt", async () => {
    const queue = queueOf({ ackDeadlineSeconds: 30 });
    add(queue);
    expect(take(queue)).toMatchObject([{ attempt: 1 }]);
    await wire.advance(29_999);
    expect(take(queue)).toEqual([]);
    await wire.advance(1);
    expect(take(queue)).toMatchObject([{ attempt: 2 }]);
  });

  test("a deadline is moved from now on; 0 gives the message back", async () => {
    const queue = queueOf();
    add(queue);
    const [delivery] = take(queue);
    const ackIds = [delivery?.ackId ?? ""];
    await wire.advance(9_000);
    expect(queue.modifyDeadline(ackIds, 60_000)).toEqual({ invalid: [] });
    await wire.advance(59_000);
    expect(take(queue)).toEqual([]);
    queue.modifyDeadline(ackIds, 0);
    expect(take(queue)).toMatchObject([{ attempt: 2 }]);
    expect(queue.modifyDeadline(ackIds, 60_000)).toEqual({ invalid: ackIds });
  });

  test.each([
    ["counts without exactly-once delivery", false, 0],
    ["does not count with it", true, 1],
  ])("an acknowledgement after the deadline, before the next delivery, %s", async (_case, exactlyOnce, left) => {
    const queue = queueOf({ enableExactlyOnceDelivery: exactlyOnce });
    add(queue);
    const ackIds = take(queue).map(({ ackId }) => ackId);
    await wire.advance(10_000);
    expect(queue.acknowledge(ackIds).invalid).toHaveLength(left);
    expect(take(queue)).toHaveLength(left);
  });

  test("an acknowledgement of an earlier delivery means nothing", async () => {
    const queue = queueOf();
    add(queue);
    const [first] = take(queue);
    await wire.advance(10_000);
    expect(take(queue)).toHaveLength(1);
    expect(queue.acknowledge([first?.ackId ?? "", "made up"]).invalid).toEqual([first?.ackId, "made up"]);
    expect(queue.save()).toHaveLength(1);
  });

  test("who waits is told of new, returned and delayed messages", async () => {
    const queue = queueOf({ retryPolicy: { minimumBackoff: "5s" } });
    let told = 0;
    queue.onAvailable(() => {
      told += 1;
    });
    add(queue);
    await wire.advance(0);
    expect(told).toBe(1);
    queue.modifyDeadline(
      take(queue).map(({ ackId }) => ackId),
      0,
    );
    await wire.advance(0);
    expect(take(queue)).toEqual([]);
    const before = told;
    await wire.advance(5_000);
    expect(told).toBe(before + 1);
    expect(take(queue)).toHaveLength(1);
  });

  test("a message is dropped once its retention is over", async () => {
    const queue = queueOf({ messageRetentionDuration: "600s" });
    add(queue);
    await wire.advance(599_999);
    add(queue);
    await wire.advance(1);
    expect(idsOf(take(queue))).toEqual(["2"]);
  });

  test("bytes are limited, though one message always goes", () => {
    const queue = queueOf();
    for (let count = 0; count < 3; count++) add(queue);
    expect(queue.take({ max: 100, maxBytes: 2 })).toHaveLength(2);
    expect(queue.take({ max: 100, maxBytes: 0 })).toHaveLength(1);
  });
});

describe("back-off", () => {
  test.each([
    ["none for pull without a policy", {}, [0, 0, 0]],
    [
      "the policy's, doubling to its maximum",
      { retryPolicy: { minimumBackoff: "10s", maximumBackoff: "30s" } },
      [10, 20, 30, 30],
    ],
    ["100 ms doubling for push without a policy", { pushConfig: { pushEndpoint: "http://x" } }, [0.1, 0.2, 0.4, 0.8]],
  ])("%s", async (_case, subscription, waits) => {
    const queue = queueOf(subscription);
    add(queue);
    let deliveries = take(queue);
    for (const seconds of waits) {
      queue.modifyDeadline(
        deliveries.map(({ ackId }) => ackId),
        0,
      );
      if (seconds > 0) await wire.advance(seconds * 1000 - 1);
      deliveries = seconds > 0 ? take(queue) : [];
      expect(deliveries).toEqual([]);
      await wire.advance(seconds > 0 ? 1 : 0);
      deliveries = take(queue);
      expect(deliveries).toHaveLength(1);
    }
  });
});

describe("dead letters", () => {
  const policy = { deadLetterPolicy: { deadLetterTopic: "projects/p/topics/dead", maxDeliveryAttempts: 5 } };

  test("expired deliveries count as given back ones do", async () => {
    const queue = queueOf(policy);
    add(queue);
    for (let attempt = 1; attempt <= 5; attempt++) {
      expect(take(queue)).toMatchObject([{ attempt }]);
      await wire.advance(10_000);
    }
    expect(forwarded).toEqual([{ id: "1", attempts: 5 }]);
    expect(take(queue)).toEqual([]);
    expect(queue.save()).toEqual([]);
  });

  test("a message that cannot be forwarded goes on being delivered", async () => {
    canForward = false;
    const queue = queueOf(policy);
    add(queue);
    for (let attempt = 1; attempt <= 7; attempt++) {
      expect(take(queue)).toMatchObject([{ attempt }]);
      await wire.advance(10_000);
    }
  });
});

describe("order", () => {
  test("the next message of a key waits until the ones handed out are done; other keys do not wait", () => {
    const queue = queueOf({ enableMessageOrdering: true });
    for (const key of ["a", "a", "b"]) add(queue, key);
    const [first] = take(queue, 1);
    expect(idsOf(take(queue))).toEqual(["3"]);
    queue.acknowledge([first?.ackId ?? ""]);
    expect(idsOf(take(queue))).toEqual(["2"]);
  });

  test("what was handed out after a returned message of its key comes back with it", () => {
    const queue = queueOf({ enableMessageOrdering: true });
    for (const key of ["a", "a", "a"]) add(queue, key);
    const [first, second] = take(queue);
    queue.acknowledge([first?.ackId ?? ""]);
    queue.modifyDeadline([second?.ackId ?? ""], 0);
    expect(idsOf(take(queue))).toEqual(["2", "3"]);
  });

  test("a key waits out the back-off of its first message", async () => {
    const queue = queueOf({ enableMessageOrdering: true, retryPolicy: { minimumBackoff: "10s" } });
    for (const key of ["a", "a"]) add(queue, key);
    const [first] = take(queue, 1);
    queue.modifyDeadline([first?.ackId ?? ""], 0);
    expect(take(queue)).toEqual([]);
    await wire.advance(10_000);
    expect(idsOf(take(queue))).toEqual(["1", "2"]);
  });

  test("whatever happens, a key's messages are first seen in order and none is lost", async () => {
    const step = fc.record({
      act: fc.constantFrom("add", "take", "ack", "nack", "wait"),
      pick: fc.nat(20),
      key: fc.constantFrom("a", "b"),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const queue = queueOf({ enableMessageOrdering: true });
        const open: string[] = [];
        const firstSeen: Message[] = [];
        const acked = new Set<string>();
        const added: Message[] = [];
        const note = (deliveries: ReturnType<typeof take>) => {
          for (const { ackId, message, attempt } of deliveries) {
            open.push(ackId);
            if (attempt === 1) firstSeen.push(message);
          }
        };
        for (const { act, pick, key } of steps) {
          if (act === "add") added.push(add(queue, key));
          if (act === "take") note(take(queue, 1 + (pick % 3)));
          if (act === "wait") await wire.advance(pick * 1000);
          const [ackId] = act === "ack" || act === "nack" ? open.splice(pick % Math.max(1, open.length), 1) : [];
          if (ackId === undefined) continue;
          if (act === "nack") queue.modifyDeadline([ackId], 0);
          else if (queue.acknowledge([ackId]).invalid.length === 0) acked.add(ackId.split("-")[0] ?? "");
        }
        for (const key of ["a", "b"]) {
          const ids = firstSeen
            .filter((message) => message.orderingKey === key)
            .map(({ messageId }) => Number(messageId));
          expect(ids).toEqual(ids.toSorted((left, right) => left - right));
        }
        const left = queue.save().map(({ message }) => message.messageId);
        const expected = added.map(({ messageId }) => messageId).filter((id) => !acked.has(id));
        expect(left).toEqual(expected);
      }),
      { numRuns: 150 },
    );
  });
});

describe("seek", () => {
  test("to the past brings back what is retained; to the future acknowledges all", async () => {
    const queue = queueOf({ retainAckedMessages: true });
    add(queue);
    await wire.advance(1000);
    const time = wire.now();
    add(queue);
    add(queue);
    queue.acknowledge(take(queue, 2).map(({ ackId }) => ackId));
    queue.seek(time);
    expect(idsOf(take(queue))).toEqual(["2", "3"]);
    queue.seek(wire.now() + 1);
    await wire.advance(10_000);
    expect(take(queue)).toEqual([]);
  });
});
