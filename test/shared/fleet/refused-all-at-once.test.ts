import { describe, expect, test } from "vitest";
import { errorsOf, yaml } from "./told.ts";

describe("All causes are told at once, each once", () => {
  test.each([
    {
      name: "faults of every kind in one file, each once",
      file: `
        version: 1
        project: demo
        location: us-central1-a
        schedules:
          office:
            zone: CET
            up: [mon-fri 08:00-08:00, { when: daily 07:00-19:00, replicas: { worker: 3 } }]
            calendars: [holidys]
        calendars:
          holidays: { closed: [2026-02-30] }
        persistentResources:
          - name: research
            schedule: ofice
            idel: 4
            scale: { pools: { workers: { min: 0, max: 3 }, wrkers: { min: 4, max: 2 } } }
            spec:
              resourcePools:
                - { id: workers, machinetype: n1-standard-4, replicas: 9 }
        spotModels:
          - name: research
            endpoint: 4001
            model: m
            ladder:
              - { machineType: ct5lp-hightpu-4t }
              - { machineType: g2-standard-12, acceleratorType: NVIDIA_L4 }
      `,
      told: [
        '3:11 location: "us-central1-a" is a zone (Vertex AI works by region: write "us-central1")',
        '6:11 schedules.office.zone: "CET" is an abbreviation (write "Europe/Berlin")',
        '7:10 schedules.office.up[0]: "08:00-08:00" starts and ends at the same time (write "all-day", or another end)',
        '8:17 schedules.office.calendars[0]: no calendar is called "holidys" (the nearest is "holidays")',
        '10:24 calendars.holidays.closed[0]: "2026-02-30" is a day that no calendar has (write "2026-12-24", "2026-12-24..2026-12-26" or "2026-11-28 10:00-16:00")',
        '13:15 persistentResources[0].schedule: no schedule is called "ofice" (the nearest is "office")',
        '14:5 persistentResources[0].idel: "idel" is no key here (the nearest is "idle")',
        '15:23 persistentResources[0].scale.pools.workers: the spec\'s 9 replicas of "workers" are outside 0 to 3 (widen the bounds, or change the spec)',
        "15:39 persistentResources[0].scale.pools.workers.min: 0 replicas are for Ray clusters only (write at least 1; to switch it off use schedule or idle)",
        '15:52 persistentResources[0].scale.pools.wrkers: no pool is called "wrkers" (the nearest is "workers")',
        "15:67 persistentResources[0].scale.pools.wrkers.min: min 4 is above max 2 (swap them, or correct one)",
        '18:26 persistentResources[0].spec.resourcePools[0].machinetype: "machinetype" is no key here (the nearest is "machineType")',
        '20:11 spotModels[0].name: "research" is already the name of persistentResources[0] (give each target its own name)',
        "21:15 spotModels[0].endpoint: must be text, not 4001 (put it in quotes)",
        "24:24 spotModels[0].ladder[0].machineType: ct5lp-hightpu-4t is a TPU machine, which Vertex AI does not serve on spot (use provisioning on-demand or reservation, or a GPU machine)",
        "25:9 spotModels[0].ladder[1]: the accelerator has no acceleratorCount (add acceleratorCount)",
      ],
    },
  ])("$name", ({ file, told }) => {
    expect(errorsOf(yaml(file))).toEqual(told);
  });
});
