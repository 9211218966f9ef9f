import type { StatusReport, TargetStatus } from "../../../shared/status/report.ts";
import { hour, type Millis, minute } from "../../../shared/time/clock.ts";
import { monday9 } from "../state/samples.ts";

export const now: Millis = monday9 + 3 * hour;

/** A Spot model that nobody has capacity for, with a long name of everything. */
export function downModel(more: Partial<TargetStatus> = {}): TargetStatus {
  return {
    name: "chat",
    key: "projects/demo/locations/us-central1/endpoints/3001#chat",
    kind: "spotModel",
    location: "us-central1",
    phase: "waiting-for-capacity",
    decision: {
      at: now - minute,
      times: 3,
      rule: "capacity",
      action: "nothing",
      why: "deployed model 1 on us-central1/g2-standard-12/NVIDIA_L4x1/spot@demo-llama has 0 of 1 replicas; every rung is set aside",
      next: { at: now + 10 * minute, what: "try the ladder again" },
    },
    history: [
      {
        at: now - 20 * minute,
        times: 1,
        rule: "next-rung",
        action: "deploy us-central1/g2-standard-12/NVIDIA_L4x1/spot@demo-llama to endpoint 3001 as 5421095",
        why: "deployed model 1 has 0 of 1 replicas; us-central1/g2-standard-12/NVIDIA_L4x1/spot@demo-llama is deployed now",
      },
    ],
    incident: { since: monday9 + 9 * minute, why: "deployed model 1 on g2 has 0 of 1 replicas", attempts: 7 },
    requests: [],
    benched: [
      { rung: "us-central1/g2-standard-12/NVIDIA_L4x1/spot@demo-llama", until: now + 10 * minute, class: "stockout" },
    ],
    appliedVersion: 3,
    ...more,
  };
}

/** A report of a fleet of these. */
export function reportOf(
  targets: readonly TargetStatus[],
  more: Partial<StatusReport> = {},
): StatusReport & Required<Pick<StatusReport, "fleet">> {
  return {
    at: now,
    fleet: { version: 3, storeId: "s", appliedAt: monday9, appliedBy: "ann" },
    targets,
    locations: [{ location: "us-central1", takenAt: now - minute }],
    owed: 0,
    ...more,
  };
}
