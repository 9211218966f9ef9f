/**
 * Takes an event into its target's document: pure, so that every order of delivery can be tried. It may be too late
 * (`expired`), too old (`superseded`), impossible (`rejected`), or it is `accepted` and replaces what it competes with.
 */
import { describeAsker, describeWish } from "../decide/words.ts";
import type { Request, Wish } from "../events/requests.ts";
import type { FleetEvent } from "../events/schema.ts";
import type { TargetPolicy } from "../fleet/fleet.ts";
import type { AnswerPhase } from "../outcomes/outcome.ts";
import type { Millis } from "../time/clock.ts";
import { localTime } from "../time/local.ts";
import type { Order, SizeAsked, SizeHistory, TargetDocument } from "./documents.ts";
import { compareOrder, orderOf, overrules, replaces, withOrder } from "./order.ts";
import { type Bounds, sizeOf, step, withAsked } from "./sizes.ts";
import { currentSize, describeEvent, type Wanted, wantedBy } from "./wishes.ts";

/** Open jobs of one target; more would make its document too large. */
const mostJobs = 20;

/** An event at its storing. */
export interface Arrival extends Order {
  readonly event: FleetEvent;
  /** World time. */
  readonly now: Millis;
  /** World time. */
  readonly expiresAt: Millis;
}

/** What taking an event comes to. */
export interface Taken {
  /** The document as it shall be; undefined: unchanged. */
  readonly target?: TargetDocument;
  readonly answer: { readonly phase: AnswerPhase; readonly what: string; readonly why: string };
  /** Requests that it replaced and that had no final answer yet. */
  readonly superseded: readonly { readonly eventId: string; readonly what: string; readonly why: string }[];
}

type SizeWanted = Extract<Wanted, { readonly want: "size" }>;

/** Who asks, as it is stored with the request. */
function askerOf({ source, reason }: FleetEvent): Pick<Request, "source" | "note"> {
  return { source: source ?? "somebody", ...(reason === undefined ? {} : { note: reason }) };
}

function until({ now, expiresAt }: Arrival, policy: TargetPolicy): string {
  const zone = policy.schedule?.zone ?? "UTC";
  return `${localTime(expiresAt, now, zone)} ${zone}`;
}

function ended(phase: AnswerPhase, what: string, why: string, target?: TargetDocument): Taken {
  return { answer: { phase, what, why }, superseded: [], ...(target === undefined ? {} : { target }) };
}

/** The answer to an event that is not taken. */
function rejected(event: FleetEvent, why: string): Taken {
  return ended("rejected", describeEvent(event), why);
}

/** The document with a request added; what it replaces is superseded. */
function withRequest(
  target: TargetDocument,
  arrival: Arrival,
  wish: Wish,
  answered: Request["answered"],
): Omit<Taken, "answer"> {
  const { event, now, expiresAt } = arrival;
  const older = (open: Request) => replaces(wish, open) && compareOrder(open, arrival) < 0;
  const request: Request = {
    ...orderOf(arrival),
    wish,
    ...askerOf(event),
    storedAt: now,
    expiresAt,
    answered,
  };
  const requests = [...target.requests.filter((open) => !older(open)), request].sort(compareOrder);
  const why = `replaced by the newer ${describeWish(wish)} of ${describeAsker(request)} (event ${request.eventId})`;
  return {
    target: { ...target, requests, newest: withOrder(target.newest, wish, arrival) ?? {} },
    superseded: target.requests
      .filter((open) => older(open) && open.answered !== "final")
      .map((open) => ({ eventId: open.eventId, what: describeWish(open.wish), why })),
  };
}

/** The scale request of a pool that is in force. */
function inForce(target: TargetDocument, pool: string, now: Millis): Request | undefined {
  return target.requests.find(({ wish, expiresAt }) => wish.type === "scale" && wish.pool === pool && expiresAt > now);
}

/** What the size in force is made of; an event of a request in force whose history is lost counts as absolute. */
function historyOf(
  policy: TargetPolicy,
  target: TargetDocument,
  { pool, bounds }: SizeWanted,
  open?: Request,
): SizeHistory {
  if (open?.wish.type !== "scale") return { base: currentSize(policy, target, pool, bounds), asked: [] };
  const { replicas } = open.wish;
  return target.sizes?.[pool] ?? { base: replicas, asked: [{ ...orderOf(open), replicas }] };
}

function describeStep(asked: SizeAsked, before: number, bounds: Bounds): string {
  if ("replicas" in asked) return "";
  const { size, unbounded } = step(before, asked, bounds);
  const sum = `, ${before} ${asked.delta < 0 ? "-" : "+"} ${Math.abs(asked.delta)}`;
  return size === unbounded ? sum : `${sum} kept within the fleet file's ${bounds.min} to ${bounds.max}`;
}

