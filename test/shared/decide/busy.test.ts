import { describe, expect, it } from "vitest";
import { persistentResource } from "../../../shared/decide/persistent-resource/persistent-resource.ts";
import type { BusyPolicy } from "../../../shared/fleet/fleet.ts";
import { hour, minute } from "../../../shared/time/clock.ts";
import { caseOf, idleRule, lookedAt, name, oneJob, policy, resource, type Variation, withPool } from "./cases.ts";
import { at } from "./schedules.ts";

const bell = "2026-11-20T19:00:00Z"; // Friday 20:00 in Berlin
const fromBell = (ms: number) => new Date(at(bell) + ms).toISOString();
const onBusy = (action: BusyPolicy["action"], more: Partial<BusyPolicy> = {}) => ({
  onBusy: { ...policy.onBusy, action, ...more },
});
// biome-ignore lint/suspicious/noThenProperty: the fleet file's own word, for what follows the waiting
const thenCancel = { then: "cancel" } as const;
const draining = { draining: { since: at(bell) } };
/** Waited for since the bell, and told then that its jobs are cancelled in the end. */
const told = (lasts: number) => ({
  draining: { since: at(bell), announced: { at: at(bell), ends: at(bell) + lasts, ...thenCancel } },
});
const busy: Omit<Variation, "now"> = { observation: { jobs: oneJob } };
/** A first look that found jobs. */
const cancelling = ({ look }: ReturnType<typeof lookedAt>) => ({ look: { ...look, cancels: true } as const });
const decide = (variation: Variation) => persistentResource.decide(caseOf(variation));
const does = (variation: Variation) => {
  const { action } = decide(variation);
  return action.do === "change" ? action.change.kind : action.do;
};

