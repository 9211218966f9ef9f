/**
 * The one way through, whoever woke it: settle -> observe -> decide -> claim -> start -> record. It starts at most one
 * operation and waits for none.
 */
import { isDeepStrictEqual } from "node:util";
import type { Look } from "./decide/decision.ts";
import { afterSettling, modelFacts, resourceFacts } from "./facts.ts";
import type { Home } from "./home.ts";
import { type Looked, lookAndDecide } from "./look-and-decide.ts";
import { justSettled, type Need } from "./observe.ts";
import { type Basis, claim, remember } from "./operations/claim.ts";
import type { AfterSettling } from "./operations/finish.ts";
import { describe } from "./operations/kinds.ts";
import type { Held } from "./operations/operation.ts";
import { settle, withdraw } from "./operations/settle.ts";
import { startAndRecord } from "./operations/start.ts";
import { expireWaiting } from "./state/expire.ts";
import { policyOf, type Recalled, type Released, recall, slotOf } from "./state/recall.ts";
import { bringUpToDate } from "./state/target-document.ts";
import type { Clock } from "./time/clock.ts";
import type { Endpoint, VertexWriter } from "./vertex/vertex.ts";

/** What one reconciliation came to, for its log line. */
export interface Report {
  readonly target: string;
  /** `refused`, `occupied`, `paused`, `nothing`, `stale`, `deferred`, `withdrawn`, `started`, `unclear`, or how it ended at once: `done`, `failed`, `lapsed`. */
  readonly result: string;
  readonly why: string;
  readonly change?: string;
}

type Tools = Pick<Home, "store" | "reader" | "settings"> & {
  readonly clock: Clock;
  readonly openWriter: () => Promise<VertexWriter>;
};

/** Recalls a target; what the newest apply has not got to yet, or never will, is done for it here. */
async function recallUpToDate({ store, settings }: Tools, key: string): ReturnType<typeof recall> {
  const recalled = await recall(store, key, settings.storeId);
  if ("refused" in recalled || recalled.target.value.appliedVersion >= recalled.head.value.version) return recalled;
  await bringUpToDate(store, [recalled.policy], recalled.head.value.version);
  return recall(store, key, settings.storeId);
}

/** The target as recalled, to be looked at. */
function looked({ fleet, policy, target, siblings }: Recalled): Looked {
  return { fleet, policy, target: target.value, siblings };
}

/**
 * What follows when an operation ends, for the target that holds the slot: on a shared endpoint it may be another one than
 * the one looked at.
 */
function aftermath(tools: Tools, recalled: Recalled | Released): AfterSettling {
  return (target, held, settlement, resource) => {
    if ("refused" in recalled) return undefined;
    const { fleet } = recalled;
    const policy = policyOf(fleet, held.targetKey);
    if (policy === undefined) return undefined;
    const now = tools.clock.now();
    const facts =
      policy.kind === "persistentResource"
        ? resourceFacts(fleet, policy, target, now, justSettled(resource))
        : // What follows from an end is the target's own affair.
          modelFacts(fleet, policy, target, now, { endpoint: resource as Look<Endpoint>, siblings: [] });
    return afterSettling(facts, held, settlement);
  };
}

/** Why the delete that was claimed must not be made: the look under the claim says something else; undefined when it agrees. */
async function disagreement(tools: Tools, held: Held, needs: Set<Need>): Promise<string | undefined> {
  const again = await recallUpToDate(tools, held.targetKey);
  if ("refused" in again) return again.refused;
  const { action, why } = await lookAndDecide(tools, looked(again), needs);
  return action.do === "change" && isDeepStrictEqual(action.change, held.change) ? undefined : why;
}

function holds(slot: Released["slot"], key: string): boolean {
  return slot !== undefined && slot.value.state !== "empty" && slot.value.targetKey === key;
}

/**
 * Looks at one target and closes its gap by at most one operation.
 * @param key the policy's key.
 * @throws StoreUnavailable when the store cannot be reached.
 */
export async function reconcile(tools: Tools, key: string): Promise<Report> {
  const { store } = tools;
  let recalled = await recallUpToDate(tools, key);
  if ("refused" in recalled && recalled.reason !== "not-in-fleet") {
    return { target: key, result: "refused", why: recalled.refused };
  }
  // A released target's own operation is still settled; its neighbour's on the same endpoint is not its business.
  if ("refused" in recalled && !holds(recalled.slot, key)) {
    return { target: key, result: "refused", why: recalled.refused };
  }

  const settled = await settle(tools, recalled.slot, aftermath(tools, recalled));
  if (settled.slot === "occupied") {
    const requests = recalled.target?.value.requests ?? [];
    await expireWaiting(store, {
      key,
      requests,
      running: settled.held.eventIds,
      because: "another operation on the resource had not ended",
      now: tools.clock.now(),
    });
    return { target: key, result: "occupied", why: settled.why, change: describe(settled.held.change) };
  }
  if (settled.slot !== "free") recalled = await recallUpToDate(tools, key);
  if ("refused" in recalled) return { target: key, result: "refused", why: recalled.refused };

  const needs = new Set<Need>();
  const decision = await lookAndDecide(tools, looked(recalled), needs);
  const { action, why } = decision;
  const basis: Basis = {
    key,
    headVersion: recalled.head.version,
    targetVersion: recalled.target.version,
    slotVersion: recalled.slot?.version,
    siblings: recalled.siblings.map(({ policy, target }) => ({ key: policy.key, version: target?.version })),
    limit: { location: recalled.policy.location, perMinute: recalled.fleet.limits.submissionsPerMinute },
  };
  const { paused } = recalled.head.value;
  if (paused !== undefined && action.do === "change") {
    // Nothing is remembered either: the memory of a decision to change is only true once the change is claimed. Who
    // waited in vain is told all the same.
    const { requests } = recalled.target.value;
    await expireWaiting(store, { key, requests, running: [], because: "the fleet was paused", now: tools.clock.now() });
    return {
      target: key,
      result: "paused",
      why: `paused by ${paused.by}; otherwise: ${why}`,
      change: describe(action.change),
    };
  }
  if (action.do !== "change") {
    const stale = await remember(tools, basis, slotOf(key), decision);
    return { target: key, result: stale === undefined ? "nothing" : "stale", why: stale ?? why };
  }

  const change = describe(action.change);
  const claimed = await claim(tools, basis, { ...decision, action });
  if (claimed.claim !== "held") return { target: key, result: claimed.claim, why: claimed.why, change };
  const { held } = claimed;
  if (action.secondLook) {
    const against = await disagreement(tools, held, needs);
    if (against !== undefined) {
      await withdraw(tools, held, against, aftermath(tools, recalled));
      return { target: key, result: "withdrawn", why: against, change };
    }
  }
  const started = await startAndRecord(tools, held, aftermath(tools, recalled));
  switch (started.start) {
    case "running":
      return { target: key, result: "started", why, change };
    case "ended":
      return { target: key, result: started.settlement.end, why: started.settlement.note, change };
    case "unclear":
      return { target: key, result: "unclear", why: started.why, change };
  }
}
