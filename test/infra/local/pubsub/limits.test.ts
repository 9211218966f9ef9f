import { describe, expect, test } from "vitest";
import { publishLimits, readContents } from "../../../../infra/local/pubsub/message.ts";
import { checkName } from "../../../../infra/local/pubsub/names.ts";
import { readSettings, withDefaults } from "../../../../infra/local/pubsub/settings.ts";
import type { Json } from "../../../../infra/local/wire/service.ts";

const bytes = (count: number) => Buffer.alloc(count).toString("base64");
const many = (count: number, make: (index: number) => [string, string]) =>
  Object.fromEntries(Array.from({ length: count }, (_item, index) => make(index)));

describe("publishing", () => {
  test.each<[string, Json]>([
    [
      "a message at every limit",
      [
        {
          data: "eA==",
          attributes: many(100, (index) => [`${index}`.padEnd(256, "k"), "v".repeat(1024)]),
          orderingKey: "k".repeat(1024),
        },
      ],
    ],
    ["as many messages as allowed", Array.from({ length: publishLimits.messages }, () => ({ data: "eA==" }))],
    ["as many bytes as allowed", [{ data: bytes(publishLimits.bytes) }]],
  ])("%s is accepted", (_case, messages) => {
    expect(readContents(messages)).toHaveLength((messages as Json[]).length);
  });

  test.each<[string, Json, RegExp]>([
    ["no message", [], /no message/],
    ["an empty message among others", [{ data: "eA==" }, {}], /either non-empty data, or at least one attribute/],
    [
      "a message too many",
      Array.from({ length: 1001 }, () => ({ data: "eA==" })),
      /message_count is too large. You passed 1001/,
    ],
    ["a byte too many", [{ data: bytes(10_000_001) }], /request_size is too large. You passed 10000001/],
    ["an attribute too many", [{ attributes: many(101, (index) => [`k${index}`, ""]) }], /101 attributes/],
    ["an attribute key too long", [{ attributes: { ["k".repeat(257)]: "" } }], /attribute key/],
    ["a reserved attribute key", [{ attributes: { googclient: "" } }], /attribute key "googclient"/],
    ["an attribute value too long", [{ attributes: { k: "v".repeat(1025) } }], /value of attribute "k"/],
    ["an ordering key too long", [{ data: "eA==", orderingKey: "k".repeat(1025) }], /ordering key/],
  ])("%s is refused", (_case, messages, why) => {
    expect(() => readContents(messages)).toThrow(why);
  });
});

describe("names", () => {
  test.each(["abc", "A-b_c.d~e+f%25", `a${"b".repeat(254)}`])("%s is a topic's id", (id) => {
    expect(checkName(`projects/any-project/topics/${id}`, "topics")).toMatch(/topics/);
  });
  test.each(["ab", "1abc", "google", "a b", "a/b", `a${"b".repeat(255)}`, ""])('"%s" is not', (id) => {
    expect(() => checkName(`projects/p/topics/${id}`, "topics")).toThrow(/Invalid resource name given/);
  });
  test("a topic's name is not a subscription's", () => {
    expect(() => checkName("projects/p/topics/abc", "subscriptions")).toThrow(/Invalid resource name given/);
  });
});

describe("subscriptions", () => {
  const dead = { deadLetterTopic: "projects/p/topics/dead" };
  test.each<[string, { [key: string]: Json }]>([
    ["a deadline over 600 s", { ackDeadlineSeconds: 601 }],
    ["a retention under ten minutes", { messageRetentionDuration: "599s" }],
    ["a retention over 31 days", { messageRetentionDuration: "2678401s" }],
    ["a back-off over 600 s", { retryPolicy: { maximumBackoff: "601s" } }],
    ["a back-off that shrinks", { retryPolicy: { minimumBackoff: "20s", maximumBackoff: "10s" } }],
    ["a negative back-off", { retryPolicy: { minimumBackoff: "-1s" } }],
    ["a push endpoint that is no URL", { pushConfig: { pushEndpoint: "nowhere" } }],
    ["a dead letter topic that is none", { deadLetterPolicy: { deadLetterTopic: "dead" } }],
    ["more than 100 delivery attempts", { deadLetterPolicy: { ...dead, maxDeliveryAttempts: 101 } }],
    ["a filter that cannot be read", { filter: "kind" }],
  ])("%s is refused", (_case, subscription) => {
    expect(() => withDefaults(subscription)).toThrow();
  });

  test("policies get the service's defaults", () => {
    const settings = readSettings(withDefaults({ deadLetterPolicy: dead, retryPolicy: {} }));
    expect(settings).toMatchObject({
      ackDeadline: 10_000,
      retention: 604_800_000,
      deadLetter: { maxAttempts: 5 },
      backoff: { minimum: 10_000, maximum: 600_000 },
      push: undefined,
    });
  });
});
