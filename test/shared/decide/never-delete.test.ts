/** Properties: what may never happen, whatever the facts. */
import { describe, expect, it } from "vitest";
import type { PersistentResourceCase, PersistentResourceObservation } from "../../../shared/decide/decision.ts";
import type { PersistentResourceMemory } from "../../../shared/decide/memory.ts";
import { persistentResource } from "../../../shared/decide/persistent-resource/persistent-resource.ts";
import { rules } from "../../../shared/decide/rules.ts";
import type { Request, Wish } from "../../../shared/events/requests.ts";
import type { BusyPolicy } from "../../../shared/fleet/fleet.ts";
import { hour, minute } from "../../../shared/time/clock.ts";
import type { PersistentResource } from "../../../shared/vertex/vertex.ts";
import { fc } from "../../properties.ts";
import {
  caseOf,
  emptyMemory,
  idleRule,
  job,
  knowing,
  name,
  noJobs,
  policy,
  resource,
  verbatimOf,
  withPool,
} from "./cases.ts";
import { at, schedule } from "./schedules.ts";

const night = at("2026-11-20T21:00:00Z");
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
/** What stands in the way of a delete comes seldom, or no case would ever reach one. */
const seldom = <T>(value: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 8, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: value });

/** Mostly what lets a delete through, or nearly no case would try one guard alone. */
const mostly = <T>(good: T, any: fc.Arbitrary<T>): fc.Arbitrary<T> =>
  fc.oneof({ weight: 6, arbitrary: fc.constant(good) }, { weight: 1, arbitrary: any });

/** Drops keys without a value: an optional key is absent, never undefined. */
function tidy<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as never;
}

const shown: fc.Arbitrary<PersistentResource> = fc
  .record({
    state: fc.constantFrom(
      "RUNNING",
      "RUNNING",
      "RUNNING",
      "ERROR",
      "PROVISIONING",
      "STOPPING",
      "UPDATING",
      "NEW",
      undefined,
    ),
    createTime: fc.constantFrom(resource.createTime, resource.createTime, "2026-11-20T19:30:00Z", "soon", undefined),
    startTime: fc.constantFrom(resource.startTime, undefined),
    pools: fc.constantFrom(
      ...Array(6).fill(resource.resourcePools),
      withPool({ usedReplicaCount: "1" }).resourcePools,
      withPool({ replicaCount: "5" }).resourcePools,
      withPool({ usedReplicaCount: "?" }).resourcePools,
      [],
    ),
  })
  .map(({ pools, ...more }) => ({ ...tidy(more), name, resourcePools: pools }));

const jobs: fc.Arbitrary<PersistentResourceObservation["jobs"]> = fc.oneof(
  { weight: 1, arbitrary: fc.constant({ look: "absent" } as const) },
  { weight: 1, arbitrary: fc.constant({ look: "unknown", why: "503" } as const) },
  {
    weight: 3,
    arbitrary: fc
      .record({
        items: fc.array(
          fc.constantFrom(job(), job({ jobSpec: { persistentResourceId: "other" } }), { name: "vague" }),
          {
            maxLength: 2,
          },
        ),
        complete: fc.boolean(),
      })
      .map((value) => ({ look: "present" as const, value })),
  },
  { weight: 6, arbitrary: fc.constant({ look: "present", value: { items: [], complete: true } } as const) },
);

const wish: fc.Arbitrary<Wish> = fc.constantFrom<Wish>(
  { type: "scale", pool: "pool-1", replicas: 4 },
  { type: "scale", pool: "pool-9", replicas: 0 },
  { type: "wake" },
  { type: "hold" },
  { type: "release" },
  { type: "job", customJob: { jobSpec: {} } },
  { type: "reboot" },
);

