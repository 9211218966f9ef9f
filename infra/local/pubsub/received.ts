/** What both ways of pulling share. */
import { ApiError, type JsonObject } from "../wire/service.ts";
import { timestamp } from "../wire/times.ts";
import type { Subscription } from "./broker.ts";
import type { Delivery } from "./queue.ts";

/** A received message as the API shows it; the attempt only where a dead letter policy counts them. */
export function receivedMessage({ ackId, message, attempt }: Delivery, subscription: Subscription): JsonObject {
  return {
    ackId,
    message: { ...message, publishTime: timestamp(message.publishTime) },
    ...(subscription.settings.deadLetter ? { deliveryAttempt: attempt } : {}),
  };
}

/** The subscription if messages can be pulled from it. Throws FAILED_PRECONDITION when it is detached. */
export function pullable(subscription: Subscription): Subscription {
  if (subscription.json["detached"] === true) {
    throw new ApiError(
      "FAILED_PRECONDITION",
      "The subscription is detached from its topic; delete it and create another.",
    );
  }
  return subscription;
}
