import { describe, expect, it } from "vitest";
import { lateness, nextStartAfter, scheduleAt, transitions } from "../../../shared/decide/schedule/schedule.ts";
import type { Schedule, Weekday } from "../../../shared/fleet/fleet.ts";
import { day, minute } from "../../../shared/time/clock.ts";
import { fc } from "../../properties.ts";
import { at, schedule, weekly } from "./schedules.ts";

const iso = (millis: number | undefined) => (millis === undefined ? undefined : new Date(millis).toISOString());
const office = ["mon-fri 08:00-20:00"];
const berlin = schedule("Europe/Berlin", office);

describe("on or off at an instant", () => {
  it.each<[why: string, Schedule, now: string, on: boolean]>([
    ["the first minute of a window is on", berlin, "2026-11-20T07:00:00Z", true],
    ["a millisecond before it is off", berlin, "2026-11-20T06:59:59.999Z", false],
    ["the last minute is on", berlin, "2026-11-20T18:59:59.999Z", true],
    ["the end itself is off", berlin, "2026-11-20T19:00:00Z", false],
    ["Saturday is no weekday", berlin, "2026-11-21T11:00:00Z", false],
    [
      "weekday and time are read in one zone: Monday 07:00 in Auckland is Sunday in UTC",
      schedule("Pacific/Auckland", ["mon-fri 06:30-19:30"]),
      "2026-11-01T18:00:00Z",
      true,
    ],
    [
      "the start day owns a window over midnight: Saturday 05:59 belongs to Friday",
      schedule("Europe/Berlin", ["fri 20:00-06:00"]),
      "2026-11-21T04:59:00Z",
      true,
    ],
    [
      "and Friday 05:59 belongs to a Thursday that has no window",
      schedule("Europe/Berlin", ["fri 20:00-06:00"]),
      "2026-11-20T04:59:00Z",
      false,
    ],
    [
      "Saturday 00-08 of a nightly weekday window is not missed",
      schedule("UTC", ["mon-fri 23:30-09:30"]),
      "2026-11-21T08:00:00Z",
      true,
    ],
    ["24:00 is a legal end", schedule("UTC", ["fri 20:00-24:00"]), "2026-11-20T23:59:59Z", true],
    ["and ends there", schedule("UTC", ["fri 20:00-24:00"]), "2026-11-21T00:00:00Z", false],
    [
      "closed Christmas Eve begins at midnight of its zone",
      schedule("Europe/Berlin", ["mon-sun 00:00-24:00"], ["closed 2026-12-24"]),
      "2026-12-23T23:30:00Z",
      false,
    ],
    [
      "and not before",
      schedule("Europe/Berlin", ["mon-sun 00:00-24:00"], ["closed 2026-12-24"]),
      "2026-12-23T22:59:00Z",
      true,
    ],
    [
      "a range is inclusive",
      schedule("Europe/Berlin", office, ["closed 2026-12-24..2026-12-31"]),
      "2026-12-31T12:00:00Z",
      false,
    ],
    [
      "an open Saturday comes before the weekly windows",
      schedule("Europe/Berlin", office, ["open 2026-11-28 10:00-16:00"]),
      "2026-11-28T09:00:00Z",
      true,
    ],
    [
      "a closed Friday starts no night window, so its Saturday part falls away",
      schedule("Europe/Berlin", ["fri 20:00-06:00"], ["closed 2026-11-20"]),
      "2026-11-21T03:00:00Z",
      false,
    ],
    [
      "a closed span cuts only itself out",
      schedule("Europe/Berlin", office, ["closed 2026-11-20 12:00-13:00"]),
      "2026-11-20T12:30:00Z",
      true,
    ],
    [
      "open and closed contradict: it stays up",
      schedule("Europe/Berlin", office, ["closed 2026-11-20", "open 2026-11-20"]),
      "2026-11-20T12:00:00Z",
      true,
    ],
    [
      "Apia had no 30 December 2011: a window of that day never happens",
      schedule("Pacific/Apia", ["fri 08:00-20:00"]),
      "2011-12-30T12:00:00Z",
      false,
    ],
  ])("%s", (_why, rule, now, on) => {
    expect(scheduleAt(rule, at(now)).on).toBe(on);
  });

  it("says that a contradiction keeps it up", () => {
    const rule = schedule("Europe/Berlin", office, ["closed 2026-11-20", "open 2026-11-20"]);
    expect(scheduleAt(rule, at("2026-11-20T12:00:00Z")).contradiction).toBe(
      "open 2026-11-20 (holidays) contradicts closed 2026-11-20 (holidays): it stays up",
    );
  });

  it("names the rule, the boundary behind and the one ahead", () => {
    const state = scheduleAt(berlin, at("2026-11-20T12:00:00Z"));
    expect(state.because).toBe("window mon-fri 08:00-20:00 Europe/Berlin");
    expect([iso(state.since), iso(state.until)]).toEqual(["2026-11-20T07:00:00.000Z", "2026-11-20T19:00:00.000Z"]);
    const night = scheduleAt(berlin, at("2026-11-21T12:00:00Z"));
    expect(night.because).toBe("outside the windows of schedule office Europe/Berlin");
    expect([iso(night.since), iso(night.until)]).toEqual(["2026-11-20T19:00:00.000Z", "2026-11-23T07:00:00.000Z"]);
  });

  it("has no next change when it is closed for ever, and says so quickly", () => {
    const state = scheduleAt(schedule("Europe/Berlin", []), at("2026-11-20T12:00:00Z"));
    expect(state.on).toBe(false);
    expect(state.until).toBeUndefined();
    expect(nextStartAfter(schedule("Europe/Berlin", []), at("2026-11-20T12:00:00Z"))).toBeUndefined();
  });
});

