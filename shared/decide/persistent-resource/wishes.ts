/** Requests that end or take effect without an operation: expiry, hold, release. */
import type { Request } from "../../events/requests.ts";
import { describeAsker, describeWish } from "../words.ts";
import type { Draft } from "./draft.ts";
import { fromTheFirst } from "./machines.ts";

function expire(draft: Draft, request: Request): void {
  const { wish, expiresAt } = request;
  if (wish.type === "wake") draft.remember({ excusedUntil: Math.max(draft.memory.excusedUntil ?? 0, expiresAt) });
  draft.close(
    request,
    "expired",
    describeWish(request.wish),
    `asked for by ${describeAsker(request)} until ${draft.timeInZone(expiresAt)}, and that has passed`,
  );
}

function release(draft: Draft, request: Request): void {
  for (const wake of draft.wishes("wake")) {
    if (draft.requests.indexOf(wake) < draft.requests.indexOf(request)) {
      draft.close(wake, "expired", "wake", `ended by the release of ${describeAsker(request)}`);
    }
  }
  draft.memory = fromTheFirst(draft.memory);
  draft.forget("hold", "drift", "attemptsAt", "notRebuildable", "patchBroken", "contested", "draining");
  draft.remember({ lastRelease: Math.max(draft.memory.lastRelease ?? 0, request.storedAt) });
  draft.close(request, "done", "release", `released by ${describeAsker(request)}: back to the fleet's own rules`);
}

/** Takes expired requests, holds and releases out of the draft, oldest first, and leaves what may need an operation. */
export function sortWishes(draft: Draft): void {
  for (const request of draft.requests) {
    if (request.expiresAt <= draft.now) expire(draft, request);
    else if (request.wish.type === "release") release(draft, request);
    else if (request.wish.type === "hold") {
      const { eventId, expiresAt, note, source } = request;
      draft.remember({ hold: { until: expiresAt, eventId, by: source, ...(note === undefined ? {} : { note }) } });
      draft.close(request, "done", "hold", `held for ${describeAsker(request)} until ${draft.timeInZone(expiresAt)}`);
    }
  }
  const { hold } = draft.memory;
  if (hold && hold.until <= draft.now) {
    draft.forget("hold");
    draft.remember({ excusedUntil: Math.max(draft.memory.excusedUntil ?? 0, hold.until) });
  }
}
