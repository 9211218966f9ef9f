/**
 * Looks at one location as the tick does: three lists whatever the number of targets, the idle sample of every pool, and
 * the location's document, at most once a world minute.
 */
import type { Look } from "./decide/decision.ts";
import { type IdleFacts, isBlind, observePool, outageAfter } from "./decide/idle/idle.ts";
import { lastPart, samplePool } from "./decide/idle/pool-sample.ts";
import type { Fleet, PersistentResourcePolicy, TargetPolicy } from "./fleet/fleet.ts";
import type { Home } from "./home.ts";
import type { Outcome } from "./outcomes/outcome.ts";
import type { IdleTrack } from "./state/documents.ts";
import { readLocation, writeLocation } from "./state/observations.ts";
import { type Clock, type Millis, minute } from "./time/clock.ts";
import { look } from "./vertex/look.ts";
import type { CustomJob, Endpoint, Listing, PersistentResource, VertexReader } from "./vertex/vertex.ts";

/** One location as listed: each list may be unknown on its own. */
export interface LocationLook {
  readonly resources: Look<Listing<PersistentResource>>;
  readonly jobs: Look<Listing<CustomJob>>;
  readonly endpoints: Look<Listing<Endpoint>>;
}

const notAsked: Look<never> = { look: "unknown", why: "not listed: the fleet has no such target here" };

/** Lists what the location's targets need; each list fails on its own. */
export async function lookAtLocation(
  reader: VertexReader,
  location: string,
  targets: readonly TargetPolicy[],
): Promise<LocationLook> {
  const pools = targets.some(({ kind }) => kind === "persistentResource");
  const models = targets.some(({ kind }) => kind === "spotModel");
  const [resources, jobs, endpoints] = await Promise.all([
    pools ? look(reader.listPersistentResources(location)) : notAsked,
    pools ? look(reader.listActiveCustomJobs(location)) : notAsked,
    models ? look(reader.listEndpoints(location)) : notAsked,
  ]);
  return { resources, jobs, endpoints };
}

/** Finds each listed thing by its id; what a short list does not show is unknown, not absent. */
export function finder<T extends { readonly name: string }>(listing: Look<Listing<T>>): (resource: string) => Look<T> {
  if (listing.look !== "present") {
    const unknown: Look<T> = listing.look === "unknown" ? listing : { look: "unknown", why: "the list is missing" };
    return () => unknown;
  }
  const byId = new Map(listing.value.items.map((item) => [lastPart(item.name), item]));
  const missing: Look<T> = listing.value.complete
    ? { look: "absent" }
    : { look: "unknown", why: "the list ended early, and this was not in it" };
  return (resource) => {
    const value = byId.get(lastPart(resource));
    return value === undefined ? missing : { look: "present", value };
  };
}

function alert(id: string, now: Millis, fields: Pick<Outcome, "what" | "why" | "target" | "resource">): Outcome {
  return { id: `${id}/alert`, eventId: id, phase: "alert", final: false, at: now, ...fields };
}

function outageAlert(location: string, now: Millis): Outcome {
  return alert(`outage/${location}/${now}`, now, {
    what: "everything turned idle at once",
    why: `nearly every busy pool of ${location} turned idle in one sample, which looks like an outage of the counters: nothing there is deleted for looking idle until a pool that looked idle shows a job again. "tidekeeper release TARGET" lets go of one of which you know that no job runs on it; where onBusy says cancel, jobs are waited for and cancelled all the same`,
  });
}

function newlyBlind(before: IdleTrack | undefined, after: IdleTrack | undefined): boolean {
  return after !== undefined && isBlind(after) && !(before !== undefined && isBlind(before));
}

function blindAlert(
  { key, name, resource }: PersistentResourcePolicy,
  track: IdleTrack | undefined,
  now: Millis,
): Outcome {
  return alert(`blind/${key}/${now}`, now, {
    target: name,
    resource,
    what: "cannot tell whether it is idle",
    why: `${track?.unknowns ?? 0} samples in a row showed nothing that can be believed; its idle time starts anew with the next good one`,
  });
}

/** Takes this minute's sample of every pool of a location; undefined when another tick has already done so. */
export async function observeLocation(
  home: Home,
  clock: Clock,
  location: string,
  pools: readonly PersistentResourcePolicy[],
  seen: LocationLook,
  fleet: Fleet,
): Promise<((policy: PersistentResourcePolicy) => IdleFacts) | undefined> {
  const now = clock.now();
  const { observation: previous, tracks: before } = await readLocation(home.store, location);
  const find = finder(seen.resources);
  const counterSeen =
    (previous?.counterSeen ?? false) ||
    (seen.resources.look === "present" &&
      seen.resources.value.items.some(({ resourcePools }) =>
        resourcePools?.some(({ usedReplicaCount }) => Number(usedReplicaCount ?? 0) > 0),
      ));
  const after = new Map<string, IdleTrack>();
  for (const policy of pools) {
    const sample = samplePool(find(policy.resource), seen.jobs, counterSeen);
    const track = observePool(before.get(policy.key), sample, now);
    if (track !== undefined) after.set(policy.key, track);
  }
  const outageSince = outageAfter(previous?.outageSince, before, after, fleet.limits, now);
  const observation = {
    minute: Math.floor(now / minute),
    takenAt: now,
    takenAtWire: clock.wire(),
    counterSeen,
    ...(outageSince === undefined ? {} : { outageSince }),
  };
  const alerts = [
    ...(outageSince === now ? [outageAlert(location, now)] : []),
    ...pools
      .filter(({ key }) => newlyBlind(before.get(key), after.get(key)))
      .map((policy) => blindAlert(policy, after.get(policy.key), now)),
  ];
  if (!(await writeLocation(home.store, location, observation, after, alerts))) return undefined;
  const gaps = [...after.values()].flatMap((track) => track.gaps);
  return (policy) => ({ ...observation, track: after.get(policy.key), neighbourGaps: gaps });
}
