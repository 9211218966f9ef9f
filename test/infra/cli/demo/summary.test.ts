import { describe, expect, test } from "vitest";
import { type Result, summarise, summaryLines } from "../../../../infra/cli/demo/summary.ts";
import type { Outcome } from "../../../../shared/outcomes/outcome.ts";
import { day } from "../../../../shared/time/clock.ts";
import { monday } from "./fleets.ts";

function notice(phase: Outcome["phase"], target: string, details: Outcome["details"] = {}): Outcome {
  return {
    id: `${target}/${phase}`,
    eventId: target,
    phase,
    final: true,
    target,
    what: "what",
    why: "why",
    at: monday,
    details,
  };
}

const answer = { id: "e", eventId: "e", final: true, what: "wake", why: "no such target", at: monday } as const;

function resultWith(more: Partial<Result> = {}): Result {
  return {
    from: monday,
    to: monday + day,
    bills: [
      {
        name: "pool",
        used: { nodeHours: 10, money: 5 },
        baseline: { nodeHours: 24, money: 12 },
        nodes: {},
      },
      { name: "dear", used: { nodeHours: 6 }, baseline: { nodeHours: 24 }, nodes: {} },
    ],
    events: [
      { id: "e1", type: "wake", target: "pool", refused: false, sentAt: 0, answer: { ...answer, phase: "done" } },
    ],
    notices: [],
    complaints: [],
    deadLetters: [],
    jobs: { submitted: 3, asEvents: 1, ended: { succeeded: 4 } },
    preempted: 2,
    errors: { count: 0, first: [] },
    problems: [],
    ...more,
  };
}

const plain = { bold: (text: string) => text, good: (text: string) => text, bad: (text: string) => text };

function linesOf(more: Partial<Result> = {}): string {
  return summaryLines(summarise(resultWith(more)), plain).join("\n");
}

describe("The summary", () => {
  test("adds node-hours of all targets, and money only of those whose every machine has a price", () => {
    const { nodeHours, money, unpriced } = summarise(resultWith());
    expect(nodeHours).toEqual({ used: 16, baseline: 48, avoided: 32 });
    expect(money).toEqual({ used: 5, baseline: 12, avoided: 7 });
    expect(unpriced).toEqual(["dear"]);
    expect(linesOf()).toContain("5.00 spent, 7.00 avoided (58 %); unknown for dear");
  });

  test("says that money is unknown where the fleet names no price, never that it is nothing", () => {
    const bills = [{ name: "dear", used: { nodeHours: 6 }, baseline: { nodeHours: 24 }, nodes: {} }];
    expect(summarise(resultWith({ bills })).money).toBeUndefined();
    expect(linesOf({ bills })).toContain("unknown: the fleet file names no prices");
  });

  test("tells models that were redeployed from those that came back by themselves, with their times", () => {
    const notices = [
      notice("preempted", "chat"),
      notice("redeployed", "chat", { seconds: 600, attempts: 1 }),
      notice("redeployed", "chat", { seconds: 1800, attempts: 2 }),
      notice("redeployed", "embeddings", { seconds: 90, attempts: 0 }),
    ];
    const { recoveries, losses } = summarise(resultWith({ notices }));
    expect(losses).toBe(1);
    expect(recoveries.map(({ by, seconds }) => [by, seconds])).toEqual([
      ["redeployed", 600],
      ["redeployed", 1800],
      ["restarted", 90],
    ]);
    expect(linesOf({ notices })).toMatch(
      /redeployed +2 times, in 10m \(median\), 30m at most\n +by itself +once, in 1m 30s/,
    );
  });

  test("counts sleeps and wakes of each target", () => {
    const notices = [notice("asleep", "pool"), notice("awake", "pool"), notice("asleep", "dear")];
    const { targets } = summarise(resultWith({ notices }));
    expect(targets.map(({ sleeps, wakes }) => [sleeps, wakes])).toEqual([
      [1, 1],
      [1, 0],
    ]);
  });

  test("is well when every event was answered rightly and nobody complains", () => {
    expect(summarise(resultWith()).ok).toBe(true);
    expect(linesOf()).toContain("Every event was answered, and the fleet is as it should be.");
  });

  test.each([
    [
      "an event without a final answer",
      { events: [{ id: "e1", type: "wake", target: "pool", refused: false, sentAt: 0 }] },
      "not answered: e1",
    ],
    [
      "a right event that was refused",
      {
        events: [
          {
            id: "e1",
            type: "wake",
            target: "pool",
            refused: false,
            sentAt: 0,
            answer: { ...answer, phase: "rejected" as const },
          },
        ],
      },
      "e1 was rejected: no such target",
    ],
    ["a target that is not as it should be", { complaints: [{ target: "pool", what: "up" }] }, "pool: up"],
    ["something that the demo could not do", { problems: ["job at 12:00: 500"] }, "job at 12:00: 500"],
  ] as const)("is not well with %s, and says so", (_case, more, line) => {
    expect(summarise(resultWith(more)).ok).toBe(false);
    expect(linesOf(more)).toContain(`Not as it should be:\n  ${line}`);
  });

  test("shows alerts, dead letters and the functions' errors without being ended by them", () => {
    const more = {
      notices: [notice("alert", "pool")],
      deadLetters: ["no such target"],
      errors: { count: 9, first: ["tick: no"] },
    };
    expect(summarise(resultWith(more)).ok).toBe(true);
    const text = linesOf(more);
    expect(text).toMatch(/alerts +1\n {4}pool: why/);
    expect(text).toMatch(/dead letters +1\n {4}no such target/);
    expect(text).toMatch(/functions +9 errors logged\n {4}tick: no/);
  });
});
