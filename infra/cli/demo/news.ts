/** Which outcomes are news for somebody who watches, and how they are told in a line. */
import type { Outcome } from "../../../shared/outcomes/outcome.ts";
import type { NewsItem } from "./view.ts";

/** Phases that are told; what is left out is on the status page: an event accepted or begun, a warning ahead of a bell. */
const tones: { readonly [phase in Outcome["phase"]]?: NewsItem["tone"] } = {
  done: "good",
  failed: "bad",
  rejected: "bad",
  superseded: "plain",
  expired: "bad",
  asleep: "plain",
  awake: "good",
  draining: "busy",
  preempted: "bad",
  redeployed: "good",
  returned: "good",
  drifted: "bad",
  "waiting-for-capacity": "busy",
  alert: "bad",
};

/** An outcome as news; undefined when it is none. */
export function newsOf({ phase, target = "", what, why, at }: Outcome): NewsItem | undefined {
  const tone = tones[phase];
  return tone === undefined ? undefined : { at, about: target, what: `${phase}: ${what}: ${why}`, tone };
}