/** A size that arrives after a newer one is counted where it belongs. */
function takeLateSize(
  target: TargetDocument,
  arrival: Arrival,
  wanted: SizeWanted,
  history: SizeHistory,
  open: Request,
): Taken {
  const { pool, bounds } = wanted;
  const wish: Wish = { type: "scale", pool, replicas: sizeOf(history, bounds) };
  const requests = target.requests.map((one) => (one === open ? { ...one, wish } : one));
  const counted = describeWish(wish) !== describeWish(open.wish);
  const result = counted ? `, which counts it in: ${pool} shall be ${wish.replicas}` : "";
  const why = `it arrived after the newer event ${open.eventId}${result}`;
  const sizes = { ...target.sizes, [pool]: history };
  return ended("superseded", describeEvent(arrival.event), why, { ...target, requests, sizes });
}

function takeSize(policy: TargetPolicy, target: TargetDocument, arrival: Arrival, wanted: SizeWanted): Taken {
  const { pool, bounds } = wanted;
  const open = inForce(target, pool, arrival.now);
  const asked: SizeAsked = { ...orderOf(arrival), ...wanted.asked };
  const before = historyOf(policy, target, wanted, open);
  const history = withAsked(before, asked, bounds);
  const overruling = overrules(target, { type: "scale", pool, replicas: 0 }, arrival);
  if (overruling !== undefined) {
    if (open !== undefined) return takeLateSize(target, arrival, wanted, history, open);
    const why = `it arrived after the newer event ${overruling.eventId}, which has ended`;
    return ended("superseded", describeEvent(arrival.event), why);
  }
  const wish: Wish = { type: "scale", pool, replicas: sizeOf(history, bounds) };
  const taken = withRequest(target, arrival, wish, "accepted");
  const sum = describeStep(asked, sizeOf(before, bounds), bounds);
  const why = `${describeAsker(askerOf(arrival.event))} asks for it until ${until(arrival, policy)}${sum}`;
  return {
    ...taken,
    target: { ...(taken.target ?? target), sizes: { ...target.sizes, [pool]: history } },
    answer: { phase: "accepted", what: describeWish(wish), why },
  };
}

/** A release that a newer hold outlives still ends the wakes before it. */
function takeLateRelease(target: TargetDocument, arrival: Arrival, overruling: Order): Taken {
  const wish: Wish = { type: "release" };
  const taken = withRequest(target, arrival, wish, "final");
  const requests = taken.target?.requests.filter(({ eventId }) => eventId !== arrival.eventId) ?? [];
  const why = `it arrived after the newer event ${overruling.eventId}, which keeps its hold; wakes before it have ended`;
  return {
    answer: { phase: "superseded", what: "release", why },
    superseded: taken.superseded,
    target: { ...(taken.target ?? target), requests },
  };
}

function takeWish(policy: TargetPolicy, target: TargetDocument, arrival: Arrival, wish: Wish): Taken {
  const what = describeEvent(arrival.event);
  const overruling = overrules(target, wish, arrival);
  if (overruling !== undefined) {
    const newestRelease = target.newest?.["release"];
    const isNewest = newestRelease === undefined || compareOrder(newestRelease, arrival) < 0;
    if (wish.type === "release" && isNewest) return takeLateRelease(target, arrival, overruling);
    return ended("superseded", what, `it arrived after the newer event ${overruling.eventId}`);
  }
  const jobs = target.requests.filter((open) => open.wish.type === "job").length;
  if (wish.type === "job" && jobs >= mostJobs) {
    const why = `${policy.name} has ${jobs} jobs waiting, the most it may have; send it again when some have started`;
    return rejected(arrival.event, why);
  }
  const by = describeAsker(askerOf(arrival.event));
  // Whoever decides next reads the hold or release first: nothing more need be said about it.
  if (wish.type === "hold") {
    const why = `${by} asks that nothing be changed until ${until(arrival, policy)}; an operation that runs is left to end`;
    return { ...withRequest(target, arrival, wish, "final"), answer: { phase: "done", what, why } };
  }
  if (wish.type === "release") {
    const why = `${by} ends holds, wakes, drift and parking: the next look decides by the fleet's own rules`;
    return { ...withRequest(target, arrival, wish, "final"), answer: { phase: "done", what, why } };
  }
  const why = `${by} asks for it until ${until(arrival, policy)}`;
  return { ...withRequest(target, arrival, wish, "accepted"), answer: { phase: "accepted", what, why } };
}

/** Takes an event that has not been taken before. */
export function takeRequest(policy: TargetPolicy, target: TargetDocument, arrival: Arrival): Taken {
  const { event, eventId, now, expiresAt } = arrival;
  const what = describeEvent(event);
  const open = target.requests.find((request) => request.eventId === eventId);
  if (open !== undefined) return ended("accepted", what, "it was taken before");
  if (target.releasedAt !== undefined) {
    return rejected(event, `${policy.name} was taken out of the fleet by an apply; it takes no requests`);
  }
  if (expiresAt <= now)
    return ended("expired", what, `it was wanted until ${until(arrival, policy)}, which had passed when it arrived`);
  const wanted = wantedBy(policy, event);
  if (wanted.want === "impossible") return rejected(event, wanted.why);
  return wanted.want === "size"
    ? takeSize(policy, target, arrival, wanted)
    : takeWish(policy, target, arrival, wanted.wish);
}
