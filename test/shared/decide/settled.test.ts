import { describe, expect, it } from "vitest";
import type { PersistentResourceMemory } from "../../../shared/decide/memory.ts";
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

  it("delete of what never ran: no cycle, and nobody is told that it sleeps", () => {
    const { memory, notices } = settle(deletion, done, {
      shown: "absent",
      memory: { sleep: { ...sleeping, neverRan: true } },
    });
    expect([memory.deletes, notices]).toEqual([[], []]);
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
        attempts: { count: 2, class: "stockout", note: "-", nextAt: 0 } as const,
      },
    };
    const { memory, notices, answers } = settle(creation, done, variation, {
      eventIds: ["wake-1"],
      claimedAt: at(now) - 11 * minute,
    });
    expect(memory).toMatchObject({ known: { createTime, replicas: { "pool-1": 2 } }, startUps: [11 * minute] });
    expect([memory.sleep, memory.attempts]).toEqual([undefined, undefined]);
    expect(notices).toMatchObject([{ phase: "awake", details: { seconds: 660 } }]);
    expect(answers).toEqual([{ eventId: "wake-1", phase: "done", what: "wake", why: "it shows" }]);
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
      (m) => m.attempts?.nextAt,
      at(now) + 2 * minute,
    ],
    [
      "a quota waits an hour, and a person hears of it",
      resize,
      "quota",
      true,
      false,
      (m) => m.attempts?.nextAt,
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
    ["a job that can never run is answered", submission, "invalid", true, true, (m) => m.attempts, undefined],
    ["a job that may have been submitted", submission, "fate-unknown", false, true, (m) => m.attempts, undefined],
    ["a reboot that may have been made", reboot, "fate-unknown", false, true, (m) => m.attempts, undefined],
    ["a job that was throttled is tried again", submission, "throttled", false, false, (m) => m.attempts?.goal, "job"],
    [
      "a delete that lost a race is looked at again at once",
      deletion,
      "conflict",
      false,
      false,
      (m) => m.attempts?.nextAt,
      at(now),
    ],
    [
      "a create that can never succeed is parked",
      creation,
      "invalid",
      true,
      true,
      (m) => m.attempts?.parked?.why,
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

  it("a delete that failed or lapsed leaves no sleep behind", () => {
    for (const settlement of [failed("busy"), { end: "lapsed", note: "never called" } as const]) {
      expect(settle(deletion, settlement, { memory: { sleep: sleeping } }).memory.sleep).toBeUndefined();
    }
  });

  it("what lapsed counts as no try and ends no request", () => {
    const requests = [request({ type: "wake" })];
    const settled = settle(creation, { end: "lapsed", note: "-" }, { requests }, { eventIds: ["wake-1"] });
    expect([settled.memory.attempts, settled.answers, settled.requests]).toEqual([undefined, [], requests]);
  });

  it("no capacity: the next alternative at once, and after the last one a rest", () => {
    const spec = { resourcePools: resource.resourcePools };
    const policy = { restore: { early: 0, alternatives: [spec, spec] } };
    const tried: [number | undefined, boolean][] = [];
    let memory: PersistentResourceMemory = { ...emptyMemory, sleep: sleeping };
    for (let round = 0; round < 4; round += 1) {
      const facts = { ...caseOf({ now, shown: "absent", policy }), memory };
      memory = persistentResource.afterSettling(facts, heldFor(creation), failed("stockout")).memory;
      tried.push([memory.sleep?.alternative, (memory.attempts?.nextAt ?? 0) > at(now)]);
    }
    expect(tried).toEqual([
      [1, false],
      [2, false],
      [0, true],
      [1, false],
    ]);
  });
});
