/** Fleets of any size, and what Vertex shows of them when all is well: half persistent resources, half Spot models. */
import type { Fleet, TargetPolicy } from "../../../shared/fleet/fleet.ts";
import { parseFleet } from "../../../shared/fleet/parse.ts";
import { endpointName, persistentResourceName } from "../../../shared/vertex/names.ts";
import type { JsonObject } from "../../../shared/vertex/vertex.ts";

const pattern = `
version: 1
project: demo
location: us-central1
schedules:
  office: { zone: Europe/Berlin, up: ["mon-fri 08:00-20:00"] }
persistentResources:
  - name: pool
    schedule: office
    idle: 45m
    spec: { resourcePools: [{ id: main, machineType: n1-standard-8, replicas: 2 }] }
spotModels:
  - name: model
    endpoint: model
    model: llama
    ladder:
      - { machineType: g2-standard-12, acceleratorType: NVIDIA_L4, acceleratorCount: 1, provisioning: spot }
`;

/** World time at which the benches begin: a Tuesday morning in Berlin. */
export const beginning = Date.parse("2026-11-24T09:00:00Z");

/** A fleet of `count` targets, spread evenly over `locations` locations. */
export function fleetOf(count: number, locations: number): Fleet {
  const { fleet } = parseFleet(pattern, "bench.yaml");
  const targets = Array.from({ length: count }, (_, index): TargetPolicy => {
    const location = `region-${Math.floor(index / 2) % locations}`;
    const like = fleet.targets[index % 2];
    if (like?.kind === "persistentResource") {
      const resource = persistentResourceName("demo", location, `pool-${index}`);
      return { ...like, name: `pool-${index}`, location, key: resource, resource };
    }
    if (like?.kind !== "spotModel") throw new Error("the pattern has one of each");
    const endpoint = endpointName("demo", location, `model-${index}`);
    const name = `model-${index}`;
    return { ...like, name, displayName: name, location, key: `${endpoint}#${name}`, endpoint };
  });
  return { ...fleet, targets };
}

const made = new Date(beginning - 86_400_000).toISOString();

/** A target as Vertex shows it: up, and as the fleet wants it. */
export function shown(policy: TargetPolicy): JsonObject {
  if (policy.kind === "persistentResource") {
    return {
      name: policy.resource,
      displayName: policy.name,
      state: "RUNNING",
      createTime: made,
      startTime: made,
      updateTime: made,
      resourcePools: [
        { id: "main", machineSpec: { machineType: "n1-standard-8" }, replicaCount: "2", usedReplicaCount: "1" },
      ],
    };
  }
  const [rung] = policy.ladder;
  return {
    name: policy.endpoint,
    displayName: policy.name,
    createTime: made,
    etag: "e1",
    trafficSplit: { "1000001": 100 },
    deployedModels: [
      {
        id: "1000001",
        model: policy.model,
        displayName: policy.displayName,
        createTime: made,
        dedicatedResources: {
          machineSpec: {
            machineType: rung?.machineType ?? "",
            acceleratorType: rung?.acceleratorType ?? "",
            acceleratorCount: rung?.acceleratorCount ?? 0,
          },
          minReplicaCount: 1,
          maxReplicaCount: 1,
          spot: true,
        },
        status: { availableReplicaCount: 1, lastUpdateTime: made },
      },
    ],
  };
}
