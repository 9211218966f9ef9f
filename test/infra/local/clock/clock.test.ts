import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createManualClock } from "../../../../infra/local/clock/manual-clock.ts";
import { createRandom } from "../../../../infra/local/clock/random.ts";
import { createScaledClock } from "../../../../infra/local/clock/scaled-clock.ts";
import { fc } from "../../../properties.ts";

const start = Date.parse("2026-03-01T00:00:00Z");

describe("the manual clock", () => {
  test("stands still until it is moved, and only goes forward", async () => {
    const clock = createManualClock(start);
    expect(clock.now()).toBe(start);
    await clock.advance(5);
    expect(clock.now()).toBe(start + 5);
    await expect(clock.advanceTo(start)).rejects.toThrow(RangeError);
  });

  test("runs due actions in the order of their times, equal ones as they were set, each at its own time", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 50 }), { maxLength: 30 }), async (delays) => {
        const clock = createManualClock(start);
        const ran: { delay: number; index: number; at: number }[] = [];
        delays.forEach((delay, index) => {
          clock.at(start + delay, () => ran.push({ delay, index, at: clock.now() - start }));
        });
        await clock.advance(25);
        const due = delays.map((delay, index) => ({ delay, index, at: delay })).filter(({ delay }) => delay <= 25);
        expect(ran).toEqual(due.toSorted((a, b) => a.delay - b.delay || a.index - b.index));
      }),
      { numRuns: 30 },
    );
  });

  test("runs what an action sets for later, after promises have settled", async () => {
    const clock = createManualClock(start);
    const ran: number[] = [];
    const again = async () => {
      await Promise.resolve();
      ran.push(clock.now() - start);
      clock.at(clock.now() + 10, () => void again());
    };
    clock.at(start + 10, () => void again());
    await clock.advance(35);
    expect(ran).toEqual([10, 20, 30]);
  });

  test("a cancelled action does not run; one in the past runs at the next move, not at once", async () => {
    const clock = createManualClock(start);
    const ran: string[] = [];
    clock.at(start + 1, () => ran.push("cancelled"))();
    clock.at(start - 1, () => ran.push("past"));
    expect(ran).toEqual([]);
    await clock.advance(1);
    expect(ran).toEqual(["past"]);
  });
});

describe("the scaled clock", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test("runs at its speed, and on from where it was when the speed changes", async () => {
    const clock = createScaledClock({ from: start, speed: 60 });
    await vi.advanceTimersByTimeAsync(1000);
    expect(clock.now()).toBe(start + 60_000);
    clock.setSpeed(1);
    await vi.advanceTimersByTimeAsync(1000);
    expect(clock.now()).toBe(start + 61_000);
    clock.setSpeed(0);
    await vi.advanceTimersByTimeAsync(1000);
    expect(clock.now()).toBe(start + 61_000);
  });

  test("runs actions at their world time, also when a later change brings it nearer", async () => {
    const clock = createScaledClock({ from: start, speed: 60 });
    const ran: string[] = [];
    clock.at(start + 3_600_000, () => ran.push("hour"));
    clock.at(start + 60_000, () => ran.push("minute"));
    await vi.advanceTimersByTimeAsync(999);
    expect(ran).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(ran).toEqual(["minute"]);
    clock.setSpeed(3600);
    await vi.advanceTimersByTimeAsync(1000);
    expect(ran).toEqual(["minute", "hour"]);
  });

  test("a jump runs what it passes, in order, and nothing when the world is stopped", async () => {
    const clock = createScaledClock({ from: start, speed: 0 });
    const ran: string[] = [];
    clock.at(start + 2000, () => ran.push("second"));
    clock.at(start + 1000, () => ran.push("first"));
    clock.at(start + 3000, () => ran.push("later"));
    await vi.advanceTimersByTimeAsync(10_000);
    expect(ran).toEqual([]);
    clock.jump(2000);
    await vi.advanceTimersByTimeAsync(1);
    expect(ran).toEqual(["first", "second"]);
    clock.stop();
    clock.jump(5000);
    await vi.advanceTimersByTimeAsync(1);
    expect(ran).toEqual(["first", "second"]);
  });

  test("waits longer than setTimeout can", async () => {
    const clock = createScaledClock({ from: start, speed: 1 });
    const ran = vi.fn();
    const days = 40 * 86_400_000;
    clock.at(start + days, ran);
    await vi.advanceTimersByTimeAsync(days - 1);
    expect(ran).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(ran).toHaveBeenCalledOnce();
  });

  test.each([-1, Number.NaN, Number.POSITIVE_INFINITY])("a speed of %s is refused", (speed) => {
    expect(() => createScaledClock({ from: start, speed })).toThrow(RangeError);
  });
});

describe("randomness", () => {
  test("the same seed gives the same numbers, another one others, all in [0, 1)", () => {
    const draw = (seed: number) => {
      const random = createRandom(seed);
      return Array.from({ length: 1000 }, random);
    };
    expect(draw(7)).toEqual(draw(7));
    expect(draw(7)).not.toEqual(draw(8));
    expect(draw(7).every((value) => value >= 0 && value < 1)).toBe(true);
    expect(Math.abs(draw(7).reduce((sum, value) => sum + value, 0) / 1000 - 0.5)).toBeLessThan(0.05);
  });
});
