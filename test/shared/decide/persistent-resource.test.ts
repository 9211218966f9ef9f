import { describe, expect, it } from "vitest";
import { persistentResource } from "../../../shared/decide/persistent-resource/persistent-resource.ts";
import { hour, minute } from "../../../shared/time/clock.ts";
import {
  caseOf,
  heldFor,
  idleRule,
  job,
  knowing,
  lookedAt,
  name,
  noJobs,
  oneJob,
  policy,
  request,
  resource,
  type Variation,
  verbatimOf,
  withPool,
} from "./cases.ts";
import { at, schedule, weekly } from "./schedules.ts";

const decide = (variation: Variation) => persistentResource.decide(caseOf(variation));

/** What a decision does, in a word or two. */
function does(variation: Variation): string {
  const { action } = decide(variation);
  return action.do === "change" ? action.change.kind : action.do;
}

const night = "2026-11-20T19:05:00Z"; // Friday 20:05 in Berlin
const noon = "2026-11-20T11:00:00Z";
const secondLook = lookedAt(night, minute);
const asleep: Variation["memory"] = {
  sleep: {
    since: at("2026-11-19T19:01:00Z"),
    cause: "off-hours",
    incarnation: "2026-11-19T07:00:00Z",
    restoreId: `${name}@2026-11-19T07:00:00Z`,
    alternative: 0,
  },
};
const record = {
  schema: 1,
  targetKey: name,
  createTime: "2026-11-19T07:00:00Z",
  savedAt: at("2026-11-19T19:01:00Z"),
  resource: {},
  body: { resourcePools: verbatimOf(resource)["resourcePools"] ?? [] },
  replicas: { "pool-1": 2 },
};
const restore = { restore: record };

describe("off-hours: the guards before a delete, in order", () => {
  it.each<[why: string, Variation, what: string, rule: string]>([
    ["a first clean look is only remembered", { now: night }, "nothing", "clean-look"],
    ["59 s later it does not count yet", { now: night, memory: lookedAt(night, 59_000) }, "nothing", "clean-look"],
    ["60 s later it is deleted", { now: night, memory: secondLook }, "delete", "off-hours"],
    [
      "a first look of half an hour ago counts",
      { now: night, memory: lookedAt(night, 30 * minute) },
      "delete",
      "off-hours",
    ],
    ["an older one does not", { now: night, memory: lookedAt(night, 30 * minute + 1) }, "nothing", "clean-look"],
    [
      "a look at another incarnation does not",
      { now: night, memory: lookedAt(night, minute, "2026-11-19T07:00:00Z") },
      "nothing",
      "clean-look",
    ],
    ["a job holds it", { now: night, memory: secondLook, observation: { jobs: oneJob } }, "nothing", "busy"],
    [
      "so does a counter above zero",
      { now: night, shown: withPool({ usedReplicaCount: "1" }), memory: secondLook },
      "nothing",
      "busy",
    ],
    [
      "jobs that cannot be listed",
      { now: night, memory: secondLook, observation: { jobs: { look: "unknown", why: "503" } } },
      "nothing",
      "unknown",
    ],
    [
      "a list that ended early",
      {
        now: night,
        memory: secondLook,
        observation: { jobs: { look: "present", value: { items: [], complete: false } } },
      },
      "nothing",
      "unknown",
    ],
    [
      "a job that does not say where it runs",
      {
        now: night,
        memory: secondLook,
        observation: { jobs: { look: "present", value: { items: [{ name: "x" }], complete: true } } },
      },
      "nothing",
      "unknown",
    ],
    [
      "a job on another resource does not",
      {
        now: night,
        memory: secondLook,
        observation: {
          jobs: {
            look: "present",
            value: { items: [job({ jobSpec: { persistentResourceId: "train-2" } })], complete: true },
          },
        },
      },
      "delete",
      "off-hours",
    ],
    [
      "a counter that cannot be read",
      { now: night, shown: withPool({ usedReplicaCount: "many" }), memory: secondLook },
      "nothing",
      "unknown",
    ],
    [
      "counters never seen above zero prove nothing",
      { now: night, memory: secondLook, observation: { counterSeen: false } },
      "nothing",
      "unknown",
    ],
    [
      "unless the job list was empty for twice the threshold",
      {
        now: night,
        memory: secondLook,
        observation: { counterSeen: false, idle: { verdict: "idle", since: at(night) - hour, threshold: 30 * minute } },
      },
      "delete",
      "off-hours",
    ],
    [
      "what is needed to rebuild it is read first",
      { now: night, memory: { ...secondLook }, observation: { verbatim: verbatimOf(withPool({ replicaCount: "9" })) } },
      "nothing",
      "unknown",
    ],
    [
      "without permission to rebuild it stays",
      { now: night, memory: secondLook, observation: { mayCreate: false } },
      "nothing",
      "permission",
    ],
    [
      "with a field that we cannot reproduce it stays",
      { now: night, memory: secondLook, observation: { verbatim: { ...verbatimOf(resource), coldStandby: true } } },
      "nothing",
      "not-rebuildable",
    ],
    [
      "deleted four times today: it stays",
      { now: night, memory: { ...secondLook, deletes: [1, 2, 3, 4].map((hours) => at(night) - hours * hour) } },
      "nothing",
      "cycles-per-day",
    ],
    [
      "deletes of yesterday do not count",
      { now: night, memory: { ...secondLook, deletes: [25, 26, 27, 28].map((hours) => at(night) - hours * hour) } },
      "delete",
      "off-hours",
    ],
    [
      "a failed delete backs off",
      {
        now: night,
        memory: {
          ...secondLook,
          attemptsAt: { delete: { count: 1, class: "busy", note: "409", nextAt: at(night) + 1 } },
        },
      },
      "nothing",
      "off-hours",
    ],
    [
      "a failed create of the morning holds up no delete",
      {
        now: night,
        memory: {
          ...secondLook,
          attemptsAt: { create: { count: 1, class: "stockout", note: "-", nextAt: at(night) + hour } },
        },
      },
      "delete",
      "off-hours",
    ],
  ])("%s", (_why, variation, what, rule) => {
    expect([does(variation), decide(variation).rule]).toEqual([what, rule]);
  });

  it("asks for what is missing before it deletes: the resource verbatim, and permission of this day", () => {
    const facts = caseOf({ now: night, memory: secondLook });
    const { verbatim: _v, mayCreate: _m, ...cheap } = facts.observation;
    const asks = (memory: object) => {
      const { action } = persistentResource.decide({
        ...facts,
        observation: cheap,
        memory: { ...facts.memory, ...memory },
      });
      return action.do === "look-closer" ? action.need : action.do;
    };
    expect(asks({})).toEqual(["verbatim", "permission"]);
    expect(asks({ mayCreateAt: at(night) - 24 * hour })).toEqual(["verbatim"]);
    expect(asks({ mayCreateAt: at(night) - 24 * hour - 1 })).toEqual(["verbatim", "permission"]);
  });

  it("deletes the incarnation looked at, with the restore record of the settled up state, under a second look", () => {
    const shown = withPool({ replicaCount: "1" });
    const { known } = knowing(shown);
    const variation: Variation = {
      now: night,
      shown,
      memory: { ...secondLook, known: { createTime: "", fingerprint: "", ...known, replicas: { "pool-1": 6 } } },
    };
    const { action, why } = decide(variation);
    expect(action).toEqual({
      do: "change",
      change: {
        kind: "delete",
        resource: name,
        createTime: resource.createTime,
        restoreId: `${name}@${resource.createTime}`,
      },
      attempt: 1,
      eventIds: [],
      secondLook: true,
      restore: {
        schema: 1,
        targetKey: name,
        createTime: resource.createTime,
        savedAt: at(night),
        resource: verbatimOf(shown),
        body: { resourcePools: verbatimOf(withPool({ replicaCount: "6" }))["resourcePools"] },
        replicas: { "pool-1": 6 },
      },
    });
    expect(why).toBe(
      "Off-hours since 20:00 (outside the windows of schedule office Europe/Berlin), 5 min late, no job on it: delete, rebuilt from Mon 07:48 Europe/Berlin",
    );
  });

  it("a second look under the claim, with what the claim remembered, says the same change", () => {
    const first = decide({ now: night, memory: secondLook });
    const again = persistentResource.decide({ ...caseOf({ now: "2026-11-20T19:05:02Z" }), memory: first.memory });
    expect(again.action.do === "change" && again.action.change).toEqual(
      first.action.do === "change" && first.action.change,
    );
  });

  it.each<[why: string, Variation]>([
    ["a job that came in between", { now: night, observation: { jobs: oneJob } }],
    ["a wake", { now: night, requests: [request({ type: "wake" })] }],
    ["a job request", { now: night, requests: [request({ type: "job", customJob: { jobSpec: {} } })] }],
    ["a hold", { now: night, requests: [request({ type: "hold" })] }],
    ["another incarnation", { now: night, shown: { ...resource, createTime: "2026-11-20T19:04:59Z" } }],
    ["a look that failed", { now: night, shown: "unknown" }],
  ])("%s cancels it", (_why, variation) => {
    const first = decide({ now: night, memory: secondLook });
    expect(first.action.do).toBe("change");
    const { action } = persistentResource.decide({ ...caseOf(variation), memory: first.memory });
    expect(action.do === "change" && action.change.kind === "delete").toBe(false);
  });

  it("ticks at 19:55 and then at 23:10 only: deleted for now, 190 min late", () => {
    expect(does({ now: "2026-11-20T18:55:00Z" })).toBe("nothing");
    const late = "2026-11-20T22:10:00Z";
    expect(decide({ now: late, memory: lookedAt(late, minute) }).why).toContain("190 min late");
  });

  it("after a wake has ended, lateness counts from its end", () => {
    const late = "2026-11-20T22:10:00Z";
    const wake = request({ type: "wake" }, { expiresAt: at("2026-11-20T22:08:00Z"), answered: "final" });
    expect(decide({ now: late, memory: lookedAt(late, minute), requests: [wake] }).why).not.toContain("late");
  });
});

