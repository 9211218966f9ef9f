/**
 * Makes a fleet the applied one. The fleet's parts and the targets' documents are written first and the head last, so
 * that an apply which ends half-way has changed nothing that anybody acts on, and can be run again.
 */
import { randomUUID } from "node:crypto";
import type { PersistentResourceMemory, SpotModelMemory } from "../decide/memory.ts";
import { splitFleet } from "../fleet/applied.ts";
import type { Fleet, TargetPolicy } from "../fleet/fleet.ts";
import type { Millis } from "../time/clock.ts";
import { type FleetHead, type RestoreRecord, schemaVersion, type TargetDocument } from "./documents.ts";
import { newerSchema, slotOf } from "./recall.ts";
import { ApplyRefused, asleepRefusal, isAsleep, releaseTarget } from "./release-target.ts";
import type { Store } from "./store.ts";

/** Who applies, when, and on what. */
export interface ApplyOptions {
  /** Shown in status and explain. */
  readonly by: string;
  /** World time. */
  readonly now: Millis;
  /** The fleet version that the plan was shown for, 0 for none: another one in the store means no apply. */
  readonly expectedVersion?: number;
  /** Let targets that leave the fleet stay deleted where they are asleep; otherwise such an apply is refused. */
  readonly leaveAsleep?: boolean;
  /** After a lost store: its id, and the records of what is asleep, from the log or the `asleep` outcomes. */
  readonly recover?: { readonly storeId: string; readonly asleep: readonly RestoreRecord[] };
}

/** What an apply did; targets by name. */
export interface Applied {
  readonly version: number;
  readonly storeId: string;
  readonly created: readonly string[];
  readonly updated: readonly string[];
  /** Not in the fleet any more: left as they are. One that was left asleep stays deleted until somebody rebuilds it. */
  readonly released: readonly { readonly name: string; readonly key: string; readonly asleep: boolean }[];
}

/** Targets written in one transaction, and transactions at a time. */
const together = 20;
const atOnce = 4;

function emptyMemory(kind: TargetPolicy["kind"]): PersistentResourceMemory | SpotModelMemory {
  return kind === "persistentResource"
    ? { kind, deletes: [], startUps: [] }
    : { kind, ours: [], bench: [], deploys: [], sequence: 0 };
}

/** What an apply ends: drift, parking, and a first look before a delete that was made under the old rules. */
function freshStart(memory: PersistentResourceMemory | SpotModelMemory): PersistentResourceMemory | SpotModelMemory {
  if (memory.kind === "persistentResource") {
    const {
      drift: _drift,
      attempts: _attempts,
      look: _look,
      notRebuildable: _field,
      patchBroken: _broken,
      ...kept
    } = memory;
    return kept;
  }
  const { drift: _drift, attempts: _attempts, ...kept } = memory;
  return kept;
}

function targetDocument(policy: TargetPolicy, before: TargetDocument | undefined, version: number): TargetDocument {
  const { releasedAt: _, ...kept } = before ?? { requests: [], decisions: [], phase: "unknown" };
  return {
    ...kept,
    schema: schemaVersion,
    name: policy.name,
    kind: policy.kind,
    appliedVersion: version,
    memory: before === undefined ? emptyMemory(policy.kind) : freshStart(before.memory),
  };
}

/** Remembers that a target is asleep by its record, unless the store knows better. */
function asleepBy(document: TargetDocument, record: RestoreRecord | undefined, id: string): TargetDocument {
  const { memory } = document;
  if (record === undefined || memory.kind !== "persistentResource" || memory.sleep !== undefined) return document;
  const sleep = {
    since: record.savedAt,
    cause: "off-hours",
    incarnation: record.createTime,
    restoreId: id,
    alternative: 0,
  } as const;
  return { ...document, memory: { ...memory, sleep } };
}

/** Writes some targets' documents. @returns the names of those that are new. */
async function writeTargets(
  store: Store,
  policies: readonly TargetPolicy[],
  version: number,
  records: ReadonlyMap<string, RestoreRecord>,
): Promise<readonly string[]> {
  return store.transaction(async (tx) => {
    const before = await Promise.all(policies.map(({ key }) => tx.get("targets", key)));
    const restoreIds = policies.map(({ key }) => `${key}@${records.get(key)?.createTime}`);
    const saved = await Promise.all(
      policies.map(({ key }, index) => (records.has(key) ? tx.get("restores", restoreIds[index] ?? "") : undefined)),
    );
    const created: string[] = [];
    for (const [index, policy] of policies.entries()) {
      const document = before[index]?.value;
      const refusal = newerSchema(`the document of ${policy.name}`, document);
      if (refusal !== undefined) throw new ApplyRefused(refusal.refused);
      if (document === undefined) created.push(policy.name);
      const record = records.get(policy.key);
      const id = restoreIds[index] ?? "";
      tx.put("targets", policy.key, asleepBy(targetDocument(policy, document, version), record, id));
      if (record !== undefined && saved[index] === undefined) tx.put("restores", id, record);
    }
    return created;
  });
}

