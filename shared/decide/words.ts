/** Requests in the words that every answer, log, page and reason uses for them. */
import type { Request, Wish } from "../events/requests.ts";

/** A wish in a few words, e.g. `scale pool-1 to 4`. */
export function describeWish(wish: Wish): string {
  switch (wish.type) {
    case "scale":
      return `scale ${wish.pool} to ${wish.replicas}`;
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
export function describeAsker({ source, note }: Pick<Request, "source" | "note">): string {
  return note === undefined ? source : `${source} ("${note}")`;
}