describe("priority: hold, wake, exception, window, idle, scale, nothing", () => {
  const idleNow = { idle: { verdict: "idle", since: at(noon) - hour, threshold: 15 * minute } } as const;
  it.each<[why: string, Variation, rule: string, what: string]>([
    [
      "a hold on a pool that should be off",
      { now: night, memory: { ...secondLook, hold: { until: at(night) + hour, eventId: "h" } } },
      "hold",
      "nothing",
    ],
    [
      "a hold on a pool deleted for the night is no reason to create it",
      { now: night, shown: "absent", memory: { ...asleep, hold: { until: at(night) + hour, eventId: "h" } } },
      "hold",
      "nothing",
    ],
    [
      "a hold that has ended",
      { now: night, memory: { ...secondLook, hold: { until: at(night), eventId: "h" } } },
      "off-hours",
      "delete",
    ],
    [
      "a wake at night",
      { now: night, shown: "absent", memory: asleep, observation: restore, requests: [request({ type: "wake" })] },
      "wake",
      "create",
    ],
    [
      "a closed day",
      {
        now: noon,
        policy: { schedule: schedule("Europe/Berlin", ["mon-fri 08:00-20:00"], ["closed 2026-11-20"]) },
        memory: lookedAt(noon, minute),
      },
      "exception",
      "delete",
    ],
    [
      "idle inside the window",
      { now: noon, policy: { idle: idleRule }, memory: lookedAt(noon, minute), observation: idleNow },
      "idle",
      "delete",
    ],
    [
      "a wake keeps an idle pool",
      {
        now: noon,
        policy: { idle: idleRule },
        memory: lookedAt(noon, minute),
        observation: idleNow,
        requests: [request({ type: "wake" })],
      },
      "wake",
      "nothing",
    ],
    [
      "a scale request that is in force does not",
      {
        now: noon,
        policy: { idle: idleRule },
        memory: lookedAt(noon, minute),
        observation: idleNow,
        requests: [request({ type: "scale", pool: "pool-1", replicas: 2 }, { answered: "final" })],
      },
      "idle",
      "delete",
    ],
    [
      "an unanswered one claims the pool",
      {
        now: noon,
        policy: { idle: idleRule },
        memory: lookedAt(noon, minute),
        observation: idleNow,
        requests: [request({ type: "scale", pool: "pool-1", replicas: 4 })],
      },
      "scale-request",
      "resize",
    ],
    ["without an idle rule idleness is nothing", { now: noon, observation: idleNow }, "window", "nothing"],
    [
      "a scale request",
      { now: noon, requests: [request({ type: "scale", pool: "pool-1", replicas: 4 })] },
      "scale-request",
      "resize",
    ],
    ["nothing", { now: noon }, "window", "nothing"],
  ])("%s", (_why, variation, rule, what) => {
    const decision = decide(variation);
    expect([decision.rule, does(variation)]).toEqual([rule, what]);
  });

  it.each<[why: string, Variation]>([
    ["it is a Ray cluster", { now: noon, shown: { ...resource, resourceRuntimeSpec: { raySpec: {} } } }],
    ["it is younger than its grace", { now: noon, shown: { ...resource, startTime: "2026-11-20T10:55:00Z" } }],
    ["it was resized since", { now: noon, memory: { ...lookedAt(noon, minute), touchedAt: at(noon) - 10 * minute } }],
    ["a wake ended since", { now: noon, memory: { ...lookedAt(noon, minute), excusedUntil: at(noon) - 10 * minute } }],
    [
      "its window began since",
      {
        now: "2026-11-20T07:10:00Z",
        shown: { ...resource, createTime: "2026-11-20T06:00:00Z", startTime: "2026-11-20T06:10:00Z" },
      },
    ],
    ["the fresh look shows a job", { now: noon, observation: { jobs: oneJob } }],
    [
      "the verdict is about an earlier incarnation",
      {
        now: noon,
        observation: { idle: { verdict: "idle", since: at("2026-11-20T06:59:00Z"), threshold: 15 * minute } },
      },
    ],
  ])("not idle, because %s", (_why, variation) => {
    const since = at(variation.now) - hour;
    const idle = {
      verdict: "idle",
      since: Math.max(since, at("2026-11-20T07:00:01Z")),
      threshold: 15 * minute,
    } as const;
    const facts = { ...variation, policy: { idle: idleRule }, observation: { idle, ...variation.observation } };
    expect(does({ ...facts, memory: { ...lookedAt(variation.now, minute), ...variation.memory } })).toBe("nothing");
  });

  describe("an idle sleep is worth beginning", () => {
    // Noon in Berlin, and a break until half past twelve.
    const lunch = (early: number) => ({
      policy: {
        idle: idleRule,
        schedule: schedule("Europe/Berlin", ["fri 08:00-12:00", "fri 12:30-20:00"]),
        restore: { early, alternatives: [] },
      },
    });
    const idleAt = (now: string, more: Partial<Variation>): Variation => ({
      now,
      memory: lookedAt(now, minute),
      observation: { idle: { verdict: "idle", since: at("2026-11-20T07:30:00Z"), threshold: 15 * minute } },
      ...more,
    });
    it.each<[why: string, Variation, what: string]>([
      ["not when it would be brought back before now", idleAt("2026-11-20T10:50:00Z", lunch(45 * minute)), "nothing"],
      ["nor when that would be now", idleAt("2026-11-20T10:45:00Z", lunch(45 * minute)), "nothing"],
      ["nor when recreating costs as much", idleAt("2026-11-20T10:15:00Z", lunch(45 * minute)), "nothing"],
      ["but a minute before that", idleAt("2026-11-20T10:14:00Z", lunch(45 * minute)), "delete"],
      [
        "nor where recreating costs nothing and that would be now",
        idleAt("2026-11-20T10:45:00Z", {
          policy: { ...lunch(45 * minute).policy, idle: { ...idleRule, recreateCost: 0 } },
        }),
        "nothing",
      ],
      [
        "and where no window is ahead",
        idleAt("2026-11-20T18:59:00Z", {
          policy: { idle: idleRule, schedule: schedule("Europe/Berlin", [], ["open 2026-11-20 08:00-20:00"]) },
        }),
        "delete",
      ],
    ])("%s", (_why, variation, what) => expect(does(variation)).toBe(what));

    it("says why not", () => {
      expect(decide(idleAt("2026-11-20T10:30:00Z", lunch(45 * minute))).why).toBe(
        "Up until 12:00 Europe/Berlin: window fri 08:00-12:00 Europe/Berlin; no job on it. Idle for 3h, longer than 15m, but kept up: it would be rebuilt from 11:45 Europe/Berlin, and recreating it costs as much as 30m of idleness",
      );
    });
  });

  it("a Ray cluster sleeps for idleness where the fleet says so", () => {
    const shown = { ...resource, resourceRuntimeSpec: { raySpec: {} } };
    const memory = lookedAt(noon, minute);
    expect(does({ now: noon, shown, memory, policy: { idle: { ...idleRule, ray: true } }, observation: idleNow })).toBe(
      "delete",
    );
  });
});

