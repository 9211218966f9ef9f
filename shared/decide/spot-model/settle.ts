/** What a settled operation teaches: which rung to set aside and for how long, when to try again, when to stop. */
import type { Held, Settlement } from "../../operations/operation.ts";
import { hour, type Millis, minute } from "../../time/clock.ts";
import { afterFailure, backOffRules } from "../backoff.ts";
import type { Decider, SpotModelCase } from "../decision.ts";
import type { SpotModelMemory } from "../memory.ts";
import { free, strike } from "./bench.ts";
import { type Draft, startDraft, timeText } from "./draft.ts";
import { quotaHeldBy, quotaOf } from "./ladder.ts";
import { parkFault } from "./learn.ts";
import { triedAs } from "./situation.ts";

/** A failed deployment can hold its quota for this long (reference: spot.md C3). */
const quotaHeldFor = 30 * minute;

type Failed = Extract<Settlement, { end: "failed" }>;
type Deploy = Extract<Held["change"], { kind: "deploy" }>;

/** Whether the quota may be short only because something of ours holds it: then it is `busy`, and frees itself. */
function quotaIsOurs(facts: SpotModelCase, draft: Draft, quota: string): boolean {
  const { policy, observation, now } = facts;
  const { lastFailedDeployAt: failedAt, lastFailedRungId, ours } = draft.memory;
  const failed = policy.ladder.find(({ id }) => id === lastFailedRungId);
  const recent = failedAt !== undefined && now - failedAt < quotaHeldFor;
  if (recent && (failed === undefined || quotaOf(failed) === quota)) return true;
  if (observation.endpoint.look !== "present") return false;
  const deployed = observation.endpoint.value.deployedModels ?? [];
  return deployed.some((model) => ours.includes(model.id) && quotaHeldBy(model) === quota);
}

function alert(draft: Draft, id: string, what: string, why: string): void {
  draft.notices.push({ id, phase: "alert", what, why });
}

function deployFailed(facts: SpotModelCase, draft: Draft, change: Deploy, held: Held, failure: Failed): void {
  const { memory } = draft;
  const { policy, now } = facts;
  const { rungId } = change;
  const rung = policy.ladder.find(({ id }) => id === rungId);
  const quota = rung && quotaOf(rung);
  const setAside = (reason: Parameters<typeof strike>[2], rungIds = [rungId], atLeast: Millis = 0) => {
    memory.bench = strike(memory.bench, rungIds, reason, now, atLeast);
  };
  const remember = () => {
    memory.lastFailedDeployAt = now;
    memory.lastFailedRungId = rungId;
  };
  const tour = (now - held.claimedAt) * policy.ladder.length;
  switch (failure.class) {
    case "stockout":
      remember();
      setAside("stockout", [rungId], tour);
      return;
    case "quota": {
      if (quota !== undefined && quotaIsOurs(facts, draft, quota)) {
        setAside("busy");
        return;
      }
      const same = policy.ladder.filter((other) => quota !== undefined && quotaOf(other) === quota).map(({ id }) => id);
      setAside("quota", same.length > 0 ? same : [rungId]);
      const until = timeText(facts)(now + 6 * hour);
      const why = `${failure.note}; ${same.join(", ")} are set aside until ${until}: raise the ${quota} quota of ${policy.location}`;
      alert(draft, `${policy.name}/quota/${quota}/${Math.floor(now / (6 * hour))}`, `no quota for ${rungId}`, why);
      return;
    }
    case "model-fault":
      remember();
      setAside("failed", [rungId], tour);
      parkFault(draft, facts, failure.note);
      return;
    case "invalid":
    case "no-effect":
      remember();
      setAside("failed", [rungId], 6 * hour);
      alert(
        draft,
        `${policy.name}/${failure.class}/${change.deployedModelId}`,
        `${rungId} cannot be deployed`,
        `${failure.note}; correct the rung in the fleet file and apply it`,
      );
      return;
    case "exists":
      // Somebody else's model carries this id: it is not ours, and the next deploy takes the next id.
      memory.ours = memory.ours.filter((id) => id !== change.deployedModelId);
      memory.bench = free(memory.bench, rungId, now);
      operationFailed(facts, draft, change, failure);
      return;
    case "busy":
    case "throttled":
    case "conflict":
    case "gone":
    case "denied":
    case "unavailable":
    case "fate-unknown":
      // Says nothing about the rung: the endpoint, the service or the permission is the matter.
      memory.bench = free(memory.bench, rungId, now);
      operationFailed(facts, draft, change, failure);
  }
}

