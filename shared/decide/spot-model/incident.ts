/** Incidents of a Spot model: opened when capacity is missing, closed when something serves again or nothing should. */
import { second } from "../../time/clock.ts";
import type { SpotModelCase } from "../decision.ts";
import type { SpotModelMemory } from "../memory.ts";
import { strike } from "./bench.ts";
import type { Draft } from "./draft.ts";

type Facts = Pick<SpotModelCase, "policy" | "now">;

/**
 * What is the matter as it is now: the model whose loss began it may have gone long since.
 * @param gone whether it has.
 * @param since when it began, as text.
 */
export function describeIncident(
  { cause, why, fromRungId }: NonNullable<SpotModelMemory["incident"]>,
  gone: boolean,
  since?: string,
): string {
  if (cause === "start") return why;
  if (!gone) return since === undefined ? why : `${why} since ${since}`;
  const rung = fromRungId === undefined ? "" : ` on ${fromRungId}`;
  return `capacity${rung} was lost${since === undefined ? "" : ` at ${since}`}, and nothing serves`;
}

/** Capacity that served is lost: remembers since when, sets its rung aside, and tells it once. */
export function openLoss(draft: Draft, { policy, now }: Facts, rungId: string, why: string): void {
  const { memory } = draft;
  delete memory.healthySince;
  if (memory.incident !== undefined) return;
  const id = `${policy.name}/lost/${now}`;
  memory.incident = { id, since: now, why, attempts: 0, cause: "lost", fromRungId: rungId };
  memory.bench = strike(memory.bench, [rungId], "preempted", now);
  draft.notices.push({ id, phase: "preempted", what: `lost capacity on ${rungId}`, why, details: { rung: rungId } });
}

/** Nothing is deployed though it should be: first use, or a morning. */
export function openStart(draft: Draft, { policy, now }: Facts, why: string): void {
  draft.memory.incident ??= { id: `${policy.name}/start/${now}`, since: now, why, attempts: 0, cause: "start" };
}

/**
 * Something serves again: tells how long it took, and from which rung to which.
 * @param rungId the rung that serves now.
 */
export function closeServed(draft: Draft, { now }: Facts, rungId: string): void {
  const { incident } = draft.memory;
  delete draft.memory.asleepSince;
  if (incident === undefined) return;
  delete draft.memory.incident;
  const seconds = Math.round((now - incident.since) / second);
  const { id, attempts, cause, fromRungId } = incident;
  const why = `${rungId} serves ${seconds} s after this: ${incident.why}`;
  draft.notices.push({
    id,
    phase: cause === "start" ? "awake" : "redeployed",
    what: fromRungId === undefined || fromRungId === rungId ? `serving on ${rungId}` : `${fromRungId} -> ${rungId}`,
    why,
    details: { seconds, attempts, rungTo: rungId, ...(fromRungId === undefined ? {} : { rungFrom: fromRungId }) },
  });
}
