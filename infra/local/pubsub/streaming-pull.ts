/** google.pubsub.v1.Subscriber.StreamingPull: messages out, acknowledgements in, over one stream. */
import { textOf, textsOf } from "../wire/read.ts";
import { ApiError, type JsonObject, type StreamHandler } from "../wire/service.ts";
import type { Broker, Subscription } from "./broker.ts";
import { sizeOf } from "./message.ts";
import { notFound } from "./names.ts";
import { pullable, receivedMessage } from "./received.ts";

/** Most messages in one response. */
const largestBatch = 1000;

/** The stream's handler over a broker. */
export function createStreamingPull(broker: Broker): StreamHandler {
  return async function* (requests, call) {
    const incoming = requests[Symbol.asyncIterator]();
    const first = await incoming.next();
    if (first.done === true) return;
    const subscription = pullable(broker.subscription(textOf(first.value, "subscription")));
    const stream = new Stream(subscription, first.value);
    const ended = subscription.onEnd(() => stream.fail(notFound(subscription.name)));
    const aborted = () => stream.end();
    call.signal.addEventListener("abort", aborted, { once: true });
    try {
      yield stream.properties();
      void stream.listen(first.value, incoming);
      yield* stream.responses();
    } finally {
      ended();
      call.signal.removeEventListener("abort", aborted);
      stream.end();
    }
  };
}

/** One open stream. */
class Stream {
  readonly #subscription: Subscription;
  readonly #confirmations: JsonObject[] = [];
  readonly #maxMessages: number;
  readonly #maxBytes: number;
  readonly #forget: () => void;
  #deadline: number;
  #messages = 0;
  #bytes = 0;
  #state: "open" | "ended" | Error = "open";
  #wake: () => void = () => {};

  constructor(subscription: Subscription, opening: JsonObject) {
    this.#subscription = subscription;
    this.#deadline = deadlineOf(opening);
    this.#maxMessages = positive(opening["maxOutstandingMessages"]);
    this.#maxBytes = positive(opening["maxOutstandingBytes"]);
    this.#forget = subscription.queue.onAvailable(() => this.#wake());
  }

  properties(): JsonObject {
    const { exactlyOnce, ordered } = this.#subscription.settings;
    return { subscriptionProperties: { exactlyOnceDeliveryEnabled: exactlyOnce, messageOrderingEnabled: ordered } };
  }

  /** Carries out what the client sends until it stops sending. */
  async listen(first: JsonObject, rest: AsyncIterator<JsonObject>): Promise<void> {
    try {
      this.#carryOut(first);
      for (let next = await rest.next(); next.done !== true; next = await rest.next()) this.#carryOut(next.value);
      this.end();
    } catch (error) {
      this.fail(error instanceof Error ? error : new Error(String(error)));
    }
  }

  async *responses(): AsyncIterable<JsonObject> {
    for (;;) {
      if (this.#state instanceof Error) throw this.#state;
      if (this.#state === "ended") return;
      // Set before looking, so that what arrives meanwhile is not slept through.
      const woken = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      const confirmations = this.#confirmations.splice(0);
      for (const confirmation of confirmations) yield confirmation;
      const receivedMessages = this.#take();
      if (receivedMessages.length > 0) yield { receivedMessages, ...this.properties() };
      else if (confirmations.length === 0) await woken;
    }
  }

  end(): void {
    if (this.#state === "open") this.#state = "ended";
    this.#forget();
    this.#wake();
  }

  fail(error: Error): void {
    if (this.#state === "open") this.#state = error;
    this.#wake();
  }

  #take(): JsonObject[] {
    const max = Math.min(largestBatch, this.#maxMessages - this.#messages);
    const maxBytes = this.#maxBytes - this.#bytes;
    if (max <= 0 || maxBytes <= 0) return [];
    const deliveries = this.#subscription.queue.take({
      max,
      maxBytes,
      deadline: this.#deadline,
      onSettled: ({ message }) => {
        this.#messages -= 1;
        this.#bytes -= sizeOf(message);
        this.#wake();
      },
    });
    this.#messages += deliveries.length;
    this.#bytes += deliveries.reduce((sum, { message }) => sum + sizeOf(message), 0);
    return deliveries.map((delivery) => receivedMessage(delivery, this.#subscription));
  }

  #carryOut(request: JsonObject): void {
    if (request["streamAckDeadlineSeconds"] !== undefined) this.#deadline = deadlineOf(request);
    const { queue, settings } = this.#subscription;
    const ackIds = textsOf(request["ackIds"]);
    if (ackIds.length > 0) {
      const { invalid } = queue.acknowledge(ackIds);
      if (settings.exactlyOnce) this.#confirm("acknowledgeConfirmation", ackIds, invalid);
    }
    const modified = textsOf(request["modifyDeadlineAckIds"]);
    const seconds = Array.isArray(request["modifyDeadlineSeconds"]) ? request["modifyDeadlineSeconds"] : [];
    if (modified.length !== seconds.length) {
      throw new ApiError(
        "INVALID_ARGUMENT",
        "modify_deadline_seconds and modify_deadline_ack_ids must have the same length.",
      );
    }
    if (modified.length > 0) {
      const invalid = modified.flatMap(
        (id, index) => queue.modifyDeadline([id], Number(seconds[index]) * 1000).invalid,
      );
      if (settings.exactlyOnce) this.#confirm("modifyAckDeadlineConfirmation", modified, invalid);
    }
  }

  #confirm(kind: "acknowledgeConfirmation" | "modifyAckDeadlineConfirmation", ids: string[], invalid: string[]): void {
    this.#confirmations.push({
      [kind]: { ackIds: ids.filter((id) => !invalid.includes(id)), invalidAckIds: invalid },
      ...this.properties(),
    });
    this.#wake();
  }
}

function deadlineOf(request: JsonObject): number {
  const seconds = Number(request["streamAckDeadlineSeconds"] ?? 0);
  if (seconds < 10 || seconds > 600) {
    throw new ApiError("INVALID_ARGUMENT", `stream_ack_deadline_seconds must be 10 to 600, but is ${seconds}.`);
  }
  return seconds * 1000;
}

/** A limit; unset, zero or negative means none. */
function positive(json: unknown): number {
  const value = Number(json ?? 0);
  return value > 0 ? value : Number.POSITIVE_INFINITY;
}