describe("everything turned idle at once, which looks like an outage", () => {
  const since = at(noon) - 30 * minute;
  const idle = { verdict: "idle", since: at(noon) - hour, threshold: 15 * minute } as const;
  const outage = { outageSince: since, idle };
  const released = (storedAt: number) => [request({ type: "release" }, { storedAt, expiresAt: at(night) + hour })];
  const broken = { ...resource, state: "ERROR" };
  const { startTime: _never, ...wreck } = broken;
  const errorSince = at(noon) - hour;
  it.each<[why: string, Variation, what: string]>([
    ["not deleted for the off-hours", { now: night, memory: secondLook }, "nothing"],
    [
      "nor where only the job list says that no job runs",
      { now: night, memory: secondLook, observation: { ...outage, counterSeen: false } },
      "nothing",
    ],
    ["nor for idleness", { now: noon, policy: { idle: idleRule }, memory: lookedAt(noon, minute) }, "nothing"],
    [
      "nor to be created anew in another size",
      {
        now: noon,
        policy: { scale: { ...policy.scale, strategy: "replace" } },
        memory: lookedAt(noon, minute),
        requests: [request({ type: "scale", pool: "pool-1", replicas: 4 })],
      },
      "nothing",
    ],
    ["nor to be repaired", { now: noon, shown: broken, memory: { ...lookedAt(noon, minute), errorSince } }, "nothing"],
    ["nor rebooted", { now: noon, requests: [request({ type: "reboot" })] }, "nothing"],
    [
      "a wreck that never ran is cleared away",
      { now: noon, shown: wreck, memory: { ...lookedAt(noon, minute), errorSince } },
      "delete",
    ],
    ["at night too", { now: night, shown: wreck, memory: { ...secondLook, errorSince } }, "delete"],
    [
      "a release since then says that no job runs",
      { now: night, memory: secondLook, requests: released(since + minute) },
      "delete",
    ],
    [
      "for idleness too",
      { now: noon, policy: { idle: idleRule }, memory: lookedAt(noon, minute), requests: released(since) },
      "delete",
    ],
    ["not one from before it", { now: night, memory: secondLook, requests: released(since - 1) }, "nothing"],
    ["and is remembered", { now: night, memory: { ...secondLook, lastRelease: since } }, "delete"],
    ["for that outage alone", { now: night, memory: { ...secondLook, lastRelease: since - hour } }, "nothing"],
    [
      "a resize goes on, and so does a job",
      { now: noon, policy: { idle: idleRule }, requests: [request({ type: "scale", pool: "pool-1", replicas: 4 })] },
      "resize",
    ],
    [
      "also beside a replacement that waits",
      {
        now: noon,
        policy: { scale: { ...policy.scale, strategy: "replace" } },
        requests: [
          request({ type: "scale", pool: "pool-1", replicas: 4 }, { publishedAt: 1 }),
          request({ type: "job", customJob: { jobSpec: {} } }, { publishedAt: 2 }),
        ],
      },
      "job",
    ],
    [
      "and the size of a window",
      {
        now: noon,
        policy: {
          idle: idleRule,
          schedule: schedule("Europe/Berlin", [weekly("fri 08:00-20:00", { "pool-1": 4 })]),
        },
      },
      "resize",
    ],
  ])("%s", (_why, variation, what) => expect(does({ observation: outage, ...variation })).toBe(what));

  it.each<[why: string, Variation]>([
    ["idleness", { now: noon, policy: { idle: idleRule } }],
    [
      "a new size",
      { now: noon, policy: { scale: { ...policy.scale, strategy: "replace" } }, memory: { base: { "pool-1": 4 } } },
    ],
    ["off-hours", { now: night }],
    ["a reboot", { now: noon, requests: [request({ type: "reboot" })] }],
  ])("the reason says what is waited for and who can end that: %s", (_why, variation) => {
    expect(decide({ observation: outage, ...variation }).why).toContain(
      'nearly every busy pool of us-central1 turned idle in one sample at 11:30 Europe/Berlin, which looks like an outage: jobs may still run on it until a pool that looked idle shows one again, or "tidekeeper release train" says that none does',
    );
  });
});

