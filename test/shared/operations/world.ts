/**
 * One world for the protocol's tests: the local cloud's Vertex behind its doors on a clock moved by hand, reached through
 * the real clients, and a store in memory. Wire time is real, plus what a test adds to it.
 */
import { createManualClock } from "../../../infra/local/clock/manual-clock.ts";
import { createRandom } from "../../../infra/local/clock/random.ts";
import { createVertex } from "../../../infra/local/vertex/vertex.ts";
import { startDoors } from "../../../infra/local/wire/doors.ts";
import type { Request } from "../../../shared/events/requests.ts";
import { type Basis, type ChangeDecision, claim } from "../../../shared/operations/claim.ts";
import type { AfterSettling } from "../../../shared/operations/finish.ts";
import { describe } from "../../../shared/operations/kinds.ts";
import type { Change, Held, Settlement, Slot } from "../../../shared/operations/operation.ts";
import { settle } from "../../../shared/operations/settle.ts";
import { type Started, startAndRecord } from "../../../shared/operations/start.ts";
import { type RestoreRecord, schemaVersion, type TargetDocument } from "../../../shared/state/documents.ts";
import { openSqlite } from "../../../shared/state/sqlite.ts";
import { type Store, StoreUnavailable, type Versioned } from "../../../shared/state/store.ts";
import { type Clock, systemClock } from "../../../shared/time/clock.ts";
import { createReader } from "../../../shared/vertex/reader.ts";
import { openWriter } from "../../../shared/vertex/writer.ts";

/** Begin of the world. */
const beginning = Date.parse("2026-11-22T20:00:00Z");

/** A store that loses its connection once `failing` is set: the process dies before it can write anything more. */
function breakable(store: Store): Store & { failing: boolean } {
  const wrapped: Store & { failing: boolean } = {
    failing: false,
    get: (collection, id) => store.get(collection, id),
    list: (collection, options) => store.list(collection, options),
    sweep: (now) => store.sweep(now),
    close: () => store.close(),
    transaction: (work) =>
      wrapped.failing ? Promise.reject(new StoreUnavailable("the process has died")) : store.transaction(work),
  };
  return wrapped;
}

/**
 * Opens a world. Its writer and doors serve a whole file; tests keep apart by the names of their resources.
 * @param open opens an empty store; in memory unless the test is about stores.
 */
