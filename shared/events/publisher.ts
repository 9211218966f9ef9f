/**
 * `tidekeeper/events`: what another system imports to ask something of a fleet. Checks an event as the functions will,
 * before it is sent, and publishes it.
 *
 * @example
 * import { openPublisher } from "tidekeeper/events";
 * const publisher = openPublisher({ project: "my-project" });
 * const id = await publisher.publish({ type: "scale", target: "research", replicas: 4, ttl: "2h", source: "ci" });
 * await publisher.close();
 */
import { randomUUID } from "node:crypto";
import type { JsonObject } from "../vertex/vertex.ts";
import { openBus } from "./bus.ts";
import { checkEvent, type FleetEventInput } from "./schema.ts";

export type { Outcome } from "../outcomes/outcome.ts";
export { BadEvent } from "./envelope.ts";
export { type EventType, eventJsonSchema, eventTypes, type FleetEventInput } from "./schema.ts";

/** Where the fleet listens. */
export interface PublisherOptions {
  /** Google Cloud project of the fleet. */
  readonly project: string;
  /** The fleet's `namePrefix`; default `tidekeeper`. */
  readonly prefix?: string;
}

/** Publishes events; one for a process. */
export interface EventPublisher {
  /**
   * Checks and publishes an event. Outcome events on the topic `PREFIX-outcomes` carry the id that this answers.
   * @throws BadEvent with everything that is wrong with the event; the Pub/Sub client's error when it is not taken.
   */
  publish(event: FleetEventInput): Promise<string>;
  /** Sends what is buffered and closes the connection. */
  close(): Promise<void>;
}

/** Opens a publisher with application default credentials; `PUBSUB_EMULATOR_HOST` points it at a local cloud. */
export function openPublisher({ project, prefix = "tidekeeper" }: PublisherOptions): EventPublisher {
  const bus = openBus({ project, prefix });
  return {
    async publish(written) {
      const id = written.id ?? randomUUID();
      const event = { ...written, id };
      checkEvent(event as JsonObject);
      await bus.publish("events", { data: event });
      return id;
    },
    close: () => bus.close(),
  };
}
