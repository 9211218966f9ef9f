import { describe, expect, test } from "vitest";
import { warningsOf, yaml } from "./told.ts";

describe("What is odd without being wrong is told, and accepted", () => {
  test.each([
    {
      name: "an unused schedule and calendar",
      file: `
        version: 1
        project: demo
        location: us-central1
        calendars: { holidays: { closed: [2026-12-24] } }
        schedules:
          office: { zone: Europe/Berlin, up: [mon-fri 08:00-20:00] }
      `,
      told: [
        '4:14 calendars.holidays: nothing uses the calendar "holidays" (use it, or remove it)',
        '6:3 schedules.office: nothing uses the schedule "office" (use it, or remove it)',
      ],
    },
    {
      name: "blanks around a zone",
      file: `
        version: 1
        project: demo
        location: us-central1
        schedules:
          office: { zone: " Europe/Berlin", up: [mon-fri 08:00-20:00] }
        persistentResources:
          - name: research
            schedule: office
            spec:
              resourcePools:
                - { id: workers, machineType: n1-standard-8, replicas: 2 }
      `,
      told: ['5:19 schedules.office.zone: blanks around "Europe/Berlin" were ignored (write "Europe/Berlin")'],
    },
    {
      name: "a fixed offset in the name of a zone",
      file: `
        version: 1
        project: demo
        location: us-central1
        schedules:
          office: { zone: Etc/GMT+8, up: [mon-fri 08:00-20:00] }
        persistentResources:
          - name: research
            schedule: office
            spec:
              resourcePools:
                - { id: workers, machineType: n1-standard-8, replicas: 2 }
      `,
      told: [
        '5:19 schedules.office.zone: Etc/GMT+8 means UTC-8, without summer time (write "Area/City" if that is not what you mean)',
      ],
    },
    {
      name: "a day both open and closed",
      file: `
        version: 1
        project: demo
        location: us-central1
        calendars: { a: { closed: [2026-12-24..2026-12-26] }, b: { open: [2026-12-25] } }
        schedules:
          office: { zone: Europe/Berlin, up: [mon-fri 08:00-20:00], calendars: [a, b] }
        persistentResources:
          - name: research
            schedule: office
            spec:
              resourcePools:
                - { id: workers, machineType: n1-standard-8, replicas: 2 }
      `,
      told: [
        "4:67 calendars.b.open[0]: 2026-12-25 is also closed (calendars.a.closed[0]) for schedules.office (it stays up; remove one of the two)",
      ],
    },
    {
      name: "a target that nothing is ever done with",
      file: `
        version: 1
        project: demo
        location: us-central1
        persistentResources:
          - name: research
      `,
      told: ["5:5 persistentResources[0]: nothing is ever done with it (give it a schedule, idle or a spec)"],
    },
    {
      name: "bounds that the strategy never uses",
      file: `
        version: 1
        project: demo
        location: us-central1
        persistentResources:
          - name: research
            scale: { strategy: never, pools: { workers: { min: 1, max: 2 } } }
            spec:
              resourcePools:
                - { id: workers, machineType: n1-standard-8, replicas: 2 }
      `,
      told: [
        "6:38 persistentResources[0].scale.pools: the strategy never makes no use of bounds (remove one of the two)",
      ],
    },
    {
      name: "sizes for a pool that is never scaled",
      file: `
        version: 1
        project: demo
        location: us-central1
        schedules:
          office: { zone: Europe/Berlin, up: [{ when: daily all-day, replicas: { workers: 2 } }] }
        persistentResources:
          - name: research
            schedule: office
            scale: { strategy: never, pools: { workers: { min: 1, max: 4 } } }
            spec:
              resourcePools:
                - { id: workers, machineType: n1-standard-8, replicas: 2 }
      `,
      told: [
        '5:74 schedules.office.up[0].replicas.workers: "research" is never scaled (use the strategy patch or replace for research, or remove the size)',
        "9:38 persistentResources[0].scale.pools: the strategy never makes no use of bounds (remove one of the two)",
      ],
    },
    {
      name: "a bound of 0 on an adopted resource, which may be Ray",
      file: `
        version: 1
        project: demo
        location: us-central1
        persistentResources:
          - { name: research, scale: { pools: { head: { min: 0, max: 2 } } } }
      `,
      told: [
        "5:54 persistentResources[0].scale.pools.head.min: 0 replicas work on a Ray cluster only (write at least 1 if it is none)",
      ],
    },
    {
      name: "onBusy where no window ends",
      file: `
        version: 1
        project: demo
        location: us-central1
        persistentResources:
          - name: research
            onBusy: { action: wait, maxWait: 1h }
            spec:
              resourcePools:
                - { id: workers, machineType: n1-standard-8, replicas: 2 }
      `,
      told: [
        "6:5 persistentResources[0].onBusy: without a schedule no window ever ends (add a schedule, or remove onBusy)",
      ],
    },
    {
      name: "Spot dearer than on demand",
      file: `
        version: 1
        project: demo
        location: us-central1
        prices: [{ machineType: n1-standard-8, onDemand: 0.3, spot: 0.4 }]
      `,
      told: ["4:61 prices[0].spot: Spot is dearer than on demand (check both prices)"],
    },
    {
      name: "a rung that is dearer than allowed",
      file: `
        version: 1
        project: demo
        location: us-central1
        prices: [{ machineType: g2-standard-12, onDemand: 1, spot: 0.5 }]
        spotModels:
          - name: chat
            endpoint: chat-serving
            model: llama
            maxHourlyPrice: 0.4
            ladder:
              - { machineType: g2-standard-12, acceleratorType: NVIDIA_L4, acceleratorCount: 1 }
      `,
      told: [
        "11:9 spotModels[0].ladder[0]: it costs 0.5 an hour, more than maxHourlyPrice 0.4, and is never deployed (raise maxHourlyPrice, or remove the rung)",
      ],
    },
  ])("$name", ({ file, told }) => {
    expect(warningsOf(yaml(file))).toEqual(told);
  });
});
