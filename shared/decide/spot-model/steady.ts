/** Rules for the time in which it serves: sizes that were asked for, the way back to Spot, and nothing. */
import type { Rung } from "../../fleet/fleet.ts";
import type { Tried } from "../memory.ts";
import { deploy } from "./deploy.ts";
import type { Verdict } from "./draft.ts";
import { returnToSpot } from "./return-to-spot.ts";
import { askedReplicas, type Situation, toChange, waits } from "./situation.ts";
import { servingSeen, successionDue } from "./succession.ts";
import { type Seen, serves } from "./view.ts";
import { answerDone, markAnswered } from "./wishes.ts";

/** The fleet's minimum, unless the model has had it: then somebody else has lowered it since, and it is theirs. */
function raised({ facts, draft }: Situation, seen: Seen, shown: number, rung: Rung): ReturnType<typeof sizeToSet> {
  const { floor } = draft.memory;
  const minimum = `the fleet's minReplicas of this rung is ${rung.minReplicas}`;
  if (floor?.deployedModelId !== seen.id || floor.replicas < rung.minReplicas) {
    return { replicas: rung.minReplicas, why: minimum };
  }
  const { name } = facts.policy;
  const why = `somebody else has set deployed model ${seen.id} to at least ${shown}, and ${minimum}: left so until "tidekeeper release ${name}" or the next apply`;
  const what = `fewer replicas on ${rung.id} than the fleet says`;
  draft.lasting.push({ id: `${name}/floor/${seen.id}/${shown}`, phase: "drifted", what, why });
  draft.waits.set("mutate", { why });
  return undefined;
}

/** The size to set now, if any: what is asked for; the rung's own minimum where fewer are set, or after a size that we had set. */
function sizeToSet(situation: Situation, seen: Seen, rung: Rung): { replicas: number; why: string } | undefined {
  const { memory } = situation.draft;
  const shown = seen.deployed.dedicatedResources?.minReplicaCount;
  if (shown !== undefined && shown >= rung.minReplicas) {
    memory.floor = { deployedModelId: seen.id, replicas: rung.minReplicas };
  }
  const asked = askedReplicas(situation, rung);
  if (asked !== undefined) {
    const by = situation.wishes.scale?.request;
    const who = by === undefined ? situation.schedule?.because : `${by.source} asked for it (${by.eventId})`;
    return shown === asked ? undefined : { replicas: asked, why: who ?? "" };
  }
  if (shown !== undefined && shown < rung.minReplicas) return raised(situation, seen, shown, rung);
  const { scaled } = memory;
  if (scaled === undefined) return undefined;
  // A size that somebody else has set since is theirs.
  if (scaled.deployedModelId === seen.id && shown === scaled.replicas && shown !== rung.minReplicas) {
    return { replicas: rung.minReplicas, why: "what was asked for has ended" };
  }
  delete memory.scaled;
  return undefined;
}

/** Answers the requests that what is shown fulfils. */
function answerFulfilled({ draft, wishes }: Situation, seen: Seen, asked: number | undefined): void {
  const rungId = draft.memory.serving?.rungId ?? seen.id;
  const { capacity } = seen;
  if (wishes.wake !== undefined && serves(capacity)) {
    answerDone(draft, wishes.wake, "wake", `deployed model ${seen.id} serves on ${rungId}`);
  }
  const scale = wishes.scale;
  if (scale === undefined || asked === undefined) return;
  if (seen.deployed.dedicatedResources?.minReplicaCount !== asked) return;
  if (capacity.state !== "unknown" && capacity.available < asked) return;
  const bounded = asked === scale.replicas ? "" : `, the bound of ${rungId} nearest to ${scale.replicas}`;
  answerDone(
    draft,
    scale.request,
    `scale model to ${asked}`,
    `deployed model ${seen.id} has ${asked} replicas${bounded}`,
  );
}

