/** Our Pub/Sub topics, published to with the real client, which is loaded on the first message. */
import type { PublishOptions, PubSub, Topic } from "@google-cloud/pubsub";
import type { Millis } from "../time/clock.ts";
import { pubsubReason } from "./pubsub-reason.ts";

/** Topics of the topology that we publish to. */
export type TopicName = "events" | "signals" | "pokes" | "outcomes" | "dead-letters";

export interface BusMessage {
  readonly data: Buffer | object;
  readonly attributes?: Readonly<Record<string, string>>;
}

/** Publishes; each promise resolves with the message id once Pub/Sub has the message, and rejects with why it has not. */
export interface Bus {
  publish(topic: TopicName, message: BusMessage): Promise<string>;
  /** Sends what is buffered and closes the connection. */
  close(): Promise<void>;
}

/** The client by itself tries for ten minutes; a function is to have answered by then, and what is owed is not lost. Wire time. */
const longestCall: Millis = 15_000;

/** How a call of Pub/Sub's client is tried. @param most wire time in all. */
export function trying(most: Millis = longestCall): NonNullable<PublishOptions["gaxOpts"]> {
  return {
    isBundling: false,
    retry: {
      backoffSettings: {
        initialRetryDelayMillis: 100,
        retryDelayMultiplier: 2,
        maxRetryDelayMillis: 2_000,
        initialRpcTimeoutMillis: most / 3,
        rpcTimeoutMultiplier: 1,
        maxRpcTimeoutMillis: most / 3,
        totalTimeoutMillis: most,
      },
    },
  };
}

/**
 * Opens the bus. `PUBSUB_EMULATOR_HOST` points the client at a local cloud, as everywhere.
 * @param options `prefix`: first word of the topics' names; `longest`: how long a message is tried for, default 15 s.
 */
export function openBus(options: {
  readonly project: string;
  readonly prefix: string;
  readonly longest?: Millis;
}): Bus {
  const gaxOpts = trying(options.longest);
  let client: Promise<PubSub> | undefined;
  const topics = new Map<TopicName, Topic>();
  return {
    async publish(name, { data, attributes = {} }) {
      client ??= import("@google-cloud/pubsub").then(({ PubSub }) => new PubSub({ projectId: options.project }));
      const pubsub = await client;
      let topic = topics.get(name);
      if (topic === undefined) {
        // A wake-up is short: no message waits for others to travel with.
        topic = pubsub.topic(`${options.prefix}-${name}`, { batching: { maxMilliseconds: 1 }, gaxOpts });
        topics.set(name, topic);
      }
      const bytes = Buffer.isBuffer(data) ? data : Buffer.from(JSON.stringify(data));
      try {
        return await topic.publishMessage({ data: bytes, attributes: { ...attributes } });
      } catch (cause) {
        throw new Error(pubsubReason(cause), { cause });
      }
    },
    async close() {
      if (client === undefined) return;
      await Promise.all([...topics.values()].map((topic) => topic.flush()));
      await (await client).close();
    },
  };
}
