/** The tick over the wire: what it lists, what it stores, whom it pokes, and when it stops. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createManualClock, type ManualClock } from "../../infra/local/clock/manual-clock.ts";
import { type LocalCloud, startLocalCloud } from "../../infra/local/server.ts";
import { openBus } from "../../shared/events/bus.ts";
import { parseFleet } from "../../shared/fleet/parse.ts";
import { type Home, homeOf } from "../../shared/home.ts";
import type { Outcome } from "../../shared/outcomes/outcome.ts";
import { reconcile } from "../../shared/reconcile.ts";
import { applyFleet } from "../../shared/state/apply.ts";
import { openStore } from "../../shared/state/open.ts";
import { slotOf } from "../../shared/state/recall.ts";
import { storeRequest } from "../../shared/state/requests.ts";
import { tick } from "../../shared/tick.ts";
import { minute, systemClock } from "../../shared/time/clock.ts";
import { createReader } from "../../shared/vertex/reader.ts";
import { openWriter } from "../../shared/vertex/writer.ts";
import { CommandDied, closingAfter } from "./state/closing-after.ts";

const names = ["a", "b", "c", "d"];
const { fleet } = parseFleet(
  `
version: 1
project: demo
location: us-central1
persistentResources:
${names
  .map(
    (name) => `  - name: ${name}
    idle: 15m
    spec: { resourcePools: [{ id: main, machineType: n1-standard-8, replicas: 1, disk: { type: pd-ssd, sizeGb: 100 } }] }`,
  )
  .join("\n")}
`,
  "fleet.yaml",
);

/** Ten pools of one region and one of another, up until ten o'clock; five of the ten have an idle rule, too. */
const many = Array.from({ length: 10 }, (_, index) => `p${index}`);
const { fleet: nightly } = parseFleet(
  `
version: 1
project: demo
location: us-central1
schedules:
  office: { zone: UTC, up: [mon-fri 08:00-10:00] }
persistentResources:
${[...many, "far"]
  .map(
    (name, index) => `  - name: ${name}
    schedule: office${name === "far" ? "\n    location: europe-west4" : ""}${index < 5 ? "\n    idle: 15m" : ""}
    onBusy: ${name === "p9" ? "cancel" : "wait"}
    spec: { resourcePools: [{ id: main, machineType: n1-standard-8, replicas: 1, disk: { type: pd-ssd, sizeGb: 100 } }] }`,
  )
  .join("\n")}
`,
  "nightly.yaml",
);

