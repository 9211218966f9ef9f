import { describe, expect, it } from "vitest";
import { costOf, idleThreshold, learnThreshold } from "../../../shared/decide/idle/auto-idle.ts";
import { idleVerdict, isBlind, observePool, outageAfter, usualIdle } from "../../../shared/decide/idle/idle.ts";
import type { PoolSample } from "../../../shared/decide/idle/pool-sample.ts";
import type { IdleTrack } from "../../../shared/state/documents.ts";
import { hour, minute } from "../../../shared/time/clock.ts";
import { fc } from "../../properties.ts";
import { at } from "./schedules.ts";

const first = "2026-11-20T07:00:00Z";
const begin = at("2026-11-20T09:00:00Z");
const idle: PoolSample = { sample: "idle", createTime: first, counted: true };
const busy: PoolSample = { sample: "busy", createTime: first, why: "1 job on it", jobs: 1 };
const unknown: PoolSample = { sample: "unknown", why: "the jobs cannot be listed" };
const unready: PoolSample = { sample: "unready", createTime: first, why: "it is UPDATING" };
const again = (sample: PoolSample): PoolSample =>
  "createTime" in sample ? { ...sample, createTime: "2026-11-20T09:05:00Z" } : sample;

/** Samples a minute apart, `x3` repeats. */
function run(samples: readonly PoolSample[], step = minute): IdleTrack {
  let track: IdleTrack | undefined;
  samples.forEach((sample, index) => {
    track = observePool(track, sample, begin + index * step);
  });
  if (!track) throw new Error("no sample made a track");
  return track;
}
const times = (count: number, sample: PoolSample) => Array.from({ length: count }, () => sample);

/** The verdict on the newest sample's minute. */
function judge(samples: readonly PoolSample[], options: { counterSeen?: boolean; age?: number } = {}) {
  const now = begin + (samples.length - 1) * minute;
  const facts = {
    track: run(samples),
    takenAtWire: now - (options.age ?? 0),
    counterSeen: options.counterSeen ?? true,
  };
  return idleVerdict(facts, usualIdle, { world: now, wire: now }).verdict;
}

describe("when a pool may be called idle (threshold 15 min, a sample a minute)", () => {
  it.each<[why: string, samples: PoolSample[], verdict: string]>([
    ["idle across the whole threshold", times(16, idle), "idle"],
    ["a minute short of it", times(15, idle), "busy"],
    ["a job in between starts it anew", [...times(10, idle), busy, ...times(15, idle)], "busy"],
    ["and 15 minutes after the job it is idle", [...times(10, idle), busy, ...times(16, idle)], "idle"],
    [
      "two unknown samples freeze the timer: 15 minutes on the clock do not do",
      [...times(8, idle), unknown, unknown, ...times(6, idle)],
      "busy",
    ],
    ["but what was measured before them counts", [...times(8, idle), unknown, unknown, ...times(11, idle)], "idle"],
    ["three reset it", [...times(14, idle), unknown, unknown, unknown, ...times(15, idle)], "busy"],
    ["an unknown newest sample is unknown", [...times(30, idle), unknown], "unknown"],
    ["another incarnation starts anew", [...times(30, idle), ...times(15, again(idle))], "busy"],
    ["so does a resize", [...times(30, idle), unready, ...times(15, idle)], "busy"],
  ])("%s", (_why, samples, verdict) => {
    expect(judge(samples)).toBe(verdict);
  });

  it("where no counter was ever seen above zero, the job list must be empty for twice the threshold", () => {
    expect(judge(times(16, idle), { counterSeen: false })).toBe("busy");
    expect(judge(times(31, idle), { counterSeen: false })).toBe("idle");
  });
  it("a verdict lasts two minutes of wire time", () => {
    expect(judge(times(16, idle), { age: 2 * minute })).toBe("idle");
    expect(judge(times(16, idle), { age: 2 * minute + 1 })).toBe("unknown");
  });
  it("before the first tick nothing is known", () => {
    expect(idleVerdict(undefined, undefined, { world: begin, wire: begin }).verdict).toBe("unknown");
  });
  it("a silence of more than 15 minutes between samples is not idleness", () => {
    expect(run([idle, idle, idle], 5 * minute).idleSince).toBe(begin);
    expect(run([idle, idle, idle], 16 * minute).idleSince).toBe(begin + 32 * minute);
  });
  it("three unknown samples are worth an alert, two are not", () => {
    expect(isBlind(run([idle, unknown, unknown]))).toBe(false);
    expect(isBlind(run([idle, unknown, unknown, unknown]))).toBe(true);
  });
});

