import { describe, expect, test } from "vitest";
import { errorsOf, yaml } from "./told.ts";

describe("Keys, words and values are checked one by one", () => {
  test.each([
    {
      name: "missing keys of the file",
      file: `
        version: 1
        prices: []
      `,
      told: ['1:1 project: is missing (add the key "project")'],
    },
    {
      name: "another version",
      file: `
        version: 2
        project: demo
      `,
      told: ["1:10 version: 2 is not 1 (write 1)"],
    },
    {
      name: "a key that does not exist",
      file: `
        version: 1
        project: demo
        location: us-central1
        pries: []
      `,
      told: ['4:1 pries: "pries" is no key here (the nearest is "prices")'],
    },
    {
      name: "a misspelt key is told once, not as missing too",
      file: `
        version: 1
        project: demo
        location: us-central1
        schedules:
          office: { zoen: Europe/Berlin, up: [mon-fri 08:00-20:00] }
      `,
      told: ['5:13 schedules.office.zoen: "zoen" is no key here (the nearest is "zone")'],
    },
    {
      name: "swapped letters",
      file: `
        version: 1
        project: demo
        location: us-central1
        persistentResources:
          - name: research
            idel: 15m
            spec:
              resourcePools:
                - { id: workers, machineType: n1-standard-8, replicas: 2 }
      `,
      told: ['6:5 persistentResources[0].idel: "idel" is no key here (the nearest is "idle")'],
    },
    {
      name: "a merge key, which YAML 1.2 does not have",
      file: `
        version: 1
        project: demo
        location: us-central1
        limits: { <<: { cyclesPerDay: 4 } }
      `,
      told: [
        '4:11 limits."<<": "<<" is no key here (YAML 1.2 has no merge keys: write the keys out, or repeat the whole group by an alias)',
      ],
    },
    {
      name: "a word that is none of the allowed",
      file: `
        version: 1
        project: demo
        location: us-central1
        persistentResources:
          - name: research
            onBusy: wiat
            spec:
              resourcePools:
                - { id: workers, machineType: n1-standard-8, replicas: 2 }
      `,
      told: [
        '6:13 persistentResources[0].onBusy: "wiat" is none of the words allowed here (the nearest is "wait"; allowed: wait, shrink, cancel, skip)',
      ],
    },
    {
      name: "a word inside the long form",
      file: `
        version: 1
        project: demo
        location: us-central1
        persistentResources:
          - name: research
            onBusy: { action: drop }
            spec:
              resourcePools:
                - { id: workers, machineType: n1-standard-8, replicas: 2 }
      `,
      told: [
        '6:23 persistentResources[0].onBusy.action: "drop" is none of the words allowed here (allowed: wait, shrink, cancel, skip)',
      ],
    },
    {
      name: "an accelerator that Vertex AI does not know",
      file: `
        version: 1
        project: demo
        location: us-central1
        spotModels:
          - name: chat
            endpoint: chat-serving
            model: llama
            ladder:
              - { machineType: g2-standard-12, acceleratorType: NVIDIA_L44, acceleratorCount: 1 }
      `,
      told: [
        '9:57 spotModels[0].ladder[0].acceleratorType: "NVIDIA_L44" is none of the words allowed here (the nearest is "NVIDIA_L4")',
      ],
    },
    {
      name: "an empty value",
      file: `
        version: 1
        project: demo
        location: us-central1
        namePrefix:
      `,
      told: ["4:1 namePrefix: is empty (write a value, or remove the key)"],
    },
    {
      name: "a number in place of text",
      file: `
        version: 1
        project: demo
        location: us-central1
        spotModels:
          - name: chat
            endpoint: 1234567890123456789
            model: llama
            ladder:
              - { machineType: g2-standard-12, acceleratorType: NVIDIA_L4, acceleratorCount: 1 }
      `,
      told: ["6:15 spotModels[0].endpoint: must be text, not a number (put it in quotes)"],
    },
    {
      name: "text in place of a number",
      file: `
        version: 1
        project: demo
        location: us-central1
        limits: { cyclesPerDay: "4" }
      `,
      told: ['4:25 limits.cyclesPerDay: must be a number, not "4" (write a number)'],
    },
    {
      name: "a fraction",
      file: `
        version: 1
        project: demo
        location: us-central1
        limits: { cyclesPerDay: 1.5 }
      `,
      told: ["4:25 limits.cyclesPerDay: must be a whole number, not 1.5 (write a whole number)"],
    },
    {
      name: "a number out of range",
      file: `
        version: 1
        project: demo
        location: us-central1
        limits: { submissionsPerMinute: 61 }
      `,
      told: ["4:33 limits.submissionsPerMinute: 61 is too large (write at most 60)"],
    },
    {
      name: "an empty list",
      file: `
        version: 1
        project: demo
        location: us-central1
        spotModels:
          - name: chat
            endpoint: chat-serving
            model: llama
            ladder: []
      `,
      told: ["8:13 spotModels[0].ladder: the list is empty (write at least one)"],
    },
    {
      name: "something else than a list",
      file: `
        version: 1
        project: demo
        location: us-central1
        persistentResources: { research: {} }
      `,
      told: ["4:22 persistentResources: must be a list, not a group of keys (write a list)"],
    },
    {
      name: "a duration without unit",
      file: `
        version: 1
        project: demo
        location: us-central1
        persistentResources:
          - name: research
            idle: 15
            spec:
              resourcePools:
                - { id: workers, machineType: n1-standard-8, replicas: 2 }
      `,
      told: ["6:11 persistentResources[0].idle: 15 is no duration (write one like 90s, 45m, 2h30m or 1d, or auto)"],
    },
    {
      name: "a duration with a wrong unit",
      file: `
        version: 1
        project: demo
        location: us-central1
        persistentResources:
          - name: research
            idle: 15min
            spec:
              resourcePools:
                - { id: workers, machineType: n1-standard-8, replicas: 2 }
      `,
      told: ['6:11 persistentResources[0].idle: "15min" is no duration (write one like 90s, 45m, 2h30m or 1d)'],
    },
    {
      name: "a duration that is too short for a look a minute",
      file: `
        version: 1
        project: demo
        location: us-central1
        persistentResources:
          - name: research
            idle: 90s
            spec:
              resourcePools:
                - { id: workers, machineType: n1-standard-8, replicas: 2 }
      `,
      told: ['6:11 persistentResources[0].idle: "90s" is too short (write at least 2m)'],
    },
    {
      name: "a duration inside the long form",
      file: `
        version: 1
        project: demo
        location: us-central1
        persistentResources:
          - name: research
            idle: { after: soon }
            spec:
              resourcePools:
                - { id: workers, machineType: n1-standard-8, replicas: 2 }
      `,
      told: ['6:20 persistentResources[0].idle.after: "soon" is no duration (write one like 90s, 45m, 2h30m or 1d)'],
    },
    {
      name: "a name with capitals",
      file: `
        version: 1
        project: demo
        location: us-central1
        schedules:
          Office: { zone: Europe/Berlin, up: [mon-fri 08:00-20:00] }
      `,
      told: [
        '5:3 schedules.Office: "Office" is no name (use 1-63 lower-case letters, digits and dashes, a letter first and no dash last)',
      ],
    },
    {
      name: "a resource id that Vertex AI refuses",
      file: `
        version: 1
        project: demo
        location: us-central1
        persistentResources:
          - name: research
            id: research_pool
            spec:
              resourcePools:
                - { id: workers, machineType: n1-standard-8, replicas: 2 }
      `,
      told: [
        '6:9 persistentResources[0].id: "research_pool" is no resource id (Vertex AI takes 1-63 lower-case letters, digits and dashes, a letter first and no dash last)',
      ],
    },
    {
      name: "an endpoint with a leading zero",
      file: `
        version: 1
        project: demo
        location: us-central1
        spotModels:
          - name: chat
            endpoint: "007"
            model: llama
            ladder:
              - { machineType: g2-standard-12, acceleratorType: NVIDIA_L4, acceleratorCount: 1 }
      `,
      told: [
        '6:15 spotModels[0].endpoint: "007" is no endpoint id (Vertex AI takes a number without leading zero, in quotes, or 1-63 lower-case letters, digits and dashes)',
      ],
    },
    {
      name: "a zone in place of a region",
      file: `
        version: 1
        project: demo
        location: us-central1-a
      `,
      told: ['3:11 location: "us-central1-a" is a zone (Vertex AI works by region: write "us-central1")'],
    },
    {
      name: "no region at all",
      file: `
        version: 1
        project: demo
        location: Frankfurt
      `,
      told: ['3:11 location: "Frankfurt" is no location (write a region, like "us-central1")'],
    },
    {
      name: "a machine type that is none",
      file: `
        version: 1
        project: demo
        location: us-central1
        spotModels:
          - name: chat
            endpoint: chat-serving
            model: llama
            ladder:
              - { machineType: L4 }
      `,
      told: [
        '9:24 spotModels[0].ladder[0].machineType: "L4" is no machine type (write one like "n1-standard-8", "g2-standard-12" or "a2-highgpu-1g")',
      ],
    },
    {
      name: "a network by project id",
      file: `
        version: 1
        project: demo
        location: us-central1
        persistentResources:
          - name: research
            spec:
              network: projects/demo/global/networks/default
              resourcePools:
                - { id: workers, machineType: n1-standard-8, replicas: 2 }
      `,
      told: [
        '7:16 persistentResources[0].spec.network: "projects/demo/global/networks/default" is no network (write "projects/NUMBER/global/networks/NAME", with the project\'s number)',
      ],
    },
    {
      name: "a label with capitals",
      file: `
        version: 1
        project: demo
        location: us-central1
        persistentResources:
          - name: research
            spec:
              labels: { Team: research }
              resourcePools:
                - { id: workers, machineType: n1-standard-8, replicas: 2 }
      `,
      told: [
        '7:17 persistentResources[0].spec.labels.Team: "Team" is no label (labels take up to 63 lower-case letters, digits, dashes and underscores)',
      ],
    },
    {
      name: "one machine priced twice",
      file: `
        version: 1
        project: demo
        location: us-central1
        prices:
          - { machineType: n1-standard-8, onDemand: 0.38 }
          - { machineType: n1-standard-8, onDemand: 0.4 }
      `,
      told: ["6:5 prices[1]: this machine already has a price at prices[0] (keep one of the two)"],
    },
    {
      name: "a negative price",
      file: `
        version: 1
        project: demo
        location: us-central1
        prices: [{ machineType: n1-standard-8, onDemand: -1 }]
      `,
      told: ["4:50 prices[0].onDemand: -1 is too small (write at least 0)"],
    },
  ])("$name", ({ file, told }) => {
    expect(errorsOf(yaml(file))).toEqual(told);
  });
});
