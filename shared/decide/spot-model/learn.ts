/**
 * Brings a Spot model's memory up to what its endpoint shows, before anything is decided: who serves, who is gone, who has
 * taken over. Steps of ours are recognised here by their effect, whether or not anybody remembers having taken them.
 */
import { hour } from "../../time/clock.ts";
import type { Endpoint } from "../../vertex/vertex.ts";
import type { SpotModelCase } from "../decision.ts";
import { strike, tidy } from "./bench.ts";
import type { Draft } from "./draft.ts";
import { closeServed, openLoss } from "./incident.ts";
import { rungOf } from "./ladder.ts";
import { promote, servingSeen, successorSeen } from "./succession.ts";
import { shareOf } from "./traffic.ts";
import { adoptable, floorOf, isOtherModel, type Seen, serves, type View } from "./view.ts";

/** So many ids of models that are gone stay known: a split, or a late operation, may still name them. */
const keptIds = 20;

/** No deployment lasts longer (Terraform's provider waits 180 minutes at most). */
const longestDeploy = 3 * hour;

/** A memory that knows nothing takes over what is already deployed under our display name. */
export function adopt(draft: Draft, { policy, siblings, now }: SpotModelCase, endpoint: Endpoint): void {
  const { memory } = draft;
  if (memory.serving !== undefined || memory.successor !== undefined || memory.ours.length > 0) return;
  const found = adoptable(policy, endpoint, siblings);
  if (found === undefined) return;
  const machine = found.dedicatedResources?.machineSpec?.machineType ?? "an unknown machine";
  memory.ours = [found.id];
  memory.serving = {
    deployedModelId: found.id,
    rungId: rungOf(policy, found)?.id ?? `${machine}, which is no rung`,
    since: now,
  };
}

/** An apply may change the display name of what is deployed next; what is there keeps the one that it has. */
function keepNames(memory: Draft["memory"], view: View): void {
  const nameOf = (id: string) => memory.names?.[id] ?? view.ours.get(id)?.deployed.displayName;
  memory.names = Object.fromEntries(
    memory.ours.flatMap((id) => {
      const name = nameOf(id);
      return name === undefined ? [] : [[id, name]];
    }),
  );
}

/** What was tried on a model that is gone says nothing about another. */
function forgetAttempts(memory: Draft["memory"], view: View): void {
  if (memory.attemptsAt === undefined) return;
  const still = ([tried]: readonly [string, unknown]) => {
    const [, id] = tried.split("/");
    return id === undefined || view.ours.has(id);
  };
  memory.attemptsAt = Object.fromEntries(Object.entries(memory.attemptsAt).filter(still));
}

/** Drops from the memory what the platform, or a person, removed from the endpoint. */
function dropMissing(facts: SpotModelCase, draft: Draft, view: View, on: boolean): void {
  const { memory } = draft;
  const { successor, serving } = memory;
  if (successor !== undefined && !view.ours.has(successor.deployedModelId)) {
    // One that is being deployed can be hidden until its operation has settled, and settling says how that ended.
    if (successor.deployedAt !== undefined) {
      memory.bench = strike(memory.bench, [successor.rungId], "preempted", facts.now);
      delete memory.successor;
    } else if (facts.now - successor.since > longestDeploy) {
      delete memory.successor;
    }
  }
  // Its deployment ended while the target was out of the fleet, and nobody learnt of it: by now it certainly has.
  if (
    successor !== undefined &&
    successor.deployedAt === undefined &&
    view.ours.has(successor.deployedModelId) &&
    facts.now - successor.since > longestDeploy
  ) {
    memory.successor = { ...successor, deployedAt: facts.now };
  }
  if (serving !== undefined && !view.ours.has(serving.deployedModelId)) {
    const why = `deployed model ${serving.deployedModelId} on ${serving.rungId} is no longer on the endpoint`;
    if (on) openLoss(draft, facts, serving.rungId, why);
    delete memory.serving;
    delete memory.healthySince;
  }
}

/** One of ours that serves though nobody expects it to any more: better than deploying another. */
function takeBack(draft: Draft, view: View, now: number): void {
  const { memory } = draft;
  if (memory.successor !== undefined) return;
  const serving = servingSeen(draft, view);
  if (serving !== undefined && serving.capacity.state !== "lost") return;
  const spare = [...view.ours.values()].find((seen) => seen.id !== serving?.id && serves(seen.capacity));
  if (spare?.rung === undefined) return;
  memory.successor = { deployedModelId: spare.id, rungId: spare.rung.id, since: now, deployedAt: now };
}

