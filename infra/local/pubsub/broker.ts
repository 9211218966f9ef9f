/** Topics and subscriptions, and the way of a message from one to the others. */
import type { WireClock } from "../clock/wire-clock.ts";
import type { JsonObject } from "../wire/service.ts";
import { timestamp } from "../wire/times.ts";
import type { Content, Message } from "./message.ts";
import { alreadyExists, deletedTopic, notFound, projectOf } from "./names.ts";
import { startPush } from "./push.ts";
import { Queue, type SavedMessage } from "./queue.ts";
import { readSettings, type Settings } from "./settings.ts";

/** A topic: its JSON as the API shows it. */
export interface Topic {
  readonly name: string;
  readonly json: JsonObject;
}

/** A subscription with its queue. */
export interface Subscription {
  readonly name: string;
  readonly json: JsonObject;
  readonly settings: Settings;
  readonly queue: Queue;
  /** Calls back when the subscription is deleted or detached. */
  onEnd(listener: () => void): () => void;
}

/** What a snapshot of the local cloud keeps of Pub/Sub. */
export interface BrokerSnapshot {
  readonly topics: JsonObject[];
  readonly subscriptions: { readonly json: JsonObject; readonly messages: SavedMessage[] }[];
}

interface Kept extends Subscription {
  json: JsonObject;
  settings: Settings;
  stopPush: () => void;
  readonly enders: Set<() => void>;
}

/** Options of {@link Broker}. */
export interface BrokerOptions {
  readonly wire: WireClock;
  /** Most push requests at once for each subscription. */
  readonly maxConcurrentPushes: number;
}

/** The state of Pub/Sub. Any project id is accepted. */
export class Broker {
  readonly topics = new Map<string, Topic>();
  readonly #subscriptions = new Map<string, Kept>();
  readonly #options: BrokerOptions;
  #lastId: number;

  constructor(options: BrokerOptions) {
    this.#options = options;
    // From the clock, so that ids of an earlier life of the local cloud do not come back.
    this.#lastId = options.wire.now() * 1000;
  }

  /** All subscriptions. */
  get subscriptions(): Iterable<Subscription> {
    return this.#subscriptions.values();
  }

  /** The topic. Throws NOT_FOUND. */
  topic(name: string): Topic {
    const topic = this.topics.get(name);
    if (topic === undefined) throw notFound(name);
    return topic;
  }

  /** Adds a topic. Throws ALREADY_EXISTS. */
  addTopic(name: string, json: JsonObject): Topic {
    if (this.topics.has(name)) throw alreadyExists(name);
    return this.putTopic(name, json);
  }

  /** Replaces a topic's JSON. */
  putTopic(name: string, json: JsonObject): Topic {
    const topic = { name, json };
    this.topics.set(name, topic);
    return topic;
  }

  /** Deletes a topic; its subscriptions stay, of a deleted topic. Throws NOT_FOUND. */
  deleteTopic(name: string): void {
    this.topic(name);
    this.topics.delete(name);
    for (const subscription of this.#subscriptions.values()) {
      if (subscription.json["topic"] === name) subscription.json = { ...subscription.json, topic: deletedTopic };
    }
  }

  /** The subscription. Throws NOT_FOUND. */
  subscription(name: string): Subscription {
    return this.#kept(name);
  }

