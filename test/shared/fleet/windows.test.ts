import { describe, expect, test } from "vitest";
import { readDates, readWindow } from "../../../shared/fleet/windows.ts";

describe("A weekly window", () => {
  test.each([
    ["mon-fri 08:00-20:00", [1, 2, 3, 4, 5], 480, 1200, "working hours"],
    ["daily 07:00-19:00", [1, 2, 3, 4, 5, 6, 7], 420, 1140, "every day"],
    ["sat,sun all-day", [6, 7], 0, 1440, "whole days"],
    ["mon,wed-fri 9:00-17:30", [1, 3, 4, 5], 540, 1050, "days and ranges mixed, one digit for the hour"],
    ["fri-mon 10:00-12:00", [1, 5, 6, 7], 600, 720, "a range over the weekend"],
    ["fri 20:00-06:00", [5], 1200, 360, "past midnight: the start day owns it"],
    ["mon 00:00-24:00", [1], 0, 1440, "24:00 is a legal end"],
    ["mon 20:00-00:00", [1], 1200, 1440, "midnight as an end is 24:00"],
    ["Monday, Sunday 08:00 - 20:00", [1, 7], 480, 1200, "long names, blanks and capitals"],
  ])("%s", (text, days, from, to) => {
    expect(readWindow(text)).toEqual({ ok: true, value: { days, from, to, text } });
  });

  test.each([
    "",
    "mon-fri",
    "08:00-20:00",
    "mon-fri 08:00",
    "mon--fri 08:00-20:00",
    "mon 08:60-09:00",
    "mon 25:00-26:00",
  ])("%j is refused", (text) => {
    expect(readWindow(text)).toMatchObject({ ok: false });
  });
});

describe("A date of a calendar", () => {
  test.each([
    ["2026-12-24", { first: "2026-12-24", last: "2026-12-24" }],
    ["2026-12-24..2026-12-26", { first: "2026-12-24", last: "2026-12-26" }],
    ["2026-12-24 .. 2026-12-26", { first: "2026-12-24", last: "2026-12-26" }],
    ["2026-11-28 10:00-16:00", { first: "2026-11-28", last: "2026-11-28", from: 600, to: 960 }],
    ["2026-12-24..2026-12-26 22:00-02:00", { first: "2026-12-24", last: "2026-12-26", from: 1320, to: 120 }],
    ["2028-02-29 all-day", { first: "2028-02-29", last: "2028-02-29" }],
  ])("%s", (text, value) => {
    expect(readDates(text)).toEqual({ ok: true, value: { ...value, text } });
  });

  test.each(["2026-02-29", "2026-13-01", "26-12-24", "2026-12-24..", "2026-12-24T10:00", "christmas"])(
    "%j is refused",
    (text) => {
      expect(readDates(text)).toMatchObject({ ok: false });
    },
  );
});
