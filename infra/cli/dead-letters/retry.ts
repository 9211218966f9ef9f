/** What is published when a dead letter is tried again, and what speaks against it. */
import { checkEvent, largestEvent, parseForeignJson } from "../../../shared/events/schema.ts";
import type { Store } from "../../../shared/state/store.ts";
import { Failure } from "../command.ts";
import type { Again } from "./box.ts";
import type { Letter } from "./letter.ts";

/** The sender's own id of an event, and the event as an object; undefined where it cannot be read. */
function eventOf({ data, attributes }: Again): { readonly [key: string]: unknown } | undefined {
  try {
    return data.length > 0 ? parseForeignJson(data, largestEvent) : attributes;
  } catch {
    // A letter that is no event may be tried again all the same: a later release may understand it.
    return undefined;
  }
}

/** The original message of a letter. */
function originalOf(letter: Letter): Again {
  const { id, topic, data, attributes, unopened } = letter;
  const drop = `publish what you want by hand, then run \`tidekeeper dead-letters drop ${id}\``;
  if (unopened) throw new Failure(`letter ${id} never was a Pub/Sub message: it can only be looked at`, drop);
  if (topic === undefined) throw new Failure(`nothing says which topic letter ${id} came from`, drop);
  if (attributes === undefined) {
    throw new Failure(`the attributes of letter ${id} were too long to be kept: it cannot be repeated as it was`, drop);
  }
  return { topic, data, attributes };
}

/** The event under another id. */
function renamed(again: Again, id: string): Again {
  const event = eventOf(again);
  if (event === undefined) throw new Failure("it is no event, so it can have no other id", "leave --as out");
  const { data } = again;
  checkEvent({ ...event, id });
  if (data.length === 0) return { ...again, attributes: { ...again.attributes, id } };
  return { ...again, data: Buffer.from(JSON.stringify({ ...event, id })) };
}

/**
 * The message to publish.
 * @param as the event's new id; undefined: it is repeated byte by byte.
 * @throws Failure when it cannot be repeated, or when nothing would come of it: an event whose id was answered for good gets
 * that answer again and nothing else; BadEvent when it would not be an event under its new id.
 */
export async function messageToRetry(store: Store, letter: Letter, as: string | undefined): Promise<Again> {
  const original = originalOf(letter);
  if (original.topic !== "events") {
    if (as !== undefined) throw new Failure(`letter ${letter.id} is no event, so it has no id`, "leave --as out");
    return original;
  }
  if (as !== undefined) return renamed(original, as);
  const id = eventOf(original)?.["id"];
  if (id === undefined && letter.messageId === undefined) {
    throw new Failure(
      `nothing tells whether event ${letter.id} was stored before: it has no id of its own, and Pub/Sub gave it another one when it set it aside`,
      "look with `tidekeeper explain TARGET`; if nothing came of it, add --as NEW-ID to publish it as a new event",
    );
  }
  const outcome = typeof id === "string" ? (await store.get("events", id))?.value.outcome : undefined;
  if (outcome?.final) {
    throw new Failure(
      `event ${outcome.eventId} was answered ${outcome.phase} for good (${outcome.why}); repeated, it gets the same answer`,
      `add --as NEW-ID to publish it as a new event`,
    );
  }
  return original;
}
