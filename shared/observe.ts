/** Looks at one target in Vertex, freshly: what reconcile decides on. An error is a look that says `unknown`, never a guess. */
import type { Look, PersistentResourceObservation, SpotModelObservation } from "./decide/decision.ts";
import { idleVerdict } from "./decide/idle.ts";
import type { PersistentResourceMemory } from "./decide/memory.ts";
import type { PersistentResourcePolicy, SpotModelPolicy } from "./fleet/fleet.ts";
import { readObservation } from "./state/observations.ts";
import type { Store } from "./state/store.ts";
import type { Clock } from "./time/clock.ts";
import { VertexError } from "./vertex/errors.ts";
import type { VertexReader } from "./vertex/vertex.ts";

/** What a closer look may be asked to read besides the resource and its jobs. */
export type Need = "verbatim" | "permission" | "restore";

/** The permission that rebuilding takes. */
const mayCreate = "aiplatform.persistentResources.create";

/**
 * Turns a read into a look.
 * @throws whatever is not a {@link VertexError}: a bug must not pass for an outage.
 */
export async function look<T>(read: Promise<T | undefined>): Promise<Look<T>> {
  try {
    const value = await read;
    return value === undefined ? { look: "absent" } : { look: "present", value };
  } catch (error) {
    if (!(error instanceof VertexError)) throw error;
    return { look: "unknown", why: error.message };
  }
}

/**
 * A fresh look at a persistent resource, its location's jobs and what the tick observed of its idleness.
 * @param needs what the decision asked to look at more closely.
 */
export async function observePersistentResource(
  tools: { readonly reader: VertexReader; readonly store: Store; readonly clock: Clock },
  policy: PersistentResourcePolicy,
  memory: PersistentResourceMemory,
  needs: ReadonlySet<Need>,
): Promise<PersistentResourceObservation> {
  const { reader, store, clock } = tools;
  const restoreId = memory.sleep?.restoreId;
  const [resource, jobs, observation, verbatim, permitted, restore] = await Promise.all([
    look(reader.getPersistentResource(policy.resource)),
    look(reader.listActiveCustomJobs(policy.location)),
    readObservation(store, policy.location, policy.key),
    needs.has("verbatim") ? look(reader.getPersistentResourceVerbatim(policy.resource)) : undefined,
    needs.has("permission") ? look(reader.testPermissions([mayCreate])) : undefined,
    restoreId === undefined ? undefined : store.get("restores", restoreId),
  ]);
  return {
    resource,
    jobs,
    idle: idleVerdict(observation, policy, clock),
    counterSeen: observation?.counterSeen ?? false,
    ...(verbatim?.look === "present" ? { verbatim: verbatim.value } : {}),
    ...(permitted?.look === "present" ? { mayCreate: permitted.value.includes(mayCreate) } : {}),
    ...(restore === undefined ? {} : { restore: restore.value }),
  };
}

/** A fresh look at a Spot model's endpoint. */
export async function observeSpotModel(reader: VertexReader, policy: SpotModelPolicy): Promise<SpotModelObservation> {
  return { endpoint: await look(reader.getEndpoint(policy.endpoint)) };
}
