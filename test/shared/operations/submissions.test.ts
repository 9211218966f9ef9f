import { describe, expect, test } from "vitest";
import { admit } from "../../../shared/operations/submissions.ts";

const minute = 60_000;
const now = Date.parse("2026-11-24T09:00:30Z");
const limit = { location: "us-central1", perMinute: 3 };
const budget = (...secondsAgo: readonly number[]) => ({ schema: 1, claimedAt: secondsAgo.map((s) => now - s * 1_000) });

describe("one more submission", () => {
  test.each([
    { when: "before the first one", stored: undefined, kept: 1 },
    { when: "two in this minute", stored: budget(50, 10), kept: 3 },
    { when: "three, one of them a minute old", stored: budget(60, 50, 10), kept: 3 },
    { when: "all of them long ago", stored: budget(500, 400, 300), kept: 1 },
    { when: "entries from before the clock was set back by an hour", stored: budget(-3_600, -3_590, -3_580), kept: 1 },
  ])("$when: there is room, and what is older than a minute is forgotten", ({ stored, kept }) => {
    const admission = admit(stored, limit, now);
    expect(admission.admitted && admission.budget.claimedAt).toHaveLength(kept);
  });

  test.each([
    { when: "three in this minute", stored: budget(50, 40, 1), freeIn: 10 },
    { when: "written out of order", stored: budget(1, 50, 40), freeIn: 10 },
    { when: "three across the turn of the calendar minute", stored: budget(59, 31, 29), freeIn: 1 },
    { when: "by an instance whose clock is ahead by 2 s", stored: budget(-2, -2, -2), freeIn: 62 },
    {
      when: "more than the limit, which was lowered since: the last three count",
      stored: budget(50, 40, 30, 20),
      freeIn: 20,
    },
  ])("$when: it waits until the oldest that counts is a minute old", ({ stored, freeIn }) => {
    expect(admit(stored, limit, now)).toMatchObject({ admitted: false, freeAt: now + freeIn * 1_000 });
  });

  test("in no 60 s are there more than the limit, whatever the arrivals", () => {
    let stored: Parameters<typeof admit>[0];
    const taken: number[] = [];
    for (let at = now; at < now + 10 * minute; at += 700) {
      const admission = admit(stored, limit, at);
      if (!admission.admitted) continue;
      stored = admission.budget;
      taken.push(at);
    }
    for (const at of taken) expect(taken.filter((one) => one >= at && one < at + minute).length).toBeLessThanOrEqual(3);
    expect(taken).toHaveLength(30);
  });
});
