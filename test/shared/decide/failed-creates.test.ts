/** Creates that fail: what they leave behind, whose the resource is that shows up then, and what is tried when. */
import { describe, expect, it } from "vitest";
import type { PersistentResourceMemory } from "../../../shared/decide/memory.ts";
import { persistentResource } from "../../../shared/decide/persistent-resource/persistent-resource.ts";
import { afterLeaving } from "../../../shared/decide/persistent-resource/settled.ts";
import type { PersistentResourcePolicy } from "../../../shared/fleet/fleet.ts";
import type { FailureClass } from "../../../shared/operations/operation.ts";
import { hour, type Millis, minute } from "../../../shared/time/clock.ts";
import type { PersistentResource } from "../../../shared/vertex/vertex.ts";
import { caseOf, emptyMemory, heldFor, name, resource, type Variation, verbatimOf, withPool } from "./cases.ts";
import { at } from "./schedules.ts";

const pools = (machineType: string, replicaCount: string) => [
  { id: "pool-1", machineSpec: { machineType }, replicaCount },
];
const spec = { resourcePools: pools("n1-standard-8", "4") };
const alternative = { resourcePools: pools("n1-standard-16", "2") };
const restoring = { early: 0, alternatives: [alternative] };
const morning = "2026-11-20T07:00:00Z";
const night = "2026-11-20T20:00:00Z";
const restoreId = `${name}@2026-11-19T07:00:00Z`;
const sleep = {
  since: at("2026-11-19T19:00:00Z"),
  cause: "off-hours",
  incarnation: "2026-11-19T07:00:00Z",
  restoreId,
  alternative: 0,
} as const;
const restore = {
  schema: 1,
  targetKey: name,
  createTime: "2026-11-19T07:00:00Z",
  savedAt: sleep.since,
  resource: {},
  body: { resourcePools: verbatimOf(resource)["resourcePools"] ?? [] },
  replicas: { "pool-1": 2 },
};

/** One target through its decisions: what each look shows, and how each operation ends. */
class Life {
  memory: PersistentResourceMemory;
  now: Millis = at(morning);
  shown: PersistentResource | "absent" = "absent";
  readonly told: string[] = [];
  readonly #policy: Partial<PersistentResourcePolicy>;
  readonly #observation: Variation["observation"];

  constructor(
    policy: Partial<PersistentResourcePolicy>,
    memory: Partial<PersistentResourceMemory> = {},
    observation: Variation["observation"] = {},
  ) {
    this.#policy = policy;
    this.memory = { ...emptyMemory, ...memory };
    this.#observation = observation;
  }

  #case() {
    const variation = { shown: this.shown, policy: this.#policy, observation: { ...this.#observation } };
    return { ...caseOf({ now: new Date(this.now).toISOString(), ...variation }), memory: this.memory };
  }

