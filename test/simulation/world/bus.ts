/**
 * Pub/Sub of a simulated world: at least once, in any order, after any time; what was published is lost only where a lost
 * message costs no more than time.
 */
import type { ManualClock } from "../../../infra/local/clock/manual-clock.ts";
import type { Bus, BusMessage, TopicName } from "../../../shared/events/bus.ts";
import { minute, second } from "../../../shared/time/clock.ts";
import type { Dice } from "../dice.ts";
import type { Story } from "../story.ts";
import type { Instance } from "./instance.ts";
import type { Weather } from "./weather.ts";

/** A message as Pub/Sub keeps it. */
export interface Message {
  readonly topic: TopicName;
  readonly id: string;
  readonly publishedAt: number;
  readonly data: Buffer;
  readonly attributes: Readonly<Record<string, string>>;
}

/** The service could not be reached. */
export class BusDown extends Error {
  override readonly name = "BusDown";
}

/** What the bus is made of. */
export interface PubSubParts {
  readonly clock: ManualClock;
  readonly dice: Dice;
  readonly weather: Weather;
  readonly story: Story;
  /** Calls the function that is subscribed to the topic; resolves when it has acknowledged. */
  readonly deliver: (message: Message, push: object) => Promise<void>;
  /** Told of each message right when it is published. */
  readonly published: (message: Message) => void;
  readonly acknowledged: (message: Message) => void;
  /** Told of messages set aside after too many tries. */
  readonly givenUp: (message: Message) => void;
}

/** Time within which a delivery must be acknowledged, wire. */
const acknowledgeWithin = 60 * second;
/** Tries before a message is set aside, as in topology.json. */
const mostTries = 20;
const functionTopics: ReadonlySet<TopicName> = new Set(["events", "signals", "pokes"]);

/** Pub/Sub. */
export class PubSub {
  readonly #parts: PubSubParts;
  #count = 0;

  constructor(parts: PubSubParts) {
    this.#parts = parts;
  }

  /** The bus as one process reaches it. */
  openPort(instance: Instance): Bus {
    const { dice, weather } = this.#parts;
    return {
      publish: async (topic, message) => {
        await instance.pass(`publishing to ${topic}`);
        if (dice.chance(weather.rates.busDown)) throw new BusDown(`simulated: ${topic} cannot be published to`);
        const id = this.publish(topic, message);
        await instance.pass(`having published to ${topic}`);
        if (dice.chance(weather.rates.busDown)) throw new BusDown("simulated: the answer of publishing was lost");
        return id;
      },
      close: async () => {},
    };
  }

  /** Publishes; from here on the message is kept. */
  publish(topic: TopicName, { data, attributes = {} }: BusMessage): string {
    const { clock, dice, weather, published } = this.#parts;
    this.#count += 1;
    const message: Message = {
      topic,
      id: String(this.#count),
      publishedAt: clock.now(),
      data: Buffer.isBuffer(data) ? data : Buffer.from(JSON.stringify(data)),
      attributes,
    };
    published(message);
    if (!functionTopics.has(topic)) return message.id;
    const { rates } = weather;
    const mayBeLost = topic !== "events";
    if (mayBeLost && dice.chance(rates.lost)) return message.id;
    const state = { acknowledged: false };
    this.#later(message, state, 1);
    if (dice.chance(rates.duplicate)) {
      // Half of the doubles come when the first delivery has acted and its call may still be on its way.
      const delay = dice.chance(0.5) ? dice.between(20, 70) * second : 0;
      this.#later(message, { acknowledged: false }, 1, delay);
    }
    return message.id;
  }

  #later(message: Message, state: { acknowledged: boolean }, tries: number, atLeast = 0): void {
    const { clock, dice, weather } = this.#parts;
    const delay = dice.chance(weather.rates.late) ? dice.between(0.1, 15) * minute : dice.between(10, 800);
    clock.at(Math.round(clock.now() + Math.max(atLeast, delay)), () => this.#deliver(message, state, tries));
  }

  #deliver(message: Message, state: { acknowledged: boolean }, tries: number): void {
    const { clock, deliver, acknowledged, story, givenUp } = this.#parts;
    if (state.acknowledged) return;
    let over = false;
    const again = () => {
      if (over || state.acknowledged) return;
      over = true;
      if (tries >= mostTries) {
        story.tell(undefined, `message ${message.id} of ${message.topic} is set aside after ${tries} tries`);
        givenUp(message);
        return;
      }
      this.#later(message, state, tries + 1, Math.min(10 * 2 ** (tries - 1), 600) * second);
    };
    clock.at(clock.now() + acknowledgeWithin, again);
    deliver(message, pushOf(message)).then(() => {
      state.acknowledged = true;
      acknowledged(message);
    }, again);
  }
}

/** A message as it is pushed, wrapped. */
function pushOf({ id, publishedAt, data, attributes, topic }: Message): object {
  return {
    subscription: `projects/demo/subscriptions/tidekeeper-${topic}`,
    message: {
      messageId: id,
      publishTime: new Date(publishedAt).toISOString(),
      data: data.toString("base64"),
      attributes,
    },
  };
}
