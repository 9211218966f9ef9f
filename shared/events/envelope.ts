/**
 * The transport around an event. One message arrives in three shapes, depending on who delivered it:
 * converted by functions-framework (a CloudEvent with `data.message`), unconverted where it has no data (the raw push
 * body in place of the event), and Eventarc's own (a CloudEvent with `data.subscription` beside `data.message`).
 */
import { createHash } from "node:crypto";
import { z } from "zod";
import type { Millis } from "../time/clock.ts";

/** A message out of its wrapping. */
export interface Envelope {
  readonly messageId: string;
  /** Pub/Sub's publish time (wire); undefined for a CloudEvent that did not come through Pub/Sub and has no time. */
  readonly publishedAt: Millis | undefined;
  readonly attributes: Readonly<Record<string, string>>;
  /** The payload's bytes, empty for an attributes-only message. */
  readonly data: Buffer;
  /** CloudEvent type; `google.cloud.pubsub.topic.v1.messagePublished` for anything from Pub/Sub. */
  readonly type: string;
  readonly subscription?: string;
  readonly deliveryAttempt?: number;
}

/** A delivery that cannot be understood; it is answered and set aside, never retried. */
export class BadEvent extends Error {
  override readonly name = "BadEvent";
  /** What the sender can do. */
  readonly hint: string;
  /** The sender's own id for the event, where that much could be read: the answer then carries it. */
  readonly eventId: string | undefined;

  constructor(message: string, hint: string, eventId?: string) {
    super(message);
    this.hint = hint;
    this.eventId = eventId;
  }

  /** The whole sentence told to the sender. */
  get why(): string {
    return `${this.message}; ${this.hint}`;
  }
}

const pubsubType = "google.cloud.pubsub.topic.v1.messagePublished";

const messageSchema = z.looseObject({
  data: z.base64().or(z.literal("")).nullish(),
  attributes: z.record(z.string(), z.string()).nullish(),
  messageId: z.string().min(1).max(256).optional(),
  message_id: z.string().min(1).max(256).optional(),
  publishTime: z.string().max(64).optional(),
  publish_time: z.string().max(64).optional(),
});

const pushSchema = z.looseObject({
  subscription: z.string().max(512).optional(),
  deliveryAttempt: z.number().int().optional(),
  message: messageSchema,
});

const cloudEventSchema = z.looseObject({
  id: z.string().min(1).max(512),
  type: z.string().min(1).max(256),
  time: z.string().max(64).optional(),
  data: z.unknown(),
});

function millis(time: string | undefined): Millis | undefined {
  const parsed = time === undefined ? Number.NaN : Date.parse(time);
  return Number.isNaN(parsed) ? undefined : parsed;
}

/** Ids that a store can hold as they are; Pub/Sub's own are digits. */
const plainId = /^[\x20-\x7e]{1,256}$/;

/** A message's id: any other is known by its hash, which is the same at each delivery. */
function usableId(id: string): string {
  return plainId.test(id) ? id : `id-${createHash("sha256").update(id).digest("hex").slice(0, 32)}`;
}

function fromPush(push: z.output<typeof pushSchema>, fallback: { id?: string; time?: string | undefined }): Envelope {
  const { message, subscription, deliveryAttempt } = push;
  const messageId = message.messageId ?? message.message_id ?? fallback.id;
  if (messageId === undefined) {
    throw new BadEvent("the message has no messageId", "publish it through Pub/Sub, which gives it one");
  }
  return {
    messageId: usableId(messageId),
    publishedAt: millis(message.publishTime ?? message.publish_time ?? fallback.time),
    attributes: message.attributes ?? {},
    data: Buffer.from(message.data ?? "", "base64"),
    type: pubsubType,
    ...(subscription === undefined ? {} : { subscription }),
    ...(deliveryAttempt === undefined ? {} : { deliveryAttempt }),
  };
}

/**
 * Takes a delivery out of its wrapping.
 * @param delivered what functions-framework handed to a CloudEvent function.
 * @throws BadEvent when it is none of the shapes that Pub/Sub or Eventarc send.
 */
export function openEnvelope(delivered: unknown): Envelope {
  const raw = pushSchema.safeParse(delivered);
  if (raw.success) return fromPush(raw.data, {});
  const event = cloudEventSchema.safeParse(delivered);
  if (!event.success) {
    throw new BadEvent(
      "this is neither a Pub/Sub push nor a CloudEvent",
      "publish to the events topic instead of calling the function",
    );
  }
  const { id, time, type, data } = event.data;
  const inner = pushSchema.safeParse(data);
  if (inner.success) return fromPush(inner.data, { id, time });
  if (type === pubsubType) {
    const issue = inner.error.issues[0];
    throw new BadEvent(
      `the Pub/Sub message is malformed at ${issue?.path.join(".") || "its root"}: ${issue?.message ?? "unreadable"}`,
      "publish it with a Pub/Sub client",
    );
  }
  return {
    messageId: usableId(id),
    publishedAt: millis(time),
    attributes: {},
    data: Buffer.from(JSON.stringify(data ?? {})),
    type,
  };
}
