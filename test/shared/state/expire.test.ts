import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Request, Wish } from "../../../shared/events/requests.ts";
import { applyFleet } from "../../../shared/state/apply.ts";
import { expireWaiting } from "../../../shared/state/expire.ts";
import { openSqlite } from "../../../shared/state/sqlite.ts";
import type { Store } from "../../../shared/state/store.ts";
import { hour } from "../../../shared/time/clock.ts";
import { fleet } from "./fleet.ts";
import { monday9 } from "./samples.ts";

const key = "projects/demo/locations/us-central1/persistentResources/training";

describe("requests that wait while an operation occupies the resource", () => {
  let store: Store;
  beforeEach(async () => {
    store = openSqlite(":memory:");
    await applyFleet(store, fleet, { by: "test", now: monday9 });
  });
  afterEach(() => store.close());

  const request = (
    eventId: string,
    wish: Wish,
    until: number,
    answered: Request["answered"] = "accepted",
  ): Request => ({
    eventId,
    wish,
    source: "ci",
    publishedAt: monday9,
    storedAt: monday9,
    expiresAt: until,
    answered,
  });
  async function open(...requests: readonly Request[]): Promise<void> {
    await store.transaction(async (tx) => {
      const target = await tx.get("targets", key);
      if (target === undefined) throw new Error("no target");
      tx.put("targets", key, { ...target.value, requests });
    });
  }
  async function expire(now: number, running: readonly string[] = []): Promise<void> {
    const requests = (await store.get("targets", key))?.value.requests ?? [];
    await expireWaiting(store, { key, requests, running, because: "it was tested", now });
  }
  const told = async () => (await store.list("outbox")).map(({ value }) => value.outcome);
  const version = async () => (await store.get("targets", key))?.version;

  test("are answered once their time has passed, and stay for the next decision", async () => {
    await open(
      request("late", { type: "wake" }, monday9 + hour),
      request("later", { type: "scale", pool: "workers", replicas: 3 }, monday9 + 3 * hour),
    );
    await expire(monday9 + 2 * hour);
    expect(await told()).toEqual([
      {
        id: "late/expired",
        eventId: "late",
        phase: "expired",
        final: true,
        target: "training",
        resource: key,
        what: "wake",
        why: "its time ran out while it was tested",
        at: monday9 + 2 * hour,
      },
    ]);
    expect((await store.get("targets", key))?.value.requests.map(({ answered }) => answered)).toEqual([
      "final",
      "accepted",
    ]);
    expect((await store.get("events", "late"))?.value.outcome.phase).toBe("expired");
  });

  test("are not answered a second time, nor is what the operation itself will answer", async () => {
    await open(
      request("answered", { type: "wake" }, monday9 + hour, "final"),
      request("running", { type: "scale", pool: "workers", replicas: 3 }, monday9 + hour, "started"),
    );
    const before = await version();
    await expire(monday9 + 2 * hour, ["running"]);
    expect(await told()).toEqual([]);
    expect(await version()).toBe(before);
  });
});
