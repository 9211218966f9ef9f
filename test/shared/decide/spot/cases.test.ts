/** The cases of the Spot reference, section F, and the steps of a recovery. */
import { describe, expect, it } from "vitest";
import type { SpotModelMemory, Tried } from "../../../../shared/decide/memory.ts";
import { spotModel } from "../../../../shared/decide/spot-model/spot-model.ts";
import type { Schedule, SpotModelPolicy } from "../../../../shared/fleet/fleet.ts";
import { hour, minute, second } from "../../../../shared/time/clock.ts";
import {
  caseOf,
  changeOf,
  empty,
  endpoint,
  heldFor,
  onDemand,
  policy,
  request,
  servingOn,
  shown,
  spotA100,
  spotL4,
  start,
  stranger,
  Toy,
} from "./world.ts";

/** An incident that began so long ago, with the model of rung g2 dead. */
function lost(ago: number, more: Partial<SpotModelMemory> = {}): SpotModelMemory {
  const { healthySince: _, ...before } = servingOn(spotL4);
  const since = start - ago;
  return {
    ...before,
    incident: {
      id: "chat/lost/1",
      since,
      why: "deployed model 1 lost its replicas",
      attempts: 0,
      cause: "lost",
      fromRungId: "g2",
    },
    bench: [{ rungId: "g2", until: since + 10 * minute, class: "preempted", strikes: 1, at: since }],
    ...more,
  };
}

const dead = shown("1", spotL4, 0);
const all = { 1: 100 };

const weekdays: Schedule = {
  name: "office",
  zone: "UTC",
  up: [{ days: [1, 2, 3, 4, 5], from: 8 * 60, to: 20 * 60, text: "mon-fri 08:00-20:00" }],
  exceptions: [],
};
const night = Date.parse("2026-11-18T21:00:00Z");
const morning = Date.parse("2026-11-19T08:00:00Z");

