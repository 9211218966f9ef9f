/**
 * The dead letters' subscription, read without losing anything: letters are leased while they are looked at and given back
 * at the end; a command that dies gives them back by the end of the lease. Only what was retried or dropped is acknowledged.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { ClientOptions } from "google-gax";
import { trying } from "../../../shared/events/bus.ts";
import { pubsubReason } from "../../../shared/events/pubsub-reason.ts";
import type { Home } from "../../../shared/home.ts";
import { topology } from "../../topology.ts";
import { Failure } from "../command.ts";
import { mustReach } from "../reach.ts";
import { type Letter, readLetter } from "./letter.ts";

/** What is published again. */
export interface Again {
  /** Topic of the topology. */
  readonly topic: string;
  readonly data: Buffer;
  readonly attributes: Readonly<Record<string, string>>;
}

/** The letters, leased. */
export interface LetterBox {
  /** Takes letters until there are no more, `most` are held, or `enough` says so. */
  take(most: number, enough?: (letters: readonly Letter[]) => boolean): Promise<readonly Letter[]>;
  /** Publishes; answers the new message's id once Pub/Sub has it. */
  publish(again: Again): Promise<string>;
  /** Removes a letter for good. */
  acknowledge(letter: Letter): Promise<void>;
}

/** Pub/Sub may answer a pull with nothing although there is something: so many empty answers in a row are believed. */
const emptyAnswers = 3;
const betweenEmpty = 150;
const pageSize = 100;

const notFound = 5;

/**
 * Opens the box, works with it, gives back what is left in it, and closes it.
 * @throws Failure when Pub/Sub cannot be reached, or the subscription is not there or may not be read.
 */
export async function withLetterBox<T>({ settings }: Home, work: (box: LetterBox) => Promise<T>): Promise<T> {
  await mustReach("Pub/Sub", "the dead letters cannot be read");
  const { PubSub, v1 } = await import("@google-cloud/pubsub");
  const pubsub = new PubSub({ projectId: settings.project });
  const subscriber = new v1.SubscriberClient((await pubsub.getClientConfig()) as ClientOptions);
  const { project, prefix } = settings;
  const subscription = `projects/${project}/subscriptions/${prefix}-${topology.delivery.deadLetterTopic}`;
  /** Lease of each letter that is held, by letter id. */
  const leases = new Map<string, string>();

  async function pull(maxMessages: number): Promise<readonly Letter[]> {
    // Without it a pull of an empty subscription waits for a minute and more.
    const [{ receivedMessages }] = await subscriber.pull(
      { subscription, maxMessages, returnImmediately: true },
      trying(),
    );
    const letters: Letter[] = [];
    for (const { ackId, message } of receivedMessages ?? []) {
      if (!ackId || !message) continue;
      const seconds = message.publishTime?.seconds;
      const at = seconds === undefined || seconds === null ? {} : { publishedAtSeconds: Number(seconds) };
      const letter = readLetter({ ...message, ...at }, topology, prefix);
      // A letter that comes twice: the newer lease counts.
      if (!leases.has(letter.id)) letters.push(letter);
      leases.set(letter.id, ackId);
    }
    return letters;
  }

  const box: LetterBox = {
    async take(most, enough = () => false) {
      const letters: Letter[] = [];
      for (let empty = 0; empty < emptyAnswers && letters.length < most && !enough(letters); ) {
        const page = await pull(Math.min(pageSize, most - letters.length));
        letters.push(...page);
        if (page.length > 0) empty = 0;
        else {
          empty += 1;
          await delay(betweenEmpty);
        }
      }
      return letters.sort((a, b) => (a.at ?? 0) - (b.at ?? 0));
    },
    async publish({ topic, data, attributes }) {
      return pubsub.topic(`${prefix}-${topic}`, { gaxOpts: trying() }).publishMessage({ data, attributes });
    },
    async acknowledge({ id }) {
      const ackId = leases.get(id);
      if (ackId === undefined) throw new Error(`letter ${id} is not held`);
      await subscriber.acknowledge({ subscription, ackIds: [ackId] }, trying());
      leases.delete(id);
    },
  };
  try {
    return await work(box);
  } catch (error) {
    const { code } = error as { readonly code?: unknown };
    if (typeof code !== "number") throw error;
    throw code === notFound
      ? new Failure(
          `Pub/Sub does not find ${subscription}: ${pubsubReason(error)}`,
          "create it: Terraform does, and so does `tidekeeper local`; `tidekeeper doctor` lists what is missing",
          { cause: error },
        )
      : new Failure(
          `Pub/Sub did not answer about ${subscription}: ${pubsubReason(error)}`,
          "check the network, and that you may read it; `tidekeeper doctor` looks at Pub/Sub",
          { cause: error },
        );
  } finally {
    const ackIds = [...leases.values()];
    if (ackIds.length > 0)
      await subscriber.modifyAckDeadline({ subscription, ackIds, ackDeadlineSeconds: 0 }, trying());
    await subscriber.close();
    await pubsub.close();
  }
}
