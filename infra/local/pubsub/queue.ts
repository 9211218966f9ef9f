/** The unacknowledged messages of one subscription: leases, order by key, back-off, dead letters, seek. */
import type { Cancel } from "../clock/clock.ts";
import type { WireClock } from "../clock/wire-clock.ts";
import { type Message, sizeOf } from "./message.ts";
import type { Settings } from "./settings.ts";

/** One handing-out of a message. */
export interface Delivery {
  readonly ackId: string;
  readonly message: Message;
  /** 1 for the first. */
  readonly attempt: number;
}

/** How messages are taken. */
export interface Taking {
  /** Most messages to take. */
  readonly max: number;
  /** Most bytes to take, though always one message. Default: any. */
  readonly maxBytes?: number;
  /** Lease in milliseconds instead of the subscription's. */
  readonly deadline?: number;
  /** Called once the lease is over: acknowledged, given back or expired. */
  readonly onSettled?: (delivery: Delivery) => void;
}

/** A message with its place, as a snapshot keeps it. */
export interface SavedMessage {
  readonly message: Message;
  readonly attempts: number;
}

/** What the queue needs of the world. */
export interface QueueOptions {
  readonly wire: WireClock;
  readonly settings: Settings;
  /** Publishes to the dead letter topic; false when it cannot, and the message goes on being delivered. */
  readonly forward: (message: Message, attempts: number) => boolean;
}

interface Lease {
  readonly delivery: Delivery;
  readonly onSettled: Taking["onSettled"];
  expiry: Cancel;
}

interface Held {
  readonly sequence: number;
  readonly message: Message;
  attempts: number;
  availableAt: number;
  lastAckId: string | undefined;
  lease: Lease | undefined;
}

/** Push without a retry policy backs off from 100 ms to 60 s. Source: cloud.google.com/pubsub/docs/push#push_backoff */
const pushBackoff = { minimum: 100, maximum: 60_000 };

/** A subscription's queue. All times are wire times in milliseconds. */
export class Queue {
  readonly #wire: WireClock;
  readonly #forward: QueueOptions["forward"];
  readonly #listeners = new Set<() => void>();
  readonly #byAckId = new Map<string, Held>();
  readonly #leasedByKey = new Map<string, number>();
  /** Not leased, in order. */
  #waiting: Held[] = [];
  /** Acknowledged but retained, in order. */
  #acked: Held[] = [];
  #settings: Settings;
  #sequence = 0;
  #leases: number;
  #waking: Cancel | undefined;
  #notified = false;

  constructor({ wire, settings, forward }: QueueOptions) {
    this.#wire = wire;
    this.#settings = settings;
    this.#forward = forward;
    // So that an ack id of an earlier life, before a restore, is not taken for one of this.
    this.#leases = wire.now();
  }

  /** Changes the settings; leases that run keep their deadline. */
  configure(settings: Settings): void {
    this.#settings = settings;
    if (!settings.retainAcked) this.#acked = [];
    this.#notify();
  }

