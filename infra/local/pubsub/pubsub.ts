/** Cloud Pub/Sub of the local cloud. Its time is the wire's: deadlines, back-off and publish times are real. */
import type { WireClock } from "../clock/wire-clock.ts";
import type { ServiceImplementation } from "../wire/service.ts";
import { Broker, type BrokerSnapshot } from "./broker.ts";
import type { Content } from "./message.ts";
import { createPublisher } from "./publisher.ts";
import { createSubscriber } from "./subscriber.ts";

/** Options of {@link createPubsub}. */
export interface PubsubOptions {
  readonly wire: WireClock;
  /** Most push requests at once for each subscription. Default 20. */
  readonly maxConcurrentPushes?: number;
}

/** A running Pub/Sub. */
export interface Pubsub {
  readonly services: readonly ServiceImplementation[];
  /** Publishes for a service of the local cloud; gives the message id. Throws NOT_FOUND when there is no such topic. */
  publishInternally(topic: string, message: Partial<Content>): string;
  snapshot(): BrokerSnapshot;
  /** Replaces topics, subscriptions and messages by those of a snapshot. */
  restore(snapshot: BrokerSnapshot): void;
  /** Ends all deliveries and forgets everything. */
  close(): void;
}

/** Creates an empty Pub/Sub. */
export function createPubsub({ wire, maxConcurrentPushes = 20 }: PubsubOptions): Pubsub {
  const broker = new Broker({ wire, maxConcurrentPushes });
  return {
    services: [createPublisher(broker), createSubscriber(broker, wire)],
    publishInternally: (topic, message) => {
      const [id = ""] = broker.publish(topic, [{ data: "", attributes: {}, orderingKey: "", ...message }]);
      return id;
    },
    snapshot: () => broker.snapshot(),
    restore: (snapshot) => broker.restore(snapshot),
    close: () => broker.close(),
  };
}