const requests: fc.Arbitrary<readonly Request[]> = fc
  .array(fc.tuple(wish, fc.integer({ min: -3, max: 3 }), fc.constantFrom("accepted", "started", "final")), {
    maxLength: 3,
  })
  .map((list) =>
    list.map(([one, hours, answered], index) => ({
      eventId: `e${index}`,
      wish: one,
      source: "ci",
      publishedAt: night + index,
      storedAt: night - hour,
      expiresAt: night + hours * hour,
      answered: answered as Request["answered"],
    })),
  );

const { known: neverRan = { createTime: "", fingerprint: "", replicas: {} } } = knowing(resource);
const memory: fc.Arbitrary<PersistentResourceMemory> = fc
  .record({
    known: mostly(
      knowing(resource).known,
      fc.constantFrom(undefined, knowing(withPool({ replicaCount: "5" })).known, {
        ...neverRan,
        neverRan: true as const,
      }),
    ),
    look: maybe(
      fc.record({
        createTime: fc.constantFrom(resource.createTime ?? "", resource.createTime ?? "", "x"),
        at: fc.integer({ min: night - hour, max: night }),
      }),
    ),
    sleep: seldom(
      fc.record({
        since: fc.constant(night - 2 * hour),
        cause: fc.constantFrom("off-hours" as const, "idle" as const, "replace" as const, "repair" as const),
        incarnation: fc.constantFrom(resource.createTime ?? "", "2026-11-19T07:00:00Z"),
        restoreId: fc.constant("r"),
        alternative: fc.integer({ min: 0, max: 2 }),
      }),
    ),
    draining: maybe(fc.record({ since: fc.integer({ min: night - 4 * hour, max: night }) })),
    drift: seldom(fc.constant({ since: night - hour, what: "size" })),
    hold: seldom(fc.record({ until: fc.integer({ min: night - hour, max: night + hour }), eventId: fc.constant("h") })),
    errorSince: maybe(fc.constant(night - 2 * hour)),
    lastRelease: maybe(fc.constantFrom(night - 3 * hour, night)),
    mayCreateAt: maybe(fc.integer({ min: night - 30 * hour, max: night })),
    creating: maybe(fc.constant({ at: night - 14 * hour, alternative: 0 })),
    attemptsAt: seldom(
      fc.record({
        delete: fc.record({
          count: fc.constant(1),
          class: fc.constantFrom("stockout" as const, "busy" as const),
          note: fc.constant("-"),
          nextAt: fc.integer({ min: night - hour, max: night + hour }),
        }),
      }),
    ),
    deletes: mostly<number[]>([], fc.array(fc.integer({ min: night - 30 * hour, max: night }), { maxLength: 5 })),
  })
  .map((parts) => structuredClone({ ...emptyMemory, ...tidy(parts) }) as PersistentResourceMemory);

const onBusy: fc.Arbitrary<BusyPolicy> = fc
  .tuple(
    fc.constantFrom("wait" as const, "shrink" as const, "cancel" as const, "skip" as const),
    fc.constantFrom("skip" as const, "cancel" as const),
  )
  .map(([action, then]) => ({ action, maxWait: 2 * hour, then }));