describe("asleep for idleness, until the first of", () => {
  const idleSleep = {
    sleep: { since: at("2026-11-20T10:00:00Z"), cause: "idle", restoreId: record.createTime, alternative: 0 },
  } as const;
  it.each<[why: string, string, Variation]>([
    ["nothing has come", "nothing", { now: noon }],
    ["a wake", "create", { now: noon, requests: [request({ type: "wake" })] }],
    ["a job", "create", { now: noon, requests: [request({ type: "job", customJob: { jobSpec: {} } })] }],
    [
      "a scale request after the sleep began",
      "create",
      {
        now: noon,
        requests: [request({ type: "scale", pool: "pool-1", replicas: 3 }, { storedAt: at("2026-11-20T10:30:00Z") })],
      },
    ],
    [
      "not one from before",
      "nothing",
      {
        now: noon,
        requests: [
          request(
            { type: "scale", pool: "pool-1", replicas: 3 },
            { storedAt: at("2026-11-20T09:00:00Z"), answered: "final" },
          ),
        ],
      },
    ],
    ["the next window start, less the start-up time", "create", { now: "2026-11-23T06:48:00Z" }],
    ["not a minute earlier", "nothing", { now: "2026-11-23T06:47:59Z" }],
  ])("%s: %s", (_why, what, variation) => {
    expect(
      does({ shown: "absent", memory: idleSleep, observation: restore, policy: { idle: idleRule }, ...variation }),
    ).toBe(what);
  });
});

