import { describe, expect, test } from "vitest";
import { lagOf, nextSpeed } from "../../../../infra/cli/demo/governor.ts";
import type { StatusReport } from "../../../../shared/status/report.ts";
import { minute } from "../../../../shared/time/clock.ts";

describe("The world's speed", () => {
  test.each([
    ["stays as wanted while ticks are in time", 1440, 1440, 5 * minute, 1440],
    ["is halved when the tick is far behind", 1440, 1440, 20 * minute, 720],
    ["is held while the tick is a little late", 1440, 720, 9 * minute, 720],
    ["comes back step by step", 1440, 720, 5 * minute, 900],
    ["never exceeds what is wanted", 1440, 1400, 0, 1440],
    ["never stops the world", 1440, 150, 60 * minute, 120],
    ["is not raised to the slowest by one that is wanted slower", 60, 60, 60 * minute, 60],
  ])("%s", (_case, wanted, present, lag, next) => {
    expect(nextSpeed(wanted, present, lag)).toBe(next);
  });
});

describe("How far the functions are behind", () => {
  const at = 100 * minute;
  const report: StatusReport = {
    at,
    targets: [],
    locations: [{ location: "here", takenAt: at - 3 * minute }],
    owed: 0,
  };
  const withOperation = (state: "claimed" | "running"): StatusReport["targets"] => [
    {
      name: "t",
      key: "t",
      kind: "persistentResource",
      location: "here",
      phase: "up",
      history: [],
      requests: [],
      benched: [],
      appliedVersion: 1,
      operation: { state, kind: "create", attempt: 1, since: at - 20 * minute, why: "" },
    },
  ];
  test.each([
    ["the location that was looked at longest ago", report, [], 3],
    ["a claim whose call has not been made", { ...report, targets: withOperation("claimed") }, [], 20],
    ["not an operation that runs: that takes its time", { ...report, targets: withOperation("running") }, [], 3],
    ["an event of which nothing has been heard", report, [at - 9 * minute], 9],
    ["not what is lost: no slower world would bring it back", report, [at - 300 * minute], 3],
    ["nothing before the first tick", { ...report, locations: [] }, [], 0],
  ] as const)("is told by %s", (_case, shown, waiting, minutes) => {
    expect(lagOf(shown, waiting)).toBe(minutes * minute);
  });
});