/** Updates health, incident and parking from the replicas of the model that serves. */
function judge(facts: SpotModelCase, draft: Draft, serving: Seen): void {
  const { memory } = draft;
  const rungId = memory.serving?.rungId ?? "";
  const { capacity } = serving;
  if (memory.serving !== undefined && serves(capacity)) {
    const had = Math.max(
      memory.serving.had ?? 0,
      Math.min(capacity.available, floorOf(serving.deployed, serving.rung)),
    );
    memory.serving = { ...memory.serving, had };
    memory.healthySince ??= facts.now;
    closeServed(draft, facts, rungId);
    delete memory.fault;
  } else if (capacity.state === "lost" && capacity.fault === undefined) {
    const wanted = serving.deployed.dedicatedResources?.minReplicaCount ?? 1;
    const why = `deployed model ${serving.id} on ${rungId} has ${capacity.available} of ${wanted} replicas`;
    openLoss(draft, facts, rungId, why);
  } else if (capacity.state === "lost") {
    delete memory.healthySince;
  }
}

/**
 * The container does not come up: no other machine would mend that, so the ladder stops until a person has looked.
 * @param note what Vertex says about it.
 */
export function parkFault(draft: Draft, { policy, now }: Pick<SpotModelCase, "policy" | "now">, note: string): void {
  const { memory } = draft;
  if (memory.fault !== undefined) return;
  const why = `the model's container fails, which no other machine would mend: ${note}`;
  memory.fault = { at: now, why };
  draft.notices.push({
    id: `${policy.name}/model-fault/${now}`,
    phase: "alert",
    what: "the ladder has stopped",
    why: `${why}; look at the container's log, then publish release or apply the fleet again${policy.schedule === undefined ? "" : "; else it is tried again when its next window starts"}`,
  });
}

/** Reports, and leaves alone, deployed models that carry our display name and are not ours. */
function noticeStrangers({ policy, now }: SpotModelCase, draft: Draft, view: View): void {
  const { memory } = draft;
  const namesakes = view.strangers.filter(({ displayName }) => displayName === policy.displayName);
  if (namesakes.length === 0) {
    delete memory.drift;
    return;
  }
  const what = `deployed by somebody else as ${policy.displayName}: ${namesakes.map(({ id }) => id).join(", ")}`;
  memory.drift = { since: memory.drift?.since ?? now, what };
  for (const { id } of namesakes) {
    draft.lasting.push({
      id: `${policy.name}/namesake/${id}`,
      phase: "drifted",
      what: `deployed model ${id} is not ours`,
      why: `somebody else deployed model ${id} on ${policy.endpoint} under our display name ${policy.displayName}; it and its traffic are left alone`,
    });
  }
}

/** An edited model is deployed with the next deploy, whenever that is; until then the old one serves. */
function noticeOtherModel({ policy }: SpotModelCase, draft: Draft, { id, deployed }: Seen): void {
  if (!isOtherModel(policy, deployed)) return;
  draft.lasting.push({
    id: `${policy.name}/model/${id}/${policy.model}`,
    phase: "alert",
    what: `deployed model ${id} does not serve what the fleet says`,
    why: `deployed model ${id} on ${draft.memory.serving?.rungId} serves ${deployed.model}, and the fleet says ${policy.model}: that one is deployed when the next deploy is due; undeploy ${id} by hand to have it sooner`,
  });
}

/**
 * @param on whether it may be on now; while it may not, what is missing is not lost.
 */
export function learn(facts: SpotModelCase, draft: Draft, view: View, on: boolean): void {
  const { memory } = draft;
  const { policy, now } = facts;
  memory.bench = tidy(
    memory.bench,
    new Set(policy.ladder.map(({ id }) => id)),
    now,
    policy.returnToSpot?.stableFor ?? 0,
  );
  const named = new Set([...view.ours.keys(), ...Object.keys(view.split)]);
  memory.ours = memory.ours.filter((id, index) => named.has(id) || index >= memory.ours.length - keptIds);
  keepNames(memory, view);
  forgetAttempts(memory, view);
  dropMissing(facts, draft, view, on);
  noticeStrangers(facts, draft, view);
  if (!on) return;
  takeBack(draft, view, now);
  const before = servingSeen(draft, view);
  const share = shareOf(view.split, memory.ours);
  // Nothing where nothing was known: it was never given, or handed over, and is still to be taken.
  const neverHad = share === 0 && memory.share === undefined;
  if (before !== undefined && !view.emptySplit && !neverHad) memory.share = share;
  promote(facts, draft, view);
  const serving = servingSeen(draft, view);
  if (serving !== undefined) {
    judge(facts, draft, serving);
    noticeOtherModel(facts, draft, serving);
  }
  for (const seen of [serving, successorSeen(draft, view)]) {
    const fault = seen?.capacity.state === "lost" ? seen.capacity.fault : undefined;
    if (seen !== undefined && fault !== undefined && !(serving !== undefined && serves(serving.capacity))) {
      parkFault(draft, facts, `deployed model ${seen.id}: ${fault}`);
    }
  }
}
