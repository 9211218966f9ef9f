/**
 * Which machines an absent resource is built on: the first, which are its record's or the fleet's spec's, or those of one
 * of the fleet's alternatives. The first are what is wanted: every round of tries begins with them, and what they failed
 * with says when the next one begins.
 */
import type { FailureClass } from "../../operations/operation.ts";
import { hour } from "../../time/clock.ts";
import type { PersistentResourceMemory } from "../memory.ts";
import type { Draft } from "./draft.ts";

/**
 * Failures that other machines may be spared. What else the first are refused for (network, key, permission) all of them
 * share; an alternative's turn comes only when the first were not refused, so a refusal is about its own machines.
 */
const othersMayDo: { readonly [of in "first" | "alternative"]: readonly FailureClass[] } = {
  first: ["stockout", "quota"],
  alternative: ["stockout", "quota", "invalid", "denied"],
};

/** An alternative without quota is passed over for as long as a quota rests at most. */
const withoutQuota = 6 * hour;

/** Where the tries stand after a create has failed. */
export interface Turn {
  /** What has failed: 0 are the first machines, n the n-th alternative. */
  readonly failed: number;
  /** `same`: these machines again, when their failure allows; `others`: at once; `rest`: all have failed. */
  readonly next: "same" | "others" | "rest";
}

/** The machines that are due: 0 the first, n the n-th alternative. */
export function machinesDue({ sleep, due }: PersistentResourceMemory): number {
  return sleep?.alternative ?? due ?? 0;
}

/** What an incarnation stands in for, if it was built from an alternative. */
export function standInOf(
  { standIn }: PersistentResourceMemory,
  createTime: string,
): PersistentResourceMemory["standIn"] {
  return standIn !== undefined && (standIn.createTime ?? createTime) === createTime ? standIn : undefined;
}

/** What is asleep, for what may be built in its place: its record, or else the fleet's spec. */
export function recordOf({ sleep }: PersistentResourceMemory): { readonly restoreId?: string } {
  return sleep === undefined || sleep.fromSpec ? {} : { restoreId: sleep.restoreId };
}

function withDue({ sleep }: PersistentResourceMemory, alternative: number) {
  return sleep === undefined ? { due: alternative } : { sleep: { ...sleep, alternative } };
}

/** The memory with which a person's word (`release`, `apply`) begins anew: the first machines are due, none is passed over. */
export function fromTheFirst(memory: PersistentResourceMemory): PersistentResourceMemory {
  const { setAside: _setAside, due: _due, ...kept } = memory;
  return memory.sleep === undefined ? kept : { ...kept, ...withDue(memory, 0) };
}

/** Passes to the machines that are due after a create has failed. */
export function afterFailedCreate(draft: Draft, cls: FailureClass): Turn {
  const { memory, policy, now } = draft;
  const failed = memory.creating?.alternative ?? machinesDue(memory);
  if (!othersMayDo[failed === 0 ? "first" : "alternative"].includes(cls)) return { failed, next: "same" };
  const setAside = (memory.setAside ?? []).filter(({ until }) => until === undefined || until > now);
  if (failed > 0 && cls !== "stockout") {
    // Quota may be given or freed; a refusal stays one until the fleet file, or whatever forbids it, is changed.
    setAside.push({ alternative: failed, ...(cls === "quota" ? { until: now + withoutQuota } : {}) });
  }
  const passedOver = new Set(setAside.map(({ alternative }) => alternative));
  const due = policy.restore.alternatives.findIndex((_, index) => index >= failed && !passedOver.has(index + 1)) + 1;
  draft.remember({ ...withDue(memory, due), ...(setAside.length === 0 ? {} : { setAside }) });
  return { failed, next: due === 0 ? "rest" : "others" };
}