describe("a recovery, step by step", () => {
  it("waits out the grace, deploys beside, moves traffic, undeploys the dead one, and says how long it took", () => {
    const toy = new Toy();
    toy.run(4);
    expect(toy.split).toEqual({ [toy.memory.serving?.deployedModelId ?? ""]: 100 });
    const first = toy.memory.serving?.deployedModelId ?? "";
    toy.preempt(first);
    toy.run(12);
    expect(toy.decisions.map(({ rule }) => rule)).toEqual([
      "next-rung",
      "traffic",
      "healthy",
      "healthy",
      "grace",
      "grace",
      "grace",
      "grace",
      "next-rung",
      "traffic",
      "clean-up",
      ...Array(5).fill("healthy"),
    ]);
    const second = toy.memory.serving?.deployedModelId ?? "";
    expect([...toy.models.keys()]).toEqual([second]);
    expect(toy.memory.serving?.rungId).toBe("a2");
    const told = toy.decisions
      .flatMap(({ notices }) => notices)
      .map(({ phase, what, details }) => ({ phase, what, details }));
    expect(told).toEqual([
      { phase: "awake", what: "serving on g2", details: { seconds: 120, attempts: 1, rungTo: "g2" } },
      { phase: "preempted", what: "lost capacity on g2", details: { rung: "g2" } },
      { phase: "redeployed", what: "g2 -> a2", details: { seconds: 360, attempts: 1, rungFrom: "g2", rungTo: "a2" } },
    ]);
  });

  it("deploys at once where the deployed model is gone: nothing is left that the platform could restart", () => {
    const decision = spotModel.decide(caseOf({ memory: servingOn(spotL4), models: [] }));
    expect(changeOf(decision)).toMatchObject({ kind: "deploy", rungId: "a2" });
    expect(decision.memory.serving).toBeUndefined();
  });

  it("keeps what the platform itself restarted within the grace", () => {
    const toy = new Toy({ memory: servingOn(spotL4), models: [shown("1", spotL4, 1)], split: all });
    toy.preempt("1");
    toy.run(2);
    toy.models.set("1", shown("1", spotL4, 1));
    toy.run(2);
    expect(toy.decisions.at(-1)).toMatchObject({ rule: "healthy", memory: { serving: { deployedModelId: "1" } } });
    expect(toy.decisions.flatMap(({ notices }) => notices.map(({ phase }) => phase))).toEqual([
      "preempted",
      "redeployed",
    ]);
  });

  it("keeps a fallback that came too late until the first has served for the grace, then undeploys it", () => {
    const toy = new Toy({ memory: lost(5 * minute), models: [dead], split: all });
    const deploy = toy.decide();
    expect(deploy).toMatchObject({ kind: "deploy", rungId: "a2" });
    toy.models.set("1", shown("1", spotL4, 1));
    if (deploy === undefined) throw new Error("no deploy");
    toy.carryOut(deploy);
    toy.settle(deploy, { end: "done", note: "" });
    toy.run(8);
    expect([...toy.models.keys()]).toEqual(["1"]);
    expect(toy.split).toEqual(all);
    expect(toy.memory.successor).toBeUndefined();
  });

  it("does not believe a zero without lastUpdateTime: unset and zero are the same bytes", () => {
    const unfilled = shown("1", spotL4, undefined);
    const decision = spotModel.decide(caseOf({ memory: servingOn(spotL4), models: [unfilled], split: all }));
    expect(decision).toMatchObject({ action: { do: "nothing" }, rule: "unknown", phase: "serving" });
    expect(decision.memory.incident).toBeUndefined();
  });

  it("takes a successor with unfilled counters for deployed after three hours, whoever saw its deployment end", () => {
    const successor = { deployedModelId: "2", rungId: "g2", since: start - 3 * hour - minute };
    const models = [shown("2", spotL4, undefined)];
    const facts = (since: number) =>
      caseOf({ memory: { ...empty, ours: ["2"], successor: { ...successor, since } }, models, split: {} });
    expect(spotModel.decide(facts(start - hour)).rule).toBe("bring-up");
    expect(spotModel.decide(facts(successor.since)).action).toMatchObject({ change: { kind: "traffic" } });
  });

  it("moves traffic to a successor with unfilled counters once its own deployment has ended well", () => {
    const successor = { deployedModelId: "2", rungId: "a2", since: start - minute };
    const memory = lost(6 * minute, { ours: ["1", "2"], successor });
    const models = [dead, shown("2", spotA100, undefined)];
    const before = spotModel.decide(caseOf({ memory, models, split: all }));
    expect(before).toMatchObject({ action: { do: "nothing" }, rule: "bring-up" });
    const after = { ...memory, successor: { ...successor, deployedAt: start } };
    expect(changeOf(spotModel.decide(caseOf({ memory: after, models, split: all })))).toMatchObject({
      kind: "traffic",
    });
    const moved = spotModel.decide(caseOf({ memory: after, models, split: { 2: 100 } }));
    expect(moved.memory).toMatchObject({ serving: { deployedModelId: "2" } });
    expect(moved.memory.incident).toBeUndefined();
  });

  it("drops a successor that stays without capacity, before it looks for another", () => {
    const successor = { deployedModelId: "2", rungId: "a2", since: start - hour, deployedAt: start - 5 * minute };
    const memory = lost(30 * minute, { ours: ["1", "2"], successor });
    const decision = spotModel.decide(caseOf({ memory, models: [dead, shown("2", spotA100, 0)], split: all }));
    expect(changeOf(decision)).toMatchObject({ kind: "undeploy", deployedModelId: "2" });
    expect(decision.memory.bench).toContainEqual(expect.objectContaining({ rungId: "a2", class: "preempted" }));
  });

  it("replaces directly where the next rung needs the quota that the dead model still holds", () => {
    const memory = lost(11 * minute);
    const first = spotModel.decide(caseOf({ memory, models: [dead], split: all }));
    expect(first.rule).toBe("replace-directly");
    const change = changeOf(first);
    expect(change).toMatchObject({ kind: "undeploy", deployedModelId: "1" });
    const facts = caseOf({ memory: first.memory, models: [] });
    const settled = spotModel.afterSettling(facts, heldFor(change), { end: "done", note: "" });
    const next = spotModel.decide({ ...facts, memory: settled.memory });
    expect(changeOf(next)).toMatchObject({ kind: "deploy", rungId: "g2" });
  });

  it("deploys beside a dead model whose traffic is shared with others, because it cannot be undeployed first", () => {
    const given = { memory: lost(11 * minute), models: [dead, stranger("9")], split: { 1: 70, 9: 30 } };
    expect(changeOf(spotModel.decide(caseOf(given)))).toMatchObject({ kind: "deploy", rungId: "g2" });
  });

  it("adopts what is already deployed under our name and model when it remembers nothing", () => {
    const decision = spotModel.decide(caseOf({ models: [shown("42", onDemand, 1)], split: { 42: 100 } }));
    expect(decision).toMatchObject({
      action: { do: "nothing" },
      memory: { ours: ["42"], serving: { deployedModelId: "42", rungId: "g2-od" } },
    });
  });

  it("says nothing and does nothing when the endpoint cannot be read", () => {
    const facts = {
      ...caseOf({ memory: lost(hour) }),
      observation: { endpoint: { look: "unknown", why: "503" } },
    } as const;
    const decision = spotModel.decide(facts);
    expect(decision).toMatchObject({ action: { do: "nothing" }, phase: "unknown", memory: lost(hour) });
  });
});

