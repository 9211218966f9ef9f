/** Flow 2: a signal arrives, the endpoint is read again, the next rung is deployed, serves, takes the traffic, the dead one goes. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startHome, type TestHome } from "./home.ts";

const fleet = `
version: 1
project: demo
location: us-central1
spotModels:
  - name: chat
    endpoint: chat-serving
    model: llama-chat
    grace: 2m
    ladder:
      - { machineType: g2-standard-12, acceleratorType: NVIDIA_L4, acceleratorCount: 1, provisioning: spot }
      - { machineType: n1-standard-8, acceleratorType: NVIDIA_TESLA_T4, acceleratorCount: 1, provisioning: spot }
      - { machineType: g2-standard-12, acceleratorType: NVIDIA_L4, acceleratorCount: 1, provisioning: on-demand }
`;
const endpoint = "/v1/projects/demo/locations/us-central1/endpoints/chat-serving";

interface DeployedModel {
  id: string;
  displayName: string;
  dedicatedResources: { spot?: boolean; machineSpec: { machineType: string } };
}

describe("preemption", () => {
  let home: TestHome;
  const read = async () => {
    const { json } = await home.call("GET", endpoint);
    return {
      models: (json["deployedModels"] ?? []) as DeployedModel[],
      split: (json["trafficSplit"] ?? {}) as Record<string, number>,
    };
  };
  beforeAll(async () => {
    home = await startHome(fleet, "2026-11-24T09:00:00Z");
  }, 60_000);
  afterAll(() => home?.stop());

  it("moves to the next rung when the first one loses its machines, and undeploys the dead model", async () => {
    await home.phase("chat", "serving");
    const first = await read();
    expect(first.models).toHaveLength(1);
    expect(Object.values(first.split)).toEqual([100]);

    const exhausted = await home.call("POST", "/market", {
      action: "exhaust",
      place: { region: "us-central1", machineType: "g2-standard-12", provisioning: "SPOT" },
      preempt: true,
    });
    expect(exhausted.status).toBe(200);
    await home.publish("signals", { type: "preempted", target: "chat" });

    await home.outcome(({ phase, target }) => phase === "preempted" && target === "chat", "says preempted");
    const told = await home.outcome(
      ({ phase, target }) => phase === "redeployed" && target === "chat",
      "says redeployed",
    );
    expect(told.what + told.why).toContain("n1-standard-8");
    await home.phase("chat", "serving");
    await expect
      .poll(
        async () => {
          const { models, split } = await read();
          return {
            machines: models.map(({ dedicatedResources }) => dedicatedResources.machineSpec.machineType),
            shares: Object.values(split),
          };
        },
        { timeout: 30_000 },
      )
      .toEqual({ machines: ["n1-standard-8"], shares: [100] });
    const { models } = await read();
    expect(models[0]?.id).not.toBe(first.models[0]?.id);
  }, 120_000);
});
