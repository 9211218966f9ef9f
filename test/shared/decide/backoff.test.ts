import { describe, expect, it } from "vitest";
import { afterFailure, backOffRules, delayAfter } from "../../../shared/decide/backoff.ts";
import type { FailureClass } from "../../../shared/operations/operation.ts";
import { hour, minute, second } from "../../../shared/time/clock.ts";

describe("the delay before the next try (middle of the jitter)", () => {
  it.each<[FailureClass, failures: number, delay: number | undefined, why: string]>([
    ["stockout", 1, 2 * minute, "most stockouts end within minutes"],
    ["stockout", 3, 8 * minute, "it doubles"],
    ["stockout", 50, 30 * minute, "and never exceeds its limit"],
    ["quota", 1, hour, "a person must raise it"],
    ["throttled", 1, minute, "too many calls: the resource is fine"],
    ["busy", 1, 30 * second, "another operation runs: no failure"],
    ["conflict", 1, 0, "look again, now"],
    ["conflict", 4, minute, "but four races in a row are none"],
    ["invalid", 1, undefined, "it can never succeed as it is"],
    ["model-fault", 1, undefined, "time does not mend it"],
    ["no-effect", 1, undefined, "a finding about the service"],
  ])("%s, failure %i: %s ms, %s", (cls, failures, delay) => {
    expect(delayAfter(cls, failures, 0.5)).toBe(delay);
  });

  it("is spread by a quarter either way", () => {
    expect(delayAfter("stockout", 1, 0)).toBe(1.5 * minute);
    expect(delayAfter("stockout", 1, 1)).toBe(2.5 * minute);
  });
});

it("what is never tried again is parked with its reason", () => {
  const failure = { class: "invalid", note: "disk too small", now: 5, jitter: 0.5 } as const;
  expect(afterFailure(undefined, failure)).toEqual({
    count: 1,
    class: "invalid",
    note: "disk too small",
    nextAt: 5,
    parked: { at: 5, why: "invalid: disk too small" },
  });
});

it("whatever only a person can change is told to one", () => {
  const told = Object.entries(backOffRules).filter(([, { alert }]) => alert);
  expect(told.map(([cls]) => cls)).toEqual(["quota", "model-fault", "denied", "invalid", "no-effect"]);
});