describe("tick", () => {
  let clock: ManualClock;
  let cloud: LocalCloud;
  let home: Home;
  const calls: string[] = [];
  const call = async (method: string, path: string, body?: unknown) => {
    const response = await fetch(`http://127.0.0.1:${cloud.restPort}${path}`, {
      method,
      headers: { "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return (await response.json()) as Record<string, unknown>;
  };
  /** Messages on one of our topics since the last look. */
  const pull = async (topic: string) => {
    const subscription = `/v1/projects/demo/subscriptions/${topic}`;
    const request = { maxMessages: 100, returnImmediately: true };
    const { receivedMessages = [] } = (await call("POST", `${subscription}:pull`, request)) as {
      receivedMessages?: { ackId: string; message: { data: string } }[];
    };
    const ackIds = receivedMessages.map(({ ackId }) => ackId);
    if (ackIds.length > 0) await call("POST", `${subscription}:acknowledge`, { ackIds });
    return receivedMessages.map(({ message }) => JSON.parse(Buffer.from(message.data, "base64").toString()));
  };
  const pokes = async () => (await pull("pokes")).map(({ target }) => target.split("/").at(-1)).sort();
  const outcomes = async (): Promise<Outcome[]> => pull("outcomes");

  beforeAll(() => {
    process.env["METADATA_SERVER_DETECTION"] = "none";
  });
  beforeEach(async () => {
    clock = createManualClock(Date.parse("2026-11-24T09:00:00Z"));
    cloud = await startLocalCloud({ restPort: 0, grpcPort: 0, clock });
    process.env["PUBSUB_EMULATOR_HOST"] = `127.0.0.1:${cloud.grpcPort}`;
    for (const name of ["pokes", "outcomes"]) {
      const topic = `projects/demo/topics/tidekeeper-${name}`;
      await call("PUT", `/v1/${topic}`, {});
      await call("PUT", `/v1/projects/demo/subscriptions/${name}`, { topic });
    }
    const store = await openStore("sqlite::memory:");
    const { storeId } = await applyFleet(store, fleet, { by: "test", now: clock.now() });
    const reader = createReader({ project: "demo", rest: `http://127.0.0.1:${cloud.restPort}` });
    calls.length = 0;
    const counted = Object.fromEntries(
      Object.entries(reader).map(([name, read]) => [
        name,
        (...args: never[]) => {
          calls.push(name);
          return (read as (...args: never[]) => unknown)(...args);
        },
      ]),
    ) as unknown as typeof reader;
    home = homeOf({
      settings: { project: "demo", prefix: "tidekeeper", store: "", storeId, local: undefined, clock: undefined },
      store,
      reader: counted,
      bus: openBus({ project: "demo", prefix: "tidekeeper" }),
      log: () => undefined,
      clock: () => Promise.resolve({ now: () => clock.now(), wire: () => clock.now() }),
    });
    return async () => {
      await home.close();
      await cloud.close();
    };
  });
  afterAll(() => {
    delete process.env["PUBSUB_EMULATOR_HOST"];
  });

  const createAll = async (of = fleet) => {
    for (const target of of.targets.filter((one) => one.kind === "persistentResource")) {
      const [collection, id] = [target.key.slice(0, target.key.lastIndexOf("/")), target.key.split("/").at(-1)];
      await call("POST", `/v1/${collection}?persistentResourceId=${id}`, target.spec);
    }
    await clock.advance(20 * minute);
  };
  const runJob = (name: string, seconds = 600, location = "us-central1") =>
    call("POST", `/v1/projects/demo/locations/${location}/customJobs`, {
      displayName: name,
      labels: { "local-run-seconds": String(seconds) },
      jobSpec: {
        persistentResourceId: name,
        workerPoolSpecs: [
          {
            machineSpec: { machineType: "n1-standard-8" },
            replicaCount: "1",
            diskSpec: { bootDiskType: "pd-ssd", bootDiskSizeGb: 100 },
            containerSpec: { imageUri: "us-docker.pkg.dev/demo/training/train:latest" },
          },
        ],
      },
    });

  it("pokes every target that has something to do, with two list calls for all of them", async () => {
    const report = await tick(home);
    expect(report.poked).toHaveLength(4);
    expect(await pokes()).toEqual(names);
    expect(calls.sort()).toEqual(["listActiveCustomJobs", "listPersistentResources"]);
  });

  it("stops when the minute's tick has been delivered before", async () => {
    await tick(home);
    await pokes();
    const second = await tick(home);
    expect(second.doubled).toEqual(["us-central1"]);
    expect(await pokes()).toEqual([]);
    await clock.advance(minute);
    expect((await tick(home)).doubled).toEqual([]);
  });

  it("completes an apply that ended half-way", async () => {
    await createAll();
    await tick(home);
    await pokes();
    const smaller = { ...fleet, targets: fleet.targets.filter(({ name }) => name !== "d") };
    // The fleet's part and its head; nothing that follows from it.
    const dying = applyFleet(closingAfter(2, home.store), smaller, { by: "test", now: clock.now() });
    await expect(dying).rejects.toThrow(CommandDied);
    await clock.advance(minute);
    await tick(home);
    expect(await pokes()).toEqual(["a", "b", "c"]);
    const documents = await home.store.list("targets");
    expect(documents.flatMap(({ value }) => (value.releasedAt === undefined ? [] : [value.name]))).toEqual(["d"]);
  });

  it("does nothing for another store than it was deployed with", async () => {
    const other = homeOf({ ...home, settings: { ...home.settings, storeId: "another" } });
    const report = await tick(other);
    expect(report.refused).toContain("should be another");
    expect(await pokes()).toEqual([]);
    expect(calls).toEqual([]);
  });

  it("pokes what has left the fleet until its last operation has ended and who asked for it has been answered", async () => {
    const writer = await openWriter({ grpc: `127.0.0.1:${cloud.grpcPort}` });
    // The claim's deadline is one of the wire.
    const tools = {
      ...home,
      clock: { now: () => clock.now(), wire: systemClock.wire },
      openWriter: () => Promise.resolve(writer),
    };
    const key = fleet.targets.find(({ name }) => name === "a")?.key ?? "";
    const event = { type: "wake", id: "wake-a", target: "a", ttl: 2 * 60 * minute } as const;
    await storeRequest(
      home.store,
      { event, envelope: { messageId: "1", publishedAt: clock.now() } },
      { fleet, clock: tools.clock },
    );
    expect(await reconcile(tools, key)).toMatchObject({ result: "started" });
    const without = { ...fleet, targets: fleet.targets.filter(({ name }) => name !== "a") };
    await applyFleet(home.store, without, { by: "test", now: clock.now() });

    await tick(home);
    expect(await pokes()).toEqual(names);
    expect(await reconcile(tools, key)).toMatchObject({ result: "occupied" });
    await clock.advance(20 * minute);
    await tick(home);
    expect(await pokes()).toContain("a");
    await reconcile(tools, key);
    await clock.advance(minute);
    await tick(home);
    expect(await pokes()).not.toContain("a");
    const answers = (await outcomes()).filter(({ eventId }) => eventId === "wake-a");
    expect(answers.map(({ phase }) => phase)).toEqual(["accepted", "started", "done"]);
    await writer.close();
  });

  it("takes a list that fails for unknown, and alerts after three in a row", async () => {
    await createAll();
    await tick(home);
    await pokes();
    await call("POST", "/faults", {
      match: { method: "ListPersistentResources" },
      effect: { kind: "error", code: "UNAVAILABLE" },
    });
    for (let looks = 0; looks < 3; looks += 1) {
      await clock.advance(minute);
      await tick(home);
    }
    const alerts = (await outcomes()).filter(({ phase }) => phase === "alert");
    expect(alerts.map(({ target }) => target).sort()).toEqual(names);
    expect(alerts[0]?.why).toContain("3 samples in a row");
  });

  it("takes it for an outage when every busy pool turns idle in one sample", async () => {
    await createAll();
    for (const name of names) await runJob(name);
    await clock.advance(3 * minute);
    await tick(home);
    await clock.advance(20 * minute);
    await tick(home);
    const [alert] = (await outcomes()).filter(({ phase }) => phase === "alert");
    expect(alert?.what).toBe("everything turned idle at once");
    expect((await home.store.get("observations", "us-central1"))?.value.outageSince).toBe(clock.now());
    // A busy sample ends it.
    await runJob("b");
    await clock.advance(3 * minute);
    await tick(home);
    expect((await home.store.get("observations", "us-central1"))?.value.outageSince).toBeUndefined();
  });

  describe("nearly every busy pool of a region turns idle in one sample", () => {
    const keyOf = (name: string) => nightly.targets.find((target) => target.name === name)?.key ?? "";
    const outage = async (location = "us-central1") =>
      (await home.store.get("observations", location))?.value.outageSince;
    const alerts = async () => (await outcomes()).filter(({ phase }) => phase === "alert");
    const noWriter = new Error("nothing is changed here");
    /** A look at one target, as a poke asks for. @returns why it is not deleted; undefined when the delete is claimed. */
    const lookAt = async (name: string) => {
      const tools = { ...home, clock: await home.clock(), openWriter: () => Promise.reject(noWriter) };
      const report = await reconcile(tools, keyOf(name)).catch((error: unknown) => {
        if (error !== noWriter) throw error;
      });
      const slot = (await home.store.get("slots", slotOf(keyOf(name))))?.value;
      return slot?.state === "claimed" && slot.change.kind === "delete" ? undefined : report?.why;
    };
    /** Minute for minute: the tick, then a look at each of these. @returns what the last looks came to. */
    const pass = async (minutes: number, ...looked: string[]) => {
      let reports: (string | undefined)[] = [];
      for (let passed = 0; passed < minutes; passed += 1) {
        await clock.advance(minute);
        await tick(home);
        reports = await Promise.all(looked.map(lookAt));
        await home.publishOwed();
      }
      return reports;
    };

    /** Nine pools busy for ten minutes and one for much longer; the region beside them, too. It is 09:23 then. */
    beforeEach(async () => {
      await applyFleet(home.store, nightly, { by: "test", now: clock.now() });
      await createAll(nightly);
      for (const name of many) await runJob(name, name === "p5" ? 3 * 60 * 60 : 600);
      await runJob("far", 600, "europe-west4");
      await pass(3);
      expect(await alerts()).toEqual([]);
    });

    it("nine of ten: held for an outage, though the tenth stays busy", async () => {
      await pass(12);
      const [alert, ...others] = await alerts();
      expect([alert?.what, others]).toEqual(["everything turned idle at once", []]);
      expect(alert?.why).toContain("until a pool that looked idle shows a job again");
      expect(alert?.why).toContain("tidekeeper release TARGET");
      // Long enough for the idle rule.
      expect(await pass(20, "p0")).toEqual([expect.stringContaining("which looks like an outage")]);
    });

    it("also after a sample that showed nothing, which is how outages begin", async () => {
      await pass(5);
      await call("POST", "/faults", {
        match: { method: "ListPersistentResources", region: "us-central1" },
        count: 2,
        effect: { kind: "error", code: "UNAVAILABLE" },
      });
      await clock.advance(minute);
      await tick(home);
      const shards = await home.store.list("idleTracks", { prefix: "us-central1/" });
      const unknowns = shards.flatMap(({ value }) => Object.values(value.tracks).map((track) => track.unknowns));
      expect(unknowns).toEqual(many.map(() => 1));
      await clock.advance(5 * minute);
      await tick(home);
      expect(await outage()).toBe(clock.now());
    });

    it("at the bell nothing is deleted that only looks idle, until a pool that looked idle shows a job again", async () => {
      await pass(12);
      expect(await outage()).toBeDefined();
      const waiting = await pass(30, "p1", "p6");
      expect(new Date(clock.now()).toISOString()).toBe("2026-11-24T10:05:00.000Z");
      for (const why of waiting) {
        expect(why).toMatch(
          /^Off-hours since 10:00 .*no job on it, but nearly every busy pool of us-central1 turned idle/,
        );
      }
      // Another region has no part in it.
      expect(await outage("europe-west4")).toBeUndefined();
      expect(await pass(3, "far")).toEqual([undefined]);
      await runJob("p6");
      await pass(2);
      expect(await outage()).toBeUndefined();
      expect(await pass(3, "p1", "p6")).toEqual([undefined, expect.stringContaining("1 job (p6) on it")]);
    });

    it("a release says of one target that it is idle, and of no other", async () => {
      await pass(38);
      const waits = expect.stringContaining("which looks like an outage");
      expect(await pass(3, "p1", "p6")).toEqual([waits, waits]);
      const envelope = { messageId: "1", publishedAt: clock.now() };
      const asked = { event: { type: "release", target: "p6" }, envelope } as const;
      await storeRequest(home.store, asked, { fleet: nightly, clock: await home.clock() });
      expect(await pass(3, "p1", "p6")).toEqual([waits, undefined]);
    });

    it("where jobs are cancelled in the end, that is announced and then done", async () => {
      await pass(38);
      await outcomes();
      await pass(1, "p9");
      const [draining] = (await outcomes()).filter(({ phase, target }) => phase === "draining" && target === "p9");
      expect(draining?.why).toContain("then its jobs are cancelled");
      expect(await pass(9, "p9")).toEqual([expect.stringContaining("then its jobs are cancelled")]);
      expect(await pass(3, "p9")).toEqual([undefined]);
    });
  });
});