describe("daylight saving", () => {
  it("up from 02:30 in the missing hour: up at 01:00Z, once", () => {
    const rule = schedule("Europe/Berlin", ["sun 02:30-12:00"]);
    const day1 = transitions(rule, at("2026-03-28T22:00:00Z"), at("2026-03-29T22:00:00Z"));
    expect(day1.map(({ at: when, on }) => [iso(when), on])).toEqual([
      ["2026-03-29T01:00:00.000Z", true],
      ["2026-03-29T10:00:00.000Z", false],
    ]);
  });

  it("up until 02:30 in the repeated hour: down at 01:30Z, once", () => {
    const rule = schedule("Europe/Berlin", ["sat 20:00-02:30"]);
    const night = transitions(rule, at("2026-10-24T12:00:00Z"), at("2026-10-25T12:00:00Z"));
    expect(night.map(({ at: when, on }) => [iso(when), on])).toEqual([
      ["2026-10-24T18:00:00.000Z", true],
      ["2026-10-25T01:30:00.000Z", false],
    ]);
  });

  it("up until 02:00, where the repeated hour begins: that too is shown twice, and the last counts", () => {
    const rule = schedule("Europe/Berlin", ["sat 20:00-02:00"]);
    expect(scheduleAt(rule, at("2026-10-25T00:30:00Z"))).toMatchObject({ on: true, until: at("2026-10-25T01:00:00Z") });
  });

  it("up from 02:30 in the repeated hour: up at its first occurrence, 00:30Z", () => {
    const rule = schedule("Europe/Berlin", ["sun 02:30-12:00"]);
    const morning = transitions(rule, at("2026-10-24T22:00:00Z"), at("2026-10-25T10:59:00Z"));
    expect(morning.map(({ at: when, on }) => [iso(when), on])).toEqual([["2026-10-25T00:30:00.000Z", true]]);
  });

  it("Lord Howe's half hour skips nothing and repeats nothing", () => {
    const rule = schedule("Australia/Lord_Howe", ["mon-sun 02:15-03:00"]);
    const spring = transitions(rule, at("2026-10-03T00:00:00Z"), at("2026-10-05T00:00:00Z"));
    expect(spring.filter(({ on }) => on).map(({ at: when }) => iso(when))).toEqual([
      // 02:00 becomes 02:30 on 4 October: the start in the gap takes its end.
      "2026-10-03T15:30:00.000Z",
      "2026-10-04T15:15:00.000Z",
    ]);
  });
});

