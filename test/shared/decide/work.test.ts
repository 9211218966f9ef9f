import { describe, expect, it } from "vitest";
import { persistentResource } from "../../../shared/decide/persistent-resource/persistent-resource.ts";
import type { Request, Wish } from "../../../shared/events/requests.ts";
import type { ScalePolicy } from "../../../shared/fleet/fleet.ts";
import { hour, minute } from "../../../shared/time/clock.ts";
import { caseOf, lookedAt, oneJob, policy, request, resource, type Variation, withPool } from "./cases.ts";
import { at, schedule } from "./schedules.ts";

const noon = "2026-11-20T11:00:00Z";
const night = "2026-11-20T19:05:00Z";
const decide = (variation: Variation) => persistentResource.decide(caseOf(variation));
const does = (variation: Variation) => {
  const { action } = decide(variation);
  return action.do === "change" ? action.change.kind : action.do;
};
const scale = (replicas: number, more: Partial<Request> = {}) =>
  request({ type: "scale", pool: "pool-1", replicas }, more);
const strategy = (of: ScalePolicy["strategy"]) => ({ scale: { ...policy.scale, strategy: of } });
const phases = (variation: Variation) => decide(variation).answers.map(({ eventId, phase }) => `${eventId} ${phase}`);

describe("scale requests", () => {
  it("patch: every pool is sent, the others as they are", () => {
    const shown = {
      ...resource,
      resourcePools: [...resource.resourcePools, { id: "b", machineSpec: {}, replicaCount: "3" }],
    };
    const { action, why } = decide({ now: noon, shown, requests: [scale(4)] });
    expect(action).toMatchObject({
      change: {
        kind: "resize",
        pools: [
          { id: "pool-1", replicaCount: 4 },
          { id: "b", replicaCount: 3 },
        ],
      },
      eventIds: ["scale-1"],
      secondLook: false,
    });
    expect(why).toBe("Asked for by ci: pool-1 2 -> 4 by patch");
  });

  it.each<[why: string, Variation, answers: string[]]>([
    ["done when the size shows", { now: noon, requests: [scale(2)] }, ["scale-1 done"]],
    ["done by a size that shows, at night too", { now: night, requests: [scale(2)] }, ["scale-1 done"]],
    ["not answered twice", { now: noon, requests: [scale(2, { answered: "final" })] }, []],
    [
      "a pool that is not there",
      { now: noon, requests: [request({ type: "scale", pool: "pool-9", replicas: 2 })] },
      ["scale-1 rejected"],
    ],
    ["strategy never", { now: noon, policy: strategy("never"), requests: [scale(4)] }, ["scale-1 rejected"]],
    [
      "autoscaled by Vertex",
      {
        now: noon,
        shown: withPool({ autoscalingSpec: { minReplicaCount: "1", maxReplicaCount: "9" } }),
        requests: [scale(4)],
      },
      ["scale-1 rejected"],
    ],
    [
      "a patch that is known not to work",
      { now: noon, memory: { patchBroken: { at: 0, note: "no change seen" } }, requests: [scale(4)] },
      ["scale-1 failed"],
    ],
    ["expired", { now: noon, requests: [scale(4, { expiresAt: at(noon) })] }, ["scale-1 expired"]],
    [
      "expired after it was fulfilled: nothing more to say",
      { now: noon, requests: [scale(4, { expiresAt: at(noon), answered: "final" })] },
      [],
    ],
    ["waiting for its window", { now: night, requests: [scale(4)] }, []],
  ])("%s", (_why, variation, answers) => expect(phases(variation)).toEqual(answers));

  it.each<[why: string, Variation, to: number | undefined]>([
    ["a request in force outweighs the window", { now: noon, requests: [scale(7, { answered: "final" })] }, 7],
    [
      "the newest one counts",
      { now: noon, requests: [scale(7, { eventId: "a", publishedAt: 2 }), scale(5, { eventId: "b", publishedAt: 3 })] },
      5,
    ],
    ["without it the window counts", { now: noon }, 4],
    [
      "clamped to bounds that were narrowed since",
      {
        now: noon,
        policy: { scale: { strategy: "patch", pools: { "pool-1": { min: 1, max: 3 } } } },
        requests: [scale(7)],
      },
      3,
    ],
    [
      "never zero: off is not a size",
      {
        now: noon,
        policy: { scale: { strategy: "patch", pools: { "pool-1": { min: 0, max: 3 } } } },
        requests: [scale(0)],
      },
      1,
    ],
    [
      "a resize that failed backs off",
      {
        now: noon,
        memory: { attemptsAt: { resize: { count: 1, class: "stockout", note: "-", nextAt: at(noon) + 1 } } },
      },
      undefined,
    ],
  ])("%s", (_why, variation, to) => {
    const window = {
      schedule: schedule("Europe/Berlin", [{ days: [5], from: 480, to: 1200, text: "fri", replicas: { "pool-1": 4 } }]),
    };
    const { action } = decide({ ...variation, policy: { ...window, ...variation.policy } });
    const change = action.do === "change" && action.change.kind === "resize" ? action.change : undefined;
    expect(change?.pools[0]?.replicaCount).toBe(to);
  });

  it("after its expiry the size goes back to the spec, or to what was found", () => {
    const shown = withPool({ replicaCount: "6" });
    expect(decide({ now: noon, shown, memory: { base: { "pool-1": 2 } } }).why).toContain(
      "Sized as it was found: pool-1 6 -> 2",
    );
    expect(decide({ now: noon, shown, policy: { spec: { resourcePools: resource.resourcePools } } }).why).toContain(
      "Sized as the spec says: pool-1 6 -> 2",
    );
  });

  it.each<[why: string, Variation, what: string]>([
    [
      "replace: deletes only after two clean looks",
      { now: noon, policy: strategy("replace"), requests: [scale(4)] },
      "nothing",
    ],
    [
      "replace: and then it does",
      { now: noon, policy: strategy("replace"), memory: lookedAt(noon, minute), requests: [scale(4)] },
      "delete",
    ],
    [
      "replace: never while a job runs",
      {
        now: noon,
        policy: strategy("replace"),
        memory: lookedAt(noon, minute),
        requests: [scale(4)],
        observation: { jobs: oneJob },
      },
      "nothing",
    ],
  ])("%s", (_why, variation, what) => expect(does(variation)).toBe(what));

  it("replace: is created again at the size asked for, and answered when that shows", () => {
    const claimed = decide({
      now: noon,
      policy: strategy("replace"),
      memory: lookedAt(noon, minute),
      requests: [scale(4)],
    });
    if (claimed.action.do !== "change" || !claimed.action.restore) throw new Error("no delete");
    const { restore } = claimed.action;
    expect([claimed.action.eventIds, claimed.answers]).toEqual([["scale-1"], []]);
    const back = persistentResource.decide({
      ...caseOf({
        now: noon,
        shown: "absent",
        policy: strategy("replace"),
        requests: [scale(4)],
        observation: { restore },
      }),
      memory: claimed.memory,
    });
    expect(back.action).toMatchObject({
      change: { kind: "create", body: { resourcePools: [{ replicaCount: "4" }] } },
      eventIds: ["scale-1"],
    });
  });
});

