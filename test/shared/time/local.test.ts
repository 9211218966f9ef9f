import { describe, expect, it } from "vitest";
import { localTime, wallTime } from "../../../shared/time/local.ts";

const friday = Date.parse("2026-11-20T19:00:00Z");

describe("an instant as people in its zone read it", () => {
  it.each([
    ["today: the time", "2026-11-20T19:00:00Z", "Europe/Berlin", "20:00"],
    ["after midnight of the zone: the weekday, too", "2026-11-20T23:30:00Z", "Europe/Berlin", "Sat 00:30"],
    ["within six days", "2026-11-23T07:00:00Z", "Europe/Berlin", "Mon 08:00"],
    ["later: the date, too", "2026-12-28T07:00:00Z", "Europe/Berlin", "Mon 2026-12-28 08:00"],
    ["another zone, another day", "2026-11-20T19:00:00Z", "Pacific/Auckland", "08:00"],
  ])("%s", (_why, at, zone, text) => {
    expect(localTime(Date.parse(at), friday, zone)).toBe(text);
  });

  it("midnight is 00:00, never 24:00", () => {
    expect(wallTime(Date.parse("2026-11-20T00:00:00Z"), "UTC")).toEqual({
      weekday: "Fri",
      date: "2026-11-20",
      time: "00:00",
    });
  });
});
