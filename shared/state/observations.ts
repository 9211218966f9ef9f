/** What the tick saw of a location, and the idle bookkeeping of its pools, in documents of bounded size. */

import type { Outcome } from "../outcomes/outcome.ts";
import { type IdleTrack, type ObservationDocument, schemaVersion } from "./documents.ts";
import { stableHash } from "./hash.ts";
import { putOutcome } from "./outbox.ts";
import type { Store } from "./store.ts";

/** Shards a location: at 10,000 targets about 600 tracks of up to 1 kB each, below Firestore's 1 MiB a document. */
const shards = 16;

function shardId(location: string, targetKey: string): string {
  return `${location}/${String(stableHash(targetKey) % shards).padStart(2, "0")}`;
}

/** A location's observation with the track of one target. */
export interface TargetObservation {
  readonly observation: ObservationDocument;
  readonly track: IdleTrack | undefined;
}

/** Reads what the tick last saw of one target; undefined before the first tick. */
export async function readTargetObservation(
  store: Store,
  location: string,
  targetKey: string,
): Promise<TargetObservation | undefined> {
  const [observation, shard] = await Promise.all([
    store.get("observations", location),
    store.get("idleTracks", shardId(location, targetKey)),
  ]);
  if (observation === undefined) return undefined;
  return { observation: observation.value, track: shard?.value.tracks[targetKey] };
}

/** Reads a location's observation and every track in it. */
export async function readLocation(
  store: Store,
  location: string,
): Promise<{ observation: ObservationDocument | undefined; tracks: ReadonlyMap<string, IdleTrack> }> {
  const [observation, documents] = await Promise.all([
    store.get("observations", location),
    store.list("idleTracks", { prefix: `${location}/` }),
  ]);
  const tracks = new Map(documents.flatMap(({ value }) => Object.entries(value.tracks)));
  return { observation: observation?.value, tracks };
}

/**
 * Writes a location's observation and tracks, unless a tick has already written this minute's.
 * @param alerts what the observation itself is worth telling, owed in the same transaction.
 * @returns whether it was written; false means that this tick is a double and must stop.
 */
export async function writeLocation(
  store: Store,
  location: string,
  observation: Omit<ObservationDocument, "schema">,
  tracks: ReadonlyMap<string, IdleTrack>,
  alerts: readonly Outcome[] = [],
): Promise<boolean> {
  const byShard = new Map<string, Record<string, IdleTrack>>();
  for (const [key, track] of tracks) {
    const id = shardId(location, key);
    const shard = byShard.get(id) ?? {};
    shard[key] = track;
    byShard.set(id, shard);
  }
  return store.transaction(async (tx) => {
    const previous = await tx.get("observations", location);
    if (previous !== undefined && previous.value.minute >= observation.minute) return false;
    tx.put("observations", location, { schema: schemaVersion, ...observation });
    for (const [id, shard] of byShard) tx.put("idleTracks", id, { schema: schemaVersion, tracks: shard });
    for (const alert of alerts) putOutcome(tx, alert);
    return true;
  });
}