describe("reference cases", () => {
  it("F1: the same alert delivered five times is one incident and one deploy", () => {
    const facts = caseOf({ memory: lost(5 * minute), models: [dead], split: all });
    const looks = Array.from({ length: 5 }, () => spotModel.decide(facts));
    expect(new Set(looks.map((look) => JSON.stringify(changeOf(look)))).size).toBe(1);
    const [claimed] = looks;
    const during = spotModel.decide({ ...facts, memory: claimed?.memory ?? empty, now: start + second });
    expect(during).toMatchObject({ action: { do: "nothing" }, rule: "bring-up" });
    const models = [dead, shown(claimed?.memory.successor?.deployedModelId ?? "", spotA100, 0)];
    const beside = spotModel.decide(
      caseOf({ memory: claimed?.memory ?? empty, models, split: all, now: start + second }),
    );
    expect(beside).toMatchObject({ action: { do: "nothing" }, rule: "bring-up" });
  });

  it("F2: a stale signal starts nothing where the observation is healthy", () => {
    const decision = spotModel.decide(
      caseOf({ memory: servingOn(spotL4), models: [shown("1", spotL4, 1)], split: all }),
    );
    expect(decision).toMatchObject({ action: { do: "nothing" }, rule: "healthy" });
  });

  it("F3: preempted again 40 s after a redeploy benches that rung too, and attempts stay bounded", () => {
    const toy = new Toy({ deploysPerHour: 4 });
    let deploys = 0;
    for (let n = 0; n < 180; n += 1) {
      const change = toy.decide();
      toy.now += 20 * second;
      if (change === undefined) continue;
      toy.carryOut(change);
      toy.settle(change, { end: "done", note: "" });
      if (change.kind === "deploy") deploys += 1;
      if (change.kind === "traffic") {
        const [id] = Object.keys(change.trafficSplit);
        toy.now += 40 * second;
        toy.preempt(id ?? "", "gone");
      }
    }
    expect(deploys).toBeLessThanOrEqual(8);
    const rungs = toy.decisions.flatMap(({ action }) =>
      action.do === "change" && action.change.kind === "deploy" ? [action.change.rungId] : [],
    );
    expect(rungs.slice(0, 3)).toEqual(["g2", "a2", "g2-od"]);
    expect(toy.decisions.some(({ rule }) => rule === "capacity" || rule === "budget")).toBe(true);
  });

  it("F4: a stockout that suggests another region benches this rung only, and the next one is deployed", () => {
    const facts = caseOf({ memory: servingOn(spotL4), models: [] });
    const first = spotModel.decide(facts);
    const note = "Machine type temporarily unavailable. Please try europe-west4.";
    const after = spotModel.afterSettling({ ...facts, memory: first.memory }, heldFor(changeOf(first)), {
      end: "failed",
      class: "stockout",
      note,
    });
    expect(after.memory.bench.map(({ rungId, class: reason }) => [rungId, reason])).toEqual([
      ["g2", "preempted"],
      ["a2", "stockout"],
    ]);
    expect(changeOf(spotModel.decide({ ...facts, memory: after.memory }))).toMatchObject({
      rungId: "g2-od",
      resource: endpoint,
    });
  });

  it("F5: a Spot quota error benches the Spot rungs of that accelerator for six hours, tells it once, and on-demand is tried", () => {
    const spotL4Large = { ...spotL4, id: "g2-large", machineType: "g2-standard-24" };
    const ladder = [spotL4, spotL4Large, onDemand];
    const facts = caseOf({ policy: { ladder } });
    const first = spotModel.decide(facts);
    const settlement = {
      end: "failed",
      class: "quota",
      note: "The following quotas are exceeded: CustomModelServingPreemptibleL4GPUsPerProjectPerRegion",
    } as const;
    const after = spotModel.afterSettling({ ...facts, memory: first.memory }, heldFor(changeOf(first)), settlement);
    expect(after.memory.bench.map(({ rungId, until }) => [rungId, until - start])).toEqual([
      ["g2", 6 * hour],
      ["g2-large", 6 * hour],
    ]);
    expect(after.notices.map(({ phase }) => phase)).toEqual(["alert"]);
    expect(changeOf(spotModel.decide({ ...facts, memory: after.memory }))).toMatchObject({ rungId: "g2-od" });
  });

  it("F6: a missing endpoint closes the incident and creates nothing", () => {
    const facts = { ...caseOf({ memory: lost(hour) }), observation: { endpoint: { look: "absent" } } } as const;
    const decision = spotModel.decide(facts);
    expect(decision).toMatchObject({ action: { do: "nothing" }, rule: "endpoint-gone", phase: "down" });
    expect(decision.memory.incident).toBeUndefined();
    expect(decision.memory.ours).toEqual([]);
  });

  it("F7: a model deployed by hand that holds the whole split keeps it, and is never undeployed", () => {
    const toy = new Toy({
      memory: servingOn(spotL4),
      models: [shown("1", spotL4, 1), stranger("9")],
      split: { 9: 100 },
    });
    toy.run(3);
    toy.preempt("1");
    toy.run(20);
    expect(toy.split).toEqual({ 9: 100 });
    expect(toy.models.has("9")).toBe(true);
    expect(toy.memory.serving?.rungId).toBe("a2");
  });

  it("F7: a namesake that is not ours is reported once and left alone", () => {
    const given = { memory: servingOn(spotL4), models: [shown("1", spotL4, 1), stranger("9", "chat")], split: all };
    const decision = spotModel.decide(caseOf(given));
    expect(decision).toMatchObject({ action: { do: "nothing" }, rule: "healthy" });
    expect(decision.notices).toMatchObject([{ phase: "drifted", id: "chat/namesake/9" }]);
  });

  it("F8: 70/30 with a stranger stays 70/30 over the switch, under the etag that was read", () => {
    const toy = new Toy({ memory: lost(5 * minute), models: [dead, stranger("9")], split: { 1: 70, 9: 30 } });
    toy.run(4);
    const next = toy.memory.serving?.deployedModelId ?? "";
    expect(toy.split).toEqual({ 9: 30, [next]: 70 });
    expect(toy.models.has("1")).toBe(false);
  });

  it("F8: an etag conflict is looked at again, not forced", () => {
    const memory = lost(6 * minute, {
      ours: ["1", "2"],
      successor: { deployedModelId: "2", rungId: "a2", since: start },
    });
    const facts = caseOf({ memory, models: [dead, shown("2", spotA100, 1)], split: all });
    const first = spotModel.decide(facts);
    const conflict = { end: "failed", class: "conflict", note: "etag" } as const;
    const after = spotModel.afterSettling({ ...facts, memory: first.memory }, heldFor(changeOf(first)), conflict);
    const again = caseOf({ memory: after.memory, models: [dead, shown("2", spotA100, 1)], split: { 1: 60, 9: 40 } });
    expect(changeOf(spotModel.decide(again))).toMatchObject({ kind: "traffic", trafficSplit: { 2: 60, 9: 40 } });
  });

  it("F9: killed after the deploy was accepted: the claimed id is found and adopted, no second copy", () => {
    const first = spotModel.decide(caseOf({ memory: lost(5 * minute), models: [dead], split: all }));
    const change = changeOf(first);
    if (change.kind !== "deploy") throw new Error("no deploy");
    const models = [dead, shown(change.deployedModelId, spotA100, 1)];
    const next = spotModel.decide(caseOf({ memory: first.memory, models, split: all }));
    expect(changeOf(next)).toMatchObject({ kind: "traffic", trafficSplit: { [change.deployedModelId]: 100 } });
  });

  it("F9: one of ours that serves though nobody expects it is taken instead of another deploy", () => {
    const memory = lost(5 * minute, { ours: ["1", "2"] });
    const decision = spotModel.decide(caseOf({ memory, models: [dead, shown("2", spotA100, 1)], split: all }));
    expect(changeOf(decision)).toMatchObject({ kind: "traffic", trafficSplit: { 2: 100 } });
  });

  it("F10: required reached, minimum not: degraded, and no second rung", () => {
    const wide = { ...spotL4, minReplicas: 4, maxReplicas: 4, requiredReplicas: 2 };
    const given = { policy: { ladder: [wide, onDemand] }, memory: servingOn(wide), split: all };
    const degraded = spotModel.decide(caseOf({ ...given, models: [shown("1", wide, 2)] }));
    expect(degraded).toMatchObject({ action: { do: "nothing" }, rule: "degraded", phase: "degraded" });
    const below = spotModel.decide(caseOf({ ...given, models: [shown("1", wide, 1)] }));
    expect(below).toMatchObject({ rule: "grace", phase: "recovering" });
  });

  it.each(["Model server exited unexpectedly with code 1", "model server never became ready. Please validate"])(
    "F11: a container that fails stops the ladder and is told: %s",
    (message) => {
      const crashed = shown("1", spotL4, 0, { status: { lastUpdateTime: "2026-11-18T10:00:00Z", message } });
      const decision = spotModel.decide(caseOf({ memory: servingOn(spotL4), models: [crashed], split: all }));
      expect(decision).toMatchObject({ action: { do: "nothing" }, rule: "parked", phase: "error" });
      expect(decision.notices.map(({ phase }) => phase)).toEqual(["alert"]);
      const later = spotModel.decide(
        caseOf({ memory: decision.memory, models: [crashed], split: all, now: start + hour }),
      );
      expect(later).toMatchObject({ action: { do: "nothing" }, rule: "parked", notices: [] });
      const well = spotModel.decide(caseOf({ memory: later.memory, models: [shown("1", spotL4, 1)], split: all }));
      expect(well.rule).toBe("healthy");
    },
  );

  it("F11: a deploy that ends in a container fault stops the ladder, and a release starts it again", () => {
    const facts = caseOf({});
    const first = spotModel.decide(facts);
    const fault = { end: "failed", class: "model-fault", note: "Model server exited unexpectedly" } as const;
    const after = spotModel.afterSettling({ ...facts, memory: first.memory }, heldFor(changeOf(first)), fault);
    expect(spotModel.decide({ ...facts, memory: after.memory })).toMatchObject({ rule: "parked" });
    const released = { ...facts, memory: after.memory, requests: [request("r1", { type: "release" })] };
    // On the same rung: the container was the matter, and a dearer one would not mend that.
    expect(changeOf(spotModel.decide(released))).toMatchObject({ kind: "deploy", rungId: "g2" });
  });

  it("F11: a stopped ladder is tried again when its next window starts, and people hear of it if it fails again", () => {
    const fault = { at: start, why: "the container exits" };
    const given = { policy: { schedule: weekdays }, models: [shown("1", spotL4, 0)], split: all, now: night };
    const off = caseOf({ ...given, memory: { ...servingOn(spotL4), fault } });
    const { memory } = spotModel.decide(off);
    const undeploy = { kind: "undeploy", resource: endpoint, deployedModelId: "1" } as const;
    const after = spotModel.afterSettling({ ...off, memory }, heldFor(undeploy), { end: "done", note: "" });
    const asleep = { ...given, models: [], split: {} };
    const quiet = spotModel.decide(caseOf({ ...asleep, memory: after.memory, now: night + hour }));
    const up = spotModel.decide(caseOf({ ...asleep, memory: quiet.memory, now: morning }));
    expect(changeOf(up)).toMatchObject({ kind: "deploy", rungId: "g2" });
    const crashed = { status: { lastUpdateTime: "2026-11-18T10:00:00Z", message: "Model server exited unexpectedly" } };
    const models = [shown("1", spotL4, 0, crashed)];
    const again = spotModel.decide(caseOf({ ...given, models, memory: servingOn(spotL4), now: morning }));
    expect(again.notices).toMatchObject([
      { phase: "alert", why: expect.stringContaining("when its next window starts") },
    ]);
  });

  it("F11: a rung that was refused is tried again once somebody has said that it is mended", () => {
    const given = { policy: { ladder: [spotL4] } };
    const first = spotModel.decide(caseOf(given));
    const refused = { end: "failed", class: "invalid", note: "no such machine" } as const;
    const after = spotModel.afterSettling(
      { ...caseOf(given), memory: first.memory },
      heldFor(changeOf(first)),
      refused,
    );
    const again = (requests: Parameters<typeof caseOf>[0]["requests"] = []) =>
      spotModel.decide(caseOf({ ...given, memory: after.memory, now: start + 10 * minute, requests }));
    expect(again()).toMatchObject({ rule: "capacity", action: { do: "nothing" } });
    expect(changeOf(again([request("r1", { type: "release" })]))).toMatchObject({ kind: "deploy", rungId: "g2" });
  });

  it("tells what is the matter as it is now: a model whose loss began it may be gone", () => {
    const beside = spotModel.decide(caseOf({ memory: lost(hour), models: [dead], split: all }));
    expect(beside.why).toMatch(/^deployed model 1 lost its replicas since 09:00 UTC; /);
    const gone = spotModel.decide(caseOf({ memory: lost(hour), models: [] }));
    expect(gone.why).toMatch(/^capacity on g2 was lost at 09:00 UTC, and nothing serves; .*is tried now$/);
  });

  it("F12: off-hours during an incident closes it and creates nothing; the morning deploys again", () => {
    const scheduled = { policy: { schedule: weekdays } };
    const down = spotModel.decide(caseOf({ ...scheduled, memory: lost(hour), models: [dead], split: all, now: night }));
    expect(changeOf(down)).toMatchObject({ kind: "undeploy", deployedModelId: "1" });
    expect(down.memory.incident).toBeUndefined();
    const asleep = spotModel.decide(caseOf({ ...scheduled, memory: down.memory, now: night + 5 * minute }));
    expect(asleep).toMatchObject({ action: { do: "nothing" }, phase: "off-hours", next: { at: morning } });
    expect(asleep.notices.map(({ phase }) => phase)).toEqual(["asleep"]);
    const up = spotModel.decide(caseOf({ ...scheduled, memory: asleep.memory, now: morning }));
    expect(changeOf(up)).toMatchObject({ kind: "deploy", rungId: "g2" });
  });
});

