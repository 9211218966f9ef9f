import { describe, expect, test } from "vitest";
import type { Fleet } from "../../../shared/fleet/fleet.ts";
import { priceOf } from "../../../shared/fleet/prices.ts";

const gpu = { machineType: "g2-standard-12", acceleratorType: "NVIDIA_L4", acceleratorCount: 1 };
const fleet: Pick<Fleet, "prices"> = {
  prices: [
    { ...gpu, onDemand: 1, spot: 0.4, flexStart: 0.6 },
    { ...gpu, location: "europe-west4", onDemand: 1.2, spot: 0.5 },
    { machineType: "g2-standard-12", onDemand: 0.9 },
    { machineType: "n1-standard-8", onDemand: 0.38 },
  ],
};
const here = { location: "us-central1", provisioning: "on-demand" } as const;

describe("The price of a machine", () => {
  test.each([
    ["the general price", { ...gpu, ...here }, 1],
    ["the price of the place comes first", { ...gpu, ...here, location: "europe-west4" }, 1.2],
    ["Spot", { ...gpu, ...here, provisioning: "spot" }, 0.4],
    ["flex-start", { ...gpu, ...here, provisioning: "flex-start" }, 0.6],
    ["a reservation costs what on-demand costs", { ...gpu, ...here, provisioning: "reservation" }, 1],
    ["an entry without accelerator covers every accelerator", { ...gpu, ...here, acceleratorCount: 2 }, 0.9],
    [
      "no entry for Spot: unknown, not the on-demand price",
      { machineType: "n1-standard-8", ...here, provisioning: "spot" },
      undefined,
    ],
    [
      "no entry for flex-start there",
      { ...gpu, ...here, location: "europe-west4", provisioning: "flex-start" },
      undefined,
    ],
    ["no entry for the machine: unknown, not zero", { machineType: "n1-standard-4", ...here }, undefined],
  ] as const)("%s", (_, machine, price) => {
    expect(priceOf(fleet, machine)).toBe(price);
  });
});
