/**
 * What we remember. Every document is bounded; nothing here is derived from what Vertex can show.
 */
import type { PersistentResourceMemory, SpotModelMemory } from "../decide/memory.ts";
import type { Request } from "../events/requests.ts";
import type { Slot } from "../operations/operation.ts";
import type { Outcome } from "../outcomes/outcome.ts";
import type { Millis } from "../time/clock.ts";
import type { JsonObject } from "../vertex/vertex.ts";

/** Written into every document; a document of a newer schema is never changed. */
export const schemaVersion = 1;

/** The applied fleet's head; one document, id `head`. */
export interface FleetHead {
  readonly schema: number;
  /** Made once, by the first `apply`; functions are deployed with it, and a mismatch means no action. */
  readonly storeId: string;
  /** Counts applies, from 1. */
  readonly version: number;
  /** Number of parts of this version. */
  readonly parts: number;
  /** Digest of the version before, whose parts are kept for those who are reading them. */
  readonly previousDigest?: string;
  /** SHA-256 of the joined parts. */
  readonly digest: string;
  readonly appliedAt: Millis;
  readonly appliedBy: string;
  /** Present: nothing new starts. */
  readonly paused?: { readonly at: Millis; readonly by: string; readonly note?: string };
}

/**
 * A piece of the applied fleet's JSON, under 500 kB; id `DIGEST/INDEX`, so that two applies at once cannot mix theirs, and
 * what a reader has begun to read stays as it was.
 */
interface FleetPart {
  readonly schema: number;
  readonly text: string;
}

/** One decision as remembered and shown. */
export interface DecisionRecord {
  readonly at: Millis;
  /** How often in a row the same was decided; `at` is the newest. */
  readonly times: number;
  /** The rule's short name, a closed set of words. */
  readonly rule: string;
  /** What was done, e.g. `delete`, or `nothing`. */
  readonly action: string;
  readonly why: string;
  /** What happens next, if known. */
  readonly next?: { readonly at: Millis; readonly what: string };
}

/** One target; id = the policy's key. Only `apply` creates one. */
export interface TargetDocument {
  readonly schema: number;
  readonly name: string;
  readonly kind: "persistentResource" | "spotModel";
  /** Fleet version that last applied it. */
  readonly appliedVersion: number;
  /** Open requests; at most one of each wish but `job`, and one `scale` a pool. */
  readonly requests: readonly Request[];
  /** The newest event taken for each place that events compete for (`wake`, `scale POOL`, ...): an older one comes too late. */
  readonly newest?: { readonly [place: string]: Order };
  /** What the open scale request of a pool is made of, by pool id. */
  readonly sizes?: { readonly [poolId: string]: SizeHistory };
  readonly memory: PersistentResourceMemory | SpotModelMemory;
  /** Newest first, bounded. */
  readonly decisions: readonly DecisionRecord[];
  /** Phase word for status, as last decided. */
  readonly phase: string;
  /** Since when a persistent resource is not up that should be; a Spot model remembers its own incident. */
  readonly downSince?: Millis;
  /** World time at which an `apply` found it no longer in the fleet; it is left as it is and takes no requests. */
  readonly releasedAt?: Millis;
}

/** An event's place in the order of events; see `order.ts`. */
export interface Order {
  readonly publishedAt: Millis;
  /** Pub/Sub's id of the message; documents of earlier releases lack it. */
  readonly messageId?: string;
  readonly eventId: string;
}

/** One `scale` event: an absolute size, or a change of the size before it. */
export type SizeAsked = Order & ({ readonly replicas: number } | { readonly delta: number });

/** Scale events of one pool in their order: a change that arrives late is still counted, where it belongs. */
export interface SizeHistory {
  /** The size before the first of them. */
  readonly base: number;
  /** Oldest first, bounded. */
  readonly asked: readonly SizeAsked[];
}

/** Idle bookkeeping of one persistent resource, written by the tick only. */
export interface IdleTrack {
  /** Which incarnation it is about. */
  readonly createTime: string;
  /** World time since when every good sample was idle. */
  readonly idleSince?: Millis;
  /** World time of the last good sample, idle or busy. */
  readonly lastGood?: Millis;
  readonly lastBusy?: Millis;
  /** Unknown samples in a row. */
  readonly unknowns: number;
  /** Good idle samples since `idleSince`. */
  readonly samples: number;
  /** Since when no job has been seen, across incarnations: what becomes a gap when the next job comes. */
  readonly gapSince?: Millis;
  /** Lengths of the newest finished idle gaps, oldest first, at most 100. */
  readonly gaps: readonly Millis[];
}

/** One location's newest observation; id = location. Written by the tick, at most once a world minute. */
export interface ObservationDocument {
  readonly schema: number;
  /** World minute (epoch ms / 60,000, floored) of the tick that wrote it: a doubled tick stops here. */
  readonly minute: number;
  readonly takenAt: Millis;
  /** Wire time: a verdict is good for two minutes of it. */
  readonly takenAtWire: Millis;
  /** Whether `usedReplicaCount` has ever been seen above zero here. */
  readonly counterSeen: boolean;
  /** When nearly everything here turned idle in one sample: nothing is deleted for looking idle until this is gone. */
  readonly outageSince?: Millis;
}

/** Idle bookkeeping of some of a location's targets, so that a document stays below its limit; id `LOCATION/SHARD`. */
interface IdleTracksDocument {
  readonly schema: number;
  readonly tracks: { readonly [targetKey: string]: IdleTrack };
}

/** An outcome not yet published; id = outcome id. */
export interface OutboxEntry {
  readonly schema: number;
  readonly outcome: Outcome;
}

/** One handled event; id = event id. */
export interface EventMark {
  readonly schema: number;
  readonly receivedAt: Millis;
  /** The newest outcome told; a second delivery gets it again. */
  readonly outcome: Outcome;
  /** World time after which it may be forgotten. */
  readonly expireAt: Millis;
}

/** What is needed to rebuild a resource, saved before it is deleted; id = restore id (`KEY@createTime`). Write-once. */
export interface RestoreRecord {
  readonly schema: number;
  readonly targetKey: string;
  readonly createTime: string;
  readonly savedAt: Millis;
  /** The resource verbatim, v1beta1 REST JSON. */
  readonly resource: JsonObject;
  /** The create request's body that rebuilds it. */
  readonly body: JsonObject;
  /** Replica counts of the last settled up state, by pool id. */
  readonly replicas: { readonly [poolId: string]: number };
}

/** The long-running submissions of one location within the last minute; id = location. Never longer than the limit, 60. */
export interface SubmissionBudget {
  readonly schema: number;
  /** World times of their claims. */
  readonly claimedAt: readonly Millis[];
}

/** Every collection of the store. */
export interface Documents {
  readonly fleet: FleetHead;
  readonly fleetParts: FleetPart;
  readonly targets: TargetDocument;
  readonly slots: Slot;
  readonly observations: ObservationDocument;
  readonly idleTracks: IdleTracksDocument;
  readonly outbox: OutboxEntry;
  readonly events: EventMark;
  readonly restores: RestoreRecord;
  readonly budgets: SubmissionBudget;
}
