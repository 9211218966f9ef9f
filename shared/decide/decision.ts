/**
 * What a decision is made of and what comes out of it. `decide` functions are pure: (policy, state, observation, now).
 */

import type { Request } from "../events/requests.ts";
import type { PersistentResourcePolicy, SpotModelPolicy } from "../fleet/fleet.ts";
import type { Change, Held, Settlement } from "../operations/operation.ts";
import type { NoticePhase } from "../outcomes/outcome.ts";
import type { RestoreRecord } from "../state/documents.ts";
import type { Millis } from "../time/clock.ts";
import type { CustomJob, Endpoint, JsonObject, Listing, PersistentResource } from "../vertex/vertex.ts";
import type { PersistentResourceMemory, SpotModelMemory } from "./memory.ts";

/** Something that was looked at: there, certainly not there, or not known. */
export type Look<T> =
  | { readonly look: "present"; readonly value: T }
  | { readonly look: "absent" }
  | { readonly look: "unknown"; readonly why: string };

/** The idle verdict for one resource, from the tick's observations. */
export type IdleVerdict =
  | { readonly verdict: "idle"; readonly since: Millis; readonly threshold: Millis }
  | { readonly verdict: "busy" | "unknown"; readonly why: string };

export interface PersistentResourceObservation {
  readonly resource: Look<PersistentResource>;
  /** Active jobs of the whole location; decide matches them by persistentResourceId. */
  readonly jobs: Look<Listing<CustomJob>>;
  readonly idle: IdleVerdict;
  /** Whether a counter above zero has been seen in this location: only then is an absent `usedReplicaCount` zero. */
  readonly counterSeen: boolean;
  /** Since when nearly everything in this location looks idle, at once: then nothing is deleted for looking so. */
  readonly outageSince?: Millis;
  /** The saved record while asleep; also the newest one for an absent resource. */
  readonly restore?: RestoreRecord;
  /** Set when the record of a sleeping resource was looked for and the store does not have it. */
  readonly restoreLost?: boolean;
  /** Answer of the last permission test; undefined when none was made in this look. */
  readonly mayCreate?: boolean;
  /** What was read verbatim for a restore record, when a delete is likely; absent in the tick's cheap look. */
  readonly verbatim?: JsonObject;
}

export interface SpotModelObservation {
  readonly endpoint: Look<Endpoint>;
}

/** What a decision may ask for. */
export type Action =
  | { readonly do: "nothing" }
  /** Something must be looked at more closely before a change may be made: reconcile reads it and decides again. */
  | { readonly do: "look-closer"; readonly need: readonly ("verbatim" | "permission" | "restore")[] }
  | {
      readonly do: "change";
      readonly change: Change;
      readonly attempt: number;
      /** Requests this answers. */
      readonly eventIds: readonly string[];
      /** Written with the claim, before a delete. */
      readonly restore?: RestoreRecord;
      /** Decide again on a fresh look under the claim before the call (every delete). */
      readonly secondLook: boolean;
    };

/** A request's end, or step, decided without (or besides) an operation. */
export interface Answer {
  readonly eventId: string;
  readonly phase: "started" | "done" | "failed" | "rejected" | "expired";
  readonly what: string;
  readonly why: string;
}

/** Something to tell without having been asked; `id` makes repeats harmless. */
export interface Notice {
  readonly id: string;
  readonly phase: NoticePhase;
  readonly what: string;
  readonly why: string;
  readonly details?: { readonly [key: string]: string | number | boolean };
}

/** The state word shown for a target. */
export type Phase =
  | "unknown"
  | "up"
  | "draining"
  | "deleting"
  | "asleep"
  | "recreating"
  | "waiting-for-capacity"
  | "scaling"
  | "held"
  | "error"
  | "drifted"
  | "serving"
  | "degraded"
  | "recovering"
  | "down"
  | "off-hours";

export interface Decision<M> {
  readonly action: Action;
  /** Which rule decided, e.g. `off-hours`, `idle`, `hold`, `scale-request`; a closed set listed in decide/rules.ts. */
  readonly rule: string;
  /** One sentence, with times and names: the text shown everywhere. */
  readonly why: string;
  readonly phase: Phase;
  /** What to remember; written whether or not something is done. */
  readonly memory: M;
  /** Requests that stay open, as they shall be stored. */
  readonly requests: readonly Request[];
  readonly answers: readonly Answer[];
  readonly notices: readonly Notice[];
  /** What is expected next, for people and for the tick. */
  readonly next?: { readonly at: Millis; readonly what: string };
}

export interface PersistentResourceCase {
  readonly policy: PersistentResourcePolicy;
  readonly memory: PersistentResourceMemory;
  readonly requests: readonly Request[];
  readonly observation: PersistentResourceObservation;
  readonly limits: { readonly cyclesPerDay: number };
  readonly now: Millis;
  /** Varies between targets and attempts, 0-1, for jitter; derived from the key, never from luck. */
  readonly jitter: number;
}

/** Another Spot model of the fleet on the same endpoint: the fleet says how they share its traffic. */
export interface Sibling {
  readonly name: string;
  /** Percent of the traffic that the fleet gives it. */
  readonly share: number;
  /** Deployed model ids that are its own. */
  readonly ids: readonly string[];
  /** Which of them is meant to serve. */
  readonly servingId?: string;
  /** Whether it may be on now: inside its windows, or woken. */
  readonly on: boolean;
  /** Somebody asked that nothing of it be changed. */
  readonly held: boolean;
  /** Of two that go off together, this one goes before the one that decides. */
  readonly precedes: boolean;
}

export interface SpotModelCase {
  readonly policy: SpotModelPolicy;
  readonly siblings: readonly Sibling[];
  readonly memory: SpotModelMemory;
  readonly requests: readonly Request[];
  readonly observation: SpotModelObservation;
  readonly limits: { readonly deploysPerHour: number };
  /** Hourly price of one replica on a rung, in the fleet's currency; undefined: unknown. */
  readonly priceOf: (rungId: string) => number | undefined;
  readonly now: Millis;
  readonly jitter: number;
}

/** Every decide module of a target kind exports these two, and nothing else decides. */
export interface Decider<C, M> {
  /** What should happen now. */
  decide(facts: C): Decision<M>;
  /** How the memory changes when an operation of ours has ended; answers and notices included. */
  afterSettling(
    facts: C,
    held: Held,
    settlement: Settlement,
  ): Pick<Decision<M>, "memory" | "requests" | "answers" | "notices">;
}