describe("jobs and reboots", () => {
  const customJob = { displayName: "finetune", jobSpec: { workerPoolSpecs: [] } };
  const jobWish: Wish = { type: "job", customJob };

  it("a job is submitted to the resource once it is up, its persistentResourceId filled in", () => {
    const { action, why } = decide({ now: noon, requests: [request(jobWish)] });
    expect(action).toMatchObject({
      change: {
        kind: "job",
        eventId: "job-1",
        customJob: { displayName: "finetune", jobSpec: { workerPoolSpecs: [], persistentResourceId: "train" } },
      },
      eventIds: ["job-1"],
    });
    expect(why).toBe("Asked for by ci, and it is up: run job finetune");
  });

  it.each<[why: string, Variation, what: string]>([
    [
      "at night a job keeps it up",
      { now: night, memory: lookedAt(night, minute), requests: [request(jobWish)] },
      "job",
    ],
    [
      "requests are served in the order of publishing",
      { now: noon, requests: [request(jobWish, { publishedAt: 2 }), scale(4, { publishedAt: 1 })] },
      "resize",
    ],
    [
      "a request that must wait does not hold up the next",
      {
        now: noon,
        requests: [request({ type: "reboot" }, { publishedAt: 1 }), request(jobWish, { publishedAt: 2 })],
        observation: { jobs: oneJob },
      },
      "job",
    ],
    ["a reboot when no job runs", { now: noon, requests: [request({ type: "reboot" })] }, "reboot"],
    [
      "not while one does",
      { now: noon, requests: [request({ type: "reboot" })], observation: { jobs: oneJob } },
      "nothing",
    ],
    [
      "not when jobs cannot be listed",
      { now: noon, requests: [request({ type: "reboot" })], observation: { jobs: { look: "unknown", why: "503" } } },
      "nothing",
    ],
    [
      "a submission that failed backs off",
      {
        now: noon,
        memory: { attemptsAt: { job: { count: 1, class: "throttled", note: "-", nextAt: at(noon) + 1 } } },
        requests: [request(jobWish)],
      },
      "nothing",
    ],
  ])("%s", (_why, variation, what) => expect(does(variation)).toBe(what));

  it.each<[why: string, Variation, answers: string[]]>([
    ["a job without a spec", { now: noon, requests: [request({ type: "job", customJob: {} })] }, ["job-1 rejected"]],
    [
      "a reboot of a Ray cluster",
      {
        now: noon,
        shown: { ...resource, resourceRuntimeSpec: { raySpec: {} } },
        requests: [request({ type: "reboot" })],
      },
      ["reboot-1 rejected"],
    ],
    [
      "anything for a resource that is not there and has no spec",
      {
        now: noon,
        shown: "absent",
        memory: { missing: { since: at(noon) - 3 * minute } },
        requests: [request(jobWish), request({ type: "wake" })],
      },
      ["job-1 rejected", "wake-1 rejected"],
    ],
    ["a wake when it is up", { now: noon, requests: [request({ type: "wake" })] }, ["wake-1 done"]],
    ["a hold takes effect at once", { now: noon, requests: [request({ type: "hold" })] }, ["hold-1 done"]],
    [
      "a release ends wakes before it",
      {
        now: noon,
        requests: [request({ type: "wake" }, { publishedAt: 1 }), request({ type: "release" }, { publishedAt: 2 })],
      },
      ["wake-1 expired", "release-1 done"],
    ],
    [
      "but not those after it",
      {
        now: noon,
        requests: [request({ type: "release" }, { publishedAt: 1 }), request({ type: "wake" }, { publishedAt: 2 })],
      },
      ["release-1 done", "wake-1 done"],
    ],
  ])("%s", (_why, variation, answers) => expect(phases(variation)).toEqual(answers));

  it("a wake that is answered stays in force until it expires", () => {
    const { requests } = decide({ now: noon, requests: [request({ type: "wake" })] });
    expect(requests.map(({ answered }) => answered)).toEqual(["final"]);
    expect(does({ now: night, requests, memory: lookedAt(night, minute) })).toBe("nothing");
    const over = at("2026-11-20T08:00:00Z") + 24 * hour;
    expect(decide({ now: new Date(over).toISOString(), requests }).requests).toEqual([]);
  });

  it("a release unparks, lifts a hold and forgets findings", () => {
    const memory = {
      attemptsAt: { resize: { count: 1, class: "invalid", note: "-", nextAt: 0, parked: { at: 0, why: "invalid" } } },
      hold: { until: at(noon) + hour, eventId: "h" },
      patchBroken: { at: 0, note: "-" },
      notRebuildable: { createTime: resource.createTime ?? "", field: "x" },
    } as const;
    const after = decide({ now: noon, memory, requests: [request({ type: "release" })] });
    expect(Object.keys(memory).filter((key) => key in after.memory)).toEqual([]);
    expect(after.phase).toBe("up");
  });
});