describe("gaps, which auto learns from", () => {
  it("a gap is the time from the first idle sample to the next job", () => {
    expect(run([busy, ...times(7, idle), busy]).gaps).toEqual([7 * minute]);
  });
  it("goes on while the pool is asleep: it ends with the next job, on whatever incarnation", () => {
    expect(run([busy, ...times(7, idle), { sample: "absent" }, ...times(5, again(idle)), again(busy)]).gaps).toEqual([
      13 * minute,
    ]);
  });
  it("is not counted when nobody could look for three samples", () => {
    expect(run([busy, idle, unknown, unknown, unknown, idle, busy]).gaps).toEqual([minute]);
  });
  it("a hundred are kept", () => {
    expect(run(Array.from({ length: 250 }, (_, index) => (index % 2 ? idle : busy))).gaps).toHaveLength(100);
  });
});

describe("the learned threshold", () => {
  const B = 30 * minute;
  it("is the usual 15 min where nothing was seen", () => expect(learnThreshold([], B)).toBe(15 * minute));
  it("waits out the gaps of a pool with a job every 10 minutes", () => {
    expect(learnThreshold(Array(100).fill(10 * minute), B)).toBe(10 * minute);
  });
  it("gives up soon on a pool whose gaps are nights", () => {
    expect(learnThreshold(Array(100).fill(12 * hour), B)).toBe(B / 4);
  });
  it("a new pool learns from its neighbours, an old one from itself", () => {
    const policy = { ...usualIdle, after: "auto" as const };
    const neighbours = Array(50).fill(20 * minute);
    expect(idleThreshold(policy, [], neighbours)).toBe(20 * minute);
    expect(idleThreshold(policy, Array(5).fill(9 * minute), neighbours)).toBe(9 * minute);
    expect(idleThreshold({ ...policy, after: 7 * minute }, [], neighbours)).toBe(7 * minute);
  });
  it("is the cheapest of all within [B/4, 2B]", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 300 }), { maxLength: 100 }), (minutes) => {
        const gaps = minutes.map((one) => one * minute);
        const best = learnThreshold(gaps, B);
        expect(best).toBeGreaterThanOrEqual(B / 4);
        expect(best).toBeLessThanOrEqual(2 * B);
        if (gaps.length === 0) return;
        for (let other = B / 4; other <= 2 * B; other += minute) {
          expect(costOf(best, gaps, B)).toBeLessThanOrEqual(costOf(other, gaps, B));
        }
      }),
    );
  });
});

