/** The rules that decide about Spot models: those shared with persistent resources, and their own. */
import type { Rule } from "./rules.ts";

/** Each rule that only Spot models have, with what it means. */
export const ownSpotRules = {
  "endpoint-gone": "the endpoint does not exist: nothing is created",
  traffic: "our share of the traffic moves to the deployed model that serves",
  "clean-up": "a deployed model of ours that is not needed any more is undeployed",
  grace: "capacity was lost a moment ago: the platform's own restarts are waited for",
  "bring-up": "a deployed model of ours is coming up",
  budget: "as many deploys as the fleet allows within an hour",
  "replace-directly": "the dead model holds the quota that the next rung needs, so it goes first",
  "next-rung": "the next rung of the ladder is deployed",
  expiring: "a flex-start model is about to be undeployed by the platform",
  "back-off": "an operation failed a moment ago: waiting for the next try",
  degraded: "it serves with fewer replicas than wanted, but with enough",
} as const satisfies Record<string, string>;

/** A rule's short name. */
export type SpotRule =
  | keyof typeof ownSpotRules
  | Extract<
      Rule,
      "unknown" | "hold" | "off-hours" | "parked" | "capacity" | "scale-request" | "return-to-spot" | "healthy"
    >;
