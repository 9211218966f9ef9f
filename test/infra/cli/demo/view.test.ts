import { describe, expect, test } from "vitest";
import { newsOf } from "../../../../infra/cli/demo/news.ts";
import {
  cut,
  moment,
  type NewsItem,
  type Paints,
  render,
  type Scene,
  sizeOf,
  withoutPlaces,
} from "../../../../infra/cli/demo/view.ts";
import type { TargetStatus } from "../../../../shared/status/report.ts";
import { day, hour, minute } from "../../../../shared/time/clock.ts";
import { monday } from "./fleets.ts";

const paints: Paints = {
  phase: (_phase, text) => text,
  tone: (_tone, text) => text,
  bold: (text) => text,
  faint: (text) => text,
};

const now = monday + 6 * hour;

function target(name: string, more: Partial<TargetStatus> = {}): TargetStatus {
  return {
    name,
    key: name,
    kind: "persistentResource",
    location: "us-central1",
    phase: "up",
    decision: { at: now, times: 1, rule: "window", action: "nothing", why: `Up until 20:00: ${"because ".repeat(30)}` },
    history: [],
    requests: [],
    benched: [],
    appliedVersion: 1,
    ...more,
  };
}

function scene(more: Partial<Scene> & { readonly targets?: readonly TargetStatus[] } = {}): Scene {
  const { targets = [target("research"), target("chat")], ...rest } = more;
  return {
    now,
    from: monday,
    until: monday + day,
    speed: 1440,
    status: { at: now, targets, locations: [], owed: 0 },
    bills: [
      {
        name: "research",
        used: { nodeHours: 10, money: 4 },
        baseline: { nodeHours: 12, money: 9 },
        nodes: { workers: 3 },
      },
    ],
    news: [],
    page: "http://127.0.0.1:8092/",
    ...rest,
  };
}

const item: NewsItem = { at: now, about: "chat", what: `preempted: ${"lost ".repeat(60)}`, tone: "bad" };

describe("The view", () => {
  test.each([
    [80, 24],
    [120, 40],
    [200, 50],
    [60, 24],
  ])("fits a terminal of %i by %i, full of long news and long reasons", (columns, rows) => {
    const news = Array.from({ length: 40 }, () => item);
    const lines = render(scene({ news }), { columns, rows }, paints);
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThan(columns);
    expect(lines.length).toBeLessThan(rows);
  });

  test("fits a terminal when the fleet has more targets than lines, and says how many are left out", () => {
    const targets = Array.from({ length: 60 }, (_, index) => target(`pool-${index}`));
    const lines = render(scene({ targets, news: [item, item] }), { columns: 80, rows: 24 }, paints);
    expect(lines.length).toBeLessThan(24);
    expect(lines.join("\n")).toContain("… and 49 more; the status page shows all");
  });

  test("keeps its height while news come in: nothing jumps", () => {
    const size = { columns: 80, rows: 24 };
    const few = render(scene(), size, paints);
    const many = render(scene({ news: Array.from({ length: 40 }, () => item) }), size, paints);
    expect(many.length).toBe(few.length);
  });

  test("shows the world's time, how far it is, what is on and why, and the money", () => {
    const text = render(scene(), { columns: 120, rows: 30 }, paints).join("\n");
    expect(text).toContain("Mon 23 Nov 10:00 UTC");
    expect(text).toMatch(/━+┄+ {2}25 %/);
    expect(text).toMatch(/research +up +workers 3 +Up until 20:00: because/);
    expect(text).toContain("10.0 node-hours so far, always on would be 12.0; money 4.00 of 9.00");
    expect(text).toContain("http://127.0.0.1:8092/");
  });

  test("shows what is happening in place of what was decided", () => {
    const operation = {
      state: "running",
      kind: "create",
      attempt: 1,
      since: now - 12 * minute,
      why: "it is morning",
    } as const;
    const text = render(scene({ targets: [target("research", { operation })] }), { columns: 120, rows: 30 }, paints);
    expect(text.join("\n")).toContain("create running for 12m: it is morning");
  });

  test("shows news in the order in which they happened, though some are told late", () => {
    const news = [
      { ...item, at: now, what: "second" },
      { ...item, at: now - minute, what: "first" },
    ];
    const text = render(scene({ news }), { columns: 80, rows: 24 }, paints).join("\n");
    expect(text.indexOf("first")).toBeLessThan(text.indexOf("second"));
  });

  test("can be drawn before there is anything to show", () => {
    const empty = scene({ now: monday, bills: [] });
    const lines = render({ ...empty, status: undefined, note: "starting" }, { columns: 80, rows: 24 }, paints);
    expect(lines[0]).toContain("starting");
    expect(lines[1]).toMatch(/┄ {3}0 %$/);
  });
});