describe("a job at the bell", () => {
  it.each<[why: string, Variation, what: string, phase: string]>([
    ["wait: it is waited for", { ...busy, now: bell, policy: onBusy("wait") }, "nothing", "draining"],
    [
      "wait: a minute before maxWait still",
      { ...busy, now: fromBell(2 * hour - minute), policy: onBusy("wait"), memory: draining },
      "nothing",
      "draining",
    ],
    [
      "wait, then skip: after maxWait it is left up",
      { ...busy, now: fromBell(2 * hour), policy: onBusy("wait"), memory: draining },
      "nothing",
      "up",
    ],
    [
      "wait, then cancel: after maxWait, by two looks",
      {
        ...busy,
        now: fromBell(2 * hour),
        policy: onBusy("wait", thenCancel),
        memory: { ...told(2 * hour), ...lookedAt(fromBell(2 * hour), minute) },
      },
      "delete",
      "deleting",
    ],
    [
      "cancel: announced first",
      { ...busy, now: bell, policy: onBusy("cancel"), memory: lookedAt(bell, minute) },
      "nothing",
      "draining",
    ],
    [
      "cancel: ten minutes after the announcement",
      {
        ...busy,
        now: fromBell(10 * minute),
        policy: onBusy("cancel"),
        memory: { ...told(10 * minute), ...lookedAt(fromBell(10 * minute), minute) },
      },
      "delete",
      "deleting",
    ],
    [
      "cancel: both looks may have found jobs",
      {
        ...busy,
        now: fromBell(10 * minute),
        policy: onBusy("cancel"),
        memory: { ...told(10 * minute), ...cancelling(lookedAt(fromBell(10 * minute), minute)) },
      },
      "delete",
      "deleting",
    ],
    [
      "cancel: its job has ended, and the first look that found the job does not count for that",
      {
        now: fromBell(10 * minute),
        policy: onBusy("cancel"),
        memory: { ...told(10 * minute), ...cancelling(lookedAt(fromBell(10 * minute), minute)) },
      },
      "nothing",
      "draining",
    ],
    [
      "cancel: never on a list that ended early, when no job is known",
      {
        now: fromBell(hour),
        policy: onBusy("cancel"),
        memory: { ...draining, ...lookedAt(fromBell(hour), minute) },
        observation: { jobs: { look: "present", value: { items: [], complete: false } } },
      },
      "nothing",
      "unknown",
    ],
    ["skip: left up", { ...busy, now: bell, policy: onBusy("skip") }, "nothing", "up"],
    [
      "wait: the job has ended, and it is deleted by two looks",
      { now: fromBell(hour), policy: onBusy("wait"), memory: { ...draining, ...lookedAt(fromBell(hour), minute) } },
      "delete",
      "deleting",
    ],
    [
      "skip: busy at the bell, idle an hour later: left up",
      {
        now: fromBell(hour),
        policy: onBusy("skip"),
        memory: { draining: { since: at(bell), skipped: true }, ...lookedAt(fromBell(hour), minute) },
      },
      "nothing",
      "up",
    ],
    [
      "the waiting of another night does not count",
      {
        ...busy,
        now: fromBell(hour),
        policy: onBusy("wait"),
        memory: { draining: { since: at(bell) - 20 * hour, skipped: true } },
      },
      "nothing",
      "draining",
    ],
  ])("%s", (_why, variation, what, phase) => {
    expect([does(variation), decide(variation).phase]).toEqual([what, phase]);
  });

  it("draining is told once, so that submitters can look elsewhere", () => {
    const first = decide({ ...busy, now: bell, policy: onBusy("wait") });
    expect(first.notices.map(({ phase, why }) => [phase, why])).toEqual([
      [
        "draining",
        "train is past its window, but 1 job (finetune) on it: waited for until 22:00 Europe/Berlin, then it is left up for this off-time; send new jobs elsewhere",
      ],
    ]);
    const second = persistentResource.decide({ ...caseOf({ ...busy, now: fromBell(minute) }), memory: first.memory });
    expect(second.notices).toEqual([]);
    expect(second.why).toBe(
      "Off-hours (outside the windows of schedule office Europe/Berlin), but 1 job (finetune) on it: waiting for them 1m so far, until 22:00 Europe/Berlin at most, then it is left up for this off-time",
    );
  });

  it.each([
    { what: "cancel instead of skip", policy: onBusy("wait", thenCancel), memory: told(5 * hour) },
    { what: "cancel instead of wait", policy: onBusy("cancel"), memory: draining },
    {
      what: "a shorter wait",
      policy: onBusy("wait", { ...thenCancel, maxWait: hour }),
      memory: told(12 * hour),
    },
  ])("another end than was announced is announced anew: $what", (given) => {
    const now = fromBell(3 * hour);
    const memory = { ...given.memory, ...cancelling(lookedAt(now, minute)) };
    const first = decide({ ...busy, now, policy: given.policy, memory });
    expect(first.action.do).toBe("nothing");
    expect(first.notices.map(({ why }) => why)).toEqual([
      expect.stringMatching(/waited for until 23:10 Europe\/Berlin, then its jobs are cancelled/),
    ]);
    const then = fromBell(3 * hour + 10 * minute);
    const facts = caseOf({ ...busy, now: then, policy: given.policy });
    const last = persistentResource.decide({
      ...facts,
      memory: { ...first.memory, ...cancelling(lookedAt(then, minute)) } as typeof facts.memory,
    });
    expect(last.action).toMatchObject({ do: "change", change: { kind: "delete" } });
    expect(last.why).toContain("announced 10m ago");
  });

  it("waiting ends with the off-time", () => {
    const morning = decide({ now: "2026-11-23T08:00:00Z", memory: draining });
    expect(morning.memory.draining).toBeUndefined();
  });
});