const anyCase: fc.Arbitrary<PersistentResourceCase> = fc
  .record({
    shown: fc.oneof(
      { weight: 20, arbitrary: fc.constant(resource) },
      { weight: 6, arbitrary: shown },
      { weight: 1, arbitrary: fc.constantFrom("absent" as const, "unknown" as const) },
    ),
    jobs: mostly(noJobs, jobs),
    memory,
    requests: mostly<readonly Request[]>([], requests),
    onBusy,
    strategy: fc.constantFrom("patch" as const, "replace" as const, "never" as const),
    up: fc.constantFrom<string[]>([], [], ["mon-fri 08:00-20:00"], ["mon-sun 00:00-24:00"]),
    idle: fc.constantFrom(idleRule, undefined),
    verdict: fc.constantFrom(
      { verdict: "idle", since: night - hour, threshold: 15 * minute } as const,
      { verdict: "unknown", why: "blind" } as const,
    ),
    counterSeen: fc.boolean(),
    outageSince: seldom(fc.constantFrom(night - 2 * hour, night - 30 * minute)),
    mayCreate: mostly<boolean | undefined>(true, fc.constantFrom(false, undefined)),
    verbatim: mostly<"same" | "odd" | undefined>("same", fc.constantFrom("odd", undefined)),
  })
  .map((parts) => {
    const present = typeof parts.shown === "string" ? undefined : parts.shown;
    const facts = caseOf({ now: new Date(night).toISOString(), shown: parts.shown });
    const { verbatim: _v, mayCreate: _m, ...observation } = facts.observation;
    return {
      ...facts,
      policy: {
        ...policy,
        schedule: schedule("Europe/Berlin", parts.up),
        onBusy: parts.onBusy,
        scale: { ...policy.scale, strategy: parts.strategy },
        ...(parts.idle === undefined ? {} : { idle: parts.idle }),
      },
      memory: parts.memory,
      requests: parts.requests,
      observation: {
        ...observation,
        jobs: parts.jobs,
        idle: parts.verdict,
        counterSeen: parts.counterSeen,
        ...(parts.outageSince === undefined ? {} : { outageSince: parts.outageSince }),
        ...(parts.mayCreate === undefined ? {} : { mayCreate: parts.mayCreate }),
        ...(parts.verbatim === undefined || present === undefined
          ? {}
          : { verbatim: { ...verbatimOf(present), ...(parts.verbatim === "odd" ? { coldStandby: true } : {}) } }),
      },
    };
  });

const runs = { numRuns: 3_000 };

