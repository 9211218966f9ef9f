/** What the report says beside the newest decision: a tick that is overdue, rungs set aside, requests and holds. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Slot } from "../../../shared/operations/operation.ts";
import { applyFleet } from "../../../shared/state/apply.ts";
import type { TargetDocument } from "../../../shared/state/documents.ts";
import { openStore } from "../../../shared/state/open.ts";
import type { Store } from "../../../shared/state/store.ts";
import { readStatus } from "../../../shared/status/report.ts";
import { type Millis, minute, second } from "../../../shared/time/clock.ts";
import { fleet } from "../state/fleet.ts";
import { monday9 } from "../state/samples.ts";
import { clockAt } from "./clock.ts";

let store: Store;
beforeEach(async () => {
  store = await openStore("sqlite::memory:");
  await applyFleet(store, fleet, { by: "ann", now: monday9 });
});
afterEach(() => store.close());

async function look(location: string, takenAt: Millis): Promise<void> {
  const seen = { schema: 1, minute: takenAt / minute, takenAt, takenAtWire: takenAt, counterSeen: true };
  await store.transaction(async (tx) => tx.put("observations", location, seen));
}

describe("A tick that does not run", () => {
  const overdueAt = async (now: Millis, wire?: Millis) => (await readStatus(store, clockAt(now, wire))).overdue;

  test("is told of once a location was not looked at for eleven minutes", async () => {
    await look("us-central1", monday9);
    expect(await overdueAt(monday9 + 11 * minute)).toBeUndefined();
    expect(await overdueAt(monday9 + 12 * minute)).toEqual([{ location: "us-central1", takenAt: monday9 }]);
  });

  test("is not told of in a world so fast that no tick could have been in time", async () => {
    await look("us-central1", monday9);
    expect(await overdueAt(monday9 + 12 * minute, monday9 + second)).toBeUndefined();
    expect(await overdueAt(monday9 + 12 * minute, monday9 + 11 * second)).toHaveLength(1);
  });

  test("is told of where it has never looked since the fleet was applied", async () => {
    expect(await overdueAt(monday9 + 5 * minute)).toBeUndefined();
    expect(await overdueAt(monday9 + 12 * minute)).toEqual([{ location: "us-central1" }]);
  });

  test("is not told of where the fleet has no target any more", async () => {
    await look("us-central1", monday9);
    await look("europe-west4", monday9);
    await applyFleet(store, { ...fleet, targets: [] }, { by: "ann", now: monday9, leaveAsleep: true });
    expect(await overdueAt(monday9 + 60 * minute)).toBeUndefined();
  });
});

describe("Rungs set aside", () => {
  const [chat] = fleet.targets.filter(({ name }) => name === "chat");
  if (chat?.kind !== "spotModel") throw new Error("no model in the fleet");
  const until = monday9 + 10 * minute;
  const entry = { until, class: "stockout", strikes: 1, at: monday9 } as const;
  const bench = [
    { ...entry, rungId: "spot" },
    { ...entry, rungId: "on-demand" },
  ];

  async function benched(slot: Slot): Promise<readonly string[]> {
    await store.transaction(async (tx) => {
      const target = (await tx.get("targets", chat?.key ?? ""))?.value as TargetDocument;
      const memory = { kind: "spotModel", ours: [], bench, deploys: [], sequence: 2 } as const;
      tx.put("targets", chat?.key ?? "", { ...target, memory });
      tx.put("slots", slot.resource, slot);
    });
    const { targets } = await readStatus(store, clockAt(monday9 + minute));
    return targets.find(({ key }) => key === chat?.key)?.benched.map(({ rung }) => rung) ?? [];
  }

  test("are all that are, while nothing is deployed", async () => {
    expect(await benched({ state: "empty", resource: chat.endpoint })).toEqual(["spot", "on-demand"]);
  });

  test("are without the one that is being deployed: to choose it has prolonged its entry", async () => {
    const change = { kind: "deploy", deployedModelId: "12", rungId: "spot", deployedModel: {} } as const;
    const held = {
      resource: chat.endpoint,
      targetKey: chat.key,
      change: { ...change, resource: chat.endpoint },
      attempt: 2,
      claimedAt: monday9,
      claimedAtWire: monday9,
      startBy: monday9 + 20 * second,
      eventIds: [],
      why: "next",
      seen: "model 12",
    };
    expect(await benched({ state: "running", operationName: "o/1", startedAt: monday9, ...held })).toEqual([
      "on-demand",
    ]);
  });
});
