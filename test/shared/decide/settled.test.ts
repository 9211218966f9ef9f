import { describe, expect, it } from "vitest";
import type { PersistentResourceMemory } from "../../../shared/decide/memory.ts";
import { fromTheFirst, machinesDue } from "../../../shared/decide/persistent-resource/machines.ts";
import { persistentResource } from "../../../shared/decide/persistent-resource/persistent-resource.ts";
import type { Change, FailureClass, Held, Settlement } from "../../../shared/operations/operation.ts";
import { day, hour, minute } from "../../../shared/time/clock.ts";
import {
  caseOf,
  emptyMemory,
  heldFor,
  knowing,
  name,
  request,
  resource,
  type Variation,
  verbatimOf,
  withPool,
} from "./cases.ts";
import { at } from "./schedules.ts";

const createTime = resource.createTime ?? "";
const restoreId = `${name}@${createTime}`;
const deletion: Change = { kind: "delete", resource: name, createTime, restoreId };
const creation: Change = { kind: "create", resource: name, body: verbatimOf(resource) };
const resize: Change = { kind: "resize", resource: name, createTime, pools: [{ id: "pool-1", replicaCount: 4 }] };
const reboot: Change = { kind: "reboot", resource: name, createTime };
const submission: Change = { kind: "job", resource: name, createTime, eventId: "job-1", customJob: {} };
const now = "2026-11-20T19:10:00Z";
const done: Settlement = { end: "done", note: "it shows" };
const failed = (cls: FailureClass): Settlement => ({ end: "failed", class: cls, note: "as Vertex put it" });
const sleeping = {
  since: at("2026-11-20T19:00:00Z"),
  cause: "off-hours",
  incarnation: createTime,
  restoreId,
  alternative: 0,
} as const;

function settle(change: Change, settlement: Settlement, variation: Partial<Variation> = {}, held: Partial<Held> = {}) {
  return persistentResource.afterSettling(caseOf({ now, ...variation }), heldFor(change, held), settlement);
}

