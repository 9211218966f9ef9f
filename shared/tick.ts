/**
 * The tick: lists once per location, stores the observation, decides for the whole fleet on that cheap look, pokes the
 * targets that need work, and publishes what is owed. It changes nothing in Vertex.
 */
import { isDeepStrictEqual } from "node:util";
import type { Look } from "./decide/decision.ts";
import { everythingIdleAtOnce, type IdleFacts, idleVerdict, observePool } from "./decide/idle.ts";
import { lastPart, samplePool } from "./decide/pool-sample.ts";
import { decide, type Facts, modelFacts, resourceFacts } from "./facts.ts";
import type { Fleet, PersistentResourcePolicy, TargetPolicy } from "./fleet/fleet.ts";
import type { Home } from "./home.ts";
import { type IdleTrack, schemaVersion, type TargetDocument } from "./state/documents.ts";
import { readLocation, writeLocation } from "./state/observations.ts";
import { recallFleet } from "./state/recall.ts";
import { type Clock, minute } from "./time/clock.ts";
import { look } from "./vertex/look.ts";
import type { CustomJob, Endpoint, Listing, PersistentResource, VertexReader } from "./vertex/vertex.ts";

/** What one tick did, for its log line. */
export interface TickReport {
  /** Why nothing was done at all, e.g. no fleet, or another store. */
  readonly refused?: string;
  readonly targets: number;
  readonly poked: readonly string[];
  readonly published: number;
  /** Locations that another delivery of the same minute's tick had already observed. */
  readonly doubled: readonly string[];
}

/** One location as listed: each list may be unknown on its own. */
interface LocationLook {
  readonly resources: Look<Listing<PersistentResource>>;
  readonly jobs: Look<Listing<CustomJob>>;
  readonly endpoints: Look<Listing<Endpoint>>;
}

const notAsked: Look<never> = { look: "unknown", why: "not listed: the fleet has no such target here" };

async function lookAtLocation(
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
function finder<T extends { readonly name: string }>(listing: Look<Listing<T>>): (resource: string) => Look<T> {
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

/** Takes this minute's sample of every pool of a location; undefined when another tick has already done so. */
async function observeLocation(
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
  let someoneBusy = false;
  for (const policy of pools) {
    const sample = samplePool(find(policy.resource), seen.jobs, counterSeen);
    if (sample.sample === "busy") someoneBusy = true;
    const track = observePool(before.get(policy.key), sample, now);
    if (track !== undefined) after.set(policy.key, track);
  }
  const began = everythingIdleAtOnce(before, after, fleet.limits) ? now : undefined;
  const outageSince = someoneBusy ? undefined : (previous?.outageSince ?? began);
  const observation = {
    minute: Math.floor(now / minute),
    takenAt: now,
    takenAtWire: clock.wire(),
    counterSeen,
    ...(outageSince === undefined ? {} : { outageSince }),
  };
  if (!(await writeLocation(home.store, location, observation, after))) return undefined;
  if (began !== undefined && previous?.outageSince === undefined) {
    home.log("ERROR", `every busy pool of ${location} turned idle in one sample: nobody is called idle there`, {
      location,
    });
  }
  const gaps = [...after.values()].flatMap((track) => track.gaps);
  return (policy) => ({ ...observation, track: after.get(policy.key), neighbourGaps: gaps });
}

/** Whether reconcile would do or write anything that differs from what is stored. */
function needsWork(target: TargetDocument, facts: Facts): boolean {
  const { action, answers, notices, phase, requests, memory } = decide(facts);
  return (
    action.do !== "nothing" ||
    answers.length > 0 ||
    notices.length > 0 ||
    phase !== target.phase ||
    !isDeepStrictEqual(requests, target.requests) ||
    !isDeepStrictEqual(memory, target.memory)
  );
}

/**
 * One look at the whole fleet.
 * @throws StoreUnavailable when the store cannot be reached; Vertex's errors are observations, not failures.
 */
export async function tick(home: Home): Promise<TickReport> {
  const clock = await home.clock();
  const now = clock.now();
  const recalled = await recallFleet(home.store, home.settings.storeId);
  if ("refused" in recalled) {
    home.log("ERROR", `the tick does nothing: ${recalled.refused}`);
    return { refused: recalled.refused, targets: 0, poked: [], published: 0, doubled: [] };
  }
  const { fleet } = recalled;
  const [documents, slots] = await Promise.all([home.store.list("targets"), home.store.list("slots")]);
  const documentOf = new Map(documents.map(({ id, value }) => [id, value]));
  const occupied = new Set<string>(slots.filter(({ value }) => value.state !== "empty").map(({ id }) => id));
  const doubled: string[] = [];
  const poked: string[] = [];

  await Promise.all(
    [...Map.groupBy(fleet.targets, ({ location }) => location)].map(async ([location, targets]) => {
      const seen = await lookAtLocation(home.reader, location, targets);
      const pools = targets.filter((target) => target.kind === "persistentResource");
      const idleFacts = await observeLocation(home, clock, location, pools, seen, fleet);
      if (idleFacts === undefined) {
        doubled.push(location);
        return;
      }
      const findResource = finder(seen.resources);
      const findEndpoint = finder(seen.endpoints);
      const factsOf = (policy: TargetPolicy, target: TargetDocument): Facts =>
        policy.kind === "persistentResource"
          ? resourceFacts(fleet, policy, target, now, {
              resource: findResource(policy.resource),
              jobs: seen.jobs,
              idle: idleVerdict(idleFacts(policy), policy.idle, { world: now, wire: clock.wire() }),
              counterSeen: idleFacts(policy).counterSeen,
            })
          : modelFacts(fleet, policy, target, now, { endpoint: findEndpoint(policy.endpoint) });
      for (const policy of targets) {
        const target = documentOf.get(policy.key);
        if (target === undefined || target.schema > schemaVersion) continue;
        const resource = policy.kind === "persistentResource" ? policy.resource : policy.endpoint;
        if (occupied.has(resource) || needsWork(target, factsOf(policy, target))) poked.push(policy.key);
      }
    }),
  );
  await Promise.all(poked.map((key) => home.poke(key)));
  const published = await home.publishOwed();
  await home.store.sweep(now);
  return { targets: fleet.targets.length, poked, published, doubled };
}
