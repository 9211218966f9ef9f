/** What is remembered of a long search for capacity: when it began and why, however often it was tried since. */
import { expect, test } from "vitest";
import { persistentResource } from "../../../shared/decide/persistent-resource/persistent-resource.ts";
import type { Change, Held, Settlement } from "../../../shared/operations/operation.ts";
import { type AnyDecision, decided, settledTarget } from "../../../shared/operations/remember.ts";
import type { TargetDocument } from "../../../shared/state/documents.ts";
import { incidentOf } from "../../../shared/status/incident.ts";
import { type Millis, minute } from "../../../shared/time/clock.ts";
import type { PersistentResource } from "../../../shared/vertex/vertex.ts";
import * as pool from "../decide/cases.ts";
import { heldFor, servingOn, shown, spotL4, Toy } from "../decide/spot/world.ts";

const stockout: Settlement = { end: "failed", class: "stockout", note: "no capacity" };

function newTarget(kind: TargetDocument["kind"], memory: TargetDocument["memory"]): TargetDocument {
  return { schema: 1, name: "one", kind, appliedVersion: 1, requests: [], memory, decisions: [], phase: "up" };
}

test("the loss of a Spot model is still told of after six hours without capacity anywhere", () => {
  const toy = new Toy({ memory: servingOn(spotL4), models: [shown("1", spotL4, 1)], split: { 1: 100 } });
  let target = newTarget("spotModel", toy.memory);
  const wake = (): void => {
    const change = toy.decide();
    target = decided(target, toy.decisions.at(-1) as AnyDecision, toy.now);
    if (change?.kind !== "deploy") {
      if (change !== undefined) toy.carryOut(change);
      return;
    }
    toy.now += minute;
    toy.settle(change, stockout);
    target = settledTarget(target, toy, heldFor(change, toy.now), stockout, toy.now);
  };
  wake();
  toy.now += minute;
  toy.preempt("1");
  const lostAt = toy.now;
  for (; toy.now < lostAt + 6 * 60 * minute; toy.now += minute) wake();

  const failed = target.decisions.filter(({ rule }) => rule === "operation-failed");
  expect(failed.length, "it is a loop that would fill the list several times").toBeGreaterThan(5);
  expect(toy.memory.sequence).toBeGreaterThan(20);
  expect(target.decisions).toHaveLength(20);
  expect(target.decisions.at(-1)).toMatchObject({ rule: "grace", why: expect.stringContaining("since 10:01 UTC") });
  expect(incidentOf(target)).toMatchObject({ since: lostAt, why: "capacity on g2 was lost, and nothing serves" });
  expect(incidentOf(target)?.attempts).toBeGreaterThan(20);
});

/** What a create without machines may leave: in ERROR, and never started. */
function wreck(at: Millis): PersistentResource {
  const { startTime: _, ...never } = pool.resource;
  return { ...never, state: "ERROR", createTime: new Date(at).toISOString() };
}

/** A persistent resource through its decisions and operations. */
class Life {
  now: Millis;
  target: TargetDocument;
  shown: Parameters<typeof pool.caseOf>[0]["shown"] = "absent";

  constructor(from: string) {
    this.now = Date.parse(from);
    this.target = newTarget("persistentResource", pool.emptyMemory);
  }

  #case() {
    const { memory } = this.target;
    const spec = {
      resourcePools: [{ id: "pool-1", machineSpec: { machineType: "n1-standard-8" }, replicaCount: "2" }],
    };
    const built = pool.caseOf({
      now: new Date(this.now).toISOString(),
      shown: this.shown ?? "absent",
      policy: { spec },
    });
    return { ...built, memory: memory as typeof built.memory };
  }

  look(): Change | undefined {
    const decision = persistentResource.decide(this.#case());
    this.target = decided(this.target, decision, this.now);
    return decision.action.do === "change" ? decision.action.change : undefined;
  }

  settle(change: Change, settlement: Settlement): void {
    const held: Held = pool.heldFor(change, { claimedAt: this.now });
    this.now += minute;
    const after = persistentResource.afterSettling(this.#case(), held, settlement);
    this.target = settledTarget(this.target, after, held, settlement, this.now);
  }

  /** Looks each minute until a time; each create fails, and may leave a wreck, which is deleted. */
  failUntil(time: string, leaves: "absent" | "wreck"): void {
    for (; this.now < Date.parse(time); this.now += minute) {
      const change = this.look();
      if (change?.kind === "create") {
        this.shown = leaves === "absent" ? leaves : wreck(this.now);
        this.settle(change, stockout);
      } else if (change?.kind === "delete") {
        this.shown = "absent";
        this.settle(change, { end: "done", note: "gone" });
      }
    }
  }
}

const morning = "2026-11-20T07:00:00Z";

test.each(["absent", "wreck"] as const)(
  "a pool that cannot be created (%s) is down since its first create, until it is up or not wanted",
  (leaves) => {
    const life = new Life(morning);
    const change = life.look();
    expect(incidentOf(life.target), "a first create is no incident").toBeUndefined();
    if (change === undefined) throw new Error("nothing is created");
    life.settle(change, stockout);
    life.failUntil("2026-11-20T15:00:00Z", leaves);
    const incident = incidentOf(life.target);
    expect(incident).toMatchObject({ since: Date.parse(morning), why: "the create fails: stockout" });
    expect(incident?.attempts).toBeGreaterThan(10);
    expect(life.target.decisions).toHaveLength(20);
    expect(life.target.decisions.at(-1)).toMatchObject({ at: Date.parse(morning), action: "create train with 1 pool" });

    const again = new Life(morning);
    again.target = life.target;
    again.now = Date.parse("2026-11-20T19:30:00Z");
    again.look();
    expect(again.target.phase).toBe("asleep");
    expect(incidentOf(again.target), "in the evening nobody wants it").toBeUndefined();

    life.shown = pool.resource;
    life.settle(change, { end: "done", note: "it is there" });
    life.look();
    expect(life.target).toMatchObject({ phase: "up" });
    expect(life.target).not.toHaveProperty("downSince");
    expect(incidentOf(life.target)).toBeUndefined();
  },
);

test("state ERROR is an incident, too", () => {
  const life = new Life("2026-11-20T10:00:00Z");
  life.target = newTarget("persistentResource", pool.knowing(pool.resource));
  life.shown = { ...pool.resource, state: "ERROR" };
  life.look();
  const since = Date.parse("2026-11-20T10:00:00Z");
  expect(incidentOf(life.target)).toEqual({ since, why: "it is in state ERROR", attempts: 0 });
});

test("the same decided again and again counts up", () => {
  const life = new Life("2026-11-20T20:00:00Z");
  for (let round = 0; round < 30; round += 1) life.look();
  expect(life.target.decisions).toMatchObject([{ action: "nothing", times: 30 }]);
});
