/** Which Spot models of the fleet share an endpoint, and what each has to know of the others. */
import type { Sibling } from "./decide/decision.ts";
import { scheduleAt } from "./decide/schedule/schedule.ts";
import type { Fleet, SpotModelPolicy, TargetPolicy } from "./fleet/fleet.ts";
import type { TargetDocument } from "./state/documents.ts";
import type { Store, Versioned } from "./state/store.ts";
import type { Millis } from "./time/clock.ts";

const byEndpoint = new WeakMap<Fleet, ReadonlyMap<string, readonly SpotModelPolicy[]>>();

/** The fleet's other Spot models on the endpoint of this one. */
export function siblingsOf(fleet: Fleet, policy: SpotModelPolicy): readonly SpotModelPolicy[] {
  let index = byEndpoint.get(fleet);
  if (index === undefined) {
    const models = fleet.targets.filter((target) => target.kind === "spotModel");
    index = Map.groupBy(models, ({ endpoint }) => endpoint);
    byEndpoint.set(fleet, index);
  }
  return (index.get(policy.endpoint) ?? []).filter(({ key }) => key !== policy.key);
}

/** A sibling's document as it was read; undefined where the store does not have it. */
export interface RecalledSibling {
  readonly policy: SpotModelPolicy;
  readonly target: Versioned<TargetDocument> | undefined;
}

/**
 * Reads what is remembered about the others on a target's endpoint.
 * @throws StoreUnavailable
 */
export function recallSiblings(store: Store, fleet: Fleet, target: TargetPolicy): Promise<readonly RecalledSibling[]> {
  const others = target.kind === "spotModel" ? siblingsOf(fleet, target) : [];
  return Promise.all(others.map(async (policy) => ({ policy, target: await store.get("targets", policy.key) })));
}

/**
 * What one Spot model knows of another.
 * @param target the other's document; undefined where the store does not have it: then nothing there is known to be its own.
 * @param now world time.
 */
export function asSibling(
  policy: SpotModelPolicy,
  other: SpotModelPolicy,
  target: TargetDocument | undefined,
  now: Millis,
): Sibling {
  const memory = target?.memory.kind === "spotModel" ? target.memory : undefined;
  const asks = (type: "wake" | "hold") =>
    target?.requests.some(({ wish, expiresAt }) => wish.type === type && expiresAt > now) ?? false;
  return {
    name: other.name,
    share: other.share,
    ids: memory?.ours ?? [],
    ...(memory?.serving === undefined ? {} : { servingId: memory.serving.deployedModelId }),
    on: other.schedule === undefined || scheduleAt(other.schedule, now).on || asks("wake"),
    held: asks("hold"),
    precedes: other.key < policy.key,
  };
}