  /** Adds a message at the end. */
  add(message: Message, attempts = 0): void {
    this.#sequence += 1;
    const { publishTime: availableAt } = message;
    this.#waiting.push({
      sequence: this.#sequence,
      message,
      attempts,
      availableAt,
      lastAckId: undefined,
      lease: undefined,
    });
    this.#notify();
  }

  /** Calls `listener`, soon, whenever there may be something to take. */
  onAvailable(listener: () => void): Cancel {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Leases what can be delivered now, in order. */
  take({ max, maxBytes = Number.POSITIVE_INFINITY, deadline, onSettled }: Taking): Delivery[] {
    const now = this.#wire.now();
    const blocked = new Set(this.#leasedByKey.keys());
    const taken: Delivery[] = [];
    const left: Held[] = [];
    let bytes = 0;
    let scanned = 0;
    for (const held of this.#waiting) {
      const { message } = held;
      const key = this.#keyOf(message);
      const full = taken.length >= max || (taken.length > 0 && bytes + sizeOf(message) > maxBytes);
      if (full) break;
      scanned += 1;
      if (message.publishTime + this.#settings.retention <= now) this.#forget(held);
      else if (held.availableAt > now || blocked.has(key)) {
        if (key !== "") blocked.add(key);
        left.push(held);
      } else {
        bytes += sizeOf(message);
        taken.push(this.#lease(held, key, now + (deadline ?? this.#settings.ackDeadline), onSettled));
      }
    }
    this.#waiting.splice(0, scanned, ...left);
    this.#wakeWhenDue(now);
    return taken;
  }

  /** Acknowledges; says which ids meant nothing (expired and handed out again, or never given). */
  acknowledge(ackIds: readonly string[]): { invalid: string[] } {
    return {
      invalid: ackIds.filter((ackId) => {
        const held = this.#byAckId.get(ackId);
        if (held === undefined || held.lastAckId !== ackId) return true;
        // Exactly-once knows no late acknowledgement; otherwise one that comes before the next delivery counts.
        if (held.lease === undefined && this.#settings.exactlyOnce) return true;
        if (held.lease === undefined) this.#waiting = this.#waiting.filter((other) => other !== held);
        this.#endLease(held);
        this.#retire(held);
        return false;
      }),
    };
  }

  /** Moves the deadlines of leases to `ms` from now; 0 gives the messages back. Says which ids meant nothing. */
  modifyDeadline(ackIds: readonly string[], ms: number): { invalid: string[] } {
    return {
      invalid: ackIds.filter((ackId) => {
        const held = this.#byAckId.get(ackId);
        if (held?.lease === undefined || held.lastAckId !== ackId) return true;
        if (ms <= 0) {
          this.#giveBack(held);
        } else {
          held.lease.expiry();
          held.lease.expiry = this.#wire.at(this.#wire.now() + ms, () => this.#giveBack(held));
        }
        return false;
      }),
    };
  }

  /** Marks what was published before `time` as acknowledged and, of what is retained, the rest as not. */
  seek(time: number): void {
    // A message whose lease expired is in both.
    const all = new Set([...this.#waiting, ...this.#byAckId.values()]);
    for (const held of [...all].filter(({ message }) => message.publishTime < time)) {
      this.#endLease(held);
      this.#waiting = this.#waiting.filter((other) => other !== held);
      this.#retire(held);
    }
    const revived = this.#acked.filter(({ message }) => message.publishTime >= time);
    this.#acked = this.#acked.filter(({ message }) => message.publishTime < time);
    for (const held of revived) this.#putBack({ ...held, attempts: 0, availableAt: this.#wire.now() });
    this.#notify();
  }

  /** Drops every message and timer. */
  clear(): void {
    for (const held of this.#byAckId.values()) this.#endLease(held);
    this.#byAckId.clear();
    this.#leasedByKey.clear();
    this.#waiting = [];
    this.#acked = [];
    this.#waking?.();
  }

  /** The unacknowledged messages in order, leased ones too. */
  save(): SavedMessage[] {
    const leased = [...this.#byAckId.values()].filter((held) => held.lease !== undefined);
    return [...this.#waiting, ...leased]
      .sort((left, right) => left.sequence - right.sequence)
      .map(({ message, attempts }) => ({ message, attempts }));
  }

  #keyOf(message: Message): string {
    return this.#settings.ordered ? message.orderingKey : "";
  }

  #lease(held: Held, key: string, deadline: number, onSettled: Taking["onSettled"]): Delivery {
    this.#leases += 1;
    held.attempts += 1;
    if (held.lastAckId !== undefined) this.#byAckId.delete(held.lastAckId);
    const ackId = `${held.message.messageId}-${this.#leases.toString(36)}`;
    const delivery: Delivery = { ackId, message: held.message, attempt: held.attempts };
    held.lastAckId = ackId;
    this.#byAckId.set(ackId, held);
    held.lease = { delivery, onSettled, expiry: this.#wire.at(deadline, () => this.#giveBack(held)) };
    if (key !== "") this.#leasedByKey.set(key, (this.#leasedByKey.get(key) ?? 0) + 1);
    return delivery;
  }

  #endLease(held: Held): void {
    const { lease } = held;
    if (lease === undefined) return;
    held.lease = undefined;
    lease.expiry();
    const key = held.message.orderingKey;
    const others = (this.#leasedByKey.get(key) ?? 0) - 1;
    if (others > 0) this.#leasedByKey.set(key, others);
    else if (this.#leasedByKey.delete(key)) this.#notify();
    lease.onSettled?.(lease.delivery);
  }

  /** A message comes back, and with it, of the same ordering key, what was handed out after it. */
  #giveBack(held: Held): void {
    const key = this.#keyOf(held.message);
    const followers =
      key === ""
        ? []
        : [...this.#byAckId.values()].filter(
            (other) => other.lease !== undefined && other.sequence > held.sequence && other.message.orderingKey === key,
          );
    this.#endLease(held);
    const { deadLetter } = this.#settings;
    if (deadLetter && held.attempts >= deadLetter.maxAttempts && this.#forward(held.message, held.attempts)) {
      this.#forget(held);
    } else {
      held.availableAt = this.#wire.now() + this.#delayAfter(held.attempts);
      this.#putBack(held);
    }
    for (const other of followers) {
      this.#endLease(other);
      this.#putBack(other);
    }
    this.#notify();
  }

  #delayAfter(attempts: number): number {
    const policy = this.#settings.backoff ?? (this.#settings.push ? pushBackoff : undefined);
    return policy ? Math.min(policy.maximum, policy.minimum * 2 ** (attempts - 1)) : 0;
  }

  #putBack(held: Held): void {
    const at = this.#waiting.findIndex((other) => other.sequence > held.sequence);
    this.#waiting.splice(at < 0 ? this.#waiting.length : at, 0, held);
  }

  #forget(held: Held): void {
    if (held.lastAckId !== undefined) this.#byAckId.delete(held.lastAckId);
  }

  #retire(held: Held): void {
    this.#forget(held);
    if (!this.#settings.retainAcked) return;
    const oldest = this.#wire.now() - this.#settings.retention;
    this.#acked = [...this.#acked.filter(({ message }) => message.publishTime > oldest), held];
  }

  #wakeWhenDue(now: number): void {
    this.#waking?.();
    const next = this.#waiting.reduce(
      (earliest, { availableAt }) => (availableAt > now ? Math.min(earliest, availableAt) : earliest),
      Number.POSITIVE_INFINITY,
    );
    this.#waking = Number.isFinite(next) ? this.#wire.at(next, () => this.#notify()) : undefined;
  }

  #notify(): void {
    if (this.#notified) return;
    this.#notified = true;
    queueMicrotask(() => {
      this.#notified = false;
      for (const listener of [...this.#listeners]) listener();
    });
  }
}
