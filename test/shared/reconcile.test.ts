/** What reconcile does beside deciding: pauses, and applies that ended half-way. */
import { beforeEach, describe, expect, test } from "vitest";
import { createManualClock, type ManualClock } from "../../infra/local/clock/manual-clock.ts";
import { type LocalCloud, startLocalCloud } from "../../infra/local/server.ts";
import type { FleetEvent } from "../../shared/events/schema.ts";
import { parseFleet } from "../../shared/fleet/parse.ts";
import { reconcile } from "../../shared/reconcile.ts";
import { applyFleet } from "../../shared/state/apply.ts";
import { pauseFleet } from "../../shared/state/pause.ts";
import { openSqlite } from "../../shared/state/sqlite.ts";
import type { Store } from "../../shared/state/store.ts";
import { hour, minute } from "../../shared/time/clock.ts";
import { createReader } from "../../shared/vertex/reader.ts";
import { take } from "./state/take.ts";

const spec = "resourcePools: [{ id: main, machineType: n1-standard-8, replicas: 1 }]";
const { fleet } = parseFleet(
  `
version: 1
project: demo
location: us-central1
persistentResources:
  - { name: a, spec: { ${spec} } }
  - { name: b, spec: { ${spec} } }
`,
  "fleet.yaml",
);
const key = (name: string) => `projects/demo/locations/us-central1/persistentResources/${name}`;
const drift = { since: 1, what: "resized by hand" };

describe("reconcile", () => {
  let clock: ManualClock;
  let cloud: LocalCloud;
  let store: Store;
  beforeEach(async () => {
    clock = createManualClock(Date.parse("2026-11-24T09:00:00Z"));
    cloud = await startLocalCloud({ restPort: 0, grpcPort: 0, clock });
    store = openSqlite(":memory:");
    await applyFleet(store, fleet, { by: "ann", now: clock.now() });
    return async () => {
      await store.close();
      await cloud.close();
    };
  });

  const now = () => ({ now: () => clock.now(), wire: () => clock.now() });
  const look = (name: string) =>
    reconcile(
      {
        store,
        reader: createReader({ project: "demo", rest: `http://127.0.0.1:${cloud.restPort}` }),
        settings: { project: "demo", prefix: "t", store: "", storeId: undefined, local: undefined, clock: undefined },
        clock: now(),
        openWriter: () => Promise.reject(new Error("nothing shall be changed here")),
      },
      key(name),
    );
  const ask = (event: FleetEvent, messageId: string) =>
    take(store, { event, envelope: { messageId, publishedAt: clock.now() } }, { fleet, clock: now() });
  const told = async () => (await store.list("outbox")).map(({ id }) => id);

  test("while paused, what runs out is told, though nothing is changed", async () => {
    await pauseFleet(store, { by: "ann", now: clock.now() });
    await ask({ type: "wake", target: "a", ttl: hour }, "1");
    expect(await look("a")).toMatchObject({ result: "paused", change: expect.stringContaining("create") });
    expect(await told()).toEqual(["1/accepted"]);
    await clock.advance(hour + minute);
    await look("a");
    expect(await told()).toEqual(["1/accepted", "1/expired"]);
    expect((await store.get("outbox", "1/expired"))?.value.outcome.why).toBe(
      "its time ran out while the fleet was paused",
    );
  });

  test("what an apply that ended half-way has not got to is done by whoever looks", async () => {
    await pauseFleet(store, { by: "ann", now: clock.now() });
    const before = (await store.get("targets", key("a")))?.value;
    const head = (await store.get("fleet", "head"))?.value;
    if (before?.memory.kind !== "persistentResource" || head === undefined) throw new Error("nothing was applied");
    const memory = { ...before.memory, drift };
    await store.transaction(async (tx) => {
      tx.put("targets", key("a"), { ...before, memory });
      tx.put("fleet", "head", { ...head, version: 2 });
    });
    expect(await look("a")).toMatchObject({ result: "paused" });
    const after = (await store.get("targets", key("a")))?.value;
    expect(after).toMatchObject({ appliedVersion: 2, requests: before.requests });
    expect(after?.memory).not.toHaveProperty("drift");
  });
});
