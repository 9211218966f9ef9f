/** Everything a decision is made of, put together for either kind of target, and the decision itself. */
import type {
  Decision,
  PersistentResourceCase,
  PersistentResourceObservation,
  SpotModelCase,
  SpotModelObservation,
} from "./decide/decision.ts";
import type { PersistentResourceMemory, SpotModelMemory } from "./decide/memory.ts";
import { persistentResource } from "./decide/persistent-resource/persistent-resource.ts";
import { spotModel } from "./decide/spot-model/spot-model.ts";
import type { Fleet, PersistentResourcePolicy, SpotModelPolicy } from "./fleet/fleet.ts";
import { priceOf } from "./fleet/prices.ts";
import type { Held, Settlement } from "./operations/operation.ts";
import type { TargetDocument } from "./state/documents.ts";
import { stableFraction } from "./state/hash.ts";
import type { Millis } from "./time/clock.ts";

/** A case of either kind. */
export type Facts =
  | { readonly kind: "persistentResource"; readonly of: PersistentResourceCase }
  | { readonly kind: "spotModel"; readonly of: SpotModelCase };

type Memory = PersistentResourceMemory | SpotModelMemory;

/** The policy and the document disagree about what the target is: nothing may be decided. */
class TargetMismatch extends Error {
  override readonly name = "TargetMismatch";

  constructor(policy: { readonly key: string; readonly kind: string }, target: TargetDocument) {
    super(
      `${policy.key} is a ${policy.kind} in the fleet and a ${target.memory.kind} in the store; give one of them another name and apply again`,
    );
  }
}

function jitter(key: string, target: TargetDocument): number {
  const tries = Object.values(target.memory.attemptsAt ?? {}).reduce((sum, tried) => sum + (tried?.count ?? 0), 0);
  return stableFraction(`${key}/${tries}`);
}

/**
 * The case of a persistent resource.
 * @throws TargetMismatch when the store remembers another kind under this key.
 */
export function resourceFacts(
  fleet: Fleet,
  policy: PersistentResourcePolicy,
  target: TargetDocument,
  now: Millis,
  observation: PersistentResourceObservation,
): Facts {
  const { memory, requests } = target;
  if (memory.kind !== "persistentResource") throw new TargetMismatch(policy, target);
  return {
    kind: "persistentResource",
    of: { policy, memory, requests, observation, limits: fleet.limits, now, jitter: jitter(policy.key, target) },
  };
}

/**
 * The case of a Spot model.
 * @throws TargetMismatch when the store remembers another kind under this key.
 */
export function modelFacts(
  fleet: Fleet,
  policy: SpotModelPolicy,
  target: TargetDocument,
  now: Millis,
  { siblings, ...observation }: SpotModelObservation & Pick<SpotModelCase, "siblings">,
): Facts {
  const { memory, requests } = target;
  if (memory.kind !== "spotModel") throw new TargetMismatch(policy, target);
  const priceOfRung = (rungId: string) => {
    const rung = policy.ladder.find(({ id }) => id === rungId);
    return rung && priceOf(fleet, { ...rung, location: policy.location });
  };
  return {
    kind: "spotModel",
    of: {
      policy,
      siblings,
      memory,
      requests,
      observation,
      limits: fleet.limits,
      priceOf: priceOfRung,
      now,
      jitter: jitter(policy.key, target),
    },
  };
}

/** What should happen now. */
export function decide(facts: Facts): Decision<Memory> {
  return facts.kind === "persistentResource" ? persistentResource.decide(facts.of) : spotModel.decide(facts.of);
}

/** How memory, requests and answers change when an operation of ours has ended. */
export function afterSettling(
  facts: Facts,
  held: Held,
  settlement: Settlement,
): Pick<Decision<Memory>, "memory" | "requests" | "answers" | "notices"> {
  return facts.kind === "persistentResource"
    ? persistentResource.afterSettling(facts.of, held, settlement)
    : spotModel.afterSettling(facts.of, held, settlement);
}
