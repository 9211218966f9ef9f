/** Since when a target is down that should be up, why, and how often it was tried to bring it back. */
import { describeIncident } from "../decide/spot-model/incident.ts";
import type { TargetDocument } from "../state/documents.ts";
import type { Millis } from "../time/clock.ts";

/** What keeps a target down. */
export interface Incident {
  readonly since: Millis;
  readonly why: string;
  /** Creates or deploys so far. */
  readonly attempts: number;
}

/** The open incident of a target, if it has one: capacity lost, creates that fail, state ERROR. */
export function incidentOf({ memory, downSince }: Pick<TargetDocument, "memory" | "downSince">): Incident | undefined {
  if (memory.kind === "spotModel") {
    if (memory.incident === undefined) return undefined;
    const { since, attempts } = memory.incident;
    return { since, why: describeIncident(memory.incident, memory.serving === undefined), attempts };
  }
  const failed = memory.attemptsAt?.create;
  const since = downSince ?? memory.errorSince;
  // Somebody else's may well be up.
  if (since === undefined || memory.drift !== undefined) return undefined;
  if (memory.errorSince !== undefined && memory.known?.neverRan !== true) {
    return { since, why: "it is in state ERROR", attempts: 0 };
  }
  return failed && { since, why: `the create fails: ${failed.class}`, attempts: failed.count };
}

/** How often it was tried: `1 try`, `7 tries`. */
export function describeTries(attempts: number): string {
  return `${attempts} ${attempts === 1 ? "try" : "tries"}`;
}
