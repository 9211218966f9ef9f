/** What happens to a fleet during a demo. Pure: the same fleet, span and seed make the same plan. */
import type { TargetPolicy } from "../../../../shared/fleet/fleet.ts";
import { planEvents } from "./events.ts";
import type { Happening, Span } from "./happening.ts";
import { planJobs } from "./jobs.ts";
import { planSpot } from "./spot.ts";

/** What a plan is made of. */
export interface PlanOptions extends Span {
  readonly targets: readonly TargetPolicy[];
  readonly seed: number;
  /** Without it a recorded trace decides what Spot machines can be had. */
  readonly spot: boolean;
}

/** Everything that happens, in order of time. */
export function planWorkload({ targets, seed, spot, from, calm }: PlanOptions): readonly Happening[] {
  const span: Span = { from, calm };
  const jobs = targets.flatMap((policy) => (policy.kind === "persistentResource" ? planJobs(policy, seed, span) : []));
  const happenings = [...jobs, ...planEvents(targets, span), ...(spot ? planSpot(targets, seed, span) : [])];
  return happenings.toSorted((a, b) => a.at - b.at);
}