  /** Adds a subscription to its topic and starts its push delivery if it has one. Throws ALREADY_EXISTS. */
  addSubscription(name: string, json: JsonObject): Subscription {
    if (this.#subscriptions.has(name)) throw alreadyExists(name);
    const settings = readSettings(json);
    const enders = new Set<() => void>();
    const subscription: Kept = {
      name,
      json,
      settings,
      enders,
      queue: new Queue({
        wire: this.#options.wire,
        settings,
        forward: (message, attempts) => this.#forwardDead(subscription, message, attempts),
      }),
      stopPush: () => {},
      onEnd: (listener) => {
        enders.add(listener);
        return () => enders.delete(listener);
      },
    };
    this.#subscriptions.set(name, subscription);
    this.#restartPush(subscription);
    return subscription;
  }

  /** Replaces a subscription's JSON; messages and leases stay. Throws NOT_FOUND, INVALID_ARGUMENT. */
  configure(name: string, json: JsonObject): Subscription {
    const subscription = this.#kept(name);
    subscription.settings = readSettings(json);
    subscription.json = json;
    subscription.queue.configure(subscription.settings);
    this.#restartPush(subscription);
    return subscription;
  }

  /** Deletes a subscription with its messages. Throws NOT_FOUND. */
  deleteSubscription(name: string): void {
    const subscription = this.#kept(name);
    this.#subscriptions.delete(name);
    this.#end(subscription);
  }

  /** Cuts a subscription off its topic and drops its messages; it stays, marked detached. Throws NOT_FOUND. */
  detach(name: string): void {
    const subscription = this.#kept(name);
    subscription.json = { ...subscription.json, detached: true };
    this.#end(subscription);
  }

  /** Publishes to every subscription of a topic whose filter lets the message through. Throws NOT_FOUND. */
  publish(topic: string, contents: readonly Content[]): string[] {
    this.topic(topic);
    const publishTime = this.#options.wire.now();
    const messages = contents.map((content): Message => {
      this.#lastId += 1;
      return { ...content, messageId: String(this.#lastId), publishTime };
    });
    for (const subscription of this.#subscriptions.values()) {
      if (subscription.json["topic"] !== topic || subscription.json["detached"] === true) continue;
      for (const message of messages) {
        if (subscription.settings.filter(message.attributes)) subscription.queue.add(message);
      }
    }
    return messages.map(({ messageId }) => messageId);
  }

  /** Everything, unacknowledged messages too; what is leased comes back unleased. */
  snapshot(): BrokerSnapshot {
    return {
      topics: [...this.topics.values()].map(({ json }) => json),
      subscriptions: [...this.#subscriptions.values()].map(({ json, queue }) => ({ json, messages: queue.save() })),
    };
  }

  /** Replaces everything by a snapshot. */
  restore({ topics, subscriptions }: BrokerSnapshot): void {
    this.close();
    for (const json of topics) this.putTopic(String(json["name"]), json);
    for (const { json, messages } of subscriptions) {
      const { queue } = this.addSubscription(String(json["name"]), json);
      for (const { message, attempts } of messages) queue.add(message, attempts);
    }
  }

  /** Forgets everything and ends all deliveries. */
  close(): void {
    for (const subscription of this.#subscriptions.values()) this.#end(subscription);
    this.#subscriptions.clear();
    this.topics.clear();
  }

  #kept(name: string): Kept {
    const subscription = this.#subscriptions.get(name);
    if (subscription === undefined) throw notFound(name);
    return subscription;
  }

  #end(subscription: Kept): void {
    subscription.stopPush();
    subscription.queue.clear();
    for (const listener of [...subscription.enders]) listener();
  }

  #restartPush(subscription: Kept): void {
    subscription.stopPush();
    const { push, ackDeadline, deadLetter } = subscription.settings;
    subscription.stopPush =
      push === undefined || subscription.json["detached"] === true
        ? () => {}
        : startPush({
            wire: this.#options.wire,
            subscription: subscription.name,
            queue: subscription.queue,
            push,
            tellAttempts: deadLetter !== undefined,
            ackDeadline,
            maxConcurrent: this.#options.maxConcurrentPushes,
          });
  }

  /** Source of the attributes: cloud.google.com/pubsub/docs/handling-failures#dead_letter_topic */
  #forwardDead(subscription: Kept, message: Message, attempts: number): boolean {
    const topic = subscription.settings.deadLetter?.topic ?? "";
    if (!this.topics.has(topic)) return false;
    const attributes = {
      ...message.attributes,
      CloudPubSubDeadLetterSourceDeliveryCount: String(attempts),
      CloudPubSubDeadLetterSourceSubscription: subscription.name.slice(subscription.name.lastIndexOf("/") + 1),
      CloudPubSubDeadLetterSourceSubscriptionProject: projectOf(subscription.name),
      CloudPubSubDeadLetterSourceTopicPublishTime: timestamp(message.publishTime),
    };
    this.publish(topic, [{ data: message.data, attributes, orderingKey: message.orderingKey }]);
    return true;
  }
}
