import { describe, expect, test } from "vitest";
import { complaints } from "../../../../infra/cli/demo/verdict.ts";
import type { StatusReport, TargetStatus } from "../../../../shared/status/report.ts";
import { hour, minute } from "../../../../shared/time/clock.ts";
import { fleetOf } from "./fleets.ts";

const fleet = fleetOf(`
version: 1
project: demo
location: us-central1
schedules:
  office: { zone: Europe/Berlin, up: [mon-fri 08:00-20:00] }
persistentResources:
  - name: pool
    schedule: office
    spec: { resourcePools: [{ id: p, machineType: n1-standard-8, replicas: 1 }] }
  - name: naps
    idle: 15m
    spec: { resourcePools: [{ id: p, machineType: n1-standard-8, replicas: 1 }] }
`);
const noon = Date.parse("2026-11-23T11:00:00Z");
const night = Date.parse("2026-11-23T22:00:00Z");
const dawn = Date.parse("2026-11-24T06:30:00Z");

type Shown = Partial<Omit<TargetStatus, "name">> & { readonly nodes?: number };

/** What is wrong when the target shows this at that time, the other one being well. */
function wrong(name: string, at: number, shown: Shown): readonly string[] {
  const statuses = fleet.targets.map((policy): TargetStatus => {
    const usual = policy.name === "naps" || at === noon ? "up" : "asleep";
    return {
      name: policy.name,
      key: policy.key,
      kind: policy.kind,
      location: "us-central1",
      phase: usual,
      decision: { at, times: 1, rule: "window", action: "nothing", why: "so it is" },
      history: [],
      requests: [],
      benched: [],
      appliedVersion: 1,
      ...(policy.name === name ? shown : {}),
    };
  });
  const report: StatusReport = {
    at,
    targets: statuses,
    locations: [{ location: "us-central1", takenAt: at - 5 * minute }],
    owed: 0,
  };
  const bills = statuses.map(({ name: of, phase }) => ({
    name: of,
    used: { nodeHours: 0 },
    baseline: { nodeHours: 0 },
    nodes: { p: of === name && shown.nodes !== undefined ? shown.nodes : phase === "up" ? 1 : 0 },
  }));
  return complaints(fleet, report, bills).map(({ target, what }) => `${target}: ${what}`);
}

const request = { eventId: "e1", what: "wake", source: "ci", expiresAt: 0 };

describe("The fleet is as it should be when", () => {
  test.each([
    ["a scheduled pool is up by day", "pool", noon, {}],
    ["a scheduled pool is asleep at night", "pool", night, {}],
    [
      "the fleet's own limit on deletes keeps a pool up at night",
      "pool",
      night,
      { phase: "up", decision: { at: night, times: 1, rule: "cycles-per-day", action: "nothing", why: "4 deletes" } },
    ],
    ["a pool is already up shortly before its window", "pool", dawn, { phase: "up" }],
    ["a pool is still asleep shortly before its window", "pool", dawn, {}],
    ["a pool that may sleep when idle is up", "naps", noon, {}],
    ["a pool that may sleep when idle is asleep", "naps", noon, { phase: "asleep" }],
    [
      "a request that has been answered is still in force",
      "pool",
      noon,
      { requests: [{ ...request, answered: "final" }] },
    ],
  ] as const)("%s", (_case, name, at, shown) => {
    expect(wrong(name, at, shown)).toEqual([]);
  });
});

describe("The fleet is not as it should be when", () => {
  const operation = { state: "running", kind: "delete", attempt: 1, since: 0, why: "it is night" } as const;
  test.each([
    ["a pool is up at night", "pool", night, { phase: "up" }, /schedule wants it off/],
    ["a pool is asleep by day", "pool", noon, { phase: "asleep" }, /schedule wants it on/],
    ["an operation runs", "pool", noon, { operation }, /delete is running: it is night/],
    ["a request waits", "pool", noon, { requests: [{ ...request, answered: "accepted" }] }, /wake of ci is open/],
    ["something is amiss", "pool", noon, { phase: "drifted" }, /drifted: so it is/],
    ["it is held for ever", "pool", noon, { phase: "held" }, /held/],
    ["what is said to be asleep is billed", "pool", night, { nodes: 2 }, /asleep, but 2 nodes of it are billed/],
    ["what is said to be up is not there", "naps", noon, { nodes: 0 }, /up, but 0 nodes/],
  ] as const)("%s", (_case, name, at, shown, what) => {
    expect(wrong(name, at, shown)).toEqual([expect.stringMatching(what)]);
  });

  test("nothing was ever decided about a target, or the tick has stopped", () => {
    const at = noon + hour;
    const report: StatusReport = { at, targets: [], locations: [{ location: "us-central1", takenAt: noon }], owed: 0 };
    expect(complaints(fleet, report, []).map(({ target }) => target)).toEqual(["us-central1", "pool", "naps"]);
  });
});
