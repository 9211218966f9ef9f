/** A small fleet for the state tests: everything that requests can meet. */
import type { Fleet, PersistentResourcePolicy, Rung, SpotModelPolicy } from "../../../shared/fleet/fleet.ts";
import { endpointName, persistentResourceName } from "../../../shared/vertex/names.ts";

const place = { project: "demo", location: "us-central1" } as const;

/** A persistent resource; `name` is also its id. */
export function resource(name: string, scale: PersistentResourcePolicy["scale"]): PersistentResourcePolicy {
  const key = persistentResourceName("demo", "us-central1", name);
  return {
    kind: "persistentResource",
    name,
    key,
    resource: key,
    ...place,
    spec: {
      resourcePools: [{ id: "workers", machineSpec: { machineType: "n1-standard-8" }, replicaCount: "2" }],
    },
    // biome-ignore lint/suspicious/noThenProperty: the fleet file's own word, for what follows the waiting
    onBusy: { action: "wait", maxWait: 7_200_000, then: "skip" },
    scale,
    restore: { early: "auto", alternatives: [] },
  };
}

function rung(id: string, provisioning: Rung["provisioning"], minReplicas: number, maxReplicas: number): Rung {
  return { id, machineType: "g2-standard-12", provisioning, minReplicas, maxReplicas };
}

/** A Spot model on an endpoint. */
function model(name: string, endpoint: string): SpotModelPolicy {
  const resource = endpointName("demo", "us-central1", endpoint);
  return {
    kind: "spotModel",
    name,
    key: `${resource}#${name}`,
    endpoint: resource,
    ...place,
    model: "projects/demo/locations/us-central1/models/7",
    displayName: name,
    ladder: [rung("spot", "spot", 1, 4), rung("on-demand", "on-demand", 2, 3)],
    grace: 240_000,
    share: 100,
  };
}

/** `training` scales by patch, `fixed` never, `plain` names no pool, `pair` two; `chat` is alone on its endpoint. */
export const fleet: Fleet = {
  version: 1,
  project: "demo",
  namePrefix: "tidekeeper",
  limits: {
    cyclesPerDay: 4,
    deploysPerHour: 6,
    submissionsPerMinute: 50,
    idleAtOncePools: 4,
    idleAtOnceShare: 0.8,
  },
  prices: [],
  targets: [
    resource("training", { strategy: "patch", pools: { workers: { min: 0, max: 8 } } }),
    resource("fixed", { strategy: "never", pools: { workers: { min: 0, max: 8 } } }),
    resource("plain", { strategy: "patch", pools: {} }),
    resource("pair", { strategy: "replace", pools: { workers: { min: 1, max: 8 }, drivers: { min: 1, max: 2 } } }),
    model("chat", "100"),
    model("embed", "200"),
    model("rerank", "200"),
  ],
};
