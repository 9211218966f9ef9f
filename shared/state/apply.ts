/**
 * Makes a fleet the applied one. What nobody acts on yet is written first: the fleet's parts, and the documents of targets
 * that the fleet before did not name. Then the head, in one transaction with what speaks against it: an apply that ends
 * before that has changed nothing. What follows from the head comes last: the other documents are brought up to date, and
 * targets that leave are released. Whoever wakes up meanwhile does the same for what it looks at, so an apply that ends
 * half-way is completed without it.
 */
import { randomUUID } from "node:crypto";
import { splitFleet } from "../fleet/applied.ts";
import type { Fleet, TargetPolicy } from "../fleet/fleet.ts";
import type { Millis } from "../time/clock.ts";
import { type FleetHead, type RestoreRecord, schemaVersion, type TargetDocument } from "./documents.ts";
import { newerSchema, slotOf, wrongStore } from "./recall.ts";
import { ApplyRefused, asleepRefusal, isAsleep, releaseTarget } from "./release-target.ts";
import type { Store, Transaction } from "./store.ts";
import { bringUpToDate, targetDocument } from "./target-document.ts";

/** Who applies, when, and on what. */
export interface ApplyOptions {
  /** Shown in status and explain. */
  readonly by: string;
  /** World time. */
  readonly now: Millis;
  /** The store's id where it is known: in any other store nothing is applied, and in an empty one only a recovery. */
  readonly expectedStoreId?: string | undefined;
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

/** Makes documents for targets that the store does not know, or for which there is a record of a lost store. */
async function writeNew(
  store: Store,
  policies: readonly TargetPolicy[],
  version: number,
  records: ReadonlyMap<string, RestoreRecord>,
): Promise<void> {
  await store.transaction(async (tx) => {
    const before = await Promise.all(policies.map(({ key }) => tx.get("targets", key)));
    const restoreIds = policies.map(({ key }) => `${key}@${records.get(key)?.createTime}`);
    const saved = await Promise.all(
      policies.map(({ key }, index) => (records.has(key) ? tx.get("restores", restoreIds[index] ?? "") : undefined)),
    );
    for (const [index, policy] of policies.entries()) {
      const record = records.get(policy.key);
      const id = restoreIds[index] ?? "";
      tx.put("targets", policy.key, asleepBy(targetDocument(policy, before[index]?.value, version), record, id));
      if (record !== undefined && saved[index] === undefined) tx.put("restores", id, record);
    }
  });
}

function checkHead(head: FleetHead | undefined, options: ApplyOptions): void {
  const { expectedStoreId, recover } = options;
  const recovers = head === undefined && recover !== undefined;
  const refusal = wrongStore(head, recovers ? undefined : expectedStoreId);
  if (refusal !== undefined) throw new ApplyRefused(refusal.refused);
  if (recovers && expectedStoreId !== undefined && recover.storeId !== expectedStoreId) {
    throw new ApplyRefused(
      `the store to recover should be ${expectedStoreId} (TIDEKEEPER_STORE_ID), not ${recover.storeId}; recover under the id that the functions were deployed with`,
    );
  }
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

/** Refuses what must not be let go: read with the head, so that nothing falls asleep between this and its writing. */
async function checkLeaving(tx: Transaction, keys: readonly string[]): Promise<void> {
  await Promise.all(
    keys.map(async (key) => {
      const [target, slot] = await Promise.all([tx.get("targets", key), tx.get("slots", slotOf(key))]);
      if (target !== undefined && isAsleep(key, target.value, slot?.value)) throw asleepRefusal(target.value.name);
    }),
  );
}

/** Writes the head, if it is as it was, the parts are still there, and `check` does not object. */
async function writeHead(
  store: Store,
  before: FleetHead | undefined,
  after: FleetHead,
  check: (tx: Transaction) => Promise<void>,
): Promise<void> {
  await store.transaction(async (tx) => {
    const found = (await tx.get("fleet", "head"))?.value;
    const parts = Array.from({ length: after.parts }, (_, index) => partId(after.digest, index));
    const written = await Promise.all(parts.map((id) => tx.get("fleetParts", id)));
    if (found?.version !== before?.version || written.some((part) => part === undefined)) {
      throw new ApplyRefused("somebody else applied a fleet at the same time; look at the plan again");
    }
    await check(tx);
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

/** Targets of a fleet that is to be applied, by what the store has of them. */
interface Compared {
  readonly created: readonly TargetPolicy[];
  /** Also those that an earlier apply has released. */
  readonly known: readonly TargetPolicy[];
  /** Not in the fleet any more. */
  readonly released: Applied["released"];
}

async function compare(store: Store, fleet: Fleet): Promise<Compared> {
  const documents = new Map((await store.list("targets")).map(({ id, value }) => [id, value]));
  const [created, known]: [TargetPolicy[], TargetPolicy[]] = [[], []];
  for (const policy of fleet.targets) {
    const document = documents.get(policy.key);
    const refusal = newerSchema(`the document of ${policy.name}`, document);
    if (refusal !== undefined) throw new ApplyRefused(refusal.refused);
    (document === undefined ? created : known).push(policy);
    documents.delete(policy.key);
  }
  const gone = [...documents].filter(([, { releasedAt }]) => releasedAt === undefined);
  const released = gone.map(async ([key, document]) => {
    const slot = await store.get("slots", slotOf(key));
    return { name: document.name, key, asleep: isAsleep(key, document, slot?.value) };
  });
  return { created, known, released: await Promise.all(released) };
}

/** Does some targets in a transaction, and some transactions at a time. */
async function inChunks(
  policies: readonly TargetPolicy[],
  work: (chunk: readonly TargetPolicy[]) => Promise<void>,
): Promise<void> {
  for (let start = 0; start < policies.length; start += together * atOnce) {
    const chunks = Array.from({ length: atOnce }, (_, index) => {
      const first = start + index * together;
      return policies.slice(first, first + together);
    });
    await Promise.all(chunks.filter((chunk) => chunk.length > 0).map(work));
  }
}

/**
 * Applies a fleet: target documents are made or brought up to date (what is remembered stays; drift and parking end), and
 * targets that it no longer names are released.
 * @throws ApplyRefused when the store holds something that must not be overwritten, or a target that leaves is asleep;
 * {@link StoreUnavailable}.
 */
export async function applyFleet(store: Store, fleet: Fleet, options: ApplyOptions): Promise<Applied> {
  const before = (await store.get("fleet", "head"))?.value;
  checkHead(before, options);
  const { created, known, released } = await compare(store, fleet);
  const asleep = released.find((target) => target.asleep);
  if (asleep !== undefined && !options.leaveAsleep) throw asleepRefusal(asleep.name);
  const version = (before?.version ?? 0) + 1;
  const { parts, digest } = splitFleet(fleet);
  await writeParts(store, digest, parts);
  const records = new Map((options.recover?.asleep ?? []).map((record) => [record.targetKey, record]));
  const recovered = known.filter(({ key }) => records.has(key));
  await inChunks([...created, ...recovered], (chunk) => writeNew(store, chunk, version, records));

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
  const leaving = released.map(({ key }) => key);
  await writeHead(store, before, head, async (tx) => {
    if (options.leaveAsleep !== true) await checkLeaving(tx, leaving);
  });
  await inChunks(known, (chunk) => bringUpToDate(store, chunk, version));
  for (const key of leaving) await releaseTarget(store, key, { now: options.now, version });
  await dropOldParts(store);
  const isNew = new Set(created.map(({ name }) => name));
  const updated = fleet.targets.map(({ name }) => name).filter((name) => !isNew.has(name));
  return { version, storeId: head.storeId, created: [...isNew], updated, released };
}
