/** What `status` and `explain` tell of a fleet, at the widths of terminals and in a pipe. */
import { describe, expect, test } from "vitest";
import { explanation } from "../../../infra/cli/explain.ts";
import { visible } from "../../../infra/cli/output.ts";
import type { Outlook } from "../../../infra/cli/planning.ts";
import { statusText } from "../../../infra/cli/status.ts";
import type { TargetStatus } from "../../../shared/status/report.ts";
import { hour, minute } from "../../../shared/time/clock.ts";
import { downModel, now, reportOf } from "../../shared/status/sample.ts";

const down = "down since 2026-11-23T09:09Z: deployed model 1 on g2 has 0 of 1 replicas; 7 tries";
const late = [{ location: "us-central1", takenAt: now - 12 * minute }];
const held: Partial<TargetStatus> = {
  phase: "held",
  hold: { until: now + hour, eventId: "h-1", by: "ann", note: "benchmark" },
  requests: [{ eventId: "h-1", what: "hold", source: "ann", expiresAt: now + hour, answered: "final" }],
};
const outlook: Outlook = {
  name: "chat",
  key: downModel().key,
  kind: "spotModel",
  phase: "waiting-for-capacity",
  rule: "capacity",
  why: "deployed model 1 has 0 of 1 replicas; every rung is set aside",
  next: { at: now + 10 * minute, what: "try the ladder again" },
};
const holding: Outlook = {
  ...outlook,
  phase: "held",
  rule: "hold",
  why: 'Held by h-1 ("benchmark"): nothing is changed until 13:00',
  next: { at: now + hour, what: "the hold ends" },
};

const times = (text: string, part: string) => text.split(part).length - 1;
/** Lines that are wider than the terminal though they could be broken. */
const tooWide = (text: string, width: number) =>
  text.split("\n").filter((line) => visible(line) > width && line.trim().includes(" "));

function status(target: TargetStatus, width?: number, overdue: typeof late = []): string {
  const report = reportOf([target], overdue.length === 0 ? {} : { overdue });
  return statusText(report, report.fleet, width);
}

describe("status", () => {
  test("tells since when a target is down, why, and how often it was tried", () => {
    expect(status(downModel())).toContain(`\nchat\n  ${down}\n`);
  });

  test("tells once that the tick does not run, in place of when it last did", () => {
    const text = status(downModel(), undefined, late);
    expect(text).toContain("us-central1 was last looked at 12m ago: the tick does not run");
    expect(times(text, "last looked at")).toBe(1);
    expect(status(downModel())).toContain("us-central1: last looked at 1m ago");
  });

  test("tells of a hold in one line: until when, whose it is and what for", () => {
    const text = status(downModel(held));
    expect(text).toContain("  held until 2026-11-23T13:00Z, asked for by ann: benchmark\n");
    expect(times(text, "benchmark")).toBe(1);
  });

  test.each([40, 60, 80, 120])("breaks between words at %i columns", (width) => {
    expect(tooWide(status(downModel(held), width, late), width)).toEqual([]);
  });

  test("is a line a target in a pipe", () => {
    expect(status(downModel())).toMatch(/^chat +waiting-for-capacity +us-central1 +deployed model 1 .* is set aside$/m);
  });
});

describe("explain", () => {
  const at = now;

  test("tells since when it is down, and that the tick does not run", () => {
    const text = explanation(downModel(), { at, now: outlook, overdue: late[0] }, undefined);
    expect(text).toContain(`\n  ${down}\n`);
    expect(text).toContain("\n  us-central1 was last looked at 12m ago: the tick does not run");
  });

  test("names the target once, and what is next once", () => {
    const text = explanation(downModel(), { at, now: outlook }, undefined);
    expect(times(text, "next:")).toBe(1);
    expect(text).not.toMatch(/^chat$/m);
  });

  test("tells of a hold once, and who asked for it", () => {
    const text = explanation(downModel({ ...held, history: [] }), { at, now: holding }, undefined);
    expect(text.split("\n\n")[0]).toBe(
      [
        'chat is held: Held by h-1 ("benchmark"): nothing is changed until 13:00',
        "  now: nothing to be done (rule hold)",
        "  next: the hold ends at 2026-11-23T13:00Z",
        "  the hold was asked for by ann",
        `  ${down}`,
        "  us-central1/g2-standard-12/NVIDIA_L4x1/spot@demo-llama is set aside until 2026-11-23T12:10Z: stockout",
      ].join("\n"),
    );
  });

  test.each([60, 80, 120, 160])("has a block a decision at %i columns", (width) => {
    const text = explanation(downModel(), { at, now: outlook }, width);
    expect(tooWide(text, width)).toEqual([]);
    expect(text).toMatch(/^2026-11-23T11:59Z {2}nothing \(capacity, 3 times\)\n {2}deployed model 1/m);
    expect(text).toMatch(/^2026-11-23T11:40Z {2}deploy\s+us-central1/m);
  });

  test.each([250, undefined])("has a line a decision where there is room (%s)", (width) => {
    const decisions = explanation(downModel(), { at, now: outlook }, width).split("\n\n")[1] ?? "";
    expect(decisions.split("\n")).toEqual([
      expect.stringMatching(/^2026-11-23T11:59Z {2}3 times {2}nothing +capacity +deployed model 1/),
      expect.stringMatching(/^2026-11-23T11:40Z +deploy us-central1.* as 5421095 {2}next-rung +deployed model 1/),
    ]);
  });
});