describe("what failed a moment ago holds up only itself", () => {
  const refusal = (parked: boolean) => {
    const tried = { count: 1, class: "denied", note: "no", nextAt: start + 6 * hour } as const;
    return parked ? { ...tried, nextAt: start, parked: { at: start, why: "no" } } : tried;
  };
  const at = (what: Tried, parked: boolean): Partial<SpotModelMemory> => ({ attemptsAt: { [what]: refusal(parked) } });
  const two: SpotModelPolicy = { ...policy, ladder: [{ ...spotL4, minReplicas: 2 }, onDemand] };

  it.each([
    ["mutate", true],
    ["mutate", false],
    ["undeploy", true],
    ["undeploy", false],
    ["traffic", true],
    ["traffic", false],
  ] as const)("%s (parked: %s) does not stop the recovery of a model that is preempted", (goal, stopped) => {
    const memory = { ...servingOn(spotL4), ...at(goal, stopped) };
    const toy = new Toy({ policy: two, memory, models: [shown("1", spotL4, 1)], split: all });
    toy.run(2);
    toy.preempt("1");
    toy.run(5);
    expect(toy.decisions.at(-1)).toMatchObject({ rule: "next-rung", action: { change: { rungId: "g2-od" } } });
  });

  it("waits with the size that was refused, and says so while it serves", () => {
    const memory = { ...servingOn(spotL4), ...at("mutate/1/2", true) };
    const decision = spotModel.decide(caseOf({ policy: two, memory, models: [shown("1", spotL4, 1)], split: all }));
    expect(decision).toMatchObject({ action: { do: "nothing" }, rule: "back-off", phase: "serving" });
    expect(decision.why).toContain("mutate number 1 failed (denied: no), and trying has stopped until a release");
  });

  it("deploys beside a dead model that cannot be undeployed, and never a second one on a rung that is taken so", () => {
    const refused = { attemptsAt: { "undeploy/1": refusal(false), "undeploy/2": refusal(false) } };
    const models = [dead, shown("2", onDemand, 0)];
    const given = { policy: { ladder: [spotL4, onDemand] }, models, split: all, now: start + 20 * minute };
    const stuck = spotModel.decide(caseOf({ ...given, memory: { ...lost(hour, { ours: ["1", "2"] }), ...refused } }));
    expect(stuck).toMatchObject({ action: { do: "nothing" }, rule: "capacity", next: { at: start + 6 * hour } });
    expect(stuck.why).toContain("g2 has a deployed model of ours that cannot be undeployed yet");
    const other = { ...given, policy: { ladder: [spotL4, spotA100] } };
    const beside = spotModel.decide(caseOf({ ...other, memory: { ...lost(hour, { ours: ["1", "2"] }), ...refused } }));
    expect(changeOf(beside)).toMatchObject({ kind: "deploy", rungId: "a2" });
  });

  it("keeps the dead model for the platform to restart while the deploy that would follow it waits", () => {
    const memory = { ...lost(hour), ...at("deploy", false) };
    const decision = spotModel.decide(caseOf({ policy: { ladder: [spotL4] }, memory, models: [dead], split: all }));
    expect(decision).toMatchObject({ action: { do: "nothing" }, rule: "back-off", next: { at: start + 6 * hour } });
  });

  it("undeploys for the night though the deploy of the day was refused", () => {
    const memory = { ...servingOn(spotL4), ...at("deploy", false) };
    const given = { policy: { schedule: weekdays }, memory, models: [shown("1", spotL4, 1)], split: all, now: night };
    expect(changeOf(spotModel.decide(caseOf(given)))).toMatchObject({ kind: "undeploy" });
  });

  it("leaves each goal its own count: the failure of one does not start another anew", () => {
    const facts = caseOf({ memory: { ...servingOn(spotL4), ...at("mutate/1/2", true) } });
    const undeploy = { kind: "undeploy", resource: endpoint, deployedModelId: "2" } as const;
    const failed = { end: "failed", class: "denied", note: "no" } as const;
    const after = spotModel.afterSettling(facts, heldFor(undeploy), failed).memory.attemptsAt;
    expect([after?.["mutate/1/2"]?.parked?.why, after?.["undeploy/2"]?.count]).toEqual(["no", 1]);
    const done = spotModel.afterSettling(facts, heldFor(undeploy), { end: "done", note: "" }).memory.attemptsAt;
    expect(Object.keys(done ?? {})).toEqual(["mutate/1/2"]);
  });

  it("of one model, not of another: that is undeployed at night, and the first when its time has come", () => {
    const models = [shown("1", spotL4, 1), shown("9", onDemand, 1)];
    const given = { policy: { schedule: weekdays, ladder: [spotL4, onDemand] }, models, split: all, now: night };
    const memory = { ...servingOn(spotL4), ours: ["1", "9"], ...at("undeploy/9", true) };
    const both = spotModel.decide(caseOf({ ...given, memory, split: {} }));
    expect(changeOf(both)).toMatchObject({ kind: "undeploy", deployedModelId: "1" });
    const gone = spotModel.decide(caseOf({ ...given, models: [shown("1", spotL4, 1)], memory }));
    expect(changeOf(gone)).toMatchObject({ kind: "undeploy", deployedModelId: "1" });
    expect(gone.memory.attemptsAt).toEqual({});
  });

  it("of one size, not of another; and whoever asks for the refused one again is answered", () => {
    const memory = { ...servingOn(spotL4), ...at("mutate/1/8", true) };
    const given = {
      policy: { ladder: [{ ...spotL4, maxReplicas: 8 }] },
      memory,
      models: [shown("1", spotL4, 1)],
      split: all,
    };
    const ask = (replicas: number) =>
      spotModel.decide(caseOf({ ...given, requests: [request("scale", { type: "scale", pool: "model", replicas })] }));
    expect(changeOf(ask(2))).toMatchObject({ kind: "mutate", minReplicas: 2 });
    const refused = ask(8);
    expect([refused.action.do, refused.requests]).toEqual(["nothing", []]);
    expect(refused.answers).toMatchObject([
      { phase: "failed", why: expect.stringContaining("this size was refused before (no)") },
    ]);
  });
});

