/** Looks at one target in Vertex, freshly: what reconcile decides on. An error is a look that says `unknown`, never a guess. */
import type { Look, PersistentResourceObservation, SpotModelObservation } from "./decide/decision.ts";
import { idleObservation } from "./decide/idle/idle.ts";
import type { PersistentResourcePolicy, SpotModelPolicy } from "./fleet/fleet.ts";
import { readTargetObservation } from "./state/observations.ts";
import type { Store } from "./state/store.ts";
import type { Clock } from "./time/clock.ts";
import { look } from "./vertex/look.ts";
import type { Endpoint, PersistentResource, VertexReader } from "./vertex/vertex.ts";

/** What a closer look may be asked to read besides the resource and its jobs. */
export type Need = "verbatim" | "permission" | "restore";

/** The permission that rebuilding takes. */
const mayCreate = "aiplatform.persistentResources.create";

/**
 * A fresh look at a persistent resource, its location's jobs and what the tick observed of its idleness.
 * @param restoreId of the record that a sleeping resource is rebuilt from.
 * @param needs what the decision asked to look at more closely.
 */
export async function observePersistentResource(
  tools: { readonly reader: VertexReader; readonly store: Store; readonly clock: Clock },
  policy: PersistentResourcePolicy,
  restoreId: string | undefined,
  needs: ReadonlySet<Need>,
): Promise<PersistentResourceObservation> {
  const { reader, store, clock } = tools;
  const [resource, jobs, observed, verbatim, permitted, restore] = await Promise.all([
    look(reader.getPersistentResource(policy.resource)),
    look(reader.listActiveCustomJobs(policy.location)),
    readTargetObservation(store, policy.location, policy.key),
    needs.has("verbatim") ? look(reader.getPersistentResourceVerbatim(policy.resource)) : undefined,
    needs.has("permission") ? look(reader.testPermissions([mayCreate])) : undefined,
    restoreId === undefined ? undefined : store.get("restores", restoreId),
  ]);
  return {
    resource,
    jobs,
    ...idleObservation(observed && { track: observed.track, ...observed.observation }, policy.idle, {
      world: clock.now(),
      wire: clock.wire(),
    }),
    ...(verbatim?.look === "present" ? { verbatim: verbatim.value } : {}),
    ...(permitted?.look === "present" ? { mayCreate: permitted.value.includes(mayCreate) } : {}),
    ...(restore === undefined ? {} : { restore: restore.value }),
    ...(restoreId !== undefined && restore === undefined ? { restoreLost: true } : {}),
  };
}

/** A fresh look at a Spot model's endpoint. */
export async function observeSpotModel(reader: VertexReader, policy: SpotModelPolicy): Promise<SpotModelObservation> {
  return { endpoint: await look(reader.getEndpoint(policy.endpoint)) };
}

/** What settling shows of a persistent resource: itself, and nothing that a new decision could be made on. */
export function justSettled(resource: Look<PersistentResource | Endpoint>): PersistentResourceObservation {
  const why = "not looked at while settling";
  return {
    resource: resource as Look<PersistentResource>,
    jobs: { look: "unknown", why },
    idle: { verdict: "unknown", why },
    counterSeen: false,
  };
}
