/**
 * The fleet as the rest of Tidekeeper sees it: validated, defaults filled in, windows taken apart.
 * What a user writes is described by schema.ts; every duration here is in milliseconds.
 */
import type { Millis } from "../time/clock.ts";
import type { EndpointName, PersistentResourceName } from "../vertex/names.ts";
import type { JsonObject, ResourcePool } from "../vertex/vertex.ts";

export interface Fleet {
  readonly version: 1;
  readonly project: string;
  /** First word of every topic, subscription and function name. */
  readonly namePrefix: string;
  readonly limits: Limits;
  readonly prices: readonly Price[];
  readonly targets: readonly TargetPolicy[];
}

export interface Limits {
  /** Deletes of one target within 24 h, whatever the cause. */
  readonly cyclesPerDay: number;
  /** Deploy attempts of one Spot model within an hour. */
  readonly deploysPerHour: number;
  /** Long-running submissions a minute and location; Google's own limit is 60. */
  readonly submissionsPerMinute: number;
  /** Everything-idle-at-once: at least this many pools ... */
  readonly idleAtOncePools: number;
  /** ... and at least this share of them (0-1) turning idle in one sample is an outage, not idleness. */
  readonly idleAtOnceShare: number;
}

/** Price of one replica of a machine; hourly, in the fleet's own currency. */
export interface Price {
  readonly machineType: string;
  readonly acceleratorType?: string;
  readonly acceleratorCount?: number;
  /** Absent: everywhere. */
  readonly location?: string;
  readonly onDemand: number;
  readonly spot?: number;
  readonly flexStart?: number;
}

export type TargetPolicy = PersistentResourcePolicy | SpotModelPolicy;

interface CommonPolicy {
  /** The fleet's short name, unique. */
  readonly name: string;
  /** Full resource name; for a Spot model the endpoint's name, `#`, and the target's name. */
  readonly key: string;
  readonly project: string;
  readonly location: string;
  /** Absent: may be on at any time. */
  readonly schedule?: Schedule;
}

export interface PersistentResourcePolicy extends CommonPolicy {
  readonly kind: "persistentResource";
  readonly resource: PersistentResourceName;
  /** What to create. Absent: an existing resource is adopted, and only what we deleted is created again. */
  readonly spec?: PersistentResourceSpec;
  /** Absent: never deleted for being idle. */
  readonly idle?: IdlePolicy;
  readonly onBusy: BusyPolicy;
  readonly scale: ScalePolicy;
  readonly restore: RestorePolicy;
}

/** The body of a create request, as v1 REST JSON. */
export interface PersistentResourceSpec {
  readonly displayName?: string;
  readonly labels?: { readonly [key: string]: string };
  readonly network?: string;
  readonly resourcePools: readonly ResourcePool[];
  readonly resourceRuntimeSpec?: JsonObject;
  readonly encryptionSpec?: JsonObject;
  readonly reservedIpRanges?: readonly string[];
  readonly pscInterfaceConfig?: JsonObject;
}

export interface IdlePolicy {
  /** Idle for this long puts it to sleep; `auto` learns from the pool's own past gaps. */
  readonly after: Millis | "auto";
  /** A resource younger than this is never called idle. */
  readonly grace: Millis;
  /** What recreating costs, in idle time: B of the ski-rental rule. */
  readonly recreateCost: Millis;
  /** Whether a Ray cluster counts; by default it never sleeps for being idle. */
  readonly ray: boolean;
}

/** What happens to a pool that still has a job when its window ends. */
export interface BusyPolicy {
  readonly action: "wait" | "shrink" | "cancel" | "skip";
  /** `wait` and `shrink` go over to `then` after this. */
  readonly maxWait: Millis;
  readonly then: "skip" | "cancel";
}

export interface ScalePolicy {
  readonly strategy: "patch" | "replace" | "never";
  /** Bounds by pool id; a pool that is not named cannot be scaled. */
  readonly pools: { readonly [poolId: string]: { readonly min: number; readonly max: number } };
}

interface RestorePolicy {
  /** Recreate this long before the window starts, so that it is up at the bell; `auto` uses the measured start-up time. */
  readonly early: Millis | "auto";
  /** Other machines for the same resource, tried in order when the first have no capacity or quota. */
  readonly alternatives: readonly Pick<PersistentResourceSpec, "resourcePools">[];
}

export interface SpotModelPolicy extends CommonPolicy {
  readonly kind: "spotModel";
  readonly endpoint: EndpointName;
  /** `projects/P/locations/L/models/M`, with or without `@version`. */
  readonly model: string;
  readonly displayName: string;
  /** Rungs, best first. All of them serve at {@link SpotModelPolicy.endpoint}. */
  readonly ladder: readonly Rung[];
  /** How long the platform's own restarts are waited for after capacity is lost. */
  readonly grace: Millis;
  /** Traffic share in percent that this model owns when nothing says otherwise (a first deployment on an empty endpoint gets 100). */
  readonly share: number;
  /** Absent: stays where it is until that rung fails too. */
  readonly returnToSpot?: ReturnPolicy;
  /** A machine-hour dearer than this is never deployed; unknown prices are allowed. */
  readonly maxHourlyPrice?: number;
}

/** One way to serve a model. */
export interface Rung {
  /** Identifies the rung in benches, logs and outcomes, e.g. `g2-standard-12/NVIDIA_L4x1/spot@us-central1`. */
  readonly id: string;
  readonly machineType: string;
  readonly acceleratorType?: string;
  readonly acceleratorCount?: number;
  readonly provisioning: "spot" | "on-demand" | "flex-start" | "reservation";
  /** Reservation name, for `reservation`. */
  readonly reservation?: string;
  readonly minReplicas: number;
  readonly maxReplicas: number;
  /** The operation succeeds once this many are up. */
  readonly requiredReplicas?: number;
  /** flex-start only. */
  readonly maxRunDuration?: Millis;
}

export interface ReturnPolicy {
  /** Spot must have been obtainable, as far as we saw, for this long. */
  readonly stableFor: Millis;
  /** Least saving, 0-1, for a switch to be worth it. */
  readonly minSaving: number;
  readonly cooldown: Millis;
  /** Windows (in the schedule's zone, else UTC) in which no return is tried. */
  readonly notDuring: readonly WeeklyWindow[];
  readonly zone: string;
}

/** 1 is Monday, 7 is Sunday (ISO 8601, as Temporal counts). */
export type Weekday = 1 | 2 | 3 | 4 | 5 | 6 | 7;

/** A weekly window; the start day owns the whole window, and `to <= from` means the next day. */
export interface WeeklyWindow {
  readonly days: readonly Weekday[];
  /** Minutes after midnight, 0-1439. */
  readonly from: number;
  /** Minutes after midnight, 1-1440; 1440 is `24:00`. */
  readonly to: number;
  /** Replicas by pool id while it lasts; overlapping windows take the larger. */
  readonly replicas?: { readonly [poolId: string]: number };
  /** As the user wrote it, for reasons. */
  readonly text: string;
}

/** Days, or a time span on each of them, that override the weekly windows. */
export interface DatedException {
  readonly effect: "open" | "closed";
  /** ISO dates in the schedule's zone, inclusive. */
  readonly first: string;
  readonly last: string;
  /** Minutes after midnight as in {@link WeeklyWindow}; absent: the whole day. */
  readonly from?: number;
  readonly to?: number;
  readonly calendar: string;
  readonly text: string;
}

export interface Schedule {
  readonly name: string;
  /** Canonical IANA zone. */
  readonly zone: string;
  readonly up: readonly WeeklyWindow[];
  readonly exceptions: readonly DatedException[];
}