describe("coming back", () => {
  const away: Omit<Variation, "now"> = { shown: "absent", memory: asleep, observation: restore };
  it.each<[why: string, Variation, what: string, rule: string]>([
    ["in the night it sleeps", { ...away, now: "2026-11-20T03:00:00Z" }, "nothing", "absent"],
    [
      "it is rebuilt early, by 12 min until a start-up was measured",
      { ...away, now: "2026-11-20T06:48:00Z" },
      "create",
      "early-restore",
    ],
    [
      "by the median of what was measured",
      {
        ...away,
        now: "2026-11-20T06:40:00Z",
        memory: { ...asleep, startUps: [10, 20, 90].map((one) => one * minute) },
      },
      "create",
      "early-restore",
    ],
    [
      "and no more than 45 min",
      { ...away, now: "2026-11-20T06:14:59Z", memory: { ...asleep, startUps: [3 * hour] } },
      "nothing",
      "absent",
    ],
    ["at the bell", { ...away, now: "2026-11-20T07:00:00Z" }, "create", "window"],
    ["without its record it is read first", { ...away, observation: {}, now: noon }, "look-closer", "window"],
    [
      "with its record lost, the fleet's spec is what is left",
      {
        ...away,
        observation: { restoreLost: true },
        policy: { spec: { resourcePools: resource.resourcePools } },
        now: noon,
      },
      "create",
      "window",
    ],
    [
      "with its record lost and no spec, nothing is guessed",
      { ...away, observation: { restoreLost: true }, now: noon },
      "nothing",
      "not-rebuildable",
    ],
    ["only what we deleted comes back", { ...away, memory: {}, now: noon }, "nothing", "absent"],
    [
      "or what the fleet has a spec of",
      { ...away, memory: {}, policy: { spec: { resourcePools: resource.resourcePools } }, now: noon },
      "create",
      "window",
    ],
    [
      "but not at night",
      { ...away, memory: {}, policy: { spec: { resourcePools: resource.resourcePools } }, now: night },
      "nothing",
      "absent",
    ],
    [
      "after a stockout it waits",
      {
        ...away,
        now: noon,
        memory: {
          ...asleep,
          attemptsAt: { create: { count: 2, class: "stockout", note: "no machines", nextAt: at(noon) + minute } },
        },
      },
      "nothing",
      "capacity",
    ],
    [
      "and tries again then",
      {
        ...away,
        now: noon,
        memory: {
          ...asleep,
          attemptsAt: { create: { count: 2, class: "stockout", note: "no machines", nextAt: at(noon) } },
        },
      },
      "create",
      "window",
    ],
    [
      "when the window closes it stops trying",
      {
        ...away,
        now: night,
        memory: { ...asleep, attemptsAt: { create: { count: 2, class: "stockout", note: "-", nextAt: at(night) } } },
      },
      "nothing",
      "absent",
    ],
    [
      "parked, it waits for a person",
      {
        ...away,
        now: noon,
        memory: {
          ...asleep,
          attemptsAt: {
            create: { count: 1, class: "invalid", note: "-", nextAt: 0, parked: { at: at(noon), why: "invalid" } },
          },
        },
      },
      "nothing",
      "parked",
    ],
  ])("%s", (_why, variation, what, rule) => {
    expect([does(variation), decide(variation).rule]).toEqual([what, rule]);
  });

  it("comes back at the size that is wanted now: request, then window, then what it had", () => {
    const sizeOf = (variation: Partial<Variation>) => {
      const { action } = decide({ ...away, now: noon, ...variation });
      if (action.do !== "change" || action.change.kind !== "create") return undefined;
      const pools = action.change.body["resourcePools"] as { replicaCount: string }[];
      return pools[0]?.replicaCount;
    };
    const windows = {
      schedule: schedule("Europe/Berlin", [{ days: [5], from: 480, to: 1200, text: "fri", replicas: { "pool-1": 5 } }]),
    };
    expect(sizeOf({})).toBe("2");
    expect(sizeOf({ policy: windows })).toBe("5");
    expect(sizeOf({ policy: windows, requests: [request({ type: "scale", pool: "pool-1", replicas: 3 })] })).toBe("3");
    expect(sizeOf({ policy: { ...windows, scale: { ...policy.scale, strategy: "never" } } })).toBe("2");
  });

  it("tries the fleet's alternatives in order", () => {
    const spec = { resourcePools: [{ machineSpec: { machineType: "n1-standard-16" }, replicaCount: "1" }] };
    const memory = { sleep: { ...asleep.sleep, alternative: 1 } } as NonNullable<Variation["memory"]>;
    const decision = decide({ ...away, now: noon, memory, policy: { restore: { early: 0, alternatives: [spec] } } });
    expect([decision.why, decision.memory.creating?.alternative]).toEqual([
      expect.stringContaining("alternative 1 of 1"),
      1,
    ]);
  });

  describe("what was built from an alternative is put to sleep for the record that it stood in for", () => {
    const first = `${name}@2026-11-16T07:00:00Z`;
    const createTime = resource.createTime ?? "";
    const standIn = { restoreId: first, createTime };
    const restoreIdAfter = (memory: NonNullable<Variation["memory"]>) =>
      decide({ now: night, memory }).memory.sleep?.restoreId;

    it.each<[why: string, NonNullable<Variation["memory"]>, restoreId: string]>([
      ["it is the stand-in", { ...secondLook, standIn }, first],
      ["or one of which only the record was remembered", { ...secondLook, standIn: { restoreId: first } }, first],
      [
        "another one: somebody put it there, and it is rebuilt as it is",
        { ...secondLook, standIn: { ...standIn, createTime: "2026-11-17T07:00:00Z" } },
        `${name}@${createTime}`,
      ],
    ])("%s", (_why, memory, restoreId) => {
      expect(restoreIdAfter(memory)).toBe(restoreId);
    });

    it("or for the fleet's spec, where there was nothing before it: that is asked for first again", () => {
      const spec = { displayName: "by the fleet file", resourcePools: resource.resourcePools };
      const sleep = decide({ now: night, policy: { spec }, memory: { ...secondLook, standIn: { createTime } } }).memory
        .sleep as NonNullable<NonNullable<Variation["memory"]>["sleep"]>;
      expect(sleep).toMatchObject({ restoreId: `${name}@${createTime}`, fromSpec: true });
      const bodyWith = (policy: Variation["policy"]) => {
        const { action } = decide({
          ...away,
          now: noon,
          observation: restore,
          memory: { sleep },
          ...(policy && { policy }),
        });
        return action.do === "change" && action.change.kind === "create" ? action.change.body : undefined;
      };
      expect(bodyWith({ spec })).toMatchObject({ displayName: "by the fleet file" });
      expect(bodyWith(undefined)).toEqual(record.body);
    });

    it("replaced by hand, and released: what is there then comes back", () => {
      const byHand = {
        ...withPool({ machineSpec: { machineType: "a3-highgpu-8g" } }),
        createTime: "2026-11-20T10:00:00Z",
      };
      const drifted = decide({ now: noon, shown: byHand, memory: { ...knowing(resource), standIn } });
      expect(drifted.rule).toBe("drift");
      const facts = caseOf({ now: noon, shown: byHand, requests: [request({ type: "release" })] });
      const { memory } = persistentResource.decide({ ...facts, memory: drifted.memory });
      const look = lookedAt(night, minute, byHand.createTime);
      const asleepThen = persistentResource.decide({
        ...caseOf({ now: night, shown: byHand }),
        memory: { ...memory, ...look },
      });
      expect(asleepThen.memory.sleep?.restoreId).toBe(`${name}@${byHand.createTime}`);
    });

    it("only resized by hand, and released: it is the stand-in still", () => {
      const larger = withPool({ replicaCount: "5" });
      const drifted = decide({ now: noon, shown: larger, memory: { ...knowing(resource), standIn } });
      expect(drifted.rule).toBe("drift");
      const facts = caseOf({ now: night, shown: larger, requests: [request({ type: "release" })] });
      const { memory } = persistentResource.decide({ ...facts, memory: { ...drifted.memory, ...secondLook } });
      expect(memory.sleep?.restoreId).toBe(first);
    });

    it("created again equal by somebody else while an alternative was due: it is theirs, and no stand-in", () => {
      const again = { ...resource, createTime: "2026-11-20T10:30:00Z" };
      const sleep = { ...asleep.sleep, alternative: 1 } as NonNullable<NonNullable<Variation["memory"]>["sleep"]>;
      const creating = { at: at("2026-11-19T10:29:00Z"), alternative: 1 };
      const facts = caseOf({ now: noon, shown: again, observation: restore });
      const memory = {
        kind: "persistentResource",
        deletes: [],
        startUps: [],
        sleep,
        creating,
        standIn: { restoreId: first },
      } as const;
      const { memory: after } = persistentResource.decide({ ...facts, memory });
      expect([after.known?.createTime, after.standIn]).toEqual([again.createTime, undefined]);
    });

    it("shown only after its create was given up: it stands in all the same, whatever is due by then", () => {
      const late = { ...resource, createTime: "2026-11-20T10:30:00Z" };
      const creating = { at: at("2026-11-20T10:29:00Z"), alternative: 1 };
      const policy = { restore: { early: 0, alternatives: [{ resourcePools: resource.resourcePools }] } };
      const facts = caseOf({ now: noon, shown: late, observation: restore, policy });
      const memory = { kind: "persistentResource", deletes: [], startUps: [], ...asleep, creating } as const;
      const { memory: after } = persistentResource.decide({ ...facts, memory });
      expect(after.standIn).toEqual({
        restoreId: asleep.sleep?.restoreId,
        createTime: late.createTime,
        sizes: { "pool-1": 2 },
      });
    });
  });

  describe("an alternative is other machines, and the rest as it was", () => {
    const others = [{ id: "pool-1", machineSpec: { machineType: "n1-standard-16" }, replicaCount: "2" }];
    const kept = { encryptionSpec: { kmsKeyName: "k" }, network: "projects/1/global/networks/n", labels: { a: "b" } };
    const saved = { ...record, body: { ...record.body, ...kept } };
    const spec = { displayName: "by the fleet file", resourcePools: resource.resourcePools };
    const restoring = { early: 0, alternatives: [{ resourcePools: others }] };
    const due = { sleep: { ...asleep.sleep, alternative: 1 } } as NonNullable<Variation["memory"]>;
    it.each<[why: string, Variation, body: object | undefined]>([
      ["adopted, without spec", { now: noon, observation: { restore: saved } }, { ...kept, resourcePools: others }],
      [
        "the record knows what was there, whatever a spec says or leaves out",
        { now: noon, observation: { restore: saved }, policy: { spec } },
        { ...kept, resourcePools: others },
      ],
      [
        "of the fleet's spec, where there never was a record",
        { now: noon, observation: {}, memory: { due: 1 }, policy: { spec } },
        { ...spec, resourcePools: others },
      ],
      [
        "or where the record is lost",
        { now: noon, observation: { restoreLost: true }, policy: { spec } },
        { ...spec, resourcePools: others },
      ],
      ["pools alone are not guessed to be all of it", { now: noon, observation: { restoreLost: true } }, undefined],
    ])("%s", (_why, { policy: more, ...variation }, body) => {
      const facts = { ...away, memory: due, ...variation, policy: { restore: restoring, ...more } };
      const { action } = decide(facts);
      expect(action.do === "change" && action.change.kind === "create" ? action.change.body : undefined).toEqual(body);
    });
  });

  it("alerts at the bell, once, with what is known", () => {
    const memory = {
      ...asleep,
      attemptsAt: { create: { count: 3, class: "stockout", note: "no A100", nextAt: at(noon) + minute } },
    } as const;
    const first = decide({ ...away, now: noon, memory });
    expect(first.notices.map(({ phase }) => phase)).toEqual(["waiting-for-capacity"]);
    expect(first.notices[0]?.why).toContain("no A100");
    expect(persistentResource.decide({ ...caseOf({ ...away, now: noon }), memory: first.memory }).notices).toEqual([]);
  });
});

