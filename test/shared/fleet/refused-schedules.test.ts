import { describe, expect, test } from "vitest";
import { errorsOf, yaml } from "./told.ts";

describe("Schedules say when, in a zone", () => {
  test.each([
    {
      name: "an unknown weekday",
      file: `
        version: 1
        project: demo
        location: us-central1
        schedules:
          office: { zone: Europe/Berlin, up: [mon-fir 08:00-20:00] }
      `,
      told: [
        '5:39 schedules.office.up[0]: "fir" is no weekday (the nearest is "fri"; write days and hours, like "mon-fri 08:00-20:00", "daily 07:00-19:00" or "sat,sun all-day")',
      ],
    },
    {
      name: "no days",
      file: `
        version: 1
        project: demo
        location: us-central1
        schedules:
          office: { zone: Europe/Berlin, up: [08:00-20:00] }
      `,
      told: [
        '5:39 schedules.office.up[0]: "08:00-20:00" is no weekly window (write days and hours, like "mon-fri 08:00-20:00", "daily 07:00-19:00" or "sat,sun all-day")',
      ],
    },
    {
      name: "hours of another clock",
      file: `
        version: 1
        project: demo
        location: us-central1
        schedules:
          office: { zone: Europe/Berlin, up: [mon-fri 8am-8pm] }
      `,
      told: ['5:39 schedules.office.up[0]: "8am-8pm" is no span of hours (write 24-hour times, like "08:00-20:00")'],
    },
    {
      name: "a window without length",
      file: `
        version: 1
        project: demo
        location: us-central1
        schedules:
          office: { zone: Europe/Berlin, up: [mon-fri 08:00-08:00] }
      `,
      told: [
        '5:39 schedules.office.up[0]: "08:00-08:00" starts and ends at the same time (write "all-day", or another end)',
      ],
    },
    {
      name: "an hour that no day has",
      file: `
        version: 1
        project: demo
        location: us-central1
        schedules:
          office: { zone: Europe/Berlin, up: [mon-fri 08:00-24:30] }
      `,
      told: [
        '5:39 schedules.office.up[0]: "08:00-24:30" holds a time that no day has (times go from 00:00 to 23:59, ends to 24:00)',
      ],
    },
    {
      name: "a start at 24:00",
      file: `
        version: 1
        project: demo
        location: us-central1
        schedules:
          office: { zone: Europe/Berlin, up: [mon-fri 24:00-20:00] }
      `,
      told: [
        '5:39 schedules.office.up[0]: "24:00-20:00" holds a time that no day has (times go from 00:00 to 23:59, ends to 24:00)',
      ],
    },
    {
      name: "an unknown zone",
      file: `
        version: 1
        project: demo
        location: us-central1
        schedules:
          office: { zone: Europe/Berln, up: [mon-fri 08:00-20:00] }
      `,
      told: ['5:19 schedules.office.zone: "Europe/Berln" is no time zone (the nearest is "Europe/Berlin")'],
    },
    {
      name: "an abbreviation",
      file: `
        version: 1
        project: demo
        location: us-central1
        schedules:
          office: { zone: EST, up: [mon-fri 08:00-20:00] }
      `,
      told: ['5:19 schedules.office.zone: "EST" is an abbreviation (write "America/New_York")'],
    },
    {
      name: "an offset",
      file: `
        version: 1
        project: demo
        location: us-central1
        schedules:
          office: { zone: "+02:00", up: [mon-fri 08:00-20:00] }
      `,
      told: [
        '5:19 schedules.office.zone: "+02:00" is an offset, which knows no summer time (write a zone like "Europe/Berlin", or "UTC")',
      ],
    },
    {
      name: "a schedule that is not defined, used twice",
      file: `
        version: 1
        project: demo
        location: us-central1
        schedules:
          office: { zone: Europe/Berlin, up: [mon-fri 08:00-20:00] }
        persistentResources:
          - name: research
            schedule: ofice
            spec:
              resourcePools:
                - { id: workers, machineType: n1-standard-8, replicas: 2 }
          - name: second
            schedule: ofice
      `,
      told: [
        '8:15 persistentResources[0].schedule: no schedule is called "ofice" (used at 2 places) (the nearest is "office")',
      ],
    },
    {
      name: "a schedule where none is defined",
      file: `
        version: 1
        project: demo
        location: us-central1
        persistentResources:
          - name: research
            schedule: office
            spec:
              resourcePools:
                - { id: workers, machineType: n1-standard-8, replicas: 2 }
      `,
      told: ['6:15 persistentResources[0].schedule: no schedule is called "office" (define it under schedules)'],
    },
    {
      name: "a calendar that is not defined",
      file: `
        version: 1
        project: demo
        location: us-central1
        calendars:
          holidays: { closed: [2026-12-24] }
        schedules:
          office: { zone: Europe/Berlin, up: [mon-fri 08:00-20:00], calendars: [holiday] }
      `,
      told: ['7:73 schedules.office.calendars[0]: no calendar is called "holiday" (the nearest is "holidays")'],
    },
    {
      name: "a date that no calendar has",
      file: `
        version: 1
        project: demo
        location: us-central1
        calendars:
          holidays: { closed: [2026-02-29] }
      `,
      told: [
        '5:24 calendars.holidays.closed[0]: "2026-02-29" is a day that no calendar has (write "2026-12-24", "2026-12-24..2026-12-26" or "2026-11-28 10:00-16:00")',
      ],
    },
    {
      name: "a range backwards",
      file: `
        version: 1
        project: demo
        location: us-central1
        calendars:
          holidays: { closed: [2026-12-26..2026-12-24] }
      `,
      told: [
        '5:24 calendars.holidays.closed[0]: "2026-12-26..2026-12-24" ends before it starts (write "2026-12-24..2026-12-26")',
      ],
    },
    {
      name: "a date of another country",
      file: `
        version: 1
        project: demo
        location: us-central1
        calendars:
          holidays: { closed: [24.12.2026] }
      `,
      told: [
        '5:24 calendars.holidays.closed[0]: "24.12.2026" is no date (write "2026-12-24", "2026-12-24..2026-12-26" or "2026-11-28 10:00-16:00")',
      ],
    },
    {
      name: "sizes for a pool that nobody has",
      file: `
        version: 1
        project: demo
        location: us-central1
        schedules:
          office: { zone: Europe/Berlin, up: [{ when: daily all-day, replicas: { wrokers: 2 } }] }
        persistentResources:
          - name: research
            schedule: office
            scale: { pools: { workers: { min: 1, max: 4 } } }
            spec:
              resourcePools:
                - { id: workers, machineType: n1-standard-8, replicas: 2 }
      `,
      told: [
        '5:74 schedules.office.up[0].replicas.wrokers: no resource on this schedule has a pool "wrokers" (the nearest is "workers")',
      ],
    },
    {
      name: "sizes outside the bounds",
      file: `
        version: 1
        project: demo
        location: us-central1
        schedules:
          office: { zone: Europe/Berlin, up: [{ when: daily all-day, replicas: { workers: 9 } }] }
        persistentResources:
          - name: research
            schedule: office
            scale: { pools: { workers: { min: 1, max: 4 } } }
            spec:
              resourcePools:
                - { id: workers, machineType: n1-standard-8, replicas: 2 }
      `,
      told: [
        '5:83 schedules.office.up[0].replicas.workers: 9 replicas are outside the bounds 1 to 4 of "research" (stay within them, or widen scale.pools.workers of research)',
      ],
    },
    {
      name: "sizes for a pool that may not be scaled",
      file: `
        version: 1
        project: demo
        location: us-central1
        schedules:
          office: { zone: Europe/Berlin, up: [{ when: daily all-day, replicas: { workers: 2 } }] }
        persistentResources:
          - name: research
            schedule: office
            spec:
              resourcePools:
                - { id: workers, machineType: n1-standard-8, replicas: 2 }
      `,
      told: [
        '5:74 schedules.office.up[0].replicas.workers: "research" does not allow its pool "workers" to be scaled (add workers to scale.pools of research)',
      ],
    },
  ])("$name", ({ file, told }) => {
    expect(errorsOf(yaml(file))).toEqual(told);
  });
});
