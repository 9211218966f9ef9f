/**
 * A dead letter: what it was, where it came from, and why it is here. Two kinds arrive in one subscription: those that the
 * functions set aside at once (shared/receive.ts), and those that Pub/Sub forwarded after its last try.
 * Source of Pub/Sub's attributes: cloud.google.com/pubsub/docs/handling-failures#dead_letter_topic
 */
import { readLetterAttributes } from "../../../shared/dead-letter.ts";
import type { Topology } from "../../topology.ts";

/** A message as the real client pulls it, as far as it is read here. */
export interface PulledMessage {
  readonly messageId?: string | null;
  readonly data?: Uint8Array | string | null;
  readonly attributes?: { readonly [key: string]: string } | null;
  /** Seconds since the epoch. */
  readonly publishedAtSeconds?: number;
}

/** One dead letter. */
export interface Letter {
  /** Id of the dead letter's own message: what the commands take. */
  readonly id: string;
  /** Wire time in ms at which it was set aside; absent where Pub/Sub did not say. */
  readonly at?: number;
  /** The function that could not handle it. */
  readonly function?: string;
  /** Topic of the topology that it was published to; absent where nothing tells. */
  readonly topic?: string;
  readonly reason: string;
  /** Id of the message that was set aside. */
  readonly messageId?: string;
  /** Its attributes as they were; absent where they were too long to be kept whole. */
  readonly attributes?: Readonly<Record<string, string>>;
  readonly data: Buffer;
  /** It never was a Pub/Sub message: `data` is all that was delivered, as JSON. */
  readonly unopened: boolean;
}

const sourcePrefix = "CloudPubSubDeadLetterSource";

/**
 * Reads a pulled message.
 * @param prefix first word of the fleet's names.
 */
export function readLetter(message: PulledMessage, topology: Topology, prefix: string): Letter {
  const attributes = message.attributes ?? {};
  const common = {
    id: message.messageId ?? "",
    ...(message.publishedAtSeconds === undefined ? {} : { at: message.publishedAtSeconds * 1_000 }),
    data: Buffer.from(message.data ?? ""),
  };
  const subscription = attributes[`${sourcePrefix}Subscription`];
  if (subscription !== undefined) {
    const name = subscription.startsWith(`${prefix}-`) ? subscription.slice(prefix.length + 1) : subscription;
    const source = topology.subscriptions.find((one) => one.name === name);
    const tries = attributes[`${sourcePrefix}DeliveryCount`] ?? "several";
    return {
      ...common,
      function: source?.function ?? name,
      ...(source === undefined ? {} : { topic: source.topic }),
      reason: `delivered ${tries} times to ${source?.function ?? name} and never acknowledged; its log says why`,
      attributes: Object.fromEntries(Object.entries(attributes).filter(([key]) => !key.startsWith(sourcePrefix))),
      unopened: false,
    };
  }
  const setAside = readLetterAttributes(attributes);
  if (setAside === undefined) {
    return { ...common, reason: "somebody else published it to the dead letters", attributes, unopened: false };
  }
  const { function: by, reason, messageId, attributes: kept } = setAside;
  const source = topology.subscriptions.find((one) => one.function === by);
  return {
    ...common,
    function: by,
    ...(source === undefined ? {} : { topic: source.topic }),
    reason,
    messageId,
    ...(kept === undefined ? {} : { attributes: kept }),
    unopened: messageId.startsWith("unopened-"),
  };
}

/** A payload for people and programs: text where it is text, base64 where it is not. */
export function payload(data: Buffer): { readonly text: string } | { readonly base64: string } {
  const text = data.toString("utf8");
  return Buffer.from(text).equals(data) ? { text } : { base64: data.toString("base64") };
}