describe("no job at the bell, but everything turned idle at once before it", () => {
  const outage = { observation: { outageSince: at(bell) - minute } };
  const doubt =
    'nearly every busy pool of us-central1 turned idle in one sample at 19:59 Europe/Berlin, which looks like an outage: jobs may still run on it until a pool that looked idle shows one again, or "tidekeeper release train" says that none does';
  it.each<[why: string, Variation, what: string, phase: string]>([
    ["wait, then skip: it stays up", { ...outage, now: bell, memory: lookedAt(bell, minute) }, "nothing", "unknown"],
    [
      "shrink, then skip: it stays up as it is",
      { ...outage, now: bell, shown: withPool({ replicaCount: "6" }), policy: onBusy("shrink") },
      "nothing",
      "unknown",
    ],
    [
      "skip: it stays up",
      { ...outage, now: bell, policy: onBusy("skip"), memory: lookedAt(bell, minute) },
      "nothing",
      "unknown",
    ],
    [
      "not for the night: when the outage has ended it is deleted, however late",
      { now: fromBell(5 * hour), memory: lookedAt(fromBell(5 * hour), minute) },
      "delete",
      "deleting",
    ],
    [
      "cancel: announced first",
      { ...outage, now: bell, policy: onBusy("cancel"), memory: lookedAt(bell, minute) },
      "nothing",
      "draining",
    ],
    [
      "cancel: ten minutes later the jobs that may run do not matter any more",
      {
        ...outage,
        now: fromBell(10 * minute),
        policy: onBusy("cancel"),
        memory: { ...told(10 * minute), ...cancelling(lookedAt(fromBell(10 * minute), minute)) },
      },
      "delete",
      "deleting",
    ],
    [
      "wait, then cancel: until maxWait",
      {
        ...outage,
        now: fromBell(2 * hour - minute),
        policy: onBusy("wait", thenCancel),
        memory: { ...draining, ...lookedAt(fromBell(2 * hour - minute), minute) },
      },
      "nothing",
      "draining",
    ],
    [
      "shrink, then cancel: waited for without shrinking",
      {
        ...outage,
        now: bell,
        shown: withPool({ replicaCount: "6" }),
        policy: onBusy("shrink", thenCancel),
      },
      "nothing",
      "draining",
    ],
  ])("%s", (_why, variation, what, phase) => {
    expect([does(variation), decide(variation).phase]).toEqual([what, phase]);
  });

  it("says what it waits for, and who can end that", () => {
    const waits = decide({ ...outage, now: bell });
    expect([waits.rule, waits.why]).toEqual([
      "outage",
      `Off-hours since 20:00 (outside the windows of schedule office Europe/Berlin), no job on it, but ${doubt}`,
    ]);
    const cancels = decide({ ...outage, now: bell, policy: onBusy("cancel") });
    expect(cancels.why).toBe(
      `Off-hours (outside the windows of schedule office Europe/Berlin), but ${doubt}: waiting for them 0s so far, until 20:10 Europe/Berlin at most, then its jobs are cancelled`,
    );
    expect(cancels.notices.map(({ phase, why }) => [phase, why])).toEqual([
      [
        "draining",
        `train is past its window, but ${doubt}: waited for until 20:10 Europe/Berlin, then its jobs are cancelled; send new jobs elsewhere`,
      ],
    ]);
  });
});

