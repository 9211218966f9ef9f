/** What a claim depends on, and what is written with it. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { claim, remember, startWithin } from "../../../shared/operations/claim.ts";
import type { Change } from "../../../shared/operations/operation.ts";
import { withdraw } from "../../../shared/operations/settle.ts";
import type { RestoreRecord } from "../../../shared/state/documents.ts";
import { persistentResourceName } from "../../../shared/vertex/names.ts";
import { openWorld, type World } from "./world.ts";

let world: World;
let count = 0;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

function newChange(): Extract<Change, { kind: "create" }> {
  count += 1;
  return { kind: "create", resource: persistentResourceName("demo", "us-central1", `pool${count}`), body: {} };
}

async function ready(eventIds: readonly string[] = []) {
  const change = newChange();
  const key: string = change.resource;
  await world.addTarget(key, eventIds);
  const basis = await world.basisOf(key, change.resource);
  return { change, key, basis, decision: await world.decisionFor(key, change, eventIds) };
}

describe("a claim holds only for what was decided on", () => {
  test("it holds the slot with everything that recovery needs, for 20 s of wire time", async () => {
    const { change, key, basis, decision } = await ready();
    const before = world.clock.wire();
    const result = await claim(world.tools, basis, decision);
    if (result.claim !== "held") throw new Error(result.why);
    expect(result.held).toMatchObject({
      change,
      targetKey: key,
      attempt: 1,
      why: decision.why,
      claimedAt: world.clock.now(),
    });
    expect(result.held.startBy - result.held.claimedAtWire).toBe(startWithin);
    expect(result.held.claimedAtWire).toBeGreaterThanOrEqual(before);
    expect((await world.slotOf(change.resource))?.value).toEqual({ state: "claimed", ...result.held });
  });

  test.each([
    {
      what: "another fleet was applied",
      why: /another fleet/,
      between: async () => {
        const head = await world.store.get("fleet", "head");
        if (head) await world.store.transaction(async (tx) => tx.put("fleet", "head", { ...head.value, version: 2 }));
      },
    },
    {
      what: "a request came in",
      why: /target has changed/,
      between: async (key: string) => {
        const target = await world.store.get("targets", key);
        if (target)
          await world.store.transaction(async (tx) => tx.put("targets", key, { ...target.value, phase: "held" }));
      },
    },
    {
      what: "another operation was claimed",
      why: /claimed/,
      between: async (key: string, change: Change) => {
        const other = `${key}#other`;
        await claim(
          world.tools,
          await world.basisOf(other, change.resource),
          await world.decisionFor(other, change, []),
        );
      },
    },
    {
      what: "somebody held the model beside it",
      why: /#other, which shares the endpoint, has changed/,
      between: async (key: string) => {
        const other = await world.store.get("targets", `${key}#other`);
        if (other)
          await world.store.transaction(async (tx) =>
            tx.put("targets", `${key}#other`, { ...other.value, phase: "held" }),
          );
      },
    },
  ])("$what: it fails and writes nothing", async ({ why, between }) => {
    const { change, key, decision } = await ready();
    await world.addTarget(`${key}#other`);
    const basis = await world.basisOf(key, change.resource, [`${key}#other`]);
    await between(key, change);
    const result = await claim(world.tools, basis, decision);
    expect(result).toMatchObject({ claim: "stale", why: expect.stringMatching(why) });
    const slot = await world.slotOf(change.resource);
    expect(slot?.value.state === "claimed" && slot.value.targetKey === key).toBe(false);
  });

  test("paused: nothing new starts, and who paused is named", async () => {
    const { change, key, decision } = await ready();
    const head = await world.store.get("fleet", "head");
    if (!head) throw new Error("no head");
    const paused = { at: world.clock.now(), by: "ann@example.com" };
    await world.store.transaction(async (tx) => tx.put("fleet", "head", { ...head.value, paused }));
    const result = await claim(world.tools, await world.basisOf(key, change.resource), decision);
    expect(result).toEqual({ claim: "stale", why: "the fleet is paused by ann@example.com" });
  });
});

describe("the submissions of a location within a minute", () => {
  const limited = async (location: string, perMinute: number, kind: "create" | "traffic" = "create") => {
    const { change, key, basis, decision } = await ready();
    const traffic = { kind: "traffic", resource: change.resource as never, etag: "e", trafficSplit: {} } as const;
    const action = { ...decision.action, change: kind === "traffic" ? traffic : change };
    return {
      key,
      claimed: await claim(world.tools, { ...basis, limit: { location, perMinute } }, { ...decision, action }),
    };
  };

  test("above the limit the decision waits, and says so where people look", async () => {
    expect((await limited("europe-west4", 2)).claimed.claim).toBe("held");
    expect((await limited("europe-west4", 2)).claimed.claim).toBe("held");
    const { key, claimed } = await limited("europe-west4", 2);
    expect(claimed).toMatchObject({
      claim: "deferred",
      why: expect.stringMatching(/2 submissions within a minute in europe-west4.*allows 2.*room in 60 s/),
    });
    const target = (await world.store.get("targets", key))?.value;
    expect(target?.decisions).toMatchObject([
      {
        rule: "rate",
        action: "nothing",
        next: { at: world.clock.now() + 60_000, what: expect.stringContaining("create") },
      },
    ]);
    expect((await limited("europe-west1", 2)).claimed.claim, "another location has its own").toBe("held");
    expect((await limited("europe-west4", 2, "traffic")).claimed.claim, "traffic is no submission").toBe("held");
    await world.world.advance(60_000);
    expect((await limited("europe-west4", 2)).claimed.claim, "a minute later").toBe("held");
  });

  test("of forty at once as many hold as there is room for", async () => {
    const all = await Promise.all(Array.from({ length: 40 }, () => limited("us-east4", 30)));
    expect(all.filter(({ claimed }) => claimed.claim === "held")).toHaveLength(30);
  });
});

describe("what a claim tells", () => {
  test("that an operation has started is told when it has, other answers and notices at once", async () => {
    const eventIds = [`a${count}`, `b${count}`];
    const { basis, decision, key } = await ready(eventIds);
    const [asked = "", other = ""] = eventIds;
    const result = await claim(world.tools, basis, {
      ...decision,
      action: { ...decision.action, eventIds: [asked] },
      answers: [
        { eventId: asked, phase: "started", what: "create", why: "asked" },
        { eventId: other, phase: "expired", what: "wake", why: "too late" },
        { eventId: "unheard-of", phase: "done", what: "x", why: "not open" },
      ],
      notices: [{ id: `${key}/n`, phase: "preempted", what: "lost", why: "it happens" }],
    });
    expect(result.claim).toBe("held");
    expect(await world.told(asked)).toEqual([]);
    expect(await world.told(other)).toEqual(["expired"]);
    expect(await world.told("unheard-of")).toEqual([]);
    expect(await world.told(`${key}/n`)).toEqual(["preempted"]);
  });
});

describe("the restore record", () => {
  const record = (key: string, replicas: number): RestoreRecord => ({
    schema: 1,
    targetKey: key,
    createTime: "2026-11-22T00:00:00Z",
    savedAt: replicas,
    resource: {},
    body: {},
    replicas: { p0: replicas },
  });

  test.each([
    { what: "is written with the claim", stored: undefined, wanted: 2, kept: 2 },
    { what: "gives way to a larger one of the same incarnation", stored: 1, wanted: 2, kept: 2 },
    { what: "is never overwritten with a smaller one", stored: 2, wanted: 1, kept: 2 },
  ])("$what", async ({ stored, wanted, kept }) => {
    const { change, key, basis, decision } = await ready();
    const id = `${key}@2026-11-22T00:00:00Z`;
    if (stored !== undefined) {
      await world.store.transaction(async (tx) => tx.put("restores", id, record(key, stored)));
    }
    const restoring = { ...decision, action: { ...decision.action, change, restore: record(key, wanted) } };
    expect((await claim(world.tools, basis, restoring)).claim).toBe("held");
    expect((await world.store.get("restores", id))?.value.replicas).toEqual({ p0: kept });
  });
});

describe("without a change", () => {
  test("memory and decision are written; the same decision counts up", async () => {
    const { change, key, decision } = await ready();
    const idle = { ...decision, action: { do: "nothing" as const }, rule: "idle", why: "nothing to do" };
    for (let round = 0; round < 3; round += 1) {
      expect(
        await remember(world.tools, await world.basisOf(key, change.resource), change.resource, idle),
      ).toBeUndefined();
    }
    const decisions = (await world.store.get("targets", key))?.value.decisions;
    expect(decisions).toMatchObject([{ rule: "idle", action: "nothing", times: 3, why: "nothing to do" }]);
  });

  test("nothing is written while an operation of ours is held: what it does is not somebody else's", async () => {
    const { change, key, basis, decision } = await ready();
    expect((await claim(world.tools, basis, decision)).claim).toBe("held");
    const idle = { ...decision, action: { do: "nothing" as const } };
    const now = await world.basisOf(key, change.resource);
    expect(await remember(world.tools, now, change.resource, idle)).toMatch(/holds another operation of ours/);
  });

  test("what was decided on something older is not written", async () => {
    const { change, basis, decision } = await ready();
    const idle = { ...decision, action: { do: "nothing" as const } };
    expect(await remember(world.tools, basis, change.resource, idle)).toBeUndefined();
    expect(await remember(world.tools, basis, change.resource, idle)).toMatch(/target has changed/);
  });
});

describe("a claim whose second look said no", () => {
  test("is given back at once, and whoever asked goes on waiting", async () => {
    const eventId = `w${count}`;
    const { change, basis, decision } = await ready([eventId]);
    const result = await claim(world.tools, basis, decision);
    if (result.claim !== "held") throw new Error(result.why);
    expect(await withdraw(world.tools, result.held, "a job has started", world.afterSettling)).toBe(true);
    expect((await world.slotOf(change.resource))?.value.state).toBe("empty");
    expect(world.settlements.at(-1)).toEqual({ end: "lapsed", note: "withdrawn: a job has started" });
    expect(await world.told(eventId)).toEqual([]);
    expect(await withdraw(world.tools, result.held, "again", world.afterSettling)).toBe(false);
  });
});
