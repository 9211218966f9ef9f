/**
 * Several Spot models of one fleet on one endpoint: each has the share that the fleet gives it. The first one there has all,
 * because nothing else is legal; the next takes its share from whoever holds more than the fleet gives them. One that goes
 * off hands its share over, and takes it back in the same way.
 */
import type { SpotModelPolicy } from "../../fleet/fleet.ts";
import type { SpotModelMemory } from "../memory.ts";
import { type Giver, shareOf } from "./traffic.ts";
import type { View } from "./view.ts";

/** What siblings hold beyond their own shares; nothing is taken from one that is held. */
export function givers(view: View): readonly Giver[] {
  return view.siblings
    .filter(({ sibling, share }) => !sibling.held && share > sibling.share)
    .map(({ sibling, share }) => ({ ids: sibling.ids, most: share - sibling.share }));
}

/**
 * Percent that siblings owe us: we hold nothing, and nobody decided that we shall hold nothing. A person who sets our share
 * to zero while we serve has decided so.
 */
export function owedBySiblings(policy: SpotModelPolicy, memory: SpotModelMemory, view: View): number {
  if (memory.share === 0 || view.emptySplit || shareOf(view.split, memory.ours) > 0) return 0;
  const total = givers(view).reduce((sum, { most }) => sum + most, 0);
  return Math.min(memory.share ?? policy.share, total);
}

/** Who takes over the share of a model that goes off; or whom it waits for. */
export type Heir = { readonly id: string; readonly name: string } | { readonly waits: string };

/** @returns undefined where no sibling is deployed. */
export function heirOf({ siblings }: View): Heir | undefined {
  const present = siblings.filter(({ deployed }) => deployed.length > 0);
  const [first] = present;
  if (first === undefined) return undefined;
  const free = present.filter(({ sibling }) => !sibling.held);
  for (const { sibling, servingId } of free) {
    if (sibling.on && servingId !== undefined) return { id: servingId, name: sibling.name };
  }
  const on = present.find(({ sibling }) => sibling.on);
  if (on !== undefined) {
    return { waits: `${on.sibling.name} ${on.sibling.held ? "is held" : "does not serve"} and cannot take it over` };
  }
  // All go off: the share is handed on in one direction, and the last one is undeployed with it.
  const after = free.find(({ sibling }) => !sibling.precedes);
  const id = after?.servingId ?? after?.deployed[0];
  if (after !== undefined && id !== undefined) return { id, name: after.sibling.name };
  return { waits: `${first.sibling.name} goes off first` };
}