describe("shrink", () => {
  const shown = withPool({ replicaCount: "6", usedReplicaCount: "2" });
  const variation: Variation = { now: bell, shown, policy: onBusy("shrink"), observation: { jobs: oneJob } };
  it.each<[why: string, Variation, sizes: number[] | undefined]>([
    ["to the replicas in use", variation, [2]],
    [
      "not below the fleet's bounds",
      {
        ...variation,
        policy: { ...onBusy("shrink"), scale: { ...policy.scale, pools: { "pool-1": { min: 4, max: 8 } } } },
      },
      [4],
    ],
    [
      "not where counters have never been seen",
      { ...variation, observation: { jobs: oneJob, counterSeen: false } },
      undefined,
    ],
    [
      "not where the counters look out: what they show in use is nothing",
      { ...variation, observation: { jobs: oneJob, outageSince: at(bell) - minute } },
      undefined,
    ],
    [
      "not where a patch is known not to work",
      { ...variation, memory: { patchBroken: { at: 0, note: "-" } } },
      undefined,
    ],
    [
      "not a moment after that was refused",
      {
        ...variation,
        memory: { attemptsAt: { resize: { count: 1, class: "denied", note: "403", nextAt: at(bell) + minute } } },
      },
      undefined,
    ],
    [
      "not what is as small as its use",
      { ...variation, shown: withPool({ replicaCount: "2", usedReplicaCount: "2" }) },
      undefined,
    ],
  ])("%s", (_why, facts, sizes) => {
    const { action, phase } = decide(facts);
    const change = action.do === "change" && action.change.kind === "resize" ? action.change : undefined;
    expect(change?.pools.map(({ replicaCount }) => replicaCount)).toEqual(sizes);
    expect(phase).toBe("draining");
  });

  it("remembers the size of the day for the restore record, although it was shrunk", () => {
    const claimed = decide(variation);
    if (claimed.action.do !== "change") throw new Error("no change");
    const shrunk = withPool({ replicaCount: "2", usedReplicaCount: "2" });
    const held = {
      resource: name,
      targetKey: name,
      change: claimed.action.change,
      attempt: 1,
      claimedAt: at(bell),
      claimedAtWire: 0,
      startBy: 0,
      eventIds: [],
      why: claimed.why,
      seen: "",
    };
    const facts = { ...caseOf({ ...variation, shown: shrunk }), memory: claimed.memory };
    const { memory } = persistentResource.afterSettling(facts, held, { end: "done", note: "2 replicas" });
    expect(memory.known?.replicas).toEqual({ "pool-1": 6 });
    const now = fromBell(hour);
    const idle = withPool({ replicaCount: "2", usedReplicaCount: "0" });
    const later = persistentResource.decide({
      ...caseOf({ now, shown: idle, policy: onBusy("shrink") }),
      memory: { ...memory, ...lookedAt(now, minute) },
    });
    expect(later.action.do === "change" && later.action.restore?.replicas).toEqual({ "pool-1": 6 });
    expect(later.action.do === "change" && later.action.restore?.body["resourcePools"]).toMatchObject([
      { replicaCount: "6" },
    ]);
  });
});

describe("warning before the bell", () => {
  it.each<[why: string, before: number, id: string | undefined]>([
    ["31 minutes before: nothing yet", 31 * minute, undefined],
    ["30 minutes before", 30 * minute, `sleeping-soon/${name}/${at(bell)}/30`],
    ["10 minutes before", 10 * minute, `sleeping-soon/${name}/${at(bell)}/10`],
    ["a tick that comes late warns with the nearer one alone", 3 * minute, `sleeping-soon/${name}/${at(bell)}/10`],
  ])("%s", (_why, before, id) => {
    const { notices } = decide({ now: fromBell(-before), shown: resource });
    expect(notices.map((notice) => notice.id)).toEqual(id === undefined ? [] : [id]);
  });

  it("says what happens to jobs", () => {
    const [notice] = decide({ ...busy, now: fromBell(-10 * minute), policy: onBusy("cancel") }).notices;
    expect(notice?.why).toContain("JOBS THAT STILL RUN THEN ARE CANCELLED; now 1 job (finetune) on it");
  });

  it("is not given for a wake that lasts beyond the bell, but before the wake's own end", () => {
    const wake = {
      eventId: "w",
      wish: { type: "wake" },
      source: "ci",
      publishedAt: 0,
      storedAt: 0,
      answered: "final",
    } as const;
    const requests = [{ ...wake, expiresAt: at(bell) + hour }];
    expect(decide({ now: fromBell(-10 * minute), requests }).notices).toEqual([]);
    expect(decide({ now: fromBell(50 * minute), requests }).notices.map(({ phase }) => phase)).toEqual([
      "sleeping-soon",
    ]);
  });
});

it("after skip, an idle pool still goes to sleep when it may for idleness in the next window", () => {
  const now = "2026-11-23T08:00:00Z";
  const idle = { verdict: "idle", since: at(now) - hour, threshold: 15 * minute } as const;
  const memory = { draining: { since: at(bell), skipped: true as const }, ...lookedAt(now, minute) };
  expect(does({ now, policy: { ...onBusy("skip"), idle: idleRule }, memory, observation: { idle } })).toBe("delete");
});
