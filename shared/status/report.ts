/** What the status page, `tidekeeper status` and `explain` show: the store's own words, nothing worked out anew. */
import { describeWish } from "../decide/words.ts";
import type { Request } from "../events/requests.ts";
import type { Held, Slot } from "../operations/operation.ts";
import type { DecisionRecord, ObservationDocument, TargetDocument } from "../state/documents.ts";
import { isAsleep } from "../state/release-target.ts";
import type { Store } from "../state/store.ts";
import type { Clock, Millis } from "../time/clock.ts";
import { parseName } from "../vertex/names.ts";
import { type Incident, incidentOf } from "./incident.ts";
import { isFirstLookOverdue, isOverdue, type Overdue } from "./overdue.ts";

export interface StatusReport {
  /** World time of the report. */
  readonly at: Millis;
  /** Absent before the first `apply`. */
  readonly fleet?: {
    readonly version: number;
    readonly storeId: string;
    readonly appliedAt: Millis;
    readonly appliedBy: string;
    readonly paused?: { readonly at: Millis; readonly by: string; readonly note?: string };
  };
  readonly targets: readonly TargetStatus[];
  /** When each location was last looked at by the tick. */
  readonly locations: readonly { readonly location: string; readonly takenAt: Millis; readonly outageSince?: Millis }[];
  /** Locations of the fleet that the tick should have looked at again by now; absent: none. */
  readonly overdue?: readonly Overdue[];
  /** Outcomes not yet published. */
  readonly owed: number;
}

export interface TargetStatus {
  readonly name: string;
  readonly key: string;
  readonly kind: TargetDocument["kind"];
  readonly location: string;
  /** The state word; `released` for a target that the fleet does not name any more. */
  readonly phase: string;
  /** Present: nothing is decided about it any more. What it was decided by before is left out. */
  readonly released?: { readonly since: Millis; readonly what: string };
  /** Newest decision; absent before the first, and where it is in force no more. */
  readonly decision?: DecisionRecord;
  /** Older decisions, newest first. */
  readonly history: readonly DecisionRecord[];
  readonly operation?: {
    readonly state: Exclude<Slot["state"], "empty">;
    readonly kind: string;
    readonly attempt: number;
    readonly since: Millis;
    readonly why: string;
    readonly name?: string;
  };
  /** Requests in force. */
  readonly requests: readonly {
    readonly eventId: string;
    readonly what: string;
    readonly source: string;
    readonly expiresAt: Millis;
    readonly answered: Request["answered"];
  }[];
  readonly hold?: NonNullable<TargetDocument["memory"]["hold"]>;
  readonly drift?: { readonly since: Millis; readonly what: string };
  /** Present while it is down though it should be up. */
  readonly incident?: Incident;
  /** Where a Spot model serves. */
  readonly rung?: string;
  /** Rungs set aside; the one that is being deployed is not. */
  readonly benched: readonly { readonly rung: string; readonly until: Millis; readonly class: string }[];
  /** Fleet version that last named it. */
  readonly appliedVersion: number;
}

/** What a decision left in force. */
type InForce = Pick<
  TargetStatus,
  "phase" | "decision" | "history" | "hold" | "drift" | "incident" | "rung" | "benched"
>;

function inForce(document: TargetDocument, held: Held | undefined, now: Millis): InForce {
  const { phase, memory, decisions } = document;
  const [decision, ...history] = decisions;
  const { hold, drift } = memory;
  const incident = incidentOf(document);
  // To choose a rung prolongs its entry, so that nobody chooses it a second time: it is tried, not set aside.
  const tried = held?.change.kind === "deploy" ? held.change.rungId : undefined;
  return {
    phase,
    ...(decision === undefined ? {} : { decision }),
    history,
    ...(hold === undefined ? {} : { hold }),
    ...(drift === undefined ? {} : { drift }),
    ...(incident === undefined ? {} : { incident }),
    ...(memory.kind === "spotModel" && memory.serving !== undefined ? { rung: memory.serving.rungId } : {}),
    benched:
      memory.kind === "spotModel"
        ? memory.bench
            .filter(({ rungId, until }) => until > now && rungId !== tried)
            .map((entry) => ({ rung: entry.rungId, until: entry.until, class: entry.class }))
        : [],
  };
}