export async function openWorld(open: () => Promise<Store> = async () => openSqlite(":memory:")) {
  const world = createManualClock(beginning);
  const vertex = createVertex({
    clock: world,
    random: createRandom(7),
    behaviour: { unknownModels: "accept", deployingModels: "hidden" },
  });
  const doors = await startDoors({ services: vertex.services, restPort: 0, grpcPort: 0 });
  const rest = `http://127.0.0.1:${doors.restPort}`;
  const reader = createReader({ project: "demo", rest });
  const writer = await openWriter({ grpc: `127.0.0.1:${doors.grpcPort}` });
  const store = breakable(await open());
  let skew = 0;
  const clock: Clock = { now: () => world.now(), wire: () => systemClock.wire() + skew };
  const settlements: Settlement[] = [];

  /** Answers whoever asked and closes the request; what a decider does, without deciding. */
  const afterSettling: AfterSettling = (target, held, settlement) => {
    settlements.push(settlement);
    const over = settlement.end !== "lapsed";
    return {
      memory: target.memory,
      requests: over ? target.requests.filter(({ eventId }) => !held.eventIds.includes(eventId)) : target.requests,
      answers: over
        ? held.eventIds.map((eventId) => ({
            eventId,
            phase: settlement.end === "done" ? ("done" as const) : ("failed" as const),
            what: describe(held.change),
            why: settlement.note,
          }))
        : [],
      notices: [],
    };
  };
  const tools = { store, reader, clock, openWriter: async () => writer };

  async function addTarget(key: string, eventIds: readonly string[] = []): Promise<void> {
    const requests = eventIds.map(
      (eventId): Request => ({
        eventId,
        wish: { type: "wake" },
        source: "test",
        publishedAt: world.now(),
        storedAt: world.now(),
        expiresAt: world.now() + 86_400_000,
        answered: "accepted",
      }),
    );
    const target: TargetDocument = {
      schema: schemaVersion,
      name: key.slice(key.lastIndexOf("/") + 1),
      kind: "persistentResource",
      appliedVersion: 1,
      requests,
      memory: { kind: "persistentResource", deletes: [], startUps: [] },
      decisions: [],
      phase: "up",
    };
    await store.transaction(async (tx) => {
      tx.put("targets", key, target);
      tx.put("fleet", "head", {
        schema: schemaVersion,
        storeId: "s",
        version: 1,
        parts: 1,
        digest: "d",
        appliedAt: world.now(),
        appliedBy: "test",
      });
    });
  }

  async function basisOf(key: string, resource: string, siblings: readonly string[] = []): Promise<Basis> {
    const [head, target, slot, ...others] = await Promise.all([
      store.get("fleet", "head"),
      store.get("targets", key),
      store.get("slots", resource),
      ...siblings.map((sibling) => store.get("targets", sibling)),
    ]);
    if (head === undefined || target === undefined) throw new Error(`${key} has not been added`);
    return {
      key,
      headVersion: head.version,
      targetVersion: target.version,
      slotVersion: slot?.version,
      siblings: siblings.map((sibling, index) => ({ key: sibling, version: others[index]?.version })),
      // A location of its own for each target: what these tests claim must not wait for one another.
      limit: { location: key.replaceAll("/", "-"), perMinute: 60 },
    };
  }

  async function decisionFor(
    key: string,
    change: Change,
    eventIds: readonly string[],
    restore?: RestoreRecord,
  ): Promise<ChangeDecision> {
    const target = await store.get("targets", key);
    if (target === undefined) throw new Error(`${key} has not been added`);
    return {
      action: {
        do: "change",
        change,
        attempt: 1,
        eventIds,
        secondLook: false,
        ...(restore === undefined ? {} : { restore }),
      },
      rule: "test",
      why: "the test asks for it",
      phase: "up",
      memory: target.value.memory,
      requests: target.value.requests,
      answers: [],
      notices: [],
    };
  }

  /** Claims a change for a new target of its own. */
  async function claimed(change: Change): Promise<Held> {
    const key = `${change.resource}#${change.kind}`;
    const eventIds = [`event-${change.resource}-${change.kind}`];
    await addTarget(key, eventIds);
    const result = await claim(tools, await basisOf(key, change.resource), await decisionFor(key, change, eventIds));
    if (result.claim !== "held") throw new Error(`not claimed: ${result.why}`);
    return result.held;
  }

  const slotOf = (resource: string): Promise<Versioned<Slot> | undefined> => store.get("slots", resource);

  return {
    vertex,
    world,
    reader,
    writer,
    store,
    clock,
    tools,
    rest,
    settlements,
    afterSettling,
    addTarget,
    basisOf,
    decisionFor,
    claimed,
    slotOf,
    start: (held: Held): Promise<Started> => startAndRecord(tools, held, afterSettling),
    settle: async (resource: string) => settle(tools, await slotOf(resource), afterSettling),
    /** Settles until the slot is free, letting the world go on. */
    async settleToTheEnd(resource: string): Promise<Settlement> {
      for (let round = 0; round < 400; round += 1) {
        const settled = await settle(tools, await slotOf(resource), afterSettling);
        if (settled.slot === "ended") return settled.settlement;
        if (settled.slot === "free") throw new Error(`${resource} was free`);
        await world.advance(60_000);
      }
      throw new Error(`${resource} was not settled in 400 minutes`);
    },
    /** Lets wire time pass, or a process freeze. */
    passWire: (ms: number) => {
      skew += ms;
    },
    /** Outcomes told about an event, by phase. */
    async told(eventId: string): Promise<readonly string[]> {
      const owed = await store.list("outbox", { prefix: `${eventId}/` });
      return owed.map(({ value }) => value.outcome.phase).toSorted();
    },
    async alerts(key: string): Promise<readonly string[]> {
      const owed = await store.list("outbox", { prefix: `${key}/` });
      return owed.filter(({ value }) => value.outcome.phase === "alert").map(({ value }) => value.outcome.why);
    },
    async close() {
      await writer.close();
      await doors.close();
      await store.close();
    },
  };
}

export type World = Awaited<ReturnType<typeof openWorld>>;
