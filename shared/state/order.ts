/**
 * The order of events: Pub/Sub's publish time; among equals its message id as a number, which was seen to grow within what
 * was published together (Google promises no more than that it is unique); then the event id. Never the sender's clock, never the order of arrival. Events that want the same thing
 * compete for one place, and the newest of them has it.
 */
import type { Request, Wish } from "../events/requests.ts";
import type { Order, TargetDocument } from "./documents.ts";

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Numbers of any length, as text: they have no leading zeros. */
function compareNumbers(a: string, b: string): number {
  return a.length - b.length || compareText(a, b);
}

/** Below zero when `a` comes before `b`. */
export function compareOrder(a: Order, b: Order): number {
  return (
    a.publishedAt - b.publishedAt ||
    compareNumbers(a.messageId ?? "", b.messageId ?? "") ||
    compareText(a.eventId, b.eventId)
  );
}

/** An event's place, by itself. */
export function orderOf({ publishedAt, messageId, eventId }: Order): Order {
  return { publishedAt, ...(messageId === undefined ? {} : { messageId }), eventId };
}

/** What an event competes for; undefined for a job, which stands beside every other. */
function placeOf(wish: Wish): string | undefined {
  switch (wish.type) {
    case "scale":
      return `scale ${wish.pool}`;
    case "wake":
    case "hold":
    case "release":
    case "reboot":
      return wish.type;
    case "job":
      return undefined;
  }
}

/** Places whose newer event makes a wish pointless: a release ends the holds and wakes before it, a hold the releases. */
function overruledBy(wish: Wish): readonly string[] {
  if (wish.type === "hold" || wish.type === "wake") return [wish.type, "release"];
  if (wish.type === "release") return ["release", "hold"];
  const place = placeOf(wish);
  return place === undefined ? [] : [place];
}

/** The newer event that a wish comes too late for; undefined when it is in time. */
export function overrules(target: TargetDocument, wish: Wish, order: Order): Order | undefined {
  return overruledBy(wish)
    .map((place) => target.newest?.[place])
    .find((newest) => newest !== undefined && compareOrder(newest, order) > 0);
}

/** Takes an event into the target's order. */
export function withOrder(newest: TargetDocument["newest"], wish: Wish, order: Order): TargetDocument["newest"] {
  const place = placeOf(wish);
  if (place === undefined) return newest;
  const before = newest?.[place];
  if (before !== undefined && compareOrder(before, order) > 0) return newest;
  return { ...newest, [place]: orderOf(order) };
}

/** Whether a new wish takes the place of an open request, the older of the two. */
export function replaces(wish: Wish, open: Request): boolean {
  const place = placeOf(open.wish);
  if (place === undefined) return false;
  return place === placeOf(wish) || (wish.type === "release" && (place === "wake" || place === "hold"));
}