function checkHead(head: FleetHead | undefined, options: ApplyOptions): void {
  const refusal = newerSchema("the fleet's head", head);
  if (refusal !== undefined) throw new ApplyRefused(refusal.refused);
  const found = head?.version ?? 0;
  if (options.expectedVersion !== undefined && found !== options.expectedVersion) {
    throw new ApplyRefused(
      `somebody applied version ${found} after this plan was made for version ${options.expectedVersion}; look at the plan again`,
    );
  }
  if (head !== undefined && options.recover !== undefined && head.storeId !== options.recover.storeId) {
    throw new ApplyRefused(
      `the store is ${head.storeId}, not the lost ${options.recover.storeId}; recover into an empty store, or apply without --recover`,
    );
  }
}

const partId = (digest: string, index: number) => `${digest}/${String(index).padStart(4, "0")}`;

async function writeParts(store: Store, digest: string, parts: readonly string[]): Promise<void> {
  for (const [index, text] of parts.entries()) {
    await store.transaction(async (tx) => tx.put("fleetParts", partId(digest, index), { schema: schemaVersion, text }));
  }
}

/** Writes the head, if it is as it was and the parts are still there. */
async function writeHead(
  store: Store,
  before: FleetHead | undefined,
  after: FleetHead,
  parts: readonly string[],
): Promise<void> {
  await store.transaction(async (tx) => {
    const found = (await tx.get("fleet", "head"))?.value;
    const written = await Promise.all(parts.map((_, index) => tx.get("fleetParts", partId(after.digest, index))));
    if (found?.version !== before?.version || written.some((part) => part === undefined)) {
      throw new ApplyRefused("somebody else applied a fleet at the same time; look at the plan again");
    }
    // A pause that was set meanwhile stays.
    tx.put("fleet", "head", found?.paused === undefined ? after : { ...after, paused: found.paused });
  });
}

/** Forgets the parts of older versions; the one before stays, for those who are reading it. */
async function dropOldParts(store: Store): Promise<void> {
  const ids = (await store.list("fleetParts")).map(({ id }) => id);
  await store.transaction(async (tx) => {
    const head = (await tx.get("fleet", "head"))?.value;
    if (head === undefined) return;
    const kept = [head.digest, head.previousDigest];
    for (const id of ids) if (!kept.includes(id.split("/")[0])) tx.remove("fleetParts", id);
  });
}

/** The targets that a fleet does not name any more. */
async function leaving(store: Store, fleet: Fleet): Promise<Applied["released"]> {
  const keys = new Set(fleet.targets.map(({ key }) => key));
  const gone = (await store.list("targets")).filter(({ id, value }) => !keys.has(id) && value.releasedAt === undefined);
  return Promise.all(
    gone.map(async ({ id: key, value }) => {
      const slot = await store.get("slots", slotOf(key));
      return { name: value.name, key, asleep: isAsleep(key, value, slot?.value) };
    }),
  );
}

/**
 * Applies a fleet: target documents are made or brought up to date (what is remembered stays; drift and parking end),
 * targets that it no longer names are released, and its head is written last.
 * @throws ApplyRefused when the store holds something that must not be overwritten, or a target that leaves is asleep;
 * {@link StoreUnavailable}.
 */
export async function applyFleet(store: Store, fleet: Fleet, options: ApplyOptions): Promise<Applied> {
  const before = (await store.get("fleet", "head"))?.value;
  checkHead(before, options);
  const released = await leaving(store, fleet);
  const asleep = released.find((target) => target.asleep);
  if (asleep !== undefined && !options.leaveAsleep) throw asleepRefusal(asleep.name);
  const version = (before?.version ?? 0) + 1;
  const { parts, digest } = splitFleet(fleet);
  await writeParts(store, digest, parts);

  const records = new Map((options.recover?.asleep ?? []).map((record) => [record.targetKey, record]));
  const created: string[] = [];
  for (let start = 0; start < fleet.targets.length; start += together * atOnce) {
    const chunks = Array.from({ length: atOnce }, (_, index) => {
      const first = start + index * together;
      return fleet.targets.slice(first, first + together);
    }).filter((chunk) => chunk.length > 0);
    const made = await Promise.all(chunks.map((chunk) => writeTargets(store, chunk, version, records)));
    created.push(...made.flat());
  }
  for (const { key } of released) await releaseTarget(store, key, options.now, options.leaveAsleep === true);

  const head: FleetHead = {
    schema: schemaVersion,
    storeId: before?.storeId ?? options.recover?.storeId ?? randomUUID(),
    version,
    parts: parts.length,
    digest,
    ...(before === undefined
      ? {}
      : { previousDigest: before.digest === digest ? before.previousDigest : before.digest }),
    appliedAt: options.now,
    appliedBy: options.by,
  };
  await writeHead(store, before, head, parts);
  await dropOldParts(store);
  const isNew = new Set(created);
  const updated = fleet.targets.map(({ name }) => name).filter((name) => !isNew.has(name));
  return { version, storeId: head.storeId, created, updated, released };
}
