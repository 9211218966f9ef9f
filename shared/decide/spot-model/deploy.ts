/** The deploy of a rung: chosen id, empty split, attempt counted, retry of the bench taken. */
import type { Rung } from "../../fleet/fleet.ts";
import { hour } from "../../time/clock.ts";
import { takeRetry } from "./bench.ts";
import { deployedModelId, nextSequence } from "./deployed-model-id.ts";
import type { Verdict } from "./draft.ts";
import { budgetFrom, deployedModelFor } from "./ladder.ts";
import { askedReplicas, type Situation, toChange, waits } from "./situation.ts";
import { markAnswered } from "./wishes.ts";

/** Deploys a rung beside whatever is there, unless the attempt budget is used up. */
export function deploy(situation: Situation, rung: Rung, words: Pick<Verdict, "rule" | "why" | "phase">): Verdict {
  const { facts, draft, view, wishes, text } = situation;
  const { memory } = draft;
  const { policy, limits, now } = facts;
  if (waits(situation, "deploy")) return { ...words, rule: "back-off" };
  const from = budgetFrom(memory.deploys, limits.deploysPerHour, now);
  if (from !== undefined) {
    return {
      rule: "budget",
      why: `${words.why}; but ${limits.deploysPerHour} deploys were tried within an hour, all that the fleet allows, so the next is at ${text(from)}`,
      phase: words.phase,
      next: { at: from, what: `deploy ${rung.id}` },
    };
  }
  const sequence = nextSequence(policy.key, memory.sequence, view.ids);
  const id = deployedModelId(policy.key, sequence);
  const asked = askedReplicas(situation, rung);
  const tries = memory.incident?.attempts;
  if (memory.incident !== undefined) {
    memory.incident = { ...memory.incident, attempts: memory.incident.attempts + 1 };
  }
  memory.sequence = sequence;
  memory.ours = [...memory.ours, id];
  memory.names = { ...memory.names, [id]: policy.displayName };
  memory.successor = { deployedModelId: id, rungId: rung.id, since: now };
  memory.deploys = [...memory.deploys.filter((at) => now - at < hour), now];
  memory.bench = takeRetry(memory.bench, rung.id, now);
  if (asked !== undefined && asked !== rung.minReplicas) memory.scaled = { deployedModelId: id, replicas: asked };
  const events: string[] = [];
  for (const wish of [wishes.wake, wishes.scale?.request]) {
    // As it stands now: what serves may have answered it a moment ago, and nobody is answered twice.
    const request = draft.requests.find(({ eventId }) => eventId === wish?.eventId);
    if (request?.answered !== "accepted") continue;
    events.push(request.eventId);
    markAnswered(draft, request, "started");
  }
  return {
    ...words,
    action: toChange(
      situation,
      {
        kind: "deploy",
        resource: policy.endpoint,
        deployedModelId: id,
        rungId: rung.id,
        deployedModel: deployedModelFor(policy, rung, id, asked ?? rung.minReplicas),
      },
      events,
      tries,
    ),
  };
}
