/** Which outcomes are news for somebody who watches, and how they are told in a line. */
import type { Outcome } from "../../../shared/outcomes/outcome.ts";
import { second } from "../../../shared/time/clock.ts";
import { formatDuration } from "../../../shared/time/duration.ts";
import { type NewsItem, withoutPlaces } from "./view.ts";

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

/** What of an outcome fits into a line: the whole is on the status page. */
function lineOf({ phase, what, why, details }: Outcome): string {
  const seconds = Number(details?.["seconds"]);
  switch (phase) {
    case "awake":
      return `${phase}: ${what}`;
    case "redeployed":
    case "returned":
      return Number.isNaN(seconds) ? `${phase}: ${what}` : `${phase}: ${what}, in ${formatDuration(seconds * second)}`;
    default:
      return `${phase}: ${what}: ${why}`;
  }
}

/** An outcome as news; undefined when it is none. */
export function newsOf(outcome: Outcome): NewsItem | undefined {
  const { phase, target = "", at } = outcome;
  const tone = tones[phase];
  return tone === undefined ? undefined : { at, about: target, what: withoutPlaces(lineOf(outcome)), tone };
}