describe("what comes next", () => {
  it("is the rebuild, which begins before the window, at night and after an idle sleep", () => {
    const gone = { shown: "absent", memory: asleep } as const;
    const off = decide({ now: "2026-11-20T04:00:00Z", ...gone });
    expect(off.why).toContain("; rebuilt from 07:48, for the window at 08:00 Europe/Berlin");
    expect(off.next).toEqual({ at: at("2026-11-20T06:48:00Z"), what: "recreate" });
    expect(does({ now: "2026-11-20T06:47:59Z", ...gone })).toBe("nothing");
    expect(does({ now: "2026-11-20T06:48:00Z", ...gone, observation: restore })).toBe("create");
  });

  it("a hold says who holds it, and how to name it", () => {
    const hold = request({ type: "hold" }, { source: "ann", note: "demo at nine" });
    expect(decide({ now: noon, requests: [hold] }).why).toMatch(/^Held by ann \("demo at nine"\), event hold-1: /);
  });
});

describe("somebody else's hands", () => {
  const other = withPool({ machineSpec: { machineType: "n1-standard-4" } });
  it.each<[why: string, Variation, what: string]>([
    [
      "another size",
      { now: night, shown: withPool({ replicaCount: "5" }), memory: { ...knowing(resource), ...secondLook } },
      "pool-1 replicas 2 -> 5",
    ],
    [
      "created again under the same name",
      { now: night, shown: { ...resource, createTime: "2026-11-20T18:00:00Z" }, memory: knowing(resource) },
      "created again by someone else",
    ],
    [
      "not as the spec says when first seen",
      {
        now: noon,
        shown: other,
        memory: { known: undefined } as never,
        policy: { spec: { resourcePools: resource.resourcePools } },
      },
      "not as the fleet file says",
    ],
    [
      "created again otherwise while asleep",
      { now: noon, shown: other, memory: { ...asleep, known: undefined } as never, observation: restore },
      "created again otherwise",
    ],
    [
      "gone for two minutes",
      { now: noon, shown: "absent", memory: { ...knowing(resource), missing: { since: at(noon) - 2 * minute } } },
      "deleted by someone else",
    ],
  ])("%s: reported and left alone, by day and night", (_why, variation, what) => {
    const decision = decide(variation);
    expect([decision.action.do, decision.rule, decision.phase]).toEqual(["nothing", "drift", "drifted"]);
    expect(decision.memory.drift?.what).toContain(what);
    expect(decision.notices.map(({ phase }) => phase)).toEqual(["drifted"]);
    const later = persistentResource.decide({ ...caseOf({ ...variation, now: night }), memory: decision.memory });
    expect([later.action.do, later.phase, later.notices]).toEqual(["nothing", "drifted", []]);
  });

  it("a release accepts what is there", () => {
    const shown = withPool({ replicaCount: "5" });
    const drifted = decide({ now: noon, shown, memory: knowing(resource) });
    const release = request({ type: "release" });
    const after = persistentResource.decide({
      ...caseOf({ now: noon, shown, requests: [release] }),
      memory: drifted.memory,
    });
    expect([after.phase, after.memory.drift, after.answers.map(({ phase }) => phase)]).toEqual([
      "up",
      undefined,
      ["done"],
    ]);
  });

  it("a spec edited under a running resource is not carried out, and says so until it is deleted and released", () => {
    const spec = { resourcePools: other.resourcePools };
    const edited = { now: noon, policy: { spec } };
    const up = decide(edited);
    expect([up.action.do, up.phase]).toEqual(["nothing", "up"]);
    expect(up.why).toContain(
      'pool-1 machineSpec is {"machineType":"n1-standard-8"} instead of {"machineType":"n1-standard-4"}',
    );
    expect(decide({ ...edited, memory: { standIn: { createTime: resource.createTime ?? "" } } }).why).not.toContain(
      "spec",
    );

    const absent = { ...edited, shown: "absent" } as const;
    const gone = decide({ ...absent, memory: { ...knowing(resource), missing: { since: 0 } } });
    const after = persistentResource.decide({
      ...caseOf({ ...absent, requests: [request({ type: "release" })] }),
      memory: gone.memory,
    });
    expect(after.action).toMatchObject({
      do: "change",
      change: { kind: "create", body: { resourcePools: spec.resourcePools } },
    });
  });

  it("drift outlasts what happens meanwhile: gone, and created again by them, it is still theirs", () => {
    const gone = decide({ now: noon, shown: "absent", memory: { ...knowing(resource), missing: { since: 0 } } });
    expect(gone.phase).toBe("drifted");
    const again = { ...caseOf({ now: night }), memory: { ...gone.memory, ...secondLook } };
    const back = persistentResource.decide(again);
    expect([back.action.do, back.phase, back.memory.known?.createTime]).toEqual([
      "nothing",
      "drifted",
      resource.createTime,
    ]);
  });

  it("a moment's absence is not believed: Get may answer 404 shortly after Create", () => {
    const decision = decide({ now: noon, shown: "absent", memory: knowing(resource) });
    expect([decision.rule, decision.memory.missing]).toEqual(["unknown", { since: at(noon) }]);
  });

  it("what we deleted and Terraform created equal is adopted, deleted again once a night, then left to it", () => {
    const again = { ...resource, createTime: "2026-11-20T20:00:00Z", startTime: "2026-11-20T20:00:00Z" };
    const variation = { now: "2026-11-20T21:00:00Z", shown: again, observation: restore };
    const first = persistentResource.decide({
      ...caseOf(variation),
      memory: { ...caseOf({ now: noon, shown: "absent" }).memory, ...asleep },
    });
    expect([first.rule, first.memory.contested?.times]).toEqual(["clean-look", 1]);
    const second = persistentResource.decide({ ...caseOf(variation), memory: { ...first.memory, ...asleep } });
    expect(second.memory.drift?.what).toContain("another controller");
  });

  it("a resource in the window that somebody restored before us is simply adopted", () => {
    const again = { ...resource, createTime: "2026-11-20T07:30:00Z" };
    const decision = persistentResource.decide({
      ...caseOf({ now: noon, shown: again, observation: restore }),
      memory: { kind: "persistentResource", deletes: [], startUps: [], ...asleep },
    });
    expect([decision.phase, decision.memory.sleep, decision.memory.known?.createTime]).toEqual([
      "up",
      undefined,
      again.createTime,
    ]);
  });
});

