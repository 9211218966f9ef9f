import { describe, expect, test } from "vitest";
import { errorsOf, yaml } from "./told.ts";

describe("Persistent resources fit together, and fit what Vertex AI takes", () => {
  test.each([
    {
      name: "no location anywhere",
      file: `
        version: 1
        project: demo
        persistentResources:
          - name: research
            spec:
              resourcePools:
                - { id: workers, machineType: n1-standard-8, replicas: 2 }
      `,
      told: ['4:5 persistentResources[0]: "research" has no location (add "location" here or at the top)'],
    },
    {
      name: "two targets with one name",
      file: `
        version: 1
        project: demo
        location: us-central1
        persistentResources:
          - name: research
            spec:
              resourcePools:
                - { id: workers, machineType: n1-standard-8, replicas: 2 }
        spotModels:
          - name: research
            endpoint: chat-serving
            model: llama
            ladder:
              - { machineType: g2-standard-12, acceleratorType: NVIDIA_L4, acceleratorCount: 1 }
      `,
      told: [
        '10:11 spotModels[0].name: "research" is already the name of persistentResources[0] (give each target its own name)',
      ],
    },
    {
      name: "two targets with one resource",
      file: `
        version: 1
        project: demo
        location: us-central1
        persistentResources:
          - name: research
            id: shared-pool
            spec:
              resourcePools:
                - { id: workers, machineType: n1-standard-8, replicas: 2 }
          - name: shared-pool
            idle: 15m
      `,
      told: [
        '10:11 persistentResources[1].name: "shared-pool" in us-central1 is already managed as persistentResources[0] (keep one target for each resource)',
      ],
    },
    {
      name: "a pool without size",
      file: `
        version: 1
        project: demo
        location: us-central1
        persistentResources:
          - name: research
            spec:
              resourcePools:
                - { id: workers, machineType: n1-standard-8 }
      `,
      told: [
        "8:11 persistentResources[0].spec.resourcePools[0]: nothing says how many machines the pool has (add replicas, or autoscaling)",
      ],
    },
    {
      name: "0 replicas on a resource that is not Ray",
      file: `
        version: 1
        project: demo
        location: us-central1
        persistentResources:
          - name: research
            spec:
              resourcePools:
                - { id: workers, machineType: n1-standard-8, replicas: 0 }
      `,
      told: [
        "8:64 persistentResources[0].spec.resourcePools[0].replicas: 0 replicas are for Ray clusters only (write at least 1; to switch it off use schedule or idle)",
      ],
    },
    {
      name: "autoscaling from 0 on a resource that is not Ray",
      file: `
        version: 1
        project: demo
        location: us-central1
        persistentResources:
          - name: research
            spec:
              resourcePools:
                - { id: workers, machineType: n1-standard-8, autoscaling: { min: 0, max: 2 } }
      `,
      told: [
        "8:74 persistentResources[0].spec.resourcePools[0].autoscaling.min: 0 replicas are for Ray clusters only (write at least 1; to switch it off use schedule or idle)",
      ],
    },
    {
      name: "autoscaling without room",
      file: `
        version: 1
        project: demo
        location: us-central1
        persistentResources:
          - name: research
            spec:
              resourcePools:
                - { id: workers, machineType: n1-standard-8, autoscaling: { min: 2, max: 2 } }
      `,
      told: [
        "8:74 persistentResources[0].spec.resourcePools[0].autoscaling.min: min 2 is not below max 2 (Vertex AI autoscales only where min is below max)",
      ],
    },
    {
      name: "replicas outside autoscaling",
      file: `
        version: 1
        project: demo
        location: us-central1
        persistentResources:
          - name: research
            spec:
              resourcePools:
                - { id: workers, machineType: n1-standard-8, replicas: 5, autoscaling: { min: 1, max: 4 } }
      `,
      told: [
        "8:64 persistentResources[0].spec.resourcePools[0].replicas: 5 replicas are outside autoscaling's 1 to 4 (write 1 to 4, or leave replicas out)",
      ],
    },
    {
      name: "two pools with one id",
      file: `
        version: 1
        project: demo
        location: us-central1
        persistentResources:
          - name: research
            spec:
              resourcePools:
                - { id: workers, machineType: n1-standard-8, replicas: 1 }
                - { id: workers, machineType: n1-standard-8, replicas: 1 }
      `,
      told: [
        '9:17 persistentResources[0].spec.resourcePools[1].id: two pools are called "workers" (give each pool its own id)',
      ],
    },
    {
      name: "bounds the wrong way round",
      file: `
        version: 1
        project: demo
        location: us-central1
        persistentResources:
          - name: research
            scale: { pools: { workers: { min: 4, max: 2 } } }
            spec:
              resourcePools:
                - { id: workers, machineType: n1-standard-8, replicas: 2 }
      `,
      told: ["6:39 persistentResources[0].scale.pools.workers.min: min 4 is above max 2 (swap them, or correct one)"],
    },
    {
      name: "a bound of 0 on a resource that is not Ray",
      file: `
        version: 1
        project: demo
        location: us-central1
        persistentResources:
          - name: research
            scale: { pools: { workers: { min: 0, max: 2 } } }
            spec:
              resourcePools:
                - { id: workers, machineType: n1-standard-8, replicas: 2 }
      `,
      told: [
        "6:39 persistentResources[0].scale.pools.workers.min: 0 replicas are for Ray clusters only (write at least 1; to switch it off use schedule or idle)",
      ],
    },
    {
      name: "bounds for a pool that does not exist",
      file: `
        version: 1
        project: demo
        location: us-central1
        persistentResources:
          - name: research
            scale: { pools: { wokers: { min: 1, max: 2 } } }
            spec:
              resourcePools:
                - { id: workers, machineType: n1-standard-8, replicas: 2 }
      `,
      told: ['6:23 persistentResources[0].scale.pools.wokers: no pool is called "wokers" (the nearest is "workers")'],
    },
    {
      name: "bounds for a pool that Vertex AI sizes",
      file: `
        version: 1
        project: demo
        location: us-central1
        persistentResources:
          - name: research
            scale: { pools: { workers: { min: 1, max: 2 } } }
            spec:
              resourcePools:
                - { id: workers, machineType: n1-standard-8, autoscaling: { min: 1, max: 2 } }
      `,
      told: [
        '6:23 persistentResources[0].scale.pools.workers: Vertex AI itself sizes the pool "workers" (remove it here, or remove its autoscaling)',
      ],
    },
    {
      name: "a spec outside its own bounds",
      file: `
        version: 1
        project: demo
        location: us-central1
        persistentResources:
          - name: research
            scale: { pools: { workers: { min: 3, max: 4 } } }
            spec:
              resourcePools:
                - { id: workers, machineType: n1-standard-8, replicas: 2 }
      `,
      told: [
        '6:23 persistentResources[0].scale.pools.workers: the spec\'s 2 replicas of "workers" are outside 3 to 4 (widen the bounds, or change the spec)',
      ],
    },
    {
      name: "an accelerator without its count",
      file: `
        version: 1
        project: demo
        location: us-central1
        persistentResources:
          - name: research
            spec:
              resourcePools:
                - { id: workers, machineType: n1-standard-8, acceleratorType: NVIDIA_TESLA_T4, replicas: 1 }
      `,
      told: [
        "8:11 persistentResources[0].spec.resourcePools[0]: the accelerator has no acceleratorCount (add acceleratorCount)",
      ],
    },
    {
      name: "a GPU on a TPU machine",
      file: `
        version: 1
        project: demo
        location: us-central1
        persistentResources:
          - name: research
            spec:
              resourcePools:
                - { id: workers, machineType: ct5lp-hightpu-4t, acceleratorType: NVIDIA_L4, acceleratorCount: 1, replicas: 1 }
      `,
      told: [
        "8:74 persistentResources[0].spec.resourcePools[0].acceleratorType: ct5lp-hightpu-4t is a TPU machine and takes no NVIDIA_L4 (remove the accelerator, or take another machine type)",
      ],
    },
    {
      name: "an alternative with other pools",
      file: `
        version: 1
        project: demo
        location: us-central1
        persistentResources:
          - name: research
            restore: { alternatives: [{ resourcePools: [{ id: cpu, machineType: n1-standard-4, replicas: 2 }] }] }
            spec:
              resourcePools:
                - { id: workers, machineType: n1-standard-8, replicas: 2 }
      `,
      told: [
        '6:48 persistentResources[0].restore.alternatives[0].resourcePools: the alternative lacks "workers" and adds "cpu" (use the pool ids of the spec, so that sizes carry over)',
      ],
    },
    {
      name: "a head node in no pool",
      file: `
        version: 1
        project: demo
        location: us-central1
        persistentResources:
          - name: research
            spec:
              ray: { headNodeResourcePoolId: head }
              resourcePools:
                - { id: workers, machineType: n1-standard-8, replicas: 2 }
      `,
      told: ['7:38 persistentResources[0].spec.ray.headNodeResourcePoolId: no pool is called "head" (known: workers)'],
    },
    {
      name: "reserved ranges without a network",
      file: `
        version: 1
        project: demo
        location: us-central1
        persistentResources:
          - name: research
            spec:
              reservedIpRanges: [range]
              resourcePools:
                - { id: workers, machineType: n1-standard-8, replicas: 2 }
      `,
      told: [
        "7:25 persistentResources[0].spec.reservedIpRanges: reserved ranges belong to a network, and none is named (add network)",
      ],
    },
    {
      name: "a wait that nothing waits for",
      file: `
        version: 1
        project: demo
        location: us-central1
        persistentResources:
          - name: research
            onBusy: { action: skip, maxWait: 1h }
            spec:
              resourcePools:
                - { id: workers, machineType: n1-standard-8, replicas: 2 }
      `,
      told: [
        "6:29 persistentResources[0].onBusy.maxWait: maxWait has no meaning with the action skip (remove it, or use wait or shrink)",
      ],
    },
    {
      name: "a follow-up to cancelling",
      file: `
        version: 1
        project: demo
        location: us-central1
        persistentResources:
          - name: research
            onBusy: { action: cancel, then: skip }
            spec:
              resourcePools:
                - { id: workers, machineType: n1-standard-8, replicas: 2 }
      `,
      told: [
        "6:31 persistentResources[0].onBusy.then: then has no meaning with the action cancel (remove it, or use wait or shrink)",
      ],
    },
  ])("$name", ({ file, told }) => {
    expect(errorsOf(yaml(file))).toEqual(told);
  });
});
