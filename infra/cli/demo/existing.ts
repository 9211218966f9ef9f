/**
 * Persistent resources without a spec are adopted, never made: on Google Cloud somebody else has made them. In a demo the
 * somebody is here.
 */
import type {
  Fleet,
  PersistentResourcePolicy,
  PersistentResourceSpec,
  TargetPolicy,
} from "../../../shared/fleet/fleet.ts";
import { locationName, parseName } from "../../../shared/vertex/names.ts";

/** What a resource of which the fleet says nothing is made of: the pools that it may scale, at their least size. */
function specOf({ name, scale }: PersistentResourcePolicy): PersistentResourceSpec {
  const pools = Object.entries(scale.pools).map(([id, { min }]) => ({ id, replicas: Math.max(1, min) }));
  return {
    displayName: name,
    resourcePools: (pools.length > 0 ? pools : [{ id: "pool", replicas: 1 }]).map(({ id, replicas }) => ({
      id,
      machineSpec: { machineType: "n1-standard-4" },
      replicaCount: String(replicas),
    })),
  };
}

/** The fleet's targets with a spec for each resource: what the plan and the bill go by. */
export function withSpecs({ targets }: Pick<Fleet, "targets">): readonly TargetPolicy[] {
  return targets.map((policy) =>
    policy.kind === "persistentResource" && policy.spec === undefined ? { ...policy, spec: specOf(policy) } : policy,
  );
}

/**
 * Makes the resources that the fleet takes for existing, through the REST door.
 * @param rest `http://127.0.0.1:PORT`
 * @throws Error when the local cloud refuses one.
 */
export async function makeExisting(rest: string, { targets }: Pick<Fleet, "targets">): Promise<void> {
  await Promise.all(
    targets.map(async (policy) => {
      if (policy.kind !== "persistentResource" || policy.spec !== undefined) return;
      const { project, location, resource } = policy;
      const url = `${rest}/v1/${locationName(project, location)}/persistentResources?persistentResourceId=${parseName(resource)?.id}`;
      const answer = await fetch(url, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(specOf(policy)),
      });
      if (!answer.ok) throw new Error(`the local cloud refused to make ${resource}: ${await answer.text()}`);
    }),
  );
}