describe("states", () => {
  it.each<[string | undefined, rule: string, phase: string]>([
    ["PROVISIONING", "transition", "recreating"],
    ["STOPPING", "transition", "deleting"],
    ["REBOOTING", "transition", "recovering"],
    ["UPDATING", "transition", "scaling"],
    ["HIBERNATING", "unknown", "unknown"],
    ["toString", "unknown", "unknown"],
    [undefined, "unknown", "unknown"],
  ])("%s: waits (%s, %s)", (state, rule, phase) => {
    const { state: _state, ...stateless } = resource;
    const decision = decide({
      now: night,
      memory: secondLook,
      shown: state === undefined ? stateless : { ...resource, state },
    });
    expect([decision.action.do, decision.rule, decision.phase]).toEqual(["nothing", rule, phase]);
  });

  const broken = { ...resource, state: "ERROR", error: { code: 8, message: "no machines" } };
  const { startTime: _never, ...neverRan } = broken;
  it.each<[why: string, Variation, what: string]>([
    [
      "what a failed create left is cleared away after two looks",
      { now: noon, shown: neverRan, memory: lookedAt(noon, minute) },
      "delete",
    ],
    [
      "however often it was",
      {
        now: noon,
        shown: neverRan,
        memory: { ...lookedAt(noon, minute), deletes: [1, 2, 3, 4].map((one) => at(noon) - one * minute) },
      },
      "delete",
    ],
    ["what has run may mend itself", { now: noon, shown: broken, memory: lookedAt(noon, minute) }, "nothing"],
    [
      "after half an hour it is repaired",
      { now: noon, shown: broken, memory: { ...lookedAt(noon, minute), errorSince: at(noon) - 30 * minute } },
      "delete",
    ],
    [
      "not while a job is on it",
      {
        now: noon,
        shown: broken,
        memory: { ...lookedAt(noon, minute), errorSince: at(noon) - hour },
        observation: { jobs: oneJob },
      },
      "nothing",
    ],
    [
      "nor when jobs cannot be listed",
      {
        now: noon,
        shown: neverRan,
        memory: lookedAt(noon, minute),
        observation: { jobs: { look: "unknown", why: "503" } },
      },
      "nothing",
    ],
    [
      "nor when it is not as we left it",
      {
        now: noon,
        shown: broken,
        memory: { ...knowing(withPool({ replicaCount: "9" })), ...lookedAt(noon, minute), errorSince: 0 },
      },
      "nothing",
    ],
  ])("ERROR: %s", (_why, variation, what) => {
    expect(does(variation)).toBe(what);
  });
});

