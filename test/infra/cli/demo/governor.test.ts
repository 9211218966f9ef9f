import { describe, expect, test } from "vitest";
import { nextSpeed } from "../../../../infra/cli/demo/governor.ts";
import { minute } from "../../../../shared/time/clock.ts";

describe("The world's speed", () => {
  test.each([
    ["stays as wanted while ticks are in time", 1440, 1440, 5 * minute, 1440],
    ["is halved when the tick is far behind", 1440, 1440, 20 * minute, 720],
    ["is held while the tick is a little late", 1440, 720, 9 * minute, 720],
    ["comes back step by step", 1440, 720, 5 * minute, 900],
    ["never exceeds what is wanted", 1440, 1400, 0, 1440],
    ["never stops the world", 1440, 100, 60 * minute, 60],
    ["is not raised to the slowest by one that is wanted slower", 60, 60, 60 * minute, 60],
  ])("%s", (_case, wanted, present, lag, next) => {
    expect(nextSpeed(wanted, present, lag)).toBe(next);
  });
});