/** Of a released target nothing is in force: what was decided about it is history. */
function letGo(
  key: string,
  document: TargetDocument,
  slot: Slot | undefined,
  since: Millis,
): InForce & Pick<TargetStatus, "released"> {
  const gone = document.kind === "persistentResource" ? "deleted" : "undeployed";
  const what = isAsleep(key, document, slot)
    ? `it was asleep, so it stays ${gone}: nobody will rebuild it`
    : "it is left as it is, and nothing is done about it any more";
  return { phase: "released", released: { since, what }, history: document.decisions, benched: [] };
}

function targetStatus(key: string, document: TargetDocument, slot: Slot | undefined, now: Millis): TargetStatus {
  const held = slot !== undefined && slot.state !== "empty" && slot.targetKey === key ? slot : undefined;
  const { releasedAt } = document;
  return {
    name: document.name,
    key,
    kind: document.kind,
    location: parseName(key)?.location ?? "",
    ...(releasedAt === undefined ? inForce(document, held, now) : letGo(key, document, slot, releasedAt)),
    ...(held === undefined
      ? {}
      : {
          operation: {
            state: held.state,
            kind: held.change.kind,
            attempt: held.attempt,
            since: held.claimedAt,
            why: held.why,
            ...("operationName" in held && held.operationName !== undefined ? { name: held.operationName } : {}),
          },
        }),
    requests: document.requests.map((request) => ({
      eventId: request.eventId,
      what: describeWish(request.wish),
      source: request.source,
      expiresAt: request.expiresAt,
      answered: request.answered,
    })),
    appliedVersion: document.appliedVersion,
  };
}

/** Locations that the fleet has targets in, and that were not looked at in time. */
function overdueLocations(
  appliedAt: Millis | undefined,
  targets: readonly { readonly value: TargetDocument; readonly id: string }[],
  observations: readonly { readonly id: string; readonly value: ObservationDocument }[],
  clock: Clock,
): readonly Overdue[] {
  const named = targets.filter(({ value }) => value.releasedAt === undefined);
  const locations = [...new Set(named.map(({ id }) => parseName(id)?.location ?? ""))].sort();
  const seen = new Map(observations.map(({ id, value }) => [id, value]));
  return locations.flatMap((location): Overdue[] => {
    const newest = seen.get(location);
    if (newest !== undefined) return isOverdue(newest, clock) ? [{ location, takenAt: newest.takenAt }] : [];
    return appliedAt !== undefined && isFirstLookOverdue(appliedAt, clock) ? [{ location }] : [];
  });
}

/** Reads the whole report; a few list calls, whatever the fleet's size. */
export async function readStatus(store: Store, clock: Clock): Promise<StatusReport> {
  const now = clock.now();
  const [head, targets, slots, observations, outbox] = await Promise.all([
    store.get("fleet", "head"),
    store.list("targets"),
    store.list("slots"),
    store.list("observations"),
    store.list("outbox"),
  ]);
  const overdue = overdueLocations(head?.value.appliedAt, targets, observations, clock);
  const slotOf = new Map(slots.map(({ value }) => [value.resource as string, value]));
  return {
    at: now,
    ...(head === undefined
      ? {}
      : {
          fleet: {
            version: head.value.version,
            storeId: head.value.storeId,
            appliedAt: head.value.appliedAt,
            appliedBy: head.value.appliedBy,
            ...(head.value.paused === undefined ? {} : { paused: head.value.paused }),
          },
        }),
    targets: targets.map(({ id, value }) => targetStatus(id, value, slotOf.get(id.split("#")[0] ?? id), now)),
    locations: observations.map(({ id, value }) => ({
      location: id,
      takenAt: value.takenAt,
      ...(value.outageSince === undefined ? {} : { outageSince: value.outageSince }),
    })),
    ...(overdue.length === 0 ? {} : { overdue }),
    owed: outbox.length,
  };
}
