/** Push delivery: HTTP requests in Pub/Sub's wrapping, a bounded number at once. */
import type { WireClock } from "../clock/wire-clock.ts";
import { timestamp } from "../wire/times.ts";
import type { Message } from "./message.ts";
import type { Delivery, Queue } from "./queue.ts";
import type { PushSettings } from "./settings.ts";

/** Answers that acknowledge. Source: cloud.google.com/pubsub/docs/push#receive_push */
const acknowledging = new Set([102, 200, 201, 202, 204]);

/** The service signs its tokens for an hour. */
const tokenLifetime = 3600;

/** One subscription's push delivery. */
export interface PushOptions {
  readonly wire: WireClock;
  /** Full subscription name, as the body tells it. */
  readonly subscription: string;
  readonly queue: Queue;
  readonly push: PushSettings;
  /** Whether the attempt is told (a dead letter policy is set). */
  readonly tellAttempts: boolean;
  /** Milliseconds to wait for the answer. */
  readonly ackDeadline: number;
  /** Most requests at once. */
  readonly maxConcurrent: number;
}

/** Starts delivering; the returned function stops it and cuts what is under way. */
export function startPush(options: PushOptions): () => void {
  const { wire, queue, maxConcurrent, ackDeadline } = options;
  const stopped = new AbortController();
  let underWay = 0;

  const deliver = async (delivery: Delivery) => {
    const late = new AbortController();
    const cancel = wire.at(wire.now() + ackDeadline, () => late.abort());
    try {
      const response = await fetch(options.push.endpoint, {
        ...requestOf(options, delivery),
        method: "POST",
        redirect: "manual",
        signal: AbortSignal.any([late.signal, stopped.signal]),
      });
      // The body means nothing, but its connection is free only once it is read.
      await response.body?.cancel();
      if (acknowledging.has(response.status)) queue.acknowledge([delivery.ackId]);
      else queue.modifyDeadline([delivery.ackId], 0);
    } catch {
      // Nobody there, a broken answer or none in time: the same to Pub/Sub as a refusal.
      queue.modifyDeadline([delivery.ackId], 0);
    } finally {
      cancel();
      underWay -= 1;
      fill();
    }
  };

  const fill = () => {
    if (stopped.signal.aborted || underWay >= maxConcurrent) return;
    // A little longer than the request may take, so that its answer decides and not the lease.
    const taken = queue.take({ max: maxConcurrent - underWay, deadline: ackDeadline + 1000 });
    underWay += taken.length;
    for (const delivery of taken) void deliver(delivery);
  };

  const forget = queue.onAvailable(fill);
  fill();
  return () => {
    forget();
    stopped.abort();
  };
}

function requestOf(
  options: PushOptions,
  delivery: Delivery,
): { headers: Record<string, string>; body: Uint8Array | string } {
  const { push, subscription } = options;
  const { message } = delivery;
  const common = {
    "user-agent": "CloudPubSub-Google",
    ...(push.oidc ? { authorization: `Bearer ${unsignedToken(push.oidc, options.wire.now())}` } : {}),
  };
  if (push.wrapper === "wrapped") {
    return {
      headers: { ...common, "content-type": "application/json" },
      body: JSON.stringify(wrap(subscription, delivery, options.tellAttempts)),
    };
  }
  const metadata = push.wrapper === "bare-with-metadata" ? metadataHeaders(subscription, message) : {};
  return {
    headers: { "content-type": "application/octet-stream", ...metadata, ...common },
    body: Buffer.from(message.data, "base64"),
  };
}

/** The body of a wrapped push; ids and times in both spellings, as the service sends them. */
function wrap(subscription: string, { message, attempt }: Delivery, tellAttempt: boolean) {
  const publishTime = timestamp(message.publishTime);
  return {
    ...(tellAttempt ? { deliveryAttempt: attempt } : {}),
    message: {
      attributes: message.attributes,
      ...(message.data === "" ? {} : { data: message.data }),
      messageId: message.messageId,
      message_id: message.messageId,
      ...(message.orderingKey === "" ? {} : { orderingKey: message.orderingKey }),
      publishTime,
      publish_time: publishTime,
    },
    subscription,
  };
}

function metadataHeaders(subscription: string, message: Message): Record<string, string> {
  const usable = Object.entries(message.attributes).filter(
    ([key, value]) => /^[\w!#$%&'*+.^`|~-]+$/.test(key) && /^[\t\x20-\x7e\x80-\xff]*$/.test(value),
  );
  return {
    ...Object.fromEntries(usable),
    "x-goog-pubsub-subscription-name": subscription,
    "x-goog-pubsub-message-id": message.messageId,
    "x-goog-pubsub-publish-time": timestamp(message.publishTime),
    ...(message.orderingKey === "" ? {} : { "x-goog-pubsub-ordering-key": encodeURIComponent(message.orderingKey) }),
  };
}

/** A token with the claims of the real one and no signature: a receiver can read who called, not prove it. */
function unsignedToken({ email, audience }: { email: string; audience: string }, now: number): string {
  const issued = Math.floor(now / 1000);
  const claims = {
    aud: audience,
    email,
    email_verified: true,
    exp: issued + tokenLifetime,
    iat: issued,
    iss: "https://accounts.google.com",
  };
  const part = (json: object) => Buffer.from(JSON.stringify(json)).toString("base64url");
  return `${part({ alg: "none", typ: "JWT" })}.${part(claims)}.`;
}
