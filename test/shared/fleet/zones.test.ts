import { describe, expect, test } from "vitest";
import { readZone } from "../../../shared/fleet/zones.ts";

describe("A zone", () => {
  test.each(["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "Asia/Kolkata", "Australia/Lord_Howe"])(
    "%s is taken as it is",
    (zone) => {
      expect(readZone(zone)).toEqual({ ok: true, zone });
    },
  );

  test.each([
    ["EST", "America/New_York", "an abbreviation without summer time"],
    ["PST", "America/Los_Angeles", "an abbreviation"],
    ["cet", "Europe/Berlin", "an abbreviation in small letters"],
    ["GMT", "UTC", "UTC by another name"],
    ["Etc/UTC", "UTC", "UTC by another name"],
    ["US/Pacific", "America/Los_Angeles", "an old name"],
    ["Japan", "Asia/Tokyo", "an old name"],
    ["europe/berlin", "Europe/Berlin", "another spelling"],
    ["Europe/Berln", "Europe/Berlin", "a misspelling"],
    ["+02:00", "Europe/Berlin", "an offset"],
    ["UTC+2", "Europe/Berlin", "an offset"],
  ])("%s is refused with a hint at %s: %s", (zone, hint) => {
    expect(readZone(zone)).toMatchObject({ ok: false, hint: expect.stringContaining(`"${hint}"`) });
  });

  test("Etc/GMT+8 is taken with a note, because its sign means the opposite of what it says", () => {
    const note = { message: "Etc/GMT+8 means UTC-8, without summer time", hint: expect.any(String) };
    expect(readZone("Etc/GMT+8")).toEqual({ ok: true, zone: "Etc/GMT+8", note });
  });
});