describe("done", () => {
  it("delete: asleep, counted, told with its restore id, nothing known of an incarnation any more", () => {
    const { memory, notices } = settle(deletion, done, {
      shown: "absent",
      memory: { ...knowing(resource), sleep: sleeping },
    });
    expect(memory).toMatchObject({ sleep: sleeping, deletes: [at(now)], base: { "pool-1": 2 } });
    expect(memory.known).toBeUndefined();
    expect(notices).toMatchObject([
      { phase: "asleep", id: `asleep/${restoreId}`, details: { restoreId, cause: "off-hours" } },
    ]);
  });

  describe("delete of what never ran: no cycle, and nobody is told that it sleeps", () => {
    const spec = { resourcePools: resource.resourcePools };
    const wreck = { ...sleeping, neverRan: true } as const;
    const creating = { at: at(now) - hour, alternative: 1 };
    const earlier = { ...sleeping, incarnation: "2026-11-19T07:00:00Z", restoreId: `${name}@2026-11-19T07:00:00Z` };
    it.each<[why: string, Partial<Variation>, sleep: PersistentResourceMemory["sleep"]]>([
      ["out of a sleep: that goes on", { memory: { sleep: earlier, creating } }, earlier],
      [
        "of what the fleet has a spec of: it is as if never tried",
        { memory: { sleep: wreck }, policy: { spec } },
        undefined,
      ],
      ["of what is made of nothing but itself", { memory: { sleep: wreck } }, wreck],
    ])("%s", (_why, variation, sleep) => {
      const { memory, notices } = settle(deletion, done, { shown: "absent", ...variation });
      expect([memory.sleep, memory.deletes, notices]).toEqual([sleep, [], []]);
    });

    it("its create rests as long as it had to, on the machines that are due", () => {
      const create = { count: 2, class: "quota", note: "-", nextAt: at(now) + hour } as const;
      const attemptsAt = { create, delete: { ...create, class: "busy" } } as const;
      const facts = { shown: "absent", policy: { spec } } as const;
      const sleep = { ...wreck, alternative: 1 };
      const { memory } = settle(deletion, done, { ...facts, memory: { sleep, creating, attemptsAt } });
      expect([memory.attemptsAt, memory.creating, memory.due]).toEqual([{ create }, undefined, 1]);
    });

    it("one that failed takes nothing of the sleep back", () => {
      expect(settle(deletion, failed("busy"), { memory: { sleep: earlier } }).memory.sleep).toEqual(earlier);
    });
  });

  it("delete of a stand-in: what is told is what it comes back from", () => {
    const spec = { resourcePools: resource.resourcePools };
    const told = (sleep: NonNullable<PersistentResourceMemory["sleep"]>, policy: Variation["policy"] = {}) =>
      settle(deletion, done, { shown: "absent", memory: { sleep }, policy }).notices[0];
    expect(told({ ...sleeping, restoreId: "original" })?.details).toMatchObject({ restoreId: "original" });
    const bySpec = told({ ...sleeping, fromSpec: true }, { spec });
    expect(bySpec?.details).toEqual({ cause: sleeping.cause });
    expect(bySpec?.why).toContain("is rebuilt from that");
    // The spec has left the fleet file meanwhile: the record is what is left.
    expect(told({ ...sleeping, fromSpec: true })?.details).toMatchObject({ restoreId: sleeping.restoreId });
  });

  it("deletes of more than a day ago are forgotten", () => {
    const { memory } = settle(deletion, done, {
      shown: "absent",
      memory: { deletes: [at(now) - day - 1, at(now) - hour] },
    });
    expect(memory.deletes).toEqual([at(now) - hour, at(now)]);
  });

  it("create: known, awake, its start-up measured, those who asked answered", () => {
    const requests = [request({ type: "wake" })];
    const variation = {
      requests,
      memory: {
        ...emptyMemory,
        known: undefined as never,
        sleep: sleeping,
        attemptsAt: { create: { count: 2, class: "stockout", note: "-", nextAt: 0 } } as const,
      },
    };
    const { memory, notices, answers } = settle(creation, done, variation, {
      eventIds: ["wake-1"],
      claimedAt: at(now) - 11 * minute,
    });
    expect(memory).toMatchObject({ known: { createTime, replicas: { "pool-1": 2 } }, startUps: [11 * minute] });
    expect([memory.sleep, memory.attemptsAt]).toEqual([undefined, undefined]);
    expect(notices).toMatchObject([{ phase: "awake", details: { seconds: 660 } }]);
    expect(answers).toEqual([{ eventId: "wake-1", phase: "done", what: "wake", why: "it shows" }]);
  });

  it.each<[why: string, alternative: number, standIn: PersistentResourceMemory["standIn"]]>([
    ["of an alternative: it stands in for the record", 1, { restoreId, createTime, sizes: { "pool-1": 2 } }],
    ["of the record: it stands in for nothing", 0, undefined],
  ])("create %s", (_why, alternative, standIn) => {
    const creating = { at: at(now) - 11 * minute, alternative };
    const before = { ...emptyMemory, sleep: { ...sleeping, alternative }, creating, standIn: { restoreId: "earlier" } };
    const policy = { restore: { early: 0, alternatives: [{ resourcePools: resource.resourcePools }] } };
    const { memory } = settle(creation, done, { policy, memory: { ...before, known: undefined as never } });
    expect(memory.standIn).toEqual(standIn);
  });

  it("create of an alternative, where there was nothing before it: it stands in for the spec", () => {
    const creating = { at: at(now) - 11 * minute, alternative: 1 };
    const memory = { ...emptyMemory, creating, known: undefined as never };
    const standInWith = (machineType: string) => {
      const resourcePools = resource.resourcePools.map((pool) => ({ ...pool, machineSpec: { machineType } }));
      const policy = { restore: { early: 0, alternatives: [{ resourcePools }] } };
      return settle(creation, done, { policy, memory }).memory.standIn;
    };
    const [{ machineSpec: { machineType = "" } = {} } = {}] = resource.resourcePools;
    expect(standInWith(machineType)).toEqual({ createTime, sizes: { "pool-1": 2 } });
    // Somebody else's, made while ours failed.
    expect(standInWith("a2-highgpu-1g")).toBeUndefined();
  });

  it("create, and somebody has resized it since: ours, a stand-in where it is one, and told as their change", () => {
    const creating = { at: at(now) - minute, alternative: 1, pools: resource.resourcePools };
    const memory = { ...emptyMemory, creating, sleep: { ...sleeping, alternative: 1 }, known: undefined as never };
    const shown = withPool({ replicaCount: "5" });
    const policy = { restore: { early: 0, alternatives: [{ resourcePools: resource.resourcePools }] } };
    const after = settle(creation, done, { shown, policy, memory });
    expect(after.memory.standIn?.restoreId).toBe(restoreId);
    expect(after.memory.drift?.what).toBe("changed while it was being created: pool-1 has 5 replicas instead of 2");
    expect(after.notices.map(({ phase }) => phase)).toEqual(["drifted", "awake"]);
  });

  it("resize: what is known then is what the resource shows then, so it is no drift", () => {
    const shown = withPool({ replicaCount: "4" });
    const requests = [request({ type: "scale", pool: "pool-1", replicas: 4 })];
    const settled = settle(resize, done, { shown, memory: knowing(resource), requests }, { eventIds: ["scale-1"] });
    expect(settled.memory.known).toEqual(knowing(shown).known);
    expect(settled.memory.touchedAt).toBe(at(now));
    expect(settled.answers).toMatchObject([{ eventId: "scale-1", phase: "done" }]);
    expect(settled.requests).toMatchObject([{ eventId: "scale-1", answered: "final" }]);
  });

  it.each<[string, Change, string]>([
    ["job", submission, "job-1"],
    ["reboot", reboot, "reboot-1"],
  ])("%s: answered and closed", (_kind, change, eventId) => {
    const requests = [request({ type: "job", customJob: {} }), request({ type: "reboot" })];
    const settled = settle(change, done, { requests }, { eventIds: [eventId] });
    expect(settled.answers).toMatchObject([{ eventId, phase: "done" }]);
    expect(settled.requests.map((one) => one.eventId)).not.toContain(eventId);
  });
});