describe("whatever the facts", () => {
  it("a delete passes every guard", () => {
    let deletes = 0;
    fc.assert(
      fc.property(anyCase, (facts) => {
        const { action, memory: after } = persistentResource.decide(facts);
        if (action.do !== "change" || action.change.kind !== "delete") return;
        deletes += 1;
        const { observation, memory: before, now } = facts;
        const seen = observation.resource.look === "present" ? observation.resource.value : undefined;
        // The incarnation that was looked at, in a state that is known, with its record and under a second look.
        expect(action.change.createTime).toBe(seen?.createTime);
        expect(["RUNNING", "ERROR"]).toContain(seen?.state);
        expect([action.secondLook, action.restore?.createTime]).toEqual([true, seen?.createTime]);
        const ran = before.known?.createTime === seen?.createTime && before.known?.neverRan === undefined;
        const wreck = seen?.state === "ERROR" && seen.startTime === undefined && !ran;
        // A wreck may be made out of a sleep, which goes on.
        const asleep = wreck ? [seen?.createTime, before.sleep?.incarnation] : [seen?.createTime];
        expect(asleep).toContain(after.sleep?.incarnation);
        // Two clean looks at it.
        expect(before.look?.createTime).toBe(seen?.createTime);
        expect(now - (before.look?.at ?? now)).toBeGreaterThanOrEqual(minute);
        expect(now - (before.look?.at ?? 0)).toBeLessThanOrEqual(30 * minute);
        // Free of jobs, or free to cancel after an announcement. While everything looks idle at once, what ever ran may
        // have jobs, unless a person knows better.
        const list = observation.jobs.look === "present" ? observation.jobs.value : undefined;
        const mine = list?.items.filter((one) => one.jobSpec?.persistentResourceId === "train") ?? [];
        const counted = seen?.resourcePools.some(({ usedReplicaCount }) => usedReplicaCount !== undefined);
        const { outageSince } = observation;
        const doubted = outageSince !== undefined && (after.lastRelease ?? 0) < outageSince && !wreck;
        if (mine.length > 0 || counted || doubted) {
          const { action: kind, then } = facts.policy.onBusy;
          expect(kind === "cancel" || (kind !== "skip" && then === "cancel")).toBe(true);
          expect(now - (before.draining?.since ?? now)).toBeGreaterThanOrEqual(10 * minute);
          expect(after.sleep?.cause).toBe("off-hours");
        } else {
          expect([list?.complete, list?.items.every(({ jobSpec }) => jobSpec !== undefined)]).toEqual([true, true]);
          expect(seen?.resourcePools.every(({ usedReplicaCount }) => usedReplicaCount === undefined)).toBe(true);
          if (seen?.state === "RUNNING")
            expect(observation.counterSeen || observation.idle.verdict === "idle").toBe(true);
        }
        // Permitted, rebuildable, wanted by nobody, bounded.
        expect(observation.mayCreate ?? now - (before.mayCreateAt ?? 0) <= 24 * hour).toBe(true);
        expect(observation.verbatim).not.toHaveProperty("coldStandby");
        const inForce = facts.requests.filter(({ expiresAt }) => expiresAt > now);
        // A release ends the holds before it.
        const lastRelease = inForce.findLastIndex(({ wish: { type } }) => type === "release");
        expect(inForce.slice(lastRelease + 1).some(({ wish: { type } }) => type === "hold")).toBe(false);
        expect(after.hold).toBeUndefined();
        expect(after.drift).toBeUndefined();
        const released = inForce.some(({ wish: { type } }) => type === "release");
        const woken = inForce.some(({ wish: { type } }) => type === "wake");
        const cause = after.sleep?.cause;
        if (cause === "off-hours" || cause === "idle") expect(woken && !released).toBe(false);
        if (after.sleep?.neverRan === undefined) {
          expect(before.deletes.filter((one) => one > now - 24 * hour).length).toBeLessThan(4);
        }
      }),
      runs,
    );
    console.log(`${deletes} deletes in ${runs.numRuns} cases, each past every guard`);
    expect(deletes).toBeGreaterThan(20);
  });

  it("a decision says why in one line, by a known rule, and answers nothing twice", () => {
    fc.assert(
      fc.property(anyCase, (facts) => {
        const { why, rule, answers, requests: open, memory: after } = persistentResource.decide(facts);
        expect(Object.keys(rules)).toContain(rule);
        expect(why).toMatch(/^[A-Z][^\n]+$/);
        expect(why).not.toMatch(/undefined|NaN|null|\[object/);
        const ids = answers.map(({ eventId }) => eventId);
        expect(new Set(ids).size).toBe(ids.length);
        for (const { eventId } of answers) {
          expect(facts.requests.find((one) => one.eventId === eventId)?.answered).not.toBe("final");
        }
        // Whatever leaves has been answered finally, now or before.
        for (const gone of facts.requests.filter(({ eventId }) => !open.some((one) => one.eventId === eventId))) {
          expect(gone.answered === "final" || ids.includes(gone.eventId)).toBe(true);
        }
        // A store can keep it: no undefined hides in it.
        expect(JSON.parse(JSON.stringify(after))).toStrictEqual(after);
      }),
      runs,
    );
  });

  it("is pure: the facts are not changed, and they decide the same again", () => {
    fc.assert(
      fc.property(anyCase, (facts) => {
        const copy = structuredClone(facts);
        const first = persistentResource.decide(facts);
        expect(facts).toEqual(copy);
        expect(persistentResource.decide(copy)).toEqual(first);
      }),
      { numRuns: 500 },
    );
  });

  it("comes to rest: decided again on what it remembers, the same look gives the same memory", () => {
    fc.assert(
      fc.property(anyCase, (facts) => {
        const first = persistentResource.decide(facts);
        if (first.action.do === "change") return;
        const second = persistentResource.decide({ ...facts, memory: first.memory, requests: first.requests });
        const third = persistentResource.decide({ ...facts, memory: second.memory, requests: second.requests });
        expect([third.memory, third.requests]).toEqual([second.memory, second.requests]);
        expect([third.answers, third.notices]).toEqual([[], []]);
      }),
      { numRuns: 2_000 },
    );
  });
});
