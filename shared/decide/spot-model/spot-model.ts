/**
 * What should happen to a Spot model now. Each wake-up looks at the endpoint and takes at most one step; the next wake-up
 * finds the next step by looking. One rung serves; on lost capacity the platform's own restarts are waited for, then the
 * next rung is deployed with an empty split, waited for, given our share of the traffic, and the dead one is undeployed.
 */
import type { Decider, Decision, SpotModelCase } from "../decision.ts";
import type { SpotModelMemory } from "../memory.ts";
import { conclude, type Draft, startDraft, type Verdict } from "./draft.ts";
import { adopt, learn } from "./learn.ts";
import { bringUp, recover, succeed } from "./recover.ts";
import { afterSettling } from "./settle.ts";
import { type Situation, situationOf } from "./situation.ts";
import { scale, steady } from "./steady.ts";
import { cleanUp, held, offHours, parked, traffic } from "./upkeep.ts";
import { viewOf } from "./view.ts";
import { readWishes } from "./wishes.ts";

/** The rules in order of priority; the first that has something to say decides. */
const rules: readonly ((situation: Situation) => Verdict | undefined)[] = [
  held,
  offHours,
  parked,
  traffic,
  cleanUp,
  bringUp,
  recover,
  succeed,
  scale,
];

/** The endpoint is gone: whoever deleted it meant it, so nothing is created and nothing of ours is left. */
function endpointGone(draft: Draft, { policy }: SpotModelCase): Verdict {
  const { memory } = draft;
  for (const key of ["serving", "successor", "incident", "healthySince", "scaled", "share"] as const)
    delete memory[key];
  memory.ours = [];
  const why = `the endpoint ${policy.endpoint} does not exist; nothing is created`;
  draft.lasting.push({ id: `${policy.name}/endpoint-gone`, phase: "alert", what: "the endpoint is gone", why });
  return { rule: "endpoint-gone", why, phase: "down" };
}

function decide(facts: SpotModelCase): Decision<SpotModelMemory> {
  const draft = startDraft(facts);
  const wishes = readWishes(draft, facts);
  const { observation } = facts;
  const { endpoint } = observation;
  if (endpoint.look === "unknown") {
    const why = `the endpoint could not be read: ${endpoint.why}; nothing is changed on a guess`;
    return conclude(draft, { rule: "unknown", why, phase: "unknown" });
  }
  if (endpoint.look === "absent") return conclude(draft, endpointGone(draft, facts));
  adopt(draft, facts, endpoint.value);
  const situation = situationOf(facts, draft, viewOf(facts, draft.memory, endpoint.value), wishes);
  learn(facts, draft, situation.view, situation.on);
  for (const rule of rules) {
    const verdict = rule(situation);
    if (verdict !== undefined) return conclude(draft, verdict);
  }
  return conclude(draft, steady(situation));
}

/** The decision for Spot models. */
export const spotModel: Decider<SpotModelCase, SpotModelMemory> = { decide, afterSettling };