/** Answers a request for a size that was refused for good before it: nothing will come of it. */
function refuseParked({ draft, wishes }: Situation, tried: Tried): void {
  const parked = draft.memory.attemptsAt?.[tried]?.parked;
  const request = wishes.scale?.request;
  if (parked === undefined || request === undefined || request.answered === "final") return;
  const why = `this size was refused before (${parked.why}), and is not tried again until a release or the next apply`;
  draft.answers.push({ eventId: request.eventId, phase: "failed", what: "scale model", why });
  draft.requests = draft.requests.filter(({ eventId }) => eventId !== request.eventId);
}

/** A size that was asked for. */
export function scale(situation: Situation): Verdict | undefined {
  const { facts, draft, view, wishes } = situation;
  const seen = servingSeen(draft, view);
  const { rung } = seen ?? {};
  if (seen === undefined) return undefined;
  answerFulfilled(situation, seen, rung && askedReplicas(situation, rung));
  const size = rung && sizeToSet(situation, seen, rung);
  if (rung === undefined || size === undefined) return undefined;
  const tried: Tried = `mutate/${seen.id}/${size.replicas}`;
  if (waits(situation, tried)) {
    refuseParked(situation, tried);
    return undefined;
  }
  draft.memory.scaled = { deployedModelId: seen.id, replicas: size.replicas };
  const request = wishes.scale?.request;
  if (request !== undefined && request.answered === "accepted") markAnswered(draft, request, "started");
  const shown = seen.deployed.dedicatedResources?.minReplicaCount ?? 0;
  return {
    rule: "scale-request",
    why: `at least ${size.replicas} replicas instead of ${shown} on ${rung.id}: ${size.why}`,
    phase: "scaling",
    action: toChange(
      situation,
      {
        kind: "mutate",
        resource: facts.policy.endpoint,
        deployedModelId: seen.id,
        minReplicas: size.replicas,
        maxReplicas: rung.maxReplicas,
      },
      request === undefined || request.answered === "final" ? [] : [request.eventId],
    ),
  };
}

/** It serves: goes back to a better Spot rung when that is due, and otherwise says what is expected next. */
export function steady(situation: Situation): Verdict {
  const { facts, draft, view, schedule, text } = situation;
  const { memory } = draft;
  const seen = servingSeen(draft, view);
  const rungId = memory.serving?.rungId ?? "";
  const capacity = seen?.capacity ?? { state: "unknown" };
  if (seen === undefined || capacity.state === "unknown") {
    const why = `deployed model ${seen?.id ?? ""} on ${rungId} does not show how many replicas are up; it is taken to serve`;
    return { rule: "unknown", why, phase: "serving" };
  }
  const unfinished =
    memory.successor !== undefined || [...draft.waits.keys()].some((tried) => tried.startsWith("undeploy"));
  const back = unfinished ? { when: "never" as const } : returnToSpot(facts, memory);
  if (back.when === "now") {
    const saving = Math.round(back.saving * 100);
    return deploy(situation, back.rung, {
      rule: "return-to-spot",
      why: `${rungId} serves, and ${back.rung.id} would serve for ${saving} % less; Spot has been quiet for long enough`,
      phase: "serving",
    });
  }
  const due = memory.serving && successionDue(seen, memory.serving.since);
  const expected = [
    ...(schedule?.until === undefined ? [] : [{ at: schedule.until, what: "the window ends" }]),
    ...(due === undefined ? [] : [{ at: due, what: `deploy what follows ${rungId}` }]),
    ...(back.when === "later" ? [{ at: back.at, what: `return to ${back.rung.id}` }] : []),
  ].sort((a, b) => a.at - b.at);
  const wanted = seen.deployed.dedicatedResources?.minReplicaCount ?? capacity.available;
  const returning =
    back.when === "later" ? `; back to ${back.rung.id} not before ${text(back.at)}, for ${back.why}` : "";
  const short = capacity.state === "short";
  return {
    rule: short ? "degraded" : draft.waits.size > 0 ? "back-off" : "healthy",
    why: short
      ? `deployed model ${seen.id} serves on ${rungId} with ${capacity.available} of ${wanted} replicas, enough for its required count; the platform adds the rest`
      : `deployed model ${seen.id} serves on ${rungId} with ${capacity.available} replicas${returning}`,
    phase: short ? "degraded" : "serving",
    ...(expected[0] === undefined ? {} : { next: expected[0] }),
  };
}