describe("off-hours", () => {
  it("undeploys a healthy model, and wakes it for a wake", () => {
    const given = {
      policy: { schedule: weekdays },
      memory: servingOn(spotL4),
      models: [shown("1", spotL4, 1)],
      split: all,
    };
    expect(changeOf(spotModel.decide(caseOf({ ...given, now: night })))).toMatchObject({ kind: "undeploy" });
    const woken = caseOf({ ...given, now: night, requests: [request("w1", { type: "wake" }, night)] });
    expect(spotModel.decide(woken)).toMatchObject({ rule: "healthy", answers: [{ eventId: "w1", phase: "done" }] });
  });

  it("leaves a model deployed whose split is shared, for others' shares cannot be changed", () => {
    const given = { policy: { schedule: weekdays }, memory: servingOn(spotL4, "1", 70), now: night };
    const decision = spotModel.decide(
      caseOf({ ...given, models: [shown("1", spotL4, 1), stranger("9")], split: { 1: 70, 9: 30 } }),
    );
    expect(decision).toMatchObject({ action: { do: "nothing" }, rule: "off-hours", notices: [{ phase: "alert" }] });
  });
});

describe("prices and budgets", () => {
  it("never deploys a rung over the price cap, and says so where that leaves none", () => {
    const decision = spotModel.decide(caseOf({ policy: { maxHourlyPrice: 0.5, ladder: [spotA100, onDemand] } }));
    expect(decision).toMatchObject({ action: { do: "nothing" }, rule: "capacity", notices: [{ phase: "alert" }] });
    expect(changeOf(spotModel.decide(caseOf({ policy: { maxHourlyPrice: 0.5 } })))).toMatchObject({ rungId: "g2" });
  });

  it("stops at the deploys an hour that the fleet allows, until the oldest is an hour old", () => {
    const deploys = [30, 20, 10].map((ago) => start - ago * minute);
    const decision = spotModel.decide(caseOf({ memory: { deploys }, deploysPerHour: 3 }));
    expect(decision).toMatchObject({ action: { do: "nothing" }, rule: "budget", next: { at: start + 30 * minute } });
    expect(
      changeOf(spotModel.decide(caseOf({ memory: { deploys }, deploysPerHour: 3, now: start + 30 * minute }))),
    ).toBeDefined();
  });
});

it("sends what the rung says, with an empty split and an id that a repeat would collide with", () => {
  const change = changeOf(spotModel.decide(caseOf({})));
  expect(change).toMatchObject({
    kind: "deploy",
    deployedModel: {
      model: policy.model,
      displayName: "chat",
      dedicatedResources: {
        machineSpec: { machineType: "g2-standard-12", acceleratorType: "NVIDIA_L4", acceleratorCount: 1 },
        spot: true,
        minReplicaCount: 1,
        maxReplicaCount: 2,
      },
    },
  });
  expect(change.kind === "deploy" && change.deployedModelId).toMatch(/^[1-9]\d{9}$/);
});
