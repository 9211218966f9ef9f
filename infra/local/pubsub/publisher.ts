/** google.pubsub.v1.Publisher. */

import { applyMask } from "../wire/field-mask.ts";
import { isObject } from "../wire/json.ts";
import { pageByName } from "../wire/paging.ts";
import { textOf } from "../wire/read.ts";
import type { ServiceImplementation } from "../wire/service.ts";
import type { Broker } from "./broker.ts";
import { readContents } from "./message.ts";
import { checkName, projectOf } from "./names.ts";

/** Topics a page. */
const largestPage = 1000;

const updatable = [
  "labels",
  "messageStoragePolicy",
  "kmsKeyName",
  "schemaSettings",
  "messageRetentionDuration",
  "ingestionDataSourceSettings",
  "messageTransforms",
];

/** The Publisher service over a broker. Topic snapshots are not kept. */
export function createPublisher(broker: Broker): ServiceImplementation {
  return {
    names: ["google.pubsub.v1.Publisher"],
    unary: {
      CreateTopic: (request) => {
        const name = checkName(textOf(request, "name"), "topics");
        return broker.addTopic(name, { ...request, name, state: "ACTIVE" }).json;
      },
      UpdateTopic: (request) => {
        const given = isObject(request["topic"]) ? request["topic"] : {};
        const name = textOf(given, "name");
        const json = applyMask(broker.topic(name).json, given, textOf(request, "updateMask"), updatable);
        return broker.putTopic(name, json).json;
      },
      GetTopic: (request) => broker.topic(textOf(request, "topic")).json,
      DeleteTopic: (request) => {
        broker.deleteTopic(textOf(request, "topic"));
        return {};
      },
      ListTopics: (request) => {
        const project = projectOf(textOf(request, "project"));
        const topics = [...broker.topics.values()].filter(({ name }) => projectOf(name) === project);
        const { items, ...next } = pageByName(topics, request, largestPage);
        return { topics: items.map(({ json }) => json), ...next };
      },
      ListTopicSubscriptions: (request) => {
        const topic = broker.topic(textOf(request, "topic"));
        const subscriptions = [...broker.subscriptions].filter(({ json }) => json["topic"] === topic.name);
        const { items, ...next } = pageByName(subscriptions, request, largestPage);
        return { subscriptions: items.map(({ name }) => name), ...next };
      },
      Publish: (request) => ({
        messageIds: broker.publish(textOf(request, "topic"), readContents(request["messages"])),
      }),
      DetachSubscription: (request) => {
        broker.detach(textOf(request, "subscription"));
        return {};
      },
    },
  };
}
