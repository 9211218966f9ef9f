/** Listens to what Tidekeeper tells, as another system would: by the real Pub/Sub client's streaming pull. */
import type { Message, PubSub } from "@google-cloud/pubsub";
import { z } from "zod";
import type { Outcome } from "../../../shared/outcomes/outcome.ts";

/** What is done with what is heard. */
export interface Listener {
  outcome(outcome: Outcome): void;
  /** A message that was set aside, with the reason. */
  deadLetter(reason: string): void;
  /** A subscription that broke, or a message that is none of ours. */
  problem(what: string): void;
}

/** Reads what everybody who listens needs; the rest comes along as it is. */
const outcomeSchema = z.looseObject({
  id: z.string(),
  eventId: z.string(),
  phase: z.string(),
  final: z.boolean(),
  what: z.string(),
  why: z.string(),
  at: z.number(),
});

function readOutcome(message: Message): Outcome | undefined {
  try {
    return outcomeSchema.parse(JSON.parse(message.data.toString("utf8"))) as Outcome;
  } catch {
    return undefined;
  }
}

/**
 * Opens both subscriptions.
 * @param prefix first word of their names.
 * @returns what closes them.
 */
export function listen(pubsub: PubSub, prefix: string, listener: Listener): () => Promise<void> {
  const outcomes = pubsub.subscription(`${prefix}-outcomes`);
  const deadLetters = pubsub.subscription(`${prefix}-dead-letters`);
  outcomes.on("message", (message) => {
    const outcome = readOutcome(message);
    if (outcome === undefined) listener.problem(`message ${message.id} on ${prefix}-outcomes is no outcome`);
    else listener.outcome(outcome);
    message.ack();
  });
  deadLetters.on("message", (message) => {
    listener.deadLetter(message.attributes["reason"] ?? "delivered too often");
    message.ack();
  });
  for (const subscription of [outcomes, deadLetters]) {
    subscription.on("error", (error) => listener.problem(`${subscription.name}: ${error.message}`));
  }
  return async () => {
    await Promise.all([outcomes.close(), deadLetters.close()]);
  };
}