describe("overlapping windows", () => {
  const rule = schedule("UTC", [weekly("mon-fri 08:00-18:00", { a: 2, b: 1 }), weekly("fri 12:00-20:00", { a: 4 })]);

  it("are one on-time, each pool at the larger size", () => {
    expect(
      transitions(rule, at("2026-11-20T00:00:00Z"), at("2026-11-20T23:59:00Z")).map(({ at: when, on, replicas }) => [
        iso(when)?.slice(11, 16),
        on,
        replicas,
      ]),
    ).toEqual([
      ["08:00", true, { a: 2, b: 1 }],
      ["12:00", true, { a: 4, b: 1 }],
      ["18:00", true, { a: 4 }],
      ["20:00", false, {}],
    ]);
    expect(scheduleAt(rule, at("2026-11-20T13:00:00Z")).because).toBe(
      "window mon-fri 08:00-18:00 and window fri 12:00-20:00 UTC",
    );
  });
});

describe("the next window start", () => {
  it.each([
    ["in the night: the next morning", "2026-11-19T23:00:00Z", "2026-11-20T07:00:00.000Z"],
    ["inside a window: the one after it", "2026-11-20T09:00:00Z", "2026-11-23T07:00:00.000Z"],
    ["at a window's start: the one after it", "2026-11-20T07:00:00Z", "2026-11-23T07:00:00.000Z"],
  ])("%s", (_why, after, start) => {
    expect(iso(nextStartAfter(berlin, at(after)))).toBe(start);
  });

  it("adjoining windows are one window", () => {
    const rule = schedule("UTC", ["mon-fri 00:00-24:00"]);
    expect(iso(nextStartAfter(rule, at("2026-11-17T15:00:00Z")))).toBe("2026-11-23T00:00:00.000Z");
  });
});

it("a late tick says how late it is", () => {
  expect(lateness(at("2026-11-20T19:00:00Z"), at("2026-11-20T22:10:00Z"))).toBe(", 190 min late");
  expect(lateness(at("2026-11-20T19:00:00Z"), at("2026-11-20T19:02:00Z"))).toBe("");
});

/** Minutes of the wall clock since 1970, from Intl alone: nothing of the code under test. */
function wallMinutes(zone: string): (at: number) => number {
  const format = new Intl.DateTimeFormat("en-GB", {
    timeZone: zone,
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    hourCycle: "h23",
  });
  return (instant) => {
    const part = Object.fromEntries(format.formatToParts(instant).map(({ type, value }) => [type, Number(value)]));
    return Date.UTC(part["year"] ?? 0, (part["month"] ?? 1) - 1, part["day"], part["hour"], part["minute"]) / minute;
  };
}

/**
 * A naive model, minute by minute. A start has come once the wall clock has ever shown it or later (so a gap's end
 * counts, and a repeated hour's first pass); an end has come once the wall clock will never be before it, nor show it, again.
 */
function naive(rule: Schedule, from: number, minutesLong: number): boolean[] {
  const wall = wallMinutes(rule.zone);
  const walls = Array.from({ length: minutesLong }, (_, index) => wall(from + index * minute));
  const reached: number[] = [];
  for (const shown of walls) reached.push(Math.max(reached.at(-1) ?? Number.NEGATIVE_INFINITY, shown));
  const notBefore: number[] = [];
  for (const shown of walls.toReversed()) {
    notBefore.push(Math.min(notBefore.at(-1) ?? Number.POSITIVE_INFINITY, shown));
  }
  notBefore.reverse();
  const firstDay = Math.floor((walls[0] ?? 0) / 1440) - 2;
  const lastDay = Math.floor((walls.at(-1) ?? 0) / 1440) + 1;
  return walls.map((_, index) => {
    for (let date = firstDay; date <= lastDay; date += 1) {
      const weekday = (((date + 3) % 7) + 1) as Weekday;
      for (const window of rule.up) {
        if (!window.days.includes(weekday)) continue;
        const start = date * 1440 + window.from;
        const end = date * 1440 + (window.to <= window.from ? window.to + 1440 : window.to);
        const ended = (notBefore[index] ?? 0) >= end && (notBefore[index + 1] ?? Number.POSITIVE_INFINITY) > end;
        if (start <= (reached[index] ?? 0) && !ended) return true;
      }
    }
    return false;
  });
}

