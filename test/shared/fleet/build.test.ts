import { describe, expect, test } from "vitest";
import type { Fleet } from "../../../shared/fleet/fleet.ts";
import { parseFleet } from "../../../shared/fleet/parse.ts";
import { yaml } from "./told.ts";

const minute = 60_000;

// biome-ignore lint/suspicious/noThenProperty: the policy's own word; its value is text, which nothing awaits.
const skipAfter = { then: "skip" };

function fleetOf(written: string): Fleet {
  return parseFleet(`version: 1\nproject: demo\nlocation: us-central1\n${yaml(written)}`, "fleet.yaml").fleet;
}

describe("What is left out has a sensible default", () => {
  test("of the file", () => {
    expect(fleetOf("")).toEqual({
      version: 1,
      project: "demo",
      namePrefix: "tidekeeper",
      limits: {
        cyclesPerDay: 4,
        deploysPerHour: 6,
        submissionsPerMinute: 30,
        idleAtOncePools: 4,
        idleAtOnceShare: 0.8,
      },
      prices: [],
      targets: [],
    });
  });

  test("of a persistent resource: without schedule and idle it is never deleted", () => {
    const name = "projects/demo/locations/us-central1/persistentResources/research";
    expect(
      fleetOf("persistentResources: [{ name: research, scale: { pools: { main: { min: 1, max: 2 } } } }]").targets,
    ).toEqual([
      {
        kind: "persistentResource",
        name: "research",
        key: name,
        resource: name,
        project: "demo",
        location: "us-central1",
        onBusy: { action: "wait", maxWait: 120 * minute, ...skipAfter },
        scale: { strategy: "patch", pools: { main: { min: 1, max: 2 } } },
        restore: { early: "auto", alternatives: [] },
      },
    ]);
  });

  test("of a Spot model", () => {
    const endpoint = "projects/demo/locations/us-central1/endpoints/1234567890123456789";
    const file = `
      spotModels:
        - name: chat
          endpoint: "1234567890123456789"
          model: llama@2
          ladder: [{ machineType: g2-standard-12, acceleratorType: NVIDIA_L4, acceleratorCount: 1 }]
    `;
    expect(fleetOf(file).targets).toEqual([
      {
        kind: "spotModel",
        name: "chat",
        key: `${endpoint}#chat`,
        endpoint,
        project: "demo",
        location: "us-central1",
        model: "projects/demo/locations/us-central1/models/llama@2",
        displayName: "chat",
        ladder: [
          {
            id: "g2-standard-12/NVIDIA_L4x1/spot@us-central1",
            machineType: "g2-standard-12",
            acceleratorType: "NVIDIA_L4",
            acceleratorCount: 1,
            provisioning: "spot",
            minReplicas: 1,
            maxReplicas: 1,
          },
        ],
        grace: 4 * minute,
        share: 100,
      },
    ]);
  });
});

describe("Short forms mean what their long forms say", () => {
  test.each([
    ["idle", "idle: 20m", { after: 20 * minute, grace: 10 * minute, recreateCost: 30 * minute, ray: false }],
    ["idle", "idle: auto", { after: "auto", grace: 10 * minute, recreateCost: 30 * minute, ray: false }],
    ["idle", "idle: {}", { after: 15 * minute, grace: 10 * minute, recreateCost: 30 * minute, ray: false }],
    ["onBusy", "onBusy: cancel", { action: "cancel", maxWait: 120 * minute, ...skipAfter }],
    ["onBusy", "onBusy: { maxWait: 1h }", { action: "wait", maxWait: 60 * minute, ...skipAfter }],
  ])("%s from `%s`", (key, written, meaning) => {
    const [target] = fleetOf(`persistentResources: [{ name: research, ${written} }]`).targets;
    expect(target).toMatchObject({ [key]: meaning });
  });
});

describe("A spec becomes the body of a create request, as v1 JSON", () => {
  test("64-bit numbers are text, and only what was written is sent", () => {
    const file = `
      persistentResources:
        - name: research
          restore:
            alternatives: [{ resourcePools: [{ id: main, machineType: n1-standard-4, replicas: 3 }] }]
          spec:
            displayName: Research
            labels: { team: research }
            resourcePools:
              - id: main
                machineType: n1-standard-8
                acceleratorType: NVIDIA_TESLA_T4
                acceleratorCount: 2
                replicas: 2
                autoscaling: { min: 1, max: 4 }
                disk: { sizeGb: 200 }
    `;
    const [target] = fleetOf(file).targets;
    expect(target).toMatchObject({
      spec: {
        displayName: "Research",
        labels: { team: "research" },
        resourcePools: [
          {
            id: "main",
            machineSpec: { machineType: "n1-standard-8", acceleratorType: "NVIDIA_TESLA_T4", acceleratorCount: 2 },
            replicaCount: "2",
            autoscalingSpec: { minReplicaCount: "1", maxReplicaCount: "4" },
            diskSpec: { bootDiskType: "pd-ssd", bootDiskSizeGb: 200 },
          },
        ],
      },
      restore: {
        alternatives: [
          { resourcePools: [{ id: "main", machineSpec: { machineType: "n1-standard-4" }, replicaCount: "3" }] },
        ],
      },
    });
  });
});

describe("Schedules reach their targets whole", () => {
  test("windows, sizes and the dates of every calendar", () => {
    const file = `
      calendars:
        holidays: { closed: [2026-12-24..2026-12-26] }
        events: { open: [2026-11-28 10:00-16:00] }
      schedules:
        office:
          zone: Europe/Berlin
          up: [{ when: mon 08:00-20:00, replicas: { main: 2 } }]
          calendars: [holidays, events]
      persistentResources:
        - { name: research, schedule: office, scale: { pools: { main: { min: 1, max: 2 } } } }
    `;
    expect(fleetOf(file).targets[0]?.schedule).toEqual({
      name: "office",
      zone: "Europe/Berlin",
      up: [{ days: [1], from: 480, to: 1200, replicas: { main: 2 }, text: "mon 08:00-20:00" }],
      exceptions: [
        {
          effect: "closed",
          first: "2026-12-24",
          last: "2026-12-26",
          calendar: "holidays",
          text: "2026-12-24..2026-12-26",
        },
        {
          effect: "open",
          first: "2026-11-28",
          last: "2026-11-28",
          from: 600,
          to: 960,
          calendar: "events",
          text: "2026-11-28 10:00-16:00",
        },
      ],
    });
  });
});
