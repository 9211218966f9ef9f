/**
 * The tick: lists once per location, stores the observation, decides for the whole fleet on that cheap look, pokes the
 * targets that need work, and publishes what is owed. It changes nothing in Vertex.
 */
import { isDeepStrictEqual } from "node:util";
import { idleObservation } from "./decide/idle/idle.ts";
import { decide, type Facts, modelFacts, resourceFacts } from "./facts.ts";
import type { TargetPolicy } from "./fleet/fleet.ts";
import type { Home } from "./home.ts";
import { finder, lookAtLocation, observeLocation } from "./observe-location.ts";
import { asSibling, siblingsOf } from "./siblings.ts";
import { schemaVersion, type TargetDocument } from "./state/documents.ts";
import { policyOf, recallFleet, slotOf } from "./state/recall.ts";
import { releaseTarget } from "./state/release-target.ts";

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
  const { head, fleet } = recalled;
  const { version } = head.value;
  const [documents, slots] = await Promise.all([home.store.list("targets"), home.store.list("slots")]);
  const documentOf = new Map(documents.map(({ id, value }) => [id, value]));
  const held = slots.flatMap(({ value }) => (value.state === "empty" ? [] : [value]));
  const occupied = new Set<string>(held.map(({ resource }) => resource));
  const covered = new Set<string>(fleet.targets.map(({ key }) => slotOf(key)));
  // Left over by an apply that ended half-way. What a later one has made already is not in this fleet yet.
  const leftOver = documents.filter(
    ({ id, value }) =>
      value.releasedAt === undefined && value.appliedVersion <= version && policyOf(fleet, id) === undefined,
  );
  await Promise.all(leftOver.map(({ id }) => releaseTarget(home.store, id, { version, now })));
  const doubled: string[] = [];
  // What has left the fleet is still settled, and nobody else comes by.
  const poked = held.filter(({ resource }) => !covered.has(resource)).map(({ targetKey }) => targetKey);

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
              ...idleObservation(idleFacts(policy), policy.idle, { world: now, wire: clock.wire() }),
            })
          : modelFacts(fleet, policy, target, now, {
              endpoint: findEndpoint(policy.endpoint),
              siblings: siblingsOf(fleet, policy).map((other) =>
                asSibling(policy, other, documentOf.get(other.key), now),
              ),
            });
      for (const policy of targets) {
        const target = documentOf.get(policy.key);
        if (target === undefined || target.schema > schemaVersion) continue;
        // An apply that ended half-way has not brought it up to date: reconcile does.
        const stale = target.appliedVersion < version;
        if (stale || occupied.has(slotOf(policy.key)) || needsWork(target, factsOf(policy, target))) {
          poked.push(policy.key);
        }
      }
    }),
  );
  await Promise.all(poked.map((key) => home.poke(key)));
  const published = await home.publishOwed();
  await home.store.sweep(now);
  return { targets: fleet.targets.length, poked, published, doubled };
}
