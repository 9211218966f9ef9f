import { describe, expect, test } from "vitest";
import { billOf, sum } from "../../../../infra/cli/demo/bill.ts";
import { deployedModelId } from "../../../../shared/decide/spot-model/deployed-model-id.ts";
import { hour } from "../../../../shared/time/clock.ts";
import { exampleFleet, fleetOf } from "./fleets.ts";

const fleet = fleetOf(`
version: 1
project: demo
location: us-central1
prices:
  - { machineType: n1-standard-8, onDemand: 0.5 }
  - { machineType: g2-standard-12, acceleratorType: NVIDIA_L4, acceleratorCount: 1, onDemand: 1, spot: 0.4 }
persistentResources:
  - name: pool
    spec:
      resourcePools:
        - { id: fixed, machineType: n1-standard-8, replicas: 2 }
        - { id: elastic, machineType: n1-standard-8, autoscaling: { min: 1, max: 3 } }
  - name: dear
    spec: { resourcePools: [{ id: p, machineType: m1-ultramem-40, replicas: 1 }] }
spotModels:
  - name: chat
    endpoint: shared
    share: 60
    model: m
    ladder:
      - { machineType: g2-standard-12, acceleratorType: NVIDIA_L4, acceleratorCount: 1, provisioning: spot }
      - { machineType: g2-standard-12, acceleratorType: NVIDIA_L4, acceleratorCount: 1, provisioning: on-demand }
  - name: other
    endpoint: shared
    model: m
    displayName: other
    share: 40
    ladder:
      - { machineType: g2-standard-12, acceleratorType: NVIDIA_L4, acceleratorCount: 1, provisioning: spot }
`);

function keyOf(name: string): string {
  return fleet.targets.find((target) => target.name === name)?.key ?? "";
}

function line(resource: string, part: string, more: object) {
  return {
    resource,
    part,
    region: "us-central1",
    machineType: "n1-standard-8",
    acceleratorType: "",
    acceleratorCount: 0,
    provisioning: "ON_DEMAND",
    replicas: 1,
    replicaSeconds: 3600,
    ...more,
  };
}

const gpu = { machineType: "g2-standard-12", acceleratorType: "NVIDIA_L4", acceleratorCount: 1 };
const endpoint = "projects/demo/locations/us-central1/endpoints/shared";

function bills(lines: readonly object[], span = hour) {
  return Object.fromEntries(billOf(fleet, { lines }, span).map((bill) => [bill.name, bill]));
}

describe("A bill", () => {
  test("adds the pools of a resource, priced, and shows what is on now", () => {
    const { pool } = bills([
      line(keyOf("pool"), "fixed", { replicas: 2, replicaSeconds: 7200 }),
      line(keyOf("pool"), "elastic", { replicas: 0, replicaSeconds: 1800 }),
    ]);
    expect(pool?.used).toEqual({ nodeHours: 2.5, money: 1.25 });
    expect(pool?.nodes).toEqual({ fixed: 2 });
  });

  test.each([
    ["a resource at the size of its spec, elastic pools at their minimum", "pool", { nodeHours: 30, money: 15 }],
    ["a model on demand, though Spot comes first", "chat", { nodeHours: 10, money: 10 }],
    ["a model without an on-demand rung on its first, at the on-demand price", "other", { nodeHours: 10, money: 10 }],
    ["nothing that has no price as if it were free", "dear", { nodeHours: 10 }],
  ])("compares with %s", (_case, name, baseline) => {
    expect(bills([], 10 * hour)[name]?.baseline).toEqual(baseline);
  });

  test("tells two models on one endpoint apart, and a stranger's model from both", () => {
    const spot = { ...gpu, provisioning: "SPOT" };
    const read = bills([
      line(endpoint, deployedModelId(keyOf("chat"), 1), spot),
      line(endpoint, deployedModelId(keyOf("other"), 3), { ...spot, replicaSeconds: 36_000 }),
      line(endpoint, "12", { ...spot, replicaSeconds: 360_000 }),
    ]);
    expect(read["chat"]?.used).toEqual({ nodeHours: 1, money: 0.4 });
    expect(read["other"]?.used).toEqual({ nodeHours: 10, money: 4 });
  });

  test("has no money for what has no price", () => {
    expect(bills([line(keyOf("dear"), "p", { machineType: "m1-ultramem-40" })])["dear"]?.used).toEqual({
      nodeHours: 1,
    });
  });

  test("prices all of the example fleet", () => {
    for (const { baseline } of billOf(exampleFleet, { lines: [] }, hour)) expect(baseline.money).toBeGreaterThan(0);
  });
});

describe("A sum of amounts", () => {
  test("is unknown in money as soon as one of them is", () => {
    expect(sum([{ nodeHours: 1, money: 2 }, { nodeHours: 3 }])).toEqual({ nodeHours: 4 });
    expect(sum([])).toEqual({ nodeHours: 0, money: 0 });
  });
});
