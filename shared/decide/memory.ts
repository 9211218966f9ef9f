/**
 * What a decision may remember from one wake-up to the next, and nothing that Vertex can show. Decisions return the
 * memory they want kept; the claim (or a plain transaction, when nothing is done) writes it.
 */
import type { BusyPolicy } from "../fleet/fleet.ts";
import type { ChangeKind, FailureClass } from "../operations/operation.ts";
import type { Millis } from "../time/clock.ts";
import type { ResourcePool } from "../vertex/vertex.ts";

/** Failed tries in a row at one thing. */
export interface Attempts {
  readonly count: number;
  readonly class: FailureClass;
  readonly note: string;
  /** What the first machines failed with, while alternatives are tried: it says when the first are tried again. */
  readonly first?: { readonly class: FailureClass; readonly note: string };
  /** World time before which nothing is tried. */
  readonly nextAt: Millis;
  /** Set when trying has stopped until something changes or a person says so (`release`, or the next `apply`). */
  readonly parked?: { readonly at: Millis; readonly why: string };
}

/** What was tried: a kind of change, and on which deployed model, to which size, where that makes another matter of it. */
export type Tried = ChangeKind | `undeploy/${string}` | `mutate/${string}`;

/** By what was tried: each holds up only itself. A delete that failed in the evening does not hold up the morning's create. */
type AttemptsAt = { readonly [K in Tried]?: Attempts };

export interface PersistentResourceMemory {
  readonly kind: "persistentResource";
  /** What was read when our last operation settled, or when the resource was first seen. */
  readonly known?: {
    readonly createTime: string;
    /** Pools, machines, disks, replica counts unless autoscaled. */
    readonly fingerprint: string;
    /** Replica counts by pool id: the settled up state. */
    readonly replicas: { readonly [poolId: string]: number };
    /** It is what a failed create of ours left, and has not been seen running. */
    readonly neverRan?: true;
  };
  /** Sizes by pool id when first seen: where a resource without a spec goes back to when nobody asks for another size. */
  readonly base?: { readonly [poolId: string]: number };
  /** Our newest create, until what it made has been seen. */
  readonly creating?: {
    /** When it was claimed. */
    readonly at: Millis;
    /** On which machines: 0 the first, n the n-th alternative. */
    readonly alternative: number;
    /** The pools asked for. */
    readonly pools?: readonly ResourcePool[];
    /** The alternative's own sizes by pool id. */
    readonly sizes?: { readonly [poolId: string]: number };
  };
  /** The machines that are due where there is no sleep to say so: 0 the first, n the n-th alternative. */
  readonly due?: number;
  /**
   * This incarnation was built from an alternative: the record that the next rebuild goes back to, or else the spec; and
   * the alternative's own sizes by pool id.
   */
  readonly standIn?: {
    readonly restoreId?: string;
    readonly createTime?: string;
    readonly sizes?: { readonly [poolId: string]: number };
  };
  /** Alternatives that are passed over: without quota until then, refused until `release` or the next `apply`. */
  readonly setAside?: readonly { readonly alternative: number; readonly until?: Millis }[];
  /** Since when a known resource is not found; only a lasting absence is believed (Get may answer 404 for a moment). */
  readonly missing?: { readonly since: Millis };
  /** Since when it shows state ERROR with no job on it. */
  readonly errorSince?: Millis;
  /** Present while it is deleted by us, and while only the wreck of a failed create stands in its place. */
  readonly sleep?: {
    /** When the delete was decided: wake-ups, jobs, scale requests and window starts after it end an idle sleep. */
    readonly since: Millis;
    readonly cause: "off-hours" | "idle" | "replace" | "repair";
    /** createTime of what was, or is being, deleted. */
    readonly incarnation?: string;
    /** It had never run, and was not made out of a sleep: what a failed create left behind. Clearing that away is no cycle. */
    readonly neverRan?: true;
    readonly restoreId: string;
    /** It stood in for what the fleet's spec asks for, and is rebuilt from that while the fleet has one. */
    readonly fromSpec?: true;
    /** Machines it is rebuilt on next: 0 are the restore record's, n the n-th alternative's. */
    readonly alternative: number;
  };
  /** The first clean look before a delete. */
  readonly look?: {
    readonly createTime: string;
    readonly at: Millis;
    /** There were jobs on it: it counts only for a delete that cancels them. */
    readonly cancels?: true;
  };
  /** Changed by someone else: neither sized nor slept until `release` or the next `apply`. */
  readonly drift?: { readonly since: Millis; readonly what: string };
  /** Since when a busy pool has been waited for after its window; `skipped`: left up for this off-time; `shrunk`: made smaller. */
  readonly draining?: {
    readonly since: Millis;
    /** When people were told what, and until when it is waited for. */
    readonly announced?: { readonly at: Millis; readonly ends: Millis; readonly then: BusyPolicy["then"] };
    readonly skipped?: true;
    readonly shrunk?: true;
  };
  /** When the newest wake or hold ended: nothing before it is late, and idleness counts from it. */
  readonly excusedUntil?: Millis;
  /** When the newest `release` was stored: an outage that began before it is none for this target. */
  readonly lastRelease?: Millis;
  /** When we last changed its size or rebooted it: idleness counts from it. */
  readonly touchedAt?: Millis;
  /** A field that our create request would not reproduce: this incarnation is never deleted. */
  readonly notRebuildable?: { readonly createTime: string; readonly field: string };
  /** How often somebody else created it again within the off-time that began at `since`. */
  readonly contested?: { readonly since: Millis; readonly times: number };
  /** Ids of the newest notices given, at most 12: each is given once. */
  readonly told?: readonly string[];
  /** World times of our deletes, newest last, within 24 h. */
  readonly deletes: readonly Millis[];
  /** When permission to create was last confirmed; good for a day. */
  readonly mayCreateAt?: Millis;
  /** Pools for which `patch` succeeded without effect, or was refused: finding, not retried. */
  readonly patchBroken?: { readonly at: Millis; readonly note: string };
  /** Measured create durations, newest last, at most 10. */
  readonly startUps: readonly Millis[];
  readonly attemptsAt?: AttemptsAt;
  /** Wish of a hold: change nothing until then. */
  readonly hold?: { readonly until: Millis; readonly eventId: string; readonly by?: string; readonly note?: string };
}

