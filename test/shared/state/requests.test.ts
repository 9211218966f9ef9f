import { beforeEach, describe, expect, test } from "vitest";
import type { FleetEvent } from "../../../shared/events/schema.ts";
import type { Outcome } from "../../../shared/outcomes/outcome.ts";
import { applyFleet } from "../../../shared/state/apply.ts";
import type { TargetDocument } from "../../../shared/state/documents.ts";
import { type Stored, storeRejection } from "../../../shared/state/requests.ts";
import { openSqlite } from "../../../shared/state/sqlite.ts";
import { type Store, StoreUnavailable } from "../../../shared/state/store.ts";
import { hour, minute } from "../../../shared/time/clock.ts";
import { fleet } from "./fleet.ts";
import { monday9 } from "./samples.ts";
import { take } from "./take.ts";

const training = "projects/demo/locations/us-central1/persistentResources/training";
const chat = "projects/demo/locations/us-central1/endpoints/100#chat";

describe("storing a request", () => {
  let store: Store;
  let now: number;
  beforeEach(async () => {
    store = openSqlite(":memory:");
    now = monday9;
    await applyFleet(store, fleet, { by: "test", now: monday9 - hour });
  });

  const clock = { now: () => now, wire: () => now };
  /** Publishes at a second after 09:00:00 and delivers at once. */
  const deliver = (event: FleetEvent, messageId: string, second: number): Promise<Stored> =>
    take(store, { event, envelope: { messageId, publishedAt: monday9 + second * 1_000 } }, { fleet, clock });
  const targetOf = async (key = training) => (await store.get("targets", key))?.value as TargetDocument;
  const open = async (key = training) =>
    (await targetOf(key)).requests.map(({ eventId, wish, answered }) =>
      wish.type === "scale" ? `${eventId}: ${wish.pool} ${wish.replicas}` : `${eventId}: ${wish.type} ${answered}`,
    );
  const owed = async () => (await store.list("outbox")).map(({ id }) => id);
  const answered = ({ outcome }: Stored) => `${outcome.phase}: ${outcome.what}: ${outcome.why}`;

  test("writes mark, request and `accepted` together, and says which target to look at", async () => {
    const event = {
      type: "scale",
      target: "training",
      replicas: 4,
      source: "ci",
      reason: "nightly",
      ttl: 3 * hour,
    } as const;
    const stored = await deliver(event, "m1", 0);
    const outcome: Outcome = {
      id: "m1/accepted",
      eventId: "m1",
      phase: "accepted",
      final: false,
      what: "scale workers to 4",
      why: 'ci ("nightly") asks for it until 12:00 UTC',
      at: monday9,
      target: "training",
      resource: training,
    };
    expect(stored).toEqual({ outcome, duplicate: false, targetKey: training });
    expect((await store.get("outbox", "m1/accepted"))?.value.outcome).toEqual(outcome);
    expect((await store.get("events", "m1"))?.value).toMatchObject({ outcome, receivedAt: monday9 });
    expect((await targetOf()).requests).toEqual([
      {
        eventId: "m1",
        messageId: "m1",
        wish: { type: "scale", pool: "workers", replicas: 4 },
        source: "ci",
        note: "nightly",
        publishedAt: monday9,
        storedAt: monday9,
        expiresAt: monday9 + 3 * hour,
        answered: "accepted",
      },
    ]);
  });

  test("the publisher's id wins over the message id, so that it may publish again", async () => {
    await deliver({ type: "scale", target: "training", delta: 2, id: "job-7" }, "m1", 0);
    const again = await deliver({ type: "scale", target: "training", delta: 2, id: "job-7" }, "m2", 5);
    expect(again).toMatchObject({ duplicate: true, outcome: { id: "job-7/accepted" } });
    expect(await open()).toEqual(["job-7: workers 4"]);
  });

  test("a second delivery gives the newest answer again, under its own id", async () => {
    await deliver({ type: "wake", target: "training" }, "m1", 0);
    await deliver({ type: "wake", target: "training" }, "m2", 1);
    for (const { id } of await store.list("outbox")) await store.transaction(async (tx) => tx.remove("outbox", id));
    const again = await deliver({ type: "wake", target: "training" }, "m1", 0);
    expect(again).toMatchObject({ duplicate: true, outcome: { id: "m1/superseded" } });
    expect(await owed()).toEqual(["m1/superseded"]);
  });

  test("an event that came an hour after its publishing has an hour less to live", async () => {
    await take(
      store,
      {
        event: { type: "wake", target: "training", ttl: 2 * hour },
        envelope: { messageId: "m1", publishedAt: monday9 - hour },
      },
      { fleet, clock },
    );
    expect((await targetOf()).requests[0]?.expiresAt).toBe(monday9 + hour);
  });

  describe("answers at once", () => {
    const cases: readonly [string, FleetEvent, string][] = [
      [
        "replicas above the bounds are rejected, with the bounds",
        { type: "scale", target: "training", replicas: 9 },
        "rejected: scale to 9: 9 replicas of workers are out of bounds: the fleet file allows 0 to 8",
      ],
      [
        "replicas below the bounds are rejected, with the bounds",
        { type: "scale", target: "pair", pool: "drivers", replicas: 0 },
        "rejected: scale drivers to 0: 0 replicas of drivers are out of bounds: the fleet file allows 1 to 2",
      ],
      [
        "an unknown target is rejected with the nearest name",
        { type: "wake", target: "trainning" },
        'rejected: wake: the fleet has no target "trainning"; the nearest is "training"',
      ],
      [
        "a resource of another project is another resource",
        { type: "wake", target: "projects/staging/locations/us-central1/persistentResources/training" },
        'rejected: wake: the fleet has no target "projects/staging/locations/us-central1/persistentResources/training"; the nearest is "training"',
      ],
      [
        "an endpoint with two models does not say which is meant",
        { type: "wake", target: "projects/demo/locations/us-central1/endpoints/200" },
        'rejected: wake: "projects/demo/locations/us-central1/endpoints/200" holds several targets of the fleet: embed, rerank; name one of them',
      ],
      [
        "an unknown pool is rejected with the nearest one",
        { type: "scale", target: "pair", pool: "driver", replicas: 1 },
        'rejected: scale driver to 1: pair has no pool "driver" that may be scaled; the nearest is "drivers"',
      ],
      [
        "of several pools one must be named",
        { type: "scale", target: "pair", replicas: 1 },
        "rejected: scale to 1: pair has several pools that can be scaled; name one of workers, drivers",
      ],
      [
        "strategy never says what is possible",
        { type: "scale", target: "fixed", delta: 1 },
        "rejected: scale by +1: the fleet file says scale.strategy: never for fixed; wake, hold, release, job and reboot are possible",
      ],
      [
        "without pools under scale nothing can be scaled",
        { type: "scale", target: "plain", replicas: 1 },
        "rejected: scale to 1: the fleet file names no pool of plain under scale.pools; wake, hold, release, job and reboot are possible",
      ],
      [
        "a Spot model reboots nothing",
        { type: "reboot", target: "chat" },
        "rejected: reboot: chat is a Spot model, which has no reboot; scale, wake, hold and release are possible",
      ],
      [
        "a Spot model runs no jobs",
        { type: "job", target: "chat", customJob: { displayName: "train", jobSpec: {} } },
        "rejected: run job train: chat is a Spot model, which has no job; scale, wake, hold and release are possible",
      ],
      [
        "a Spot model's pool is called model",
        { type: "scale", target: "chat", pool: "workers", replicas: 2 },
        'rejected: scale workers to 2: chat has no pool "workers" that may be scaled; known: model',
      ],
      [
        "a Spot model's bounds are its ladder's",
        { type: "scale", target: "chat", replicas: 5 },
        "rejected: scale to 5: 5 replicas of model are out of bounds: the fleet file allows 1 to 4",
      ],
      [
        "what is past its time has expired",
        { type: "wake", target: "training", expiresAt: monday9 },
        "expired: wake: it was wanted until 09:00 UTC, which had passed when it arrived",
      ],
      [
        "a hold is done as soon as it is stored",
        { type: "hold", target: "chat", source: "ann", ttl: 30 * minute },
        "done: hold: ann asks that nothing be changed until 09:30 UTC; an operation that runs is left to end",
      ],
      [
        "a release is done as soon as it is stored",
        { type: "release", target: "training", source: "ann" },
        "done: release: ann ends holds, wakes, drift and parking: the next look decides by the fleet's own rules",
      ],
    ];
    test.each(cases)("%s", async (_, event, expected) => {
      const stored = await deliver(event, "m1", 0);
      expect(answered(stored)).toBe(expected);
      expect(stored.outcome.final).toBe(true);
      expect(await owed()).toEqual([stored.outcome.id]);
      expect((await store.get("events", "m1"))?.value.outcome).toEqual(stored.outcome);
    });
  });

  describe("sizes", () => {
    test.each<[string, FleetEvent, string, string]>([
      ["a target may be named in full", { type: "scale", target: training, replicas: 3 }, training, "m1: workers 3"],
      [
        "and by its project number",
        { type: "scale", target: training.replace("demo", "1234567"), replicas: 3 },
        training,
        "m1: workers 3",
      ],
      ["a change starts from the spec", { type: "scale", target: "training", delta: 2 }, training, "m1: workers 4"],
      ["a Spot model's from its first rung", { type: "scale", target: "chat", delta: 1 }, chat, "m1: model 2"],
      [
        "a Spot model by its endpoint",
        { type: "scale", target: chat.split("#")[0] ?? "", replicas: 3 },
        chat,
        "m1: model 3",
      ],
    ])("%s", async (_, event, key, expected) => {
      await deliver(event, "m1", 0);
      expect(await open(key)).toEqual([expected]);
    });

    test("a change starts from the size last seen, where there is one", async () => {
      const target = await targetOf();
      const known = { createTime: "t", fingerprint: "f", replicas: { workers: 5 } };
      const memory = { kind: "persistentResource", deletes: [], startUps: [], known } as const;
      await store.transaction(async (tx) => tx.put("targets", training, { ...target, memory }));
      await deliver({ type: "scale", target: "training", delta: 2 }, "m1", 0);
      expect(await open()).toEqual(["m1: workers 7"]);
    });

    test("changes add up from the newest size still asked for", async () => {
      await deliver({ type: "scale", target: "training", replicas: 3 }, "m1", 0);
      await deliver({ type: "scale", target: "training", delta: 2 }, "m2", 1);
      expect(await open()).toEqual(["m2: workers 5"]);
      expect(await owed()).toEqual(["m1/accepted", "m1/superseded", "m2/accepted"]);
    });

    test("a change beyond the bounds is kept within them, and the answer says so", async () => {
      const stored = await deliver({ type: "scale", target: "training", delta: 9 }, "m1", 0);
      expect(answered(stored)).toBe(
        "accepted: scale workers to 8: somebody asks for it until Tue 09:00 UTC, 2 + 9 kept within the fleet file's 0 to 8",
      );
    });

    test("a change that arrives after a newer one is counted all the same", async () => {
      await deliver({ type: "scale", target: "training", delta: 1 }, "m2", 1);
      const late = await deliver({ type: "scale", target: "training", delta: 2 }, "m1", 0);
      expect(answered(late)).toBe(
        "superseded: scale by +2: it arrived after the newer event m2, which counts it in: workers shall be 5",
      );
      expect(await open()).toEqual(["m2: workers 5"]);
    });

    test("a change that arrives after a newer absolute size changes nothing", async () => {
      await deliver({ type: "scale", target: "training", replicas: 6 }, "m2", 1);
      const late = await deliver({ type: "scale", target: "training", delta: 2 }, "m1", 0);
      expect(answered(late)).toBe("superseded: scale by +2: it arrived after the newer event m2");
      expect(await open()).toEqual(["m2: workers 6"]);
    });

    test("an older size changes nothing, even after the newer one has ended", async () => {
      await deliver({ type: "scale", target: "training", replicas: 6 }, "m2", 1);
      await store.transaction(async (tx) => {
        const target = (await tx.get("targets", training))?.value as TargetDocument;
        tx.put("targets", training, { ...target, requests: [] });
      });
      const late = await deliver({ type: "scale", target: "training", replicas: 1 }, "m1", 0);
      expect(answered(late)).toBe("superseded: scale to 1: it arrived after the newer event m2, which has ended");
      expect(await open()).toEqual([]);
    });

    test("a size that has expired is not counted from", async () => {
      await deliver({ type: "scale", target: "training", replicas: 8, ttl: minute }, "m1", 0);
      now += 2 * minute;
      await deliver({ type: "scale", target: "training", delta: 1 }, "m2", 120);
      expect(await open()).toEqual(["m2: workers 3"]);
    });

    test("pools of one target do not compete", async () => {
      await deliver({ type: "scale", target: "pair", pool: "workers", replicas: 3 }, "m1", 0);
      await deliver({ type: "scale", target: "pair", pool: "drivers", replicas: 2 }, "m2", 1);
      expect(await open(training.replace("training", "pair"))).toEqual(["m1: workers 3", "m2: drivers 2"]);
    });
  });

  describe("order", () => {
    test("the newest of a kind is in force, whichever arrives last", async () => {
      await deliver({ type: "wake", target: "training" }, "m2", 1);
      expect(answered(await deliver({ type: "wake", target: "training" }, "m1", 0))).toBe(
        "superseded: wake: it arrived after the newer event m2",
      );
      await deliver({ type: "wake", target: "training" }, "m3", 2);
      expect(await open()).toEqual(["m3: wake accepted"]);
      expect(await owed()).toEqual(["m1/superseded", "m2/accepted", "m2/superseded", "m3/accepted"]);
    });

    test("of two in one millisecond the later message counts as newer: ids are numbers", async () => {
      await deliver({ type: "scale", target: "training", replicas: 2, id: "first" }, "1000", 0);
      const earlier = await deliver({ type: "scale", target: "training", replicas: 8, id: "second" }, "999", 0);
      expect(answered(earlier)).toBe("superseded: scale to 8: it arrived after the newer event first");
      expect(await open()).toEqual(["first: workers 2"]);
    });

    test("of two in one millisecond the greater id counts as newer", async () => {
      await deliver({ type: "wake", target: "training" }, "b", 0);
      expect((await deliver({ type: "wake", target: "training" }, "a", 0)).outcome.phase).toBe("superseded");
      expect(await open()).toEqual(["b: wake accepted"]);
    });

    test("a request that was answered finally is replaced without another answer", async () => {
      await deliver({ type: "wake", target: "training" }, "m1", 0);
      await store.transaction(async (tx) => {
        const target = (await tx.get("targets", training))?.value as TargetDocument;
        const requests = target.requests.map((request) => ({ ...request, answered: "final" as const }));
        tx.put("targets", training, { ...target, requests });
      });
      await deliver({ type: "wake", target: "training" }, "m2", 1);
      expect(await owed()).toEqual(["m1/accepted", "m2/accepted"]);
    });

    test("a release ends the wakes and holds before it, not those after it", async () => {
      await deliver({ type: "wake", target: "training" }, "m1", 0);
      await deliver({ type: "hold", target: "training" }, "m2", 1);
      await deliver({ type: "release", target: "training" }, "m3", 2);
      await deliver({ type: "wake", target: "training" }, "m4", 3);
      expect(await open()).toEqual(["m3: release final", "m4: wake accepted"]);
      expect(await owed()).toEqual(["m1/accepted", "m1/superseded", "m2/done", "m3/done", "m4/accepted"]);
    });

    test("wakes and holds that arrive after a newer release come too late", async () => {
      await deliver({ type: "release", target: "training" }, "m3", 2);
      expect((await deliver({ type: "hold", target: "training" }, "m2", 1)).outcome.id).toBe("m2/superseded");
      expect((await deliver({ type: "wake", target: "training" }, "m1", 0)).outcome.id).toBe("m1/superseded");
      expect(await open()).toEqual(["m3: release final"]);
    });

    test("a release that arrives after a newer hold leaves the hold, and ends the wakes before itself", async () => {
      await deliver({ type: "wake", target: "training" }, "m1", 0);
      await deliver({ type: "hold", target: "training" }, "m3", 2);
      expect((await deliver({ type: "release", target: "training" }, "m2", 1)).outcome.id).toBe("m2/superseded");
      expect(await open()).toEqual(["m3: hold final"]);
    });

    test("jobs stand beside each other, 20 at the most", async () => {
      const job = (index: number) =>
        deliver(
          { type: "job", target: "training", customJob: { displayName: `j${index}`, jobSpec: {} } },
          `m${index}`,
          index,
        );
      for (let index = 0; index < 20; index++) await job(index);
      expect(answered(await job(20))).toBe(
        "rejected: run job j20: training has 20 jobs waiting, the most it may have; send it again when some have started",
      );
      expect(await open()).toHaveLength(20);
    });
  });

  test("what is too large to be stored is rejected: it would not get smaller", async () => {
    const target = await targetOf();
    const decisions = Array.from({ length: 9_000 }, () => ({
      at: monday9,
      times: 1,
      rule: "test",
      action: "nothing",
      why: "x".repeat(30),
    }));
    await store.transaction(async (tx) => tx.put("targets", training, { ...target, decisions }));
    const customJob = { displayName: "large", jobSpec: { text: "x".repeat(30_000) } };
    let stored = await deliver({ type: "job", target: "training", customJob }, "m0", 0);
    for (let job = 1; stored.outcome.phase === "accepted"; job += 1)
      stored = await deliver({ type: "job", target: "training", customJob }, `m${job}`, job);
    expect(answered(stored)).toMatch(/^rejected: run job large: it cannot be stored: .* more than the 1000000/);
    expect(stored.outcome.target).toBe("training");
  });

  describe("documents that must not be changed", () => {
    test("a target of a newer schema", async () => {
      const target = { ...(await targetOf()), schema: 2 };
      await store.transaction(async (tx) => tx.put("targets", training, target));
      await expect(deliver({ type: "wake", target: "training" }, "m1", 0)).rejects.toThrow(
        new StoreUnavailable(
          "the document of training was written by a newer Tidekeeper (schema 2, this one knows 1); deploy the functions anew",
        ),
      );
      expect(await targetOf()).toEqual(target);
      expect(await store.get("events", "m1")).toBeUndefined();
    });

    test("a target that apply has not made: none is made here", async () => {
      await store.transaction(async (tx) => tx.remove("targets", training));
      const delivered = () => deliver({ type: "wake", target: "training" }, "m1", 0);
      await expect(delivered()).rejects.toThrow(
        new StoreUnavailable("training is in the fleet, but the store does not know it; run `tidekeeper apply` again"),
      );
      expect(await store.get("targets", training)).toBeUndefined();
      expect(await owed()).toEqual([]);
      await applyFleet(store, fleet, { by: "test", now });
      expect((await delivered()).outcome).toMatchObject({ phase: "accepted" });
    });

    test("a target that an apply has released", async () => {
      await applyFleet(store, { ...fleet, targets: fleet.targets.slice(1) }, { by: "test", now });
      const stored = await deliver({ type: "wake", target: "training" }, "m1", 0);
      expect(answered(stored)).toBe(
        "rejected: wake: training was taken out of the fleet by an apply; it takes no requests",
      );
    });
  });

  test("what could not be read is rejected once, and told again to a second delivery", async () => {
    const rejection = { eventId: "m1", what: "an event", why: "the message is not JSON" };
    const first = await storeRejection(store, rejection, clock);
    expect(first).toMatchObject({ duplicate: false, outcome: { id: "m1/rejected", phase: "rejected", final: true } });
    now += hour;
    const second = await storeRejection(store, { ...rejection, why: "another reason" }, clock);
    expect(second).toEqual({ outcome: first.outcome, duplicate: true });
  });
});
