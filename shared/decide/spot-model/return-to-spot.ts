/**
 * Return to Spot: when a serving model may go back to a better Spot rung. Only after a quiet time, for a real saving, not
 * too soon after the last switch and not in a blocked window; the successor serves before the old one loses traffic.
 */
import type { ReturnPolicy, Rung } from "../../fleet/fleet.ts";
import type { Millis } from "../../time/clock.ts";
import type { SpotModelCase } from "../decision.ts";
import type { SpotModelMemory } from "../memory.ts";
import { scheduleAt } from "../schedule/schedule.ts";
import { benchedNow, lastStrikeAt } from "./bench.ts";
import { rankOf } from "./ladder.ts";

/** A rung worth returning to now, when one may be, or neither. */
export type Return =
  | { readonly when: "now"; readonly rung: Rung; readonly saving: number }
  | { readonly when: "later"; readonly at: Millis; readonly rung: Rung; readonly why: string }
  | { readonly when: "never" };

/** What a rung costs an hour at its minimum; undefined where its price is unknown: then no saving is known either. */
function costOf(rung: Rung | undefined, priceOf: SpotModelCase["priceOf"]): number | undefined {
  const price = rung && priceOf(rung.id);
  return price === undefined || rung === undefined ? undefined : price * rung.minReplicas;
}

/** The end of the blocked window that holds `at`. */
function blockedUntil(policy: ReturnPolicy, at: Millis): Millis | undefined {
  if (policy.notDuring.length === 0) return undefined;
  const blocked = { name: "notDuring", zone: policy.zone, up: policy.notDuring, exceptions: [] };
  const state = scheduleAt(blocked, at);
  return state.on ? (state.until ?? Number.POSITIVE_INFINITY) : undefined;
}

/** When Spot has been quiet, and the serving model healthy, for long enough. */
function quietFrom(policy: ReturnPolicy, memory: SpotModelMemory, rung: Rung, now: Millis): Millis {
  const strikeAt = lastStrikeAt(memory.bench, rung.id);
  return Math.max(
    (memory.healthySince ?? now) + policy.stableFor,
    strikeAt === undefined ? 0 : strikeAt + policy.stableFor,
    benchedNow(memory.bench, rung.id, now)?.until ?? 0,
    memory.lastSwitchAt === undefined ? 0 : memory.lastSwitchAt + policy.cooldown,
  );
}

/** The best Spot rung above the serving one that saves enough, and when it may be deployed. */
export function returnToSpot(facts: SpotModelCase, memory: SpotModelMemory): Return {
  const { policy, priceOf, now } = facts;
  const rules = policy.returnToSpot;
  const { serving } = memory;
  if (rules === undefined || serving === undefined) return { when: "never" };
  const rank = rankOf(policy, serving.rungId);
  const current = costOf(policy.ladder[rank], priceOf);
  if (current === undefined || current <= 0) return { when: "never" };
  let later: Return = { when: "never" };
  for (const rung of policy.ladder.slice(0, rank)) {
    const cost = rung.provisioning === "spot" ? costOf(rung, priceOf) : undefined;
    const tooDear = policy.maxHourlyPrice !== undefined && (priceOf(rung.id) ?? 0) > policy.maxHourlyPrice;
    const saving = cost === undefined ? 0 : 1 - cost / current;
    if (cost === undefined || tooDear || saving < rules.minSaving) continue;
    const quiet = quietFrom(rules, memory, rung, now);
    const blocked = blockedUntil(rules, Math.max(now, quiet));
    if (quiet <= now && blocked === undefined) return { when: "now", rung, saving };
    const at = blocked ?? quiet;
    const why = quiet > now ? "it has to be quiet for longer" : "a blocked window lasts";
    if (later.when === "never" && Number.isFinite(at)) later = { when: "later", at, rung, why };
  }
  return later;
}