/** A rung set aside. Keyed by rung id. */
export interface BenchEntry {
  readonly rungId: string;
  readonly until: Millis;
  readonly class: "stockout" | "quota" | "preempted" | "busy" | "too-dear" | "failed";
  /** Consecutive strikes; doubles the time, reset after 3 quiet hours. */
  readonly strikes: number;
  readonly at: Millis;
}

export interface SpotModelMemory {
  readonly kind: "spotModel";
  /** The deployed model that is ours and serves, or is meant to. */
  readonly serving?: {
    readonly deployedModelId: string;
    readonly rungId: string;
    readonly since: Millis;
    /** Most replicas that were up since then, up to its floor: what was never there cannot be lost. */
    readonly had?: number;
  };
  /** The one being brought up to take over. */
  readonly successor?: {
    readonly deployedModelId: string;
    readonly rungId: string;
    readonly since: Millis;
    /** When our deployment of it was done; counters that are never filled are believed only after it. */
    readonly deployedAt?: Millis;
  };
  /** Every deployed model id we have made that may still exist: nothing else on the endpoint is ours. */
  readonly ours: readonly string[];
  /**
   * Display names by id: what each of {@link SpotModelMemory.ours} was deployed as, whatever the fleet says by now. Under
   * another name an id is somebody else's who took it after us.
   */
  readonly names?: { readonly [deployedModelId: string]: string };
  /** Traffic share in percent that is ours to move; kept through an outage. */
  readonly share?: number;
  /** Open while capacity is missing. */
  readonly incident?: {
    readonly id: string;
    readonly since: Millis;
    readonly why: string;
    readonly attempts: number;
    /** `lost`: a serving model lost its capacity; `start`: nothing was deployed, e.g. in the morning. */
    readonly cause: "lost" | "start";
    /** The rung that lost its capacity. */
    readonly fromRungId?: string;
  };
  readonly bench: readonly BenchEntry[];
  /** World times of deploy attempts within the last hour. */
  readonly deploys: readonly Millis[];
  /** Counts deploys ever; makes deployed model ids unique. */
  readonly sequence: number;
  readonly lastSwitchAt?: Millis;
  /** Since when every look found the serving rung healthy. */
  readonly healthySince?: Millis;
  /** World time of our own last failed deploy: quota errors soon after are `busy`. */
  readonly lastFailedDeployAt?: Millis;
  /** The rung of that deploy: only its quota can still be held by it. */
  readonly lastFailedRungId?: string;
  /** Replicas that a request or a window had us set, so that the rung's own minimum is restored after it, and nobody else's. */
  readonly scaled?: { readonly deployedModelId: string; readonly replicas: number };
  /** The fleet's minimum that the serving model has had: fewer than that are somebody else's wish. */
  readonly floor?: { readonly deployedModelId: string; readonly replicas: number };
  /** Ids of notices about conditions that still last: told once, not at every look. */
  readonly told?: readonly string[];
  /** Since when it is undeployed for the off-hours. */
  readonly asleepSince?: Millis;
  readonly drift?: { readonly since: Millis; readonly what: string };
  /** The model's container fails, which no other machine would mend: the whole ladder has stopped. */
  readonly fault?: { readonly at: Millis; readonly why: string };
  readonly attemptsAt?: AttemptsAt;
  readonly hold?: { readonly until: Millis; readonly eventId: string; readonly by?: string; readonly note?: string };
}