describe("the wreck of a failed create", () => {
  const spec = { resourcePools: resource.resourcePools };
  const { startTime: _never, ...unstarted } = resource;
  const wreck = {
    ...unstarted,
    state: "ERROR",
    error: { code: 8, message: "no machines" },
    createTime: "2026-11-20T10:30:00Z",
  };
  const unsized = resource.resourcePools.map(({ replicaCount: _none, ...pool }) => pool);
  const asleepAndTried = { ...asleep, creating: { at: at("2026-11-20T10:29:00Z"), alternative: 0 } };

  /** Looks at it twice, as two wake-ups do. */
  function lookTwice(variation: Omit<Variation, "now">, memory: Variation["memory"], first = noon) {
    const start = { ...caseOf({ now: first, ...variation }).memory, known: undefined, ...memory } as never;
    const observation = { ...variation.observation, verbatim: verbatimOf(variation.shown as typeof resource) };
    const once = persistentResource.decide({ ...caseOf({ now: first, ...variation, observation }), memory: start });
    const now = new Date(at(first) + minute).toISOString();
    const twice = persistentResource.decide({ ...caseOf({ now, ...variation, observation }), memory: once.memory });
    return { once, twice };
  }

  it.each<[why: string, first: string, shown: typeof resource]>([
    ["in the window", noon, wreck],
    ["after it", night, wreck],
    ["shown without sizes", noon, { ...wreck, resourcePools: unsized }],
  ])("out of a sleep, %s: that sleep goes on through it, with its record", (_why, first, shown) => {
    const { once, twice } = lookTwice({ shown, observation: restore }, asleepAndTried, first);
    expect(once.memory.sleep).toEqual(asleep.sleep);
    expect(twice.action).toMatchObject({ do: "change", change: { kind: "delete", createTime: wreck.createTime } });
    expect(twice.memory.sleep).toEqual(asleep.sleep);
    const held = heldFor(twice.action.do === "change" ? twice.action.change : ({} as never));
    const gone = caseOf({ now: noon, shown: "absent", observation: restore });
    const settled = persistentResource.afterSettling({ ...gone, memory: twice.memory }, held, {
      end: "done",
      note: "-",
    });
    const next = persistentResource.decide({ ...gone, memory: settled.memory });
    expect(next.why).toContain("create from its restore record");
  });

  it("cleared away however often it was, and not under a job", () => {
    const deletes = [1, 2, 3, 4].map((hours) => at(noon) - hours * hour);
    const { twice } = lookTwice({ shown: wreck, observation: restore }, { ...asleepAndTried, deletes }, night);
    expect(twice.action.do).toBe("change");
    expect(lookTwice({ shown: wreck, observation: { ...restore, jobs: oneJob } }, asleepAndTried).twice.action.do).toBe(
      "nothing",
    );
  });

  it("of the fleet's spec: it is no record, and is made of the spec again", () => {
    const shown = { ...wreck, resourcePools: unsized };
    const creating = { at: at("2026-11-20T10:29:00Z"), alternative: 0 };
    const { twice } = lookTwice({ shown, policy: { spec } }, { creating });
    expect(twice.action).toMatchObject({ do: "change", change: { kind: "delete" } });
    expect(twice.memory.sleep).toMatchObject({ neverRan: true });
  });

  it("of a stranger, with nothing else to build it from: only if it could be rebuilt itself", () => {
    expect(lookTwice({ shown: wreck }, {}).twice.action.do).toBe("change");
    expect(lookTwice({ shown: { ...wreck, resourcePools: unsized } }, {}).twice.rule).toBe("not-rebuildable");
  });

  it("that a stranger left in our sleep counts once, and does not end it either", () => {
    const { twice } = lookTwice({ shown: wreck, observation: restore }, asleep, night);
    expect([twice.action.do, twice.memory.contested?.times, twice.memory.sleep]).toEqual(["change", 1, asleep.sleep]);
  });

  it("that comes to life: it is back", () => {
    const { once } = lookTwice({ shown: wreck, observation: restore }, asleepAndTried);
    const running = { ...resource, createTime: wreck.createTime, startTime: "2026-11-20T11:00:00Z" };
    const after = persistentResource.decide({
      ...caseOf({ now: noon, shown: running, observation: restore }),
      memory: once.memory,
    });
    expect([after.phase, after.memory.sleep, after.memory.creating]).toEqual(["up", undefined, undefined]);
  });
});

it("decides the same on the same facts, and settles: a second look at nothing new remembers nothing new", () => {
  for (const now of [noon, night, "2026-11-21T11:00:00Z"]) {
    const once = decide({ now, observation: { jobs: noJobs } });
    const twice = persistentResource.decide({ ...caseOf({ now }), memory: once.memory });
    expect(twice.memory).toEqual(once.memory);
  }
});
