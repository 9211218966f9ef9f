/** Requests that end or take effect without an operation: expiry, hold, release. */
import type { Request } from "../../events/requests.ts";
import type { Draft } from "./draft.ts";

/** What a request asks for, in words. */
export function describeWish({ wish }: Request): string {
  switch (wish.type) {
    case "scale":
      return `${wish.pool} to ${wish.replicas} replicas`;
    case "job":
      return `run job ${String(wish.customJob["displayName"] ?? "without name")}`;
    case "wake":
    case "hold":
    case "release":
    case "reboot":
      return wish.type;
  }
}

/** Who asked, and why if they said so. */
export function describeAsker({ source, note }: Request): string {
  return note === undefined ? source : `${source} ("${note}")`;
}

function expire(draft: Draft, request: Request): void {
  const { wish, expiresAt } = request;
  if (wish.type === "wake") draft.remember({ excusedUntil: Math.max(draft.memory.excusedUntil ?? 0, expiresAt) });
  draft.close(
    request,
    "expired",
    describeWish(request),
    `asked for by ${describeAsker(request)} until ${draft.timeInZone(expiresAt)}, and that has passed`,
  );
}

function release(draft: Draft, request: Request): void {
  for (const wake of draft.wishes("wake")) {
    if (wake.publishedAt <= request.publishedAt) {
      draft.close(wake, "expired", "wake", `ended by the release of ${describeAsker(request)}`);
    }
  }
  draft.forget("hold", "drift", "attempts", "notRebuildable", "patchBroken", "contested", "draining");
  draft.close(request, "done", "release", `released by ${describeAsker(request)}: back to the fleet's own rules`);
}

/** Takes expired requests, holds and releases out of the draft, oldest first, and leaves what may need an operation. */
export function sortWishes(draft: Draft): void {
  for (const request of draft.requests) {
    if (request.expiresAt <= draft.now) expire(draft, request);
    else if (request.wish.type === "release") release(draft, request);
    else if (request.wish.type === "hold") {
      const { eventId, expiresAt, note } = request;
      draft.remember({ hold: { until: expiresAt, eventId, ...(note === undefined ? {} : { note }) } });
      draft.close(request, "done", "hold", `held for ${describeAsker(request)} until ${draft.timeInZone(expiresAt)}`);
    }
  }
  const { hold } = draft.memory;
  if (hold && hold.until <= draft.now) {
    draft.forget("hold");
    draft.remember({ excusedUntil: Math.max(draft.memory.excusedUntil ?? 0, hold.until) });
  }
}
