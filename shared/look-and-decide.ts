/** Looks at one target and decides, as reconcile does before it acts and `plan` and `explain` do without acting. */
import type { Decision } from "./decide/decision.ts";
import type { PersistentResourceMemory, SpotModelMemory } from "./decide/memory.ts";
import { decide, type Facts, modelFacts, resourceFacts } from "./facts.ts";
import type { Fleet, TargetPolicy } from "./fleet/fleet.ts";
import { type Need, observePersistentResource, observeSpotModel } from "./observe.ts";
import { asSibling, type RecalledSibling } from "./siblings.ts";
import type { TargetDocument } from "./state/documents.ts";
import type { Store } from "./state/store.ts";
import type { Clock } from "./time/clock.ts";
import type { VertexReader } from "./vertex/vertex.ts";

/** What a look takes. */
export interface LookTools {
  readonly reader: VertexReader;
  readonly store: Store;
  readonly clock: Clock;
}

/** A target as it is looked at. */
export interface Looked {
  readonly fleet: Fleet;
  readonly policy: TargetPolicy;
  readonly target: TargetDocument;
  /** The fleet's other models on a model's endpoint. */
  readonly siblings: readonly RecalledSibling[];
}

/** A decision may ask for a closer look, and on what that shows for another; then there is nothing more to look at. */
const closerLooks = 2;

async function observe(tools: LookTools, looked: Looked, needs: ReadonlySet<Need>): Promise<Facts> {
  const { fleet, policy, target } = looked;
  if (policy.kind === "spotModel") {
    const observation = await observeSpotModel(tools.reader, policy);
    const now = tools.clock.now();
    const siblings = looked.siblings.map((other) => asSibling(policy, other.policy, other.target?.value, now));
    return modelFacts(fleet, policy, target, now, { ...observation, siblings });
  }
  const { memory } = target;
  const restoreId = memory.kind === "persistentResource" ? memory.sleep?.restoreId : undefined;
  const observation = await observePersistentResource(tools, policy, restoreId, needs);
  return resourceFacts(fleet, policy, target, tools.clock.now(), observation);
}

/**
 * Looks and decides, more closely where the decision asks for it.
 * @param needs what is known to be needed from an earlier look; what this look needed is added to it.
 */
export async function lookAndDecide(
  tools: LookTools,
  looked: Looked,
  needs: Set<Need> = new Set(),
): Promise<Decision<PersistentResourceMemory | SpotModelMemory>> {
  for (let looks = 0; ; looks += 1) {
    const decision = decide(await observe(tools, looked, needs));
    if (decision.action.do !== "look-closer" || looks === closerLooks) return decision;
    for (const need of decision.action.need) needs.add(need);
  }
}