describe("failed", () => {
  const scaleRequest = [request({ type: "scale", pool: "pool-1", replicas: 4 })];
  const jobRequest = [request({ type: "job", customJob: {} })];
  it.each<
    [
      why: string,
      Change,
      FailureClass,
      alert: boolean,
      requestEnds: boolean,
      memory: (memory: PersistentResourceMemory) => unknown,
      value: unknown,
    ]
  >([
    [
      "a stockout backs off, and nobody needs to hear of it",
      resize,
      "stockout",
      false,
      false,
      (m) => m.attemptsAt?.resize?.nextAt,
      at(now) + 2 * minute,
    ],
    [
      "a quota waits an hour, and a person hears of it",
      resize,
      "quota",
      true,
      false,
      (m) => m.attemptsAt?.resize?.nextAt,
      at(now) + hour,
    ],
    [
      "no effect: a finding about the service",
      resize,
      "no-effect",
      true,
      true,
      (m) => m.patchBroken?.note,
      "as Vertex put it",
    ],
    ["refused by the service: the same", resize, "invalid", true, true, (m) => m.patchBroken?.note, "as Vertex put it"],
    ["a job that can never run is answered", submission, "invalid", true, true, (m) => m.attemptsAt, undefined],
    ["a job that may have been submitted", submission, "fate-unknown", false, true, (m) => m.attemptsAt, undefined],
    ["a reboot that may have been made", reboot, "fate-unknown", false, true, (m) => m.attemptsAt, undefined],
    [
      "a job that was throttled is tried again",
      submission,
      "throttled",
      false,
      false,
      (m) => m.attemptsAt?.job?.count,
      1,
    ],
    [
      "a delete that lost a race is looked at again at once",
      deletion,
      "conflict",
      false,
      false,
      (m) => m.attemptsAt?.delete?.nextAt,
      at(now),
    ],
    [
      "a create that can never succeed is parked",
      creation,
      "invalid",
      true,
      true,
      (m) => m.attemptsAt?.create?.parked?.why,
      "invalid: as Vertex put it",
    ],
  ])("%s", (_why, change, cls, alert, requestEnds, of, value) => {
    const requests = change.kind === "job" ? jobRequest : scaleRequest;
    const eventIds = requests.map(({ eventId }) => eventId);
    const settled = settle(change, failed(cls), { requests }, { eventIds });
    expect(settled.notices.map(({ phase }) => phase)).toEqual(alert ? ["alert"] : []);
    expect(settled.answers.map(({ phase }) => phase)).toEqual(requestEnds ? ["failed"] : []);
    expect(settled.requests.length).toBe(requestEnds ? 0 : 1);
    expect(of(settled.memory)).toEqual(value);
  });

  it("an apply while an alternative is being created changes what is due, and not what is being created", () => {
    const policy = { restore: { early: 0, alternatives: [{ resourcePools: resource.resourcePools }] } };
    const creating = { at: at(now), alternative: 1 };
    const memory = fromTheFirst({ ...emptyMemory, due: 1, creating });
    expect([memory.due, memory.creating]).toEqual([undefined, creating]);
    const after = settle(creation, failed("quota"), { policy, memory: { due: 0, creating } }).memory;
    expect([after.due, after.setAside?.map(({ alternative }) => alternative)]).toEqual([0, [1]]);
  });

  it("a create that somebody else was faster with: what is there is not taken for ours", () => {
    const creating = { at: at(now), alternative: 1 };
    expect(settle(creation, failed("exists"), { memory: { creating } }).memory.creating).toBeUndefined();
    expect(settle(creation, failed("stockout"), { memory: { creating } }).memory.creating).toBeDefined();
  });

  it("a delete that failed or lapsed leaves no sleep behind", () => {
    for (const settlement of [failed("busy"), { end: "lapsed", note: "never called" } as const]) {
      expect(settle(deletion, settlement, { memory: { sleep: sleeping } }).memory.sleep).toBeUndefined();
    }
  });

  it("what lapsed counts as no try and ends no request", () => {
    const requests = [request({ type: "wake" })];
    const settled = settle(creation, { end: "lapsed", note: "-" }, { requests }, { eventIds: ["wake-1"] });
    expect([settled.memory.attemptsAt, settled.answers, settled.requests]).toEqual([undefined, [], requests]);
  });

  const machines = { resourcePools: resource.resourcePools };
  const twoMore = { restore: { early: 0, alternatives: [machines, machines] } };
  /** Creates that fail one after the other, as soon as they may be tried. @returns what was tried, and what became of it. */
  function creates(answers: readonly FailureClass[], begin: Partial<PersistentResourceMemory> = { sleep: sleeping }) {
    let memory: PersistentResourceMemory = { ...emptyMemory, ...begin };
    let time = at(now);
    const tried: string[] = [];
    const notices: string[] = [];
    const answered: string[] = [];
    for (const cls of answers) {
      const facts = {
        ...caseOf({ now, shown: "absent", policy: twoMore, requests: [request({ type: "wake" })] }),
        memory: { ...memory, creating: { at: time, alternative: machinesDue(memory) } },
        now: time,
      };
      const settled = persistentResource.afterSettling(facts, heldFor(creation, { eventIds: ["wake-1"] }), failed(cls));
      const attempts = settled.memory.attemptsAt?.create;
      const rest = Math.round(((attempts?.nextAt ?? time) - time) / minute);
      tried.push(`${machinesDue(memory)} ${cls}: ${attempts?.parked ? "parked" : rest === 0 ? "next" : `${rest} min`}`);
      notices.push(...settled.notices.map(({ why }) => why));
      answered.push(...settled.answers.map(({ phase }) => phase));
      memory = settled.memory;
      time = attempts?.nextAt ?? time;
    }
    return { memory, tried, notices, answered };
  }

  it.each<[why: string, FailureClass[], tried: string[]]>([
    [
      "no capacity: the next machines at once, and after the last ones a rest",
      ["stockout", "stockout", "stockout", "stockout"],
      ["0 stockout: next", "1 stockout: next", "2 stockout: 8 min", "0 stockout: next"],
    ],
    [
      "an alternative without quota is passed over for six hours, and the first are tried again",
      ["stockout", "quota", "stockout", "stockout", "stockout", "stockout"],
      [
        "0 stockout: next",
        "1 quota: next",
        "2 stockout: 8 min",
        "0 stockout: next",
        "2 stockout: 30 min",
        "0 stockout: next",
      ],
    ],
    [
      "one that is refused, for good: it parks nothing, for the first only lacked capacity",
      ["stockout", "invalid", "denied", "stockout", "stockout"],
      ["0 stockout: next", "1 invalid: next", "2 denied: 8 min", "0 stockout: 16 min", "0 stockout: 30 min"],
    ],
    [
      "the first without quota: others may be had, and the rest is theirs",
      ["quota", "stockout", "stockout", "quota"],
      ["0 quota: next", "1 stockout: next", "2 stockout: 240 min", "0 quota: next"],
    ],
    ["the first refused: what they share with all others is wrong", ["invalid"], ["0 invalid: parked"]],
    ["the first denied: the same", ["denied", "denied"], ["0 denied: 15 min", "0 denied: 30 min"]],
    [
      "what only needs a moment: the same machines again",
      ["stockout", "unavailable", "stockout"],
      ["0 stockout: next", "1 unavailable: 1 min", "1 stockout: next"],
    ],
  ])("%s", (_why, answers, tried) => {
    expect(creates(answers).tried).toEqual(tried);
  });

  it("the same where it is made of the fleet's spec for the first time", () => {
    expect(creates(["stockout", "invalid", "stockout", "stockout"], {}).tried).toEqual([
      "0 stockout: next",
      "1 invalid: next",
      "2 stockout: 8 min",
      "0 stockout: next",
    ]);
  });

  it("who asked waits on while other machines are tried, and people hear what is wrong with an alternative, once", () => {
    const { notices, answered } = creates(["stockout", "quota", "invalid", "stockout"]);
    expect(answered).toEqual([]);
    expect(notices).toEqual([
      "train, alternative 1 of 2: as Vertex put it; it is passed over until Sat 02:10 Europe/Berlin, next try at 20:10 Europe/Berlin",
      'train, alternative 2 of 2: as Vertex put it; it is passed over until "tidekeeper release train" or the next apply, next try at 20:18 Europe/Berlin',
    ]);
    expect(creates(["invalid"]).answered).toEqual(["failed"]);
  });

  it("a release begins with the first machines again, and passes none over", () => {
    const { memory } = creates(["stockout", "invalid"]);
    const facts = caseOf({ now, shown: "absent", policy: twoMore, requests: [request({ type: "release" })] });
    const after = persistentResource.decide({ ...facts, memory }).memory;
    expect([machinesDue(memory), machinesDue(after)]).toEqual([2, 0]);
    expect([memory.setAside, after.setAside]).toEqual([[{ alternative: 1 }], undefined]);
  });

  it("what was set aside is forgotten when it is up", () => {
    const setAside = [{ alternative: 1 }];
    expect(settle(creation, done, { memory: { sleep: sleeping, setAside } }).memory.setAside).toBeUndefined();
  });
});
