/**
 * What a fleet would do now. The plan applies the fleet to a copy of what the store remembers, with the code that
 * `apply` runs, and lets the deciders look at Vertex AI as it is: nothing is guessed, and nothing is changed.
 */

import type { Fleet, TargetPolicy } from "../../shared/fleet/fleet.ts";
import type { Home } from "../../shared/home.ts";
import { lookAndDecide } from "../../shared/look-and-decide.ts";
import { describe } from "../../shared/operations/kinds.ts";
import { recallSiblings } from "../../shared/siblings.ts";
import { type Applied, type ApplyOptions, applyFleet } from "../../shared/state/apply.ts";
import { schemaVersion } from "../../shared/state/documents.ts";
import { openStore } from "../../shared/state/open.ts";
import { slotOf } from "../../shared/state/recall.ts";
import type { Store } from "../../shared/state/store.ts";
import type { Clock, Millis } from "../../shared/time/clock.ts";
import { surveyReader } from "./survey.ts";

/** What is decided about one target. */
export interface Outlook {
  readonly name: string;
  readonly key: string;
  readonly kind: TargetPolicy["kind"];
  readonly phase: string;
  /** The change that would be started, e.g. `delete`; absent: none. */
  readonly change?: string;
  readonly rule: string;
  readonly why: string;
  readonly next?: { readonly at: Millis; readonly what: string };
  /** An operation that runs already: nothing else is started before it has ended. */
  readonly running?: string;
}

/** What applying a fleet would do. */
export interface Plan {
  /** Version that is applied now, 0 for none. */
  readonly appliedVersion: number;
  readonly created: readonly string[];
  readonly released: Applied["released"];
  readonly targets: readonly Outlook[];
  readonly paused: boolean;
}

/** Targets looked at together. */
const together = 50;

/**
 * Plans a fleet.
 * @throws ApplyRefused when it could not be applied to this store; StoreUnavailable when the store cannot be read.
 * Vertex's errors are part of the outlook.
 */
export async function planFleet(home: Home, fleet: Fleet, options: Pick<ApplyOptions, "recover"> = {}): Promise<Plan> {
  const clock = await home.clock();
  const head = (await home.store.get("fleet", "head"))?.value;
  const scratch = await openStore("sqlite::memory:");
  try {
    const [targets, slots] = await Promise.all([home.store.list("targets"), home.store.list("slots")]);
    await scratch.transaction(async (tx) => {
      if (head !== undefined) tx.put("fleet", "head", head);
      for (const { id, value } of targets) tx.put("targets", id, value);
      for (const { id, value } of slots) tx.put("slots", id, value);
    });
    const applied = await applyFleet(scratch, fleet, {
      ...options,
      expectedStoreId: home.settings.storeId,
      by: "plan",
      now: clock.now(),
      leaveAsleep: true,
    });
    return {
      appliedVersion: head?.version ?? 0,
      created: applied.created,
      released: applied.released,
      targets: await lookAhead(home, fleet, fleet.targets, clock, scratch),
      paused: head?.paused !== undefined,
    };
  } finally {
    await scratch.close();
  }
}

/**
 * What would be decided now about some targets of a fleet.
 * @param documents the store that their documents are read from; the rest is read from the home's own.
 */
export async function lookAhead(
  home: Home,
  fleet: Fleet,
  policies: readonly TargetPolicy[],
  clock: Clock,
  documents: Store = home.store,
): Promise<readonly Outlook[]> {
  const tools = { reader: surveyReader(home.reader), store: home.store, clock };
  const outlooks: Outlook[] = [];
  for (let start = 0; start < policies.length; start += together) {
    const chunk = policies.slice(start, start + together);
    outlooks.push(...(await Promise.all(chunk.map((policy) => lookAt(tools, fleet, policy, documents)))));
  }
  return outlooks;
}

type Tools = Pick<Home, "reader" | "store"> & { readonly clock: Clock };

async function lookAt(tools: Tools, fleet: Fleet, policy: TargetPolicy, documents: Store): Promise<Outlook> {
  const { name, key, kind } = policy;
  const [target, slot, siblings] = await Promise.all([
    documents.get("targets", key),
    tools.store.get("slots", slotOf(key)),
    recallSiblings(documents, fleet, policy),
  ]);
  if (target === undefined || target.value.schema > schemaVersion) {
    const why = target === undefined ? "the store does not know it" : "its document is of a newer Tidekeeper";
    return { name, key, kind, phase: "unknown", rule: "refused", why: `${why}; nothing is done` };
  }
  const { action, rule, why, phase, next } = await lookAndDecide(tools, {
    fleet,
    policy,
    target: target.value,
    siblings,
  });
  return {
    name,
    key,
    kind,
    phase,
    rule,
    why,
    ...(action.do === "change" ? { change: describe(action.change) } : {}),
    ...(next === undefined ? {} : { next }),
    ...(slot === undefined || slot.value.state === "empty" ? {} : { running: describe(slot.value.change) }),
  };
}
