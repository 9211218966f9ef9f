/** What people and other systems ask of a Spot model: which requests are in force, and which are answered at once. */
import type { Request } from "../../events/requests.ts";
import type { Answer, SpotModelCase } from "../decision.ts";
import { mended } from "./bench.ts";
import type { Draft } from "./draft.ts";

/** A Spot model has one pool, named so in scale requests and in the replicas of windows. */
export const modelPool = "model";

/** The requests in force, the newest of each kind. */
export interface Wishes {
  readonly hold?: Request;
  readonly wake?: Request;
  readonly scale?: { readonly request: Request; readonly replicas: number };
}

function final(request: Request, phase: Answer["phase"], what: string, why: string): Answer | undefined {
  return request.answered === "final" ? undefined : { eventId: request.eventId, phase, what, why };
}

/** Why a request can never be carried out on a Spot model. */
function impossible(request: Request): string | undefined {
  const { wish } = request;
  switch (wish.type) {
    case "job":
      return "a Spot model serves predictions and runs no jobs; ask a persistent resource";
    case "reboot":
      return "a Spot model has no machines to reboot; its replicas are replaced by the platform";
    case "scale":
      return wish.pool === modelPool
        ? undefined
        : `a Spot model has one pool, "${modelPool}", and no pool "${wish.pool}"; ask for that one`;
    case "wake":
    case "hold":
    case "release":
      return undefined;
  }
}

/** Ends what a release ends: holds and wakes asked for before it, drift, parking, and what set rungs aside until somebody mends it. */
function release(draft: Draft, by: Request): void {
  delete draft.memory.drift;
  delete draft.memory.fault;
  delete draft.memory.attemptsAt;
  delete draft.memory.floor;
  draft.memory.bench = mended(draft.memory.bench);
  const at = draft.requests.indexOf(by);
  draft.requests = draft.requests.filter((request, index) => {
    if (index > at || !["hold", "wake"].includes(request.wish.type)) return true;
    const answer = final(request, "failed", request.wish.type, `released by ${by.eventId} before it was carried out`);
    if (answer) draft.answers.push(answer);
    return false;
  });
}

/** Reads the open requests: ends the expired and the impossible ones, carries out releases, takes holds. */
export function readWishes(draft: Draft, { now }: Pick<SpotModelCase, "now">): Wishes {
  const answer = (given: Answer | undefined) => given && draft.answers.push(given);
  draft.requests = draft.requests
    .filter((request) => {
      const why = impossible(request);
      if (request.expiresAt <= now) {
        answer(final(request, "expired", request.wish.type, "its time ran out before it could be carried out"));
      } else if (why !== undefined) {
        answer(final(request, "rejected", request.wish.type, why));
      } else {
        return true;
      }
      return false;
    })
    .sort((a, b) => a.publishedAt - b.publishedAt);
  for (const request of draft.requests.filter(({ wish }) => wish.type === "release")) {
    release(draft, request);
    answer(final(request, "done", "release", "holds, wakes, drift and parking before it have ended"));
  }
  draft.requests = draft.requests.filter(({ wish }) => wish.type !== "release");
  const newest = (type: Request["wish"]["type"]) => draft.requests.findLast(({ wish }) => wish.type === type);
  const hold = newest("hold");
  if (hold === undefined) {
    delete draft.memory.hold;
  } else {
    draft.memory.hold = {
      until: hold.expiresAt,
      eventId: hold.eventId,
      by: hold.source,
      ...(hold.note === undefined ? {} : { note: hold.note }),
    };
    answer(final(hold, "done", "hold", "nothing is changed until the hold ends"));
    markAnswered(draft, hold, "final");
  }
  const wake = newest("wake");
  const scale = newest("scale");
  return {
    ...(hold === undefined ? {} : { hold }),
    ...(wake === undefined ? {} : { wake }),
    ...(scale?.wish.type === "scale" ? { scale: { request: scale, replicas: scale.wish.replicas } } : {}),
  };
}

/** Notes how far a request's answer has got; a request that is answered finally stays in force until it expires. */
export function markAnswered(draft: Draft, request: Request, answered: Request["answered"]): void {
  draft.requests = draft.requests.map((open) => (open.eventId === request.eventId ? { ...open, answered } : open));
}

/** Answers a request as done, once; it stays in force until it expires. */
export function answerDone(draft: Draft, request: Request, what: string, why: string): void {
  const answer = final(request, "done", what, why);
  if (answer === undefined) return;
  draft.answers.push(answer);
  markAnswered(draft, request, "final");
}