  look(time?: string) {
    if (time !== undefined) this.now = at(time);
    const decision = persistentResource.decide(this.#case());
    this.memory = decision.memory;
    this.told.push(...decision.notices.map(({ phase }) => phase));
    return decision;
  }

  /** Looks, twice if it has to, until an operation is decided. */
  act(time?: string) {
    let { action } = this.look(time);
    if (action.do !== "change") {
      this.now += 2 * minute;
      ({ action } = this.look());
    }
    if (action.do !== "change") throw new Error(`nothing to do: ${this.look().why}`);
    return action;
  }

  end(change: Parameters<typeof heldFor>[0], cls?: FailureClass) {
    const end =
      cls === undefined ? { end: "done" as const, note: "" } : { end: "failed" as const, class: cls, note: cls };
    const after = persistentResource.afterSettling(this.#case(), heldFor(change, { claimedAt: this.now }), end);
    this.memory = after.memory;
    return after;
  }

  /** A create that fails, and what it leaves. */
  fail(cls: FailureClass, leaves: PersistentResource | "absent" = "absent") {
    const { change } = this.act();
    expect(change.kind).toBe("create");
    this.shown = leaves;
    return this.end(change, cls);
  }
}

/** What a failed create leaves: in ERROR, and never started. */
function wreck(createTime: string, of: Partial<PersistentResource> = {}): PersistentResource {
  const { startTime: _, ...never } = resource;
  return { ...never, ...of, state: "ERROR", createTime, error: { code: 8, message: "out of stock" } };
}

describe("whose is it", () => {
  const theirs = { ...resource, createTime: "2026-11-20T07:40:00Z", startTime: "2026-11-20T07:50:00Z" };
  it.each<[what: string, shown: PersistentResource]>([
    ["other machines", { ...theirs, resourcePools: pools("a2-megagpu-16g", "8") }],
    ["another size", withPool({ replicaCount: "7" }, theirs)],
  ])("%s, made by somebody else after ours had failed: theirs, and neither slept nor rebuilt", (_what, shown) => {
    const life = new Life({}, { sleep }, { restore });
    life.fail("stockout");
    life.shown = shown;
    expect(life.look("2026-11-20T08:00:00Z")).toMatchObject({ phase: "drifted", action: { do: "nothing" } });
    expect(life.told).toEqual(["drifted"]);
    expect(life.look(night).phase).toBe("drifted");
  });

  it("what ours asked for, seen only after it was given up: ours", () => {
    const life = new Life({}, { sleep }, { restore });
    life.fail("unavailable");
    life.shown = theirs;
    expect(life.look("2026-11-20T08:00:00Z")).toMatchObject({ phase: "up" });
    expect(life.memory.sleep).toBeUndefined();
  });

  it("an apply that edits the alternatives while one is being built: it stands in for the record all the same", () => {
    const life = new Life({ restore: restoring }, { sleep: { ...sleep, alternative: 1 } }, { restore });
    const { change } = life.act();
    const after = new Life({}, life.memory, { restore });
    after.shown = { ...theirs, createTime: morning, resourcePools: alternative.resourcePools };
    after.end(change);
    expect(after.memory.standIn).toEqual({ restoreId, createTime: morning, sizes: { "pool-1": 2 } });
  });
});

describe("what is there after all", () => {
  it.each<FailureClass>(["invalid", "no-effect"])(
    "ends a create that was given up with %s: it is rebuilt in the morning",
    (cls) => {
      const life = new Life({ spec });
      life.fail(cls);
      expect(life.look().rule).toBe("parked");
      life.shown = withPool({ replicaCount: "4" }, { ...resource, createTime: "2026-11-20T07:20:00Z" });
      expect(life.look("2026-11-20T11:00:00Z").phase).toBe("up");
      expect(life.memory.attemptsAt).toBeUndefined();
      life.look(night);
      const { change } = life.act();
      life.shown = "absent";
      life.end(change);
      const restored = { ...restore, body: { ...spec } as never };
      const monday = new Life({ spec }, life.memory, { restore: restored });
      expect(monday.act("2026-11-23T07:05:00Z").change.kind).toBe("create");
    },
  );

  it("built from an alternative while its target was out of the fleet: it stands in for the record", () => {
    const life = new Life({ restore: restoring }, { sleep: { ...sleep, alternative: 1 } }, { restore });
    const { change } = life.act();
    const left = afterLeaving(life.memory, heldFor(change), { end: "done", note: "" });
    expect(left).not.toHaveProperty("sleep");
    const back = new Life({ restore: restoring }, left, { restore });
    back.shown = { ...resource, createTime: "2026-11-20T07:05:00Z", resourcePools: alternative.resourcePools };
    expect(back.look("2026-11-20T09:00:00Z").phase).toBe("up");
    expect(back.memory.standIn).toMatchObject({ restoreId, createTime: "2026-11-20T07:05:00Z" });
  });
});

describe("its wreck", () => {
  it("that goes away by itself, or by somebody's hand, was nobody's: it is created again when it is time", () => {
    const life = new Life({ spec });
    life.fail("stockout", wreck("2026-11-20T07:00:10Z"));
    life.look();
    // Get may answer 404 for a moment: a create sent for that would find the wreck in its way.
    life.shown = "absent";
    expect(life.look("2026-11-20T07:01:00Z").phase).toBe("unknown");
    expect(life.act("2026-11-20T07:03:00Z").change.kind).toBe("create");
    expect(life.told).toEqual(["waiting-for-capacity"]);
  });

  it.each<[FailureClass, phase: string]>([
    ["quota", "error"],
    ["invalid", "error"],
  ])("whose delete is refused once does not bring a create that failed with %s forward", (cls, phase) => {
    const life = new Life({ spec });
    life.fail(cls, wreck("2026-11-20T07:00:10Z"));
    const failed = life.memory.attemptsAt?.create;
    life.end(life.act().change, "busy");
    const { change } = life.act("2026-11-20T07:10:00Z");
    expect(change.kind).toBe("delete");
    life.shown = "absent";
    life.end(change);
    expect(life.memory.attemptsAt).toEqual({ create: failed });
    expect(life.look("2026-11-20T07:14:00Z")).toMatchObject({ action: { do: "nothing" }, phase });
  });

  it("that shows no sizes is nobody's measure for what comes after it", () => {
    const life = new Life({ spec });
    const bare = spec.resourcePools.map(({ replicaCount: _, ...pool }) => pool);
    life.fail("stockout", wreck("2026-11-20T07:00:10Z", { resourcePools: bare }));
    life.look();
    expect([life.memory.known?.neverRan, life.memory.base]).toEqual([true, undefined]);
  });

  it("that comes up after all is ours, with its sizes", () => {
    const life = new Life({ spec });
    const left = wreck("2026-11-20T07:00:10Z", { resourcePools: spec.resourcePools });
    life.fail("unavailable", left);
    life.look();
    life.shown = { ...left, state: "RUNNING", startTime: "2026-11-20T07:20:00Z" };
    expect(life.look("2026-11-20T07:25:00Z").phase).toBe("up");
    expect([life.memory.known?.neverRan, life.memory.base]).toEqual([undefined, { "pool-1": 4 }]);
  });

  it("is none where it was seen running: a field that is missing one day proves nothing", () => {
    const running = withPool({ replicaCount: "4" });
    const life = new Life({ spec }, {}, { verbatim: { ...verbatimOf(running), newField: "x" } });
    life.shown = running;
    // The first look takes a resource that is as the spec says for known.
    expect(life.look("2026-11-20T09:00:00Z").phase).toBe("up");
    life.shown = wreck(resource.createTime ?? "", { resourcePools: running.resourcePools });
    life.memory = { ...life.memory, look: { createTime: resource.createTime ?? "", at: at("2026-11-20T09:58:00Z") } };
    expect(life.look("2026-11-20T10:00:00Z")).toMatchObject({ rule: "repair", action: { do: "nothing" } });
    expect(life.look("2026-11-20T10:31:00Z").rule).toBe("clean-look");
    expect(life.look("2026-11-20T10:33:00Z").rule).toBe("not-rebuildable");
  });
});

describe("a round of tries", () => {
  const policy = { spec, restore: restoring };
  const rest = (life: Life) => Math.round(((life.memory.attemptsAt?.create?.nextAt ?? 0) - life.now) / minute);

  it("the first machines wait for as long as their own failure asks, whatever their alternatives fail with", () => {
    const life = new Life(policy);
    life.fail("quota");
    life.fail("unavailable");
    expect([rest(life), life.memory.attemptsAt?.create?.class]).toEqual([1, "unavailable"]);
    life.now += hour;
    life.fail("stockout");
    expect(life.memory.attemptsAt?.create).toMatchObject({ class: "quota", count: 3 });
    expect([life.memory.due, rest(life)]).toEqual([0, 240]);
  });

  it("ends when somebody has built the first machines: the next morning begins with those", () => {
    const life = new Life(policy);
    life.fail("stockout");
    expect(life.memory.due).toBe(1);
    life.shown = withPool({ replicaCount: "4" }, { ...resource, createTime: "2026-11-20T10:00:00Z" });
    life.memory = { ...life.memory, creating: { at: 0, alternative: 0 } };
    expect(life.look("2026-11-20T11:00:00Z").phase).toBe("up");
    expect(life.memory.due).toBeUndefined();
    life.look(night);
    expect(life.act().change.kind).toBe("delete");
    expect(life.memory.sleep?.alternative).toBe(0);
  });

  it("an alternative has the size that the fleet gives it, and keeps it while it stands in", () => {
    const life = new Life(policy, { due: 1 });
    const { change } = life.act();
    expect(change).toMatchObject({ kind: "create", body: { resourcePools: alternative.resourcePools } });
    life.shown = { ...resource, createTime: morning, resourcePools: alternative.resourcePools };
    life.end(change);
    const up = life.look("2026-11-20T09:00:00Z");
    expect([up.phase, up.action.do, life.memory.standIn]).toEqual([
      "up",
      "nothing",
      { createTime: morning, sizes: { "pool-1": 2 } },
    ]);
    expect(up.why).not.toContain("spec");
  });
});
