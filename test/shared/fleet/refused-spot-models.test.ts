import { describe, expect, test } from "vitest";
import { errorsOf, yaml } from "./told.ts";

describe("Ladders lead somewhere, and endpoints are shared out", () => {
  test.each([
    {
      name: "Spot on a TPU machine",
      file: `
        version: 1
        project: demo
        location: us-central1
        spotModels:
          - name: chat
            endpoint: chat-serving
            model: llama
            ladder:
              - { machineType: ct5lp-hightpu-4t, provisioning: spot }
      `,
      told: [
        "9:24 spotModels[0].ladder[0].machineType: ct5lp-hightpu-4t is a TPU machine, which Vertex AI does not serve on spot (use provisioning on-demand or reservation, or a GPU machine)",
      ],
    },
    {
      name: "flex-start on a TPU machine",
      file: `
        version: 1
        project: demo
        location: us-central1
        spotModels:
          - name: chat
            endpoint: chat-serving
            model: llama
            ladder:
              - { machineType: ct5lp-hightpu-4t, provisioning: flex-start }
              - { machineType: g2-standard-12, acceleratorType: NVIDIA_L4, acceleratorCount: 1 }
      `,
      told: [
        "9:24 spotModels[0].ladder[0].machineType: ct5lp-hightpu-4t is a TPU machine, which Vertex AI does not serve on flex-start (use provisioning on-demand or reservation, or a GPU machine)",
      ],
    },
    {
      name: "one rung twice",
      file: `
        version: 1
        project: demo
        location: us-central1
        spotModels:
          - name: chat
            endpoint: chat-serving
            model: llama
            ladder:
              - { machineType: g2-standard-12, acceleratorType: NVIDIA_L4, acceleratorCount: 1 }
              - { machineType: g2-standard-12, acceleratorType: NVIDIA_L4, acceleratorCount: 1, provisioning: on-demand }
              - { machineType: g2-standard-12, acceleratorType: NVIDIA_L4, acceleratorCount: 1, provisioning: spot }
      `,
      told: [
        "11:9 spotModels[0].ladder[2]: this is the same rung as spotModels[0].ladder[0] (a rung once failed is not better as the next)",
      ],
    },
    {
      name: "flex-start as the only rung",
      file: `
        version: 1
        project: demo
        location: us-central1
        spotModels:
          - name: chat
            endpoint: chat-serving
            model: llama
            ladder:
              - { machineType: g2-standard-12, acceleratorType: NVIDIA_L4, acceleratorCount: 1, provisioning: flex-start }
      `,
      told: [
        "8:5 spotModels[0].ladder: flex-start is the only rung (add a rung that stays, as Vertex AI takes flex-start machines back after 7 days at most)",
      ],
    },
    {
      name: "a run duration off flex-start",
      file: `
        version: 1
        project: demo
        location: us-central1
        spotModels:
          - name: chat
            endpoint: chat-serving
            model: llama
            ladder:
              - { machineType: g2-standard-12, acceleratorType: NVIDIA_L4, acceleratorCount: 1, maxRunDuration: 2d }
      `,
      told: [
        "9:89 spotModels[0].ladder[0].maxRunDuration: maxRunDuration has no meaning with spot (write provisioning: flex-start, or remove it)",
      ],
    },
    {
      name: "a run duration past Google's limit",
      file: `
        version: 1
        project: demo
        location: us-central1
        spotModels:
          - name: chat
            endpoint: chat-serving
            model: llama
            ladder:
              - { machineType: g2-standard-12, acceleratorType: NVIDIA_L4, acceleratorCount: 1, provisioning: flex-start, maxRunDuration: 8d }
              - { machineType: g2-standard-12, acceleratorType: NVIDIA_L4, acceleratorCount: 1 }
      `,
      told: ['9:131 spotModels[0].ladder[0].maxRunDuration: "8d" is too long (write at most 7d)'],
    },
    {
      name: "a reservation that is not named",
      file: `
        version: 1
        project: demo
        location: us-central1
        spotModels:
          - name: chat
            endpoint: chat-serving
            model: llama
            ladder:
              - { machineType: g2-standard-12, acceleratorType: NVIDIA_L4, acceleratorCount: 1, provisioning: reservation }
      `,
      told: [
        '9:9 spotModels[0].ladder[0]: the rung does not say which reservation (add reservation: "projects/P/zones/Z/reservations/R")',
      ],
    },
    {
      name: "a reservation on Spot",
      file: `
        version: 1
        project: demo
        location: us-central1
        spotModels:
          - name: chat
            endpoint: chat-serving
            model: llama
            ladder:
              - { machineType: g2-standard-12, acceleratorType: NVIDIA_L4, acceleratorCount: 1, reservation: projects/demo/zones/us-central1-a/reservations/r }
      `,
      told: [
        "9:89 spotModels[0].ladder[0].reservation: a reservation has no meaning with spot (write provisioning: reservation, or remove it)",
      ],
    },
    {
      name: "min above max on a rung",
      file: `
        version: 1
        project: demo
        location: us-central1
        spotModels:
          - name: chat
            endpoint: chat-serving
            model: llama
            ladder:
              - { machineType: g2-standard-12, acceleratorType: NVIDIA_L4, acceleratorCount: 1, minReplicas: 3, maxReplicas: 2 }
      `,
      told: [
        "9:102 spotModels[0].ladder[0].minReplicas: minReplicas 3 is above maxReplicas 2 (correct one; see also spotModels[0])",
      ],
    },
    {
      name: "min above max on the model",
      file: `
        version: 1
        project: demo
        location: us-central1
        spotModels:
          - name: chat
            endpoint: chat-serving
            model: llama
            minReplicas: 3
            maxReplicas: 2
            ladder:
              - { machineType: g2-standard-12, acceleratorType: NVIDIA_L4, acceleratorCount: 1 }
      `,
      told: ["8:18 spotModels[0].minReplicas: minReplicas 3 is above maxReplicas 2 (swap them)"],
    },
    {
      name: "no replica at all",
      file: `
        version: 1
        project: demo
        location: us-central1
        spotModels:
          - name: chat
            endpoint: chat-serving
            model: llama
            minReplicas: 0
            ladder:
              - { machineType: g2-standard-12, acceleratorType: NVIDIA_L4, acceleratorCount: 1 }
      `,
      told: ["8:18 spotModels[0].minReplicas: 0 is too small (write at least 1)"],
    },
    {
      name: "more required than asked for",
      file: `
        version: 1
        project: demo
        location: us-central1
        spotModels:
          - name: chat
            endpoint: chat-serving
            model: llama
            ladder:
              - { machineType: g2-standard-12, acceleratorType: NVIDIA_L4, acceleratorCount: 1, requiredReplicas: 2 }
      `,
      told: [
        "9:107 spotModels[0].ladder[0].requiredReplicas: requiredReplicas 2 is above minReplicas 1 (write at most 1)",
      ],
    },
    {
      name: "a return to Spot without a Spot rung",
      file: `
        version: 1
        project: demo
        location: us-central1
        spotModels:
          - name: chat
            endpoint: chat-serving
            model: llama
            returnToSpot: {}
            ladder:
              - { machineType: g2-standard-12, acceleratorType: NVIDIA_L4, acceleratorCount: 1, provisioning: on-demand }
      `,
      told: [
        "8:5 spotModels[0].returnToSpot: no rung of the ladder is on Spot (remove returnToSpot, or add a Spot rung)",
      ],
    },
    {
      name: "shares above 100",
      file: `
        version: 1
        project: demo
        location: us-central1
        spotModels:
          - name: chat
            endpoint: chat-serving
            model: llama
            share: 70
            ladder:
              - { machineType: g2-standard-12, acceleratorType: NVIDIA_L4, acceleratorCount: 1 }
          - name: draft
            endpoint: chat-serving
            model: other
            share: 40
            ladder:
              - { machineType: g2-standard-12, acceleratorType: NVIDIA_L4, acceleratorCount: 1 }
      `,
      told: [
        '11:5 spotModels[1]: "chat" and "draft" share an endpoint, and their shares add up to 110 % (give each a share, 100 together at most)',
      ],
    },
    {
      name: "two models that look the same on one endpoint",
      file: `
        version: 1
        project: demo
        location: us-central1
        spotModels:
          - name: chat
            endpoint: chat-serving
            model: llama
            displayName: serving
            share: 50
            ladder:
              - { machineType: g2-standard-12, acceleratorType: NVIDIA_L4, acceleratorCount: 1 }
          - name: draft
            endpoint: chat-serving
            model: other
            displayName: serving
            share: 50
            ladder:
              - { machineType: g2-standard-12, acceleratorType: NVIDIA_L4, acceleratorCount: 1 }
      `,
      told: [
        '15:18 spotModels[1].displayName: "serving" is already deployed at this endpoint by spotModels[0] (give each model of an endpoint its own displayName)',
      ],
    },
  ])("$name", ({ file, told }) => {
    expect(errorsOf(yaml(file))).toEqual(told);
  });
});
