/** What an apply makes of a target's document: a new one, or what is remembered, without what an apply ends. */
import type { PersistentResourceMemory, SpotModelMemory } from "../decide/memory.ts";
import { fromTheFirst } from "../decide/persistent-resource/machines.ts";
import { mended } from "../decide/spot-model/bench.ts";
import type { TargetPolicy } from "../fleet/fleet.ts";
import { schemaVersion, type TargetDocument } from "./documents.ts";
import { newerSchema } from "./recall.ts";
import type { Store } from "./store.ts";

function emptyMemory(kind: TargetPolicy["kind"]): PersistentResourceMemory | SpotModelMemory {
  return kind === "persistentResource"
    ? { kind, deletes: [], startUps: [] }
    : { kind, ours: [], bench: [], deploys: [], sequence: 0 };
}

/** What an apply ends: drift, parking, machines passed over until they are mended, and a first look under the old rules. */
function freshStart(memory: PersistentResourceMemory | SpotModelMemory): PersistentResourceMemory | SpotModelMemory {
  if (memory.kind === "persistentResource") {
    const {
      drift: _drift,
      attemptsAt: _attemptsAt,
      look: _look,
      notRebuildable: _field,
      patchBroken: _broken,
      ...kept
    } = memory;
    return fromTheFirst(kept);
  }
  const { drift: _drift, fault: _fault, attemptsAt: _attemptsAt, floor: _floor, ...kept } = memory;
  return { ...kept, bench: mended(kept.bench) };
}

/**
 * The document of a target of an applied fleet.
 * @param version the fleet's.
 */
export function targetDocument(
  policy: TargetPolicy,
  before: TargetDocument | undefined,
  version: number,
): TargetDocument {
  const { releasedAt: _, ...kept } = before ?? { requests: [], decisions: [], phase: "unknown" };
  return {
    ...kept,
    schema: schemaVersion,
    name: policy.name,
    kind: policy.kind,
    appliedVersion: version,
    memory: before === undefined ? emptyMemory(policy.kind) : freshStart(before.memory),
  };
}

/**
 * Brings targets' documents up to date with the applied fleet: what is remembered stays; drift, parking and first looks
 * end. One that is up to date is left alone.
 * @param version the head's.
 * @throws StoreUnavailable
 */
export async function bringUpToDate(store: Store, policies: readonly TargetPolicy[], version: number): Promise<void> {
  await store.transaction(async (tx) => {
    const before = await Promise.all(policies.map(({ key }) => tx.get("targets", key)));
    for (const [index, policy] of policies.entries()) {
      const document = before[index]?.value;
      if (document === undefined || document.appliedVersion >= version) continue;
      if (newerSchema("the target", document) === undefined)
        tx.put("targets", policy.key, targetDocument(policy, document, version));
    }
  });
}
