/** google.pubsub.v1.Subscriber, except the stream. */
import type { WireClock } from "../clock/wire-clock.ts";
import { applyMask } from "../wire/field-mask.ts";
import { isObject } from "../wire/json.ts";
import { pageByName } from "../wire/paging.ts";
import { textOf, textsOf } from "../wire/read.ts";
import { ApiError, type Call, type JsonObject, type ServiceImplementation } from "../wire/service.ts";
import type { Broker, Subscription } from "./broker.ts";
import { checkName, projectOf } from "./names.ts";
import type { Delivery } from "./queue.ts";
import { pullable, receivedMessage } from "./received.ts";
import { withDefaults } from "./settings.ts";
import { createStreamingPull } from "./streaming-pull.ts";

/** Subscriptions a page. */
const largestPage = 1000;
/** How long a Pull without messages waits, in milliseconds of wire time: the service promises only "a bounded amount". */
const longestPull = 5_000;
/** Most messages one Pull gives. */
const largestPull = 1000;

const updatable = [
  "ackDeadlineSeconds",
  "deadLetterPolicy",
  "enableExactlyOnceDelivery",
  "expirationPolicy",
  "labels",
  "messageRetentionDuration",
  "pushConfig",
  "retainAckedMessages",
  "retryPolicy",
];

/** The Subscriber service over a broker. Snapshots are not kept: Seek takes a time. */
export function createSubscriber(broker: Broker, wire: WireClock): ServiceImplementation {
  const named = (request: JsonObject) => broker.subscription(textOf(request, "subscription"));
  return {
    names: ["google.pubsub.v1.Subscriber"],
    streams: { StreamingPull: createStreamingPull(broker) },
    unary: {
      CreateSubscription: (request) => {
        const name = checkName(textOf(request, "name"), "subscriptions");
        broker.topic(checkName(textOf(request, "topic"), "topics"));
        const { tags: _inputOnly, ...kept } = request;
        return broker.addSubscription(name, withDefaults(kept)).json;
      },
      GetSubscription: (request) => named(request).json,
      UpdateSubscription: (request) => {
        const given = isObject(request["subscription"]) ? request["subscription"] : {};
        const { name, json } = broker.subscription(textOf(given, "name"));
        return broker.configure(name, withDefaults(applyMask(json, given, textOf(request, "updateMask"), updatable)))
          .json;
      },
      ModifyPushConfig: (request) => {
        const { name, json } = named(request);
        broker.configure(name, withDefaults({ ...json, pushConfig: request["pushConfig"] ?? {} }));
        return {};
      },
      DeleteSubscription: (request) => {
        broker.deleteSubscription(textOf(request, "subscription"));
        return {};
      },
      ListSubscriptions: (request) => {
        const project = projectOf(textOf(request, "project"));
        const all = [...broker.subscriptions].filter(({ name }) => projectOf(name) === project);
        const { items, ...next } = pageByName(all, request, largestPage);
        return { subscriptions: items.map(({ json }) => json), ...next };
      },
      Pull: (request, call) => pull(wire, pullable(named(request)), request, call),
      Acknowledge: (request) => {
        const subscription = named(request);
        refuseInvalid(subscription, subscription.queue.acknowledge(textsOf(request["ackIds"])).invalid);
        return {};
      },
      ModifyAckDeadline: (request) => {
        const subscription = named(request);
        const seconds = Number(request["ackDeadlineSeconds"] ?? 0);
        if (seconds < 0 || seconds > 600) {
          throw new ApiError("INVALID_ARGUMENT", `ack_deadline_seconds must be 0 to 600, but is ${seconds}.`);
        }
        refuseInvalid(
          subscription,
          subscription.queue.modifyDeadline(textsOf(request["ackIds"]), seconds * 1000).invalid,
        );
        return {};
      },
      Seek: (request) => {
        if (typeof request["time"] !== "string") {
          throw new ApiError("UNIMPLEMENTED", "The local cloud keeps no Pub/Sub snapshots: seek to a time instead.");
        }
        named(request).queue.seek(Date.parse(request["time"]));
        return {};
      },
    },
  };
}

async function pull(
  wire: WireClock,
  subscription: Subscription,
  request: JsonObject,
  { signal }: Call,
): Promise<JsonObject> {
  const max = Math.min(Number(request["maxMessages"] ?? 0), largestPull);
  if (max <= 0) throw new ApiError("INVALID_ARGUMENT", "max_messages must be positive.");
  const { queue } = subscription;
  let deliveries = queue.take({ max });
  if (deliveries.length === 0 && request["returnImmediately"] !== true) {
    deliveries = await new Promise<Delivery[]>((resolve) => {
      const finish = (found: Delivery[]) => {
        forget();
        unEnd();
        cancel();
        resolve(found);
      };
      const cancel = wire.at(wire.now() + longestPull, () => finish([]));
      const unEnd = subscription.onEnd(() => finish([]));
      const forget = queue.onAvailable(() => {
        if (signal.aborted) return finish([]);
        const found = queue.take({ max });
        if (found.length > 0) finish(found);
      });
    });
  }
  return { receivedMessages: deliveries.map((delivery) => receivedMessage(delivery, subscription)) };
}

/** With exactly-once delivery an id that is no longer good is an error; without it nobody is told. */
function refuseInvalid({ settings }: Subscription, invalid: readonly string[]): void {
  if (!settings.exactlyOnce || invalid.length === 0) return;
  throw new ApiError("FAILED_PRECONDITION", "Some acknowledgement ids in the request were invalid or expired.", [
    {
      "@type": "type.googleapis.com/google.rpc.ErrorInfo",
      reason: "EXACTLY_ONCE_ACKID_FAILURE",
      domain: "pubsub.googleapis.com",
      metadata: Object.fromEntries(invalid.map((ackId) => [ackId, "PERMANENT_FAILURE_INVALID_ACK_ID"])),
    },
  ]);
}