describe("everything idle at once", () => {
  const limits = { idleAtOncePools: 4, idleAtOnceShare: 0.8 };
  const absent: PoolSample = { sample: "absent" };
  type Tracks = ReadonlyMap<string, IdleTrack>;
  const kinds = { b: busy, i: idle, "?": unknown, u: unready, "-": absent, B: again(busy), I: again(idle) };
  /** Pools as rows of samples a minute apart, a letter each: busy, idle, ?, unready, - absent; capitals are rebuilt. */
  const pools = (...rows: string[]) => rows.map((row) => [...row].map((letter) => kinds[letter as keyof typeof kinds]));
  const rows = (count: number, row: string) => Array.from({ length: count }, () => row);
  /** Each minute's tracks before and after its sample. */
  const minutes = (samples: readonly (readonly PoolSample[])[]) => {
    let before: Tracks = new Map();
    return (samples[0] ?? []).map((_, at) => {
      const after = new Map<string, IdleTrack>();
      for (const [index, row] of samples.entries()) {
        const track = observePool(before.get(`p${index}`), row[at] ?? absent, begin + at * minute);
        if (track) after.set(`p${index}`, track);
      }
      const step = { before, after, now: begin + at * minute };
      before = after;
      return step;
    });
  };
  /** Whether the newest minute looks like an outage. */
  const newest = (samples: readonly (readonly PoolSample[])[]) => {
    const last = minutes(samples).at(-1);
    return last && outageAfter(undefined, last.before, last.after, limits, last.now) !== undefined;
  };
  /** Since which minute there is held to be an outage, after each minute. */
  const outage = (...all: string[]) => {
    let since: number | undefined;
    return minutes(pools(...all)).map(({ before, after, now }) => {
      since = outageAfter(since, before, after, limits, now);
      return since === undefined ? "-" : String((since - begin) / minute);
    });
  };

  it.each<[why: string, rows: string[], outage: boolean]>([
    ["4 of 5 busy pools", [...rows(4, "bi"), "bb"], true],
    ["3 of 3: too few to tell", rows(3, "bi"), false],
    ["4 of 6: too small a share", [...rows(4, "bi"), ...rows(2, "bb")], false],
    ["16 of 16, as in the real trace", rows(16, "bi"), true],
    ["pools that were idle before do not turn", rows(10, "ii"), false],
    ["nor do they make the share smaller", [...rows(4, "bi"), ...rows(9, "ii")], true],
    ["a list that failed the minute before: how outages begin", rows(10, "b?i"), true],
    ["for two minutes", rows(10, "b??i"), true],
    ["for so long that people were told: what came then is no less suspicious", rows(10, "b????i"), true],
    ["no sample of half of them: those that are seen all turned", [...rows(5, "bi"), ...rows(5, "b?")], true],
    ["a busy pool that is away does not make the share smaller", [...rows(4, "bi"), ...rows(9, "b-")], true],
    ["nor one that is being changed", [...rows(4, "bi"), ...rows(9, "bu")], true],
    ["busy, changed, idle: the change is not what ended the jobs of all", rows(4, "bui"), true],
    ["pools that were rebuilt begin idle, and have not turned", rows(10, "bI"), false],
  ])("%s", (_why, all, expected) => expect(newest(pools(...all))).toBe(expected));

  it.each<[why: string, rows: string[], since: string]>([
    ["one that has been busy all along ends nothing", [...rows(9, "biii"), "bbbb"], "- 1 1 1"],
    ["nor does one after a sample that failed", [...rows(9, "biiii"), "bb?bb"], "- 1 1 1 1"],
    ["one that looked idle and shows a job ends it", [...rows(9, "biii"), "biib"], "- 1 1 -"],
    ["one that was idle before it began, too", [...rows(9, "biii"), "iiib"], "- 1 1 -"],
    ["not in the sample that began it", [...rows(9, "biii"), "ibbb"], "- 1 1 1"],
    ["unknown samples end nothing", rows(9, "bi???i"), "- 1 1 1 1 1"],
    ["nor does the first look at a pool that was there before", [...rows(8, "biii"), "--bb"], "- 1 1 1"],
    ["one that was made since and shows a job ends it", [...rows(8, "biiiiii"), "i----IB"], "- 1 1 1 1 1 -"],
    ["not one that was made since and is idle", [...rows(8, "biiiiii"), "i----II"], "- 1 1 1 1 1 1"],
    ["when the last busy ones turn together, it begins anew", [...rows(16, "biii"), ...rows(4, "bbii")], "- 1 2 2"],
  ])("%s", (_why, all, since) => expect(outage(...all).join(" ")).toBe(since));
});

it("never calls idle what was not seen idle, without a break, for the threshold", () => {
  const kinds = [idle, busy, unknown, unready, again(idle), again(busy), { sample: "absent" } as const];
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...kinds), { minLength: 1, maxLength: 60 }), (samples) => {
      let track: IdleTrack | undefined;
      samples.forEach((sample, index) => {
        track = observePool(track, sample, begin + index * minute);
      });
      const now = begin + (samples.length - 1) * minute;
      const facts = { track, takenAtWire: now, counterSeen: true };
      if (idleVerdict(facts, usualIdle, { world: now, wire: now }).verdict !== "idle") return;
      const seen = samples.filter(({ sample }) => sample !== "absent");
      const newest = seen.at(-1);
      const lastBreak = seen.findLastIndex((sample) => sample !== newest && sample.sample !== "unknown") + 1;
      expect(newest?.sample).toBe("idle");
      expect(seen.slice(lastBreak).filter((sample) => sample === newest).length).toBeGreaterThanOrEqual(16);
    }),
    { numRuns: 500 },
  );
});