describe("What of a target is on", () => {
  const model = { kind: "spotModel", rung: "g2-standard-12/NVIDIA_L4x1/spot@us-central1" } as const;
  const bill = (nodes: Readonly<Record<string, number>>) => ({
    name: "t",
    used: { nodeHours: 0 },
    baseline: { nodeHours: 0 },
    nodes,
  });
  test.each([
    ["nothing", {}, {}, "-"],
    ["pools with their replicas", {}, { cpu: 2, elastic: 1 }, "cpu 2 elastic 1"],
    ["a model's replicas, how they are bought and their chip", model, { "1": 2 }, "2 spot L4"],
    [
      "several chips a machine",
      { ...model, rung: "a2-ultragpu-2g/NVIDIA_A100_80GBx2/on-demand@x" },
      { "1": 1 },
      "1 on-demand A100_80GBx2",
    ],
    ["a machine without chips", { ...model, rung: "n1-standard-8/spot@x" }, { "1": 1 }, "1 spot n1-standard-8"],
    [
      "a reservation without its name",
      { ...model, rung: "n1-standard-8/reservation:mine@x" },
      { "1": 1 },
      "1 reservation n1-standard-8",
    ],
    ["two models while one takes over from the other", model, { "1": 1, "2": 1 }, "2 spot L4"],
    ["nodes that nobody remembers a rung of", { kind: "spotModel" }, { "1": 1 }, "1 node"],
  ] as const)("is %s", (_case, more, nodes, text) => {
    expect(sizeOf(target("t", more), bill(nodes))).toBe(text);
  });
});

describe("Texts", () => {
  test.each([
    ["short", 10, "short"],
    ["exactly ten", 11, "exactly ten"],
    ["a little too long", 9, "a little…"],
    ["no room", 1, "…"],
    ["no room", 0, ""],
  ])("%j is cut to %i characters as %j", (text, width, result) => {
    expect(cut(text, width)).toBe(result);
  });

  test("lose the places that all resources share", () => {
    expect(withoutPlaces("submitted as projects/demo/locations/us-central1/customJobs/7 on n1/spot@us-central1")).toBe(
      "submitted as customJobs/7 on n1/spot",
    );
  });

  test("write a moment in UTC", () => {
    expect(moment(monday)).toBe("Mon 23 Nov 04:00");
  });
});

describe("News", () => {
  const outcome = {
    id: "e/done",
    eventId: "e",
    final: true,
    target: "chat",
    what: "to 2",
    why: "asked",
    at: 5,
  } as const;
  test.each([
    ["done", "done: to 2: asked"],
    ["rejected", "rejected: to 2: asked"],
    ["preempted", "preempted: to 2: asked"],
    ["awake", "awake: to 2"],
    ["redeployed", "redeployed: to 2, in 20m"],
  ] as const)("are made of %s", (phase, what) => {
    expect(newsOf({ ...outcome, phase, details: { seconds: 1200 } })).toMatchObject({ about: "chat", at: 5, what });
  });

  test.each(["accepted", "started", "sleeping-soon"] as const)("are not made of %s", (phase) => {
    expect(newsOf({ ...outcome, phase })).toBeUndefined();
  });
});
