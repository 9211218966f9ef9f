/** A persistent resource, a policy and a case around them, as tests vary them. */
import type { PersistentResourceCase, PersistentResourceObservation } from "../../../shared/decide/decision.ts";
import type { PersistentResourceMemory } from "../../../shared/decide/memory.ts";
import { fingerprint, hasNeverRun, replicasOf } from "../../../shared/decide/persistent-resource/fingerprint.ts";
import type { Request, Wish } from "../../../shared/events/requests.ts";
import type { PersistentResourcePolicy } from "../../../shared/fleet/fleet.ts";
import type { Change, Held } from "../../../shared/operations/operation.ts";
import { hour, minute } from "../../../shared/time/clock.ts";
import { persistentResourceName } from "../../../shared/vertex/names.ts";
import type { CustomJob, JsonObject, PersistentResource } from "../../../shared/vertex/vertex.ts";
import { at, schedule } from "./schedules.ts";

export const name = persistentResourceName("demo", "us-central1", "train");

/** Up mon-fri 08:00-20:00 Berlin, deleted when idle, patched when scaled. */
export const policy: PersistentResourcePolicy = {
  kind: "persistentResource",
  name: "train",
  key: name,
  project: "demo",
  location: "us-central1",
  resource: name,
  schedule: schedule("Europe/Berlin", ["mon-fri 08:00-20:00"]),
  // biome-ignore lint/suspicious/noThenProperty: the fleet file's own word, for what follows the waiting
  onBusy: { action: "wait", maxWait: 2 * hour, then: "skip" },
  scale: { strategy: "patch", pools: { "pool-1": { min: 1, max: 8 } } },
  restore: { early: "auto", alternatives: [] },
};

export const idleRule = { after: 15 * minute, grace: 10 * minute, recreateCost: 30 * minute, ray: false };

/** Created at 08:00 Berlin on Friday, 2026-11-20. */
export const resource: PersistentResource = {
  name,
  state: "RUNNING",
  createTime: "2026-11-20T07:00:00Z",
  startTime: "2026-11-20T07:12:00Z",
  resourcePools: [{ id: "pool-1", machineSpec: { machineType: "n1-standard-8" }, replicaCount: "2" }],
};

export function withPool(more: object, of: PersistentResource = resource): PersistentResource {
  return { ...of, resourcePools: of.resourcePools.map((pool) => ({ ...pool, ...more })) };
}

export function verbatimOf(shown: PersistentResource): JsonObject {
  return structuredClone(shown) as unknown as JsonObject;
}

export const emptyMemory: PersistentResourceMemory = { kind: "persistentResource", deletes: [], startUps: [] };

/** What is remembered of a resource that was seen as it is shown. */
export function knowing(shown: PersistentResource): PersistentResourceMemory {
  const replicas = replicasOf(shown);
  return {
    ...emptyMemory,
    known: {
      createTime: shown.createTime ?? "",
      fingerprint: fingerprint(shown),
      replicas,
      ...(hasNeverRun(shown) ? { neverRan: true as const } : {}),
    },
    base: replicas,
  };
}

export function job(more: Partial<CustomJob> = {}): CustomJob {
  return {
    name: "projects/demo/locations/us-central1/customJobs/7",
    displayName: "finetune",
    state: "JOB_STATE_RUNNING",
    jobSpec: { persistentResourceId: "train" },
    ...more,
  };
}

export const noJobs: PersistentResourceObservation["jobs"] = {
  look: "present",
  value: { items: [], complete: true },
};
export const oneJob: PersistentResourceObservation["jobs"] = {
  look: "present",
  value: { items: [job()], complete: true },
};

export function request(wish: Wish, more: Partial<Request> = {}): Request {
  const storedAt = more.storedAt ?? at("2026-11-20T08:00:00Z");
  return {
    eventId: `${wish.type}-1`,
    wish,
    source: "ci",
    publishedAt: storedAt,
    storedAt,
    expiresAt: storedAt + 24 * hour,
    answered: "accepted",
    ...more,
  };
}

/** Everything a test may vary; `shown: "absent"` for no resource. */
export interface Variation {
  readonly now: string;
  readonly policy?: Partial<PersistentResourcePolicy>;
  readonly memory?: Partial<PersistentResourceMemory>;
  readonly requests?: readonly Request[];
  readonly shown?: PersistentResource | "absent" | "unknown";
  readonly observation?: Partial<PersistentResourceObservation>;
  readonly cyclesPerDay?: number;
}

/** A case in which all is known, permitted and read; no job runs, and a resource that is shown is known. */
export function caseOf(variation: Variation): PersistentResourceCase {
  const shown = variation.shown ?? resource;
  const present = typeof shown === "string" ? undefined : shown;
  return {
    policy: { ...policy, ...variation.policy },
    memory: { ...(present ? knowing(present) : emptyMemory), ...variation.memory },
    requests: variation.requests ?? [],
    observation: {
      resource: present
        ? { look: "present", value: present }
        : shown === "absent"
          ? { look: "absent" }
          : { look: "unknown", why: "503" },
      jobs: noJobs,
      idle: { verdict: "busy", why: "just looked" },
      counterSeen: true,
      mayCreate: true,
      ...(present ? { verbatim: verbatimOf(present) } : {}),
      ...variation.observation,
    },
    limits: { cyclesPerDay: variation.cyclesPerDay ?? 4 },
    now: at(variation.now),
    jitter: 0.5,
  };
}

/** A first clean look, so long before `now`. */
export function lookedAt(now: string, before: number, createTime = "2026-11-20T07:00:00Z") {
  return { look: { createTime, at: at(now) - before } };
}

export function heldFor(change: Change, more: Partial<Held> = {}): Held {
  return {
    resource: name,
    targetKey: name,
    change,
    attempt: 1,
    claimedAt: at("2026-11-20T19:00:00Z"),
    claimedAtWire: 0,
    startBy: 20_000,
    eventIds: [],
    why: "Off-hours",
    seen: "",
    ...more,
  };
}