/** A failure that says nothing about a rung: what was tried waits a while, or stops; everything else goes on. */
function operationFailed(facts: SpotModelCase, draft: Draft, change: Held["change"], failure: Failed): void {
  const { policy, now, jitter } = facts;
  const { memory } = draft;
  const { kind: goal } = change;
  const key = triedAs(change);
  const tried = afterFailure(memory.attemptsAt?.[key], { class: failure.class, note: failure.note, now, jitter });
  memory.attemptsAt = { ...memory.attemptsAt, [key]: tried };
  if (backOffRules[failure.class].alert) {
    alert(draft, `${policy.name}/${failure.class}/${now}`, `${goal} failed: ${failure.class}`, failure.note);
  }
}

/** The successor that this operation was to bring up is not coming. */
function forgetSuccessor(memory: Draft["memory"], change: Deploy): void {
  if (memory.successor?.deployedModelId === change.deployedModelId) delete memory.successor;
}

function deploySettled(facts: SpotModelCase, draft: Draft, held: Held, change: Deploy, settlement: Settlement): void {
  const { memory } = draft;
  const { now } = facts;
  const { deployedModelId, rungId } = change;
  switch (settlement.end) {
    case "done":
      memory.bench = free(memory.bench, rungId, now);
      // Another model is another matter, whatever the last one was refused.
      delete memory.fault;
      delete memory.attemptsAt;
      if (!memory.ours.includes(deployedModelId)) memory.ours = [...memory.ours, deployedModelId];
      if (memory.serving?.deployedModelId === deployedModelId) return;
      memory.successor = { since: held.claimedAt, ...memory.successor, deployedModelId, rungId, deployedAt: now };
      return;
    case "failed":
      forgetSuccessor(memory, change);
      deployFailed(facts, draft, change, held, settlement);
      return;
    case "lapsed":
      // Never sent: neither the rung nor the budget has been used.
      forgetSuccessor(memory, change);
      memory.bench = free(memory.bench, rungId, now);
      memory.deploys = memory.deploys.slice(0, -1);
      if (memory.incident !== undefined) {
        memory.incident = { ...memory.incident, attempts: Math.max(0, memory.incident.attempts - 1) };
      }
  }
}

/** A size that cannot be set is answered; everything else is tried again. */
function answerMutate(draft: Draft, held: Held, failure: Failed): void {
  const hopeless = ["invalid", "no-effect", "quota", "denied", "model-fault"].includes(failure.class);
  if (!hopeless) return;
  for (const request of draft.requests.filter(({ eventId }) => held.eventIds.includes(eventId))) {
    if (request.answered === "final") continue;
    draft.answers.push({ eventId: request.eventId, phase: "failed", what: "scale model", why: failure.note });
  }
  draft.requests = draft.requests.filter(
    ({ eventId, wish }) => wish.type !== "scale" || !held.eventIds.includes(eventId),
  );
}

/** As {@link afterSettling}, of a target that has left the fleet: nobody decides about it any more. */
export function afterLeaving(memory: SpotModelMemory, { change }: Held, { end }: Settlement): SpotModelMemory {
  if (change.kind !== "deploy" || end !== "done") return memory;
  const { asleepSince: _, ...awake } = memory;
  return awake;
}

/** How the memory of a Spot model changes when an operation of ours has ended. */
export const afterSettling: Decider<SpotModelCase, SpotModelMemory>["afterSettling"] = (facts, held, settlement) => {
  const draft = startDraft(facts);
  const { memory } = draft;
  const { change } = held;
  if (change.kind === "deploy") {
    deploySettled(facts, draft, held, change, settlement);
  } else if (settlement.end === "failed") {
    if (change.kind === "mutate") answerMutate(draft, held, settlement);
    operationFailed(facts, draft, change, settlement);
  } else if (settlement.end === "done") {
    const { [triedAs(change)]: _, ...others } = memory.attemptsAt ?? {};
    memory.attemptsAt = others;
    if (change.kind === "undeploy" && memory.serving?.deployedModelId === change.deployedModelId) delete memory.serving;
  }
  const { requests, answers, notices } = draft;
  return { memory, requests, answers, notices };
};
