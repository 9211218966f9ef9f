import { describe, expect, it } from "vitest";
import { boundaryInstant, epochDayAt, isoDate, weekdayOf } from "../../../shared/time/wall-clock.ts";

const at = Date.parse;
const dayOf = (date: string) => epochDayAt(at(`${date}T12:00:00Z`), "UTC");

describe("a boundary on the wall clock is one instant", () => {
  it.each([
    ["an ordinary time", "2026-11-20", "Europe/Berlin", 480, "start", "2026-11-20T07:00:00Z"],
    [
      "a start in the missing hour takes the gap's end",
      "2026-03-29",
      "Europe/Berlin",
      150,
      "start",
      "2026-03-29T01:00:00Z",
    ],
    ["so does an end", "2026-03-29", "Europe/Berlin", 150, "end", "2026-03-29T01:00:00Z"],
    [
      "a start in the repeated hour takes its first pass",
      "2026-10-25",
      "Europe/Berlin",
      150,
      "start",
      "2026-10-25T00:30:00Z",
    ],
    ["an end its last", "2026-10-25", "Europe/Berlin", 150, "end", "2026-10-25T01:30:00Z"],
    ["24:00 is the next midnight", "2026-11-20", "UTC", 1440, "end", "2026-11-21T00:00:00Z"],
    ["a midnight that Cairo skips", "2026-04-24", "Africa/Cairo", 0, "start", "2026-04-23T22:00:00Z"],
    ["a day that Apia never had ends as it begins", "2011-12-30", "Pacific/Apia", 600, "end", "2011-12-30T10:00:00Z"],
  ] as const)("%s", (_why, date, zone, minutes, side, instant) => {
    expect(boundaryInstant(dayOf(date), minutes, zone, side)).toBe(at(instant));
  });
});

describe("days", () => {
  it("the date is the zone's, not UTC's", () => {
    expect(isoDate(epochDayAt(at("2026-11-20T23:30:00Z"), "Europe/Berlin"))).toBe("2026-11-21");
    expect(isoDate(epochDayAt(at("2026-11-20T02:00:00Z"), "America/New_York"))).toBe("2026-11-19");
  });
  it.each([
    ["1970-01-01", 4],
    ["1969-12-28", 7],
    ["2026-11-20", 5],
    ["2026-11-23", 1],
  ])("%s is weekday %i", (date, weekday) => expect(weekdayOf(dayOf(date))).toBe(weekday));
});