describe("against a naive model, minute by minute", () => {
  const zones = [
    ["Europe/Berlin", "2026-03-28T00:00:00Z"],
    ["Europe/Berlin", "2026-10-24T00:00:00Z"],
    ["America/New_York", "2026-10-31T00:00:00Z"],
    ["Australia/Lord_Howe", "2026-04-04T00:00:00Z"],
    ["Australia/Lord_Howe", "2026-10-03T00:00:00Z"],
    ["Africa/Cairo", "2026-04-23T12:00:00Z"],
    ["Pacific/Apia", "2011-12-29T00:00:00Z"],
    ["UTC", "2026-11-20T00:00:00Z"],
  ] as const;
  const window = fc
    .record({
      days: fc.uniqueArray(fc.integer({ min: 1, max: 7 }) as fc.Arbitrary<Weekday>, { minLength: 1, maxLength: 7 }),
      from: fc.integer({ min: 0, max: 1439 }),
      to: fc.integer({ min: 1, max: 1440 }),
    })
    .filter(({ from, to }) => from !== to)
    .map((parts) => ({ ...parts, text: "any" }));

  it.each(zones)("%s from %s: on in exactly the same minutes", (zone, from) => {
    fc.assert(
      fc.property(fc.array(window, { minLength: 1, maxLength: 3 }), (up) => {
        const rule: Schedule = { name: "any", zone, up, exceptions: [] };
        const start = at(from);
        const expected = naive(rule, start, 2 * 1440);
        const actual = expected.map((_, index) => scheduleAt(rule, start + index * minute).on);
        expect(actual).toEqual(expected);
      }),
      { numRuns: 12 },
    );
  });

  it("transitions, since and until agree with asking every minute", () => {
    fc.assert(
      fc.property(fc.array(window, { minLength: 1, maxLength: 3 }), fc.constantFrom(...zones), (up, [zone, from]) => {
        const rule: Schedule = { name: "any", zone, up, exceptions: [] };
        const [start, end] = [at(from), at(from) + 3 * day];
        const turns = transitions(rule, start, end);
        expect(turns.map(({ at: when }) => when)).toEqual(turns.map(({ at: when }) => when).toSorted((a, b) => a - b));
        for (const turn of turns) {
          const [before, after] = [scheduleAt(rule, turn.at - 1), scheduleAt(rule, turn.at)];
          expect([before.on, before.until, after.on, after.since]).toEqual([!turn.on, turn.at, turn.on, turn.at]);
        }
      }),
      { numRuns: 60 },
    );
  });
});

it("ten thousand targets with their own copies of twenty schedules are asked within a second", () => {
  const copies = Array.from({ length: 10_000 }, (_, index) =>
    schedule("Europe/Berlin", [weekly(`mon-fri ${String(index % 20).padStart(2, "0")}:00-22:00`)]),
  );
  const before = process.hrtime.bigint();
  for (const copy of copies) scheduleAt(copy, at("2026-11-20T12:00:00Z"));
  const first = Number(process.hrtime.bigint() - before) / 1e6;
  const again = process.hrtime.bigint();
  for (const copy of copies) scheduleAt(copy, at("2026-11-20T12:01:00Z"));
  const second = Number(process.hrtime.bigint() - again) / 1e6;
  console.log(`scheduleAt over 10,000 targets: ${first.toFixed(0)} ms at first, ${second.toFixed(1)} ms a tick after`);
  expect(first).toBeLessThan(1_000);
});
