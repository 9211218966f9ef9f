/** A healthy Spot model: requests, sizes, the way back to Spot, flex-start, and that looking again changes nothing. */
import { describe, expect, it } from "vitest";
import { spotModel } from "../../../../shared/decide/spot-model/spot-model.ts";
import type { ReturnPolicy } from "../../../../shared/fleet/fleet.ts";
import { day, hour, minute } from "../../../../shared/time/clock.ts";
import {
  caseOf,
  changeOf,
  empty,
  endpoint,
  heldFor,
  onDemand,
  policy,
  request,
  rung,
  servingOn,
  shown,
  spotA100,
  spotL4,
  start,
  stranger,
  Toy,
} from "./world.ts";

const all = { 1: 100 };
const healthy = { memory: servingOn(spotL4), models: [shown("1", spotL4, 1)], split: all };

describe("requests", () => {
  it.each([
    ["a job, which a persistent resource runs", { type: "job", customJob: {} }],
    ["a reboot, for there are no machines of ours", { type: "reboot" }],
    ["a size of a pool that does not exist", { type: "scale", pool: "workers", replicas: 2 }],
  ] as const)("rejects %s, with the reason", (_, wish) => {
    const decision = spotModel.decide(caseOf({ ...healthy, requests: [request("r1", wish)] }));
    expect(decision.answers).toMatchObject([{ eventId: "r1", phase: "rejected" }]);
    expect(decision.requests).toEqual([]);
  });

  it("changes nothing while held, and goes on when the hold ends", () => {
    const requests = [request("h1", { type: "hold" })];
    const first = spotModel.decide(caseOf({ memory: servingOn(spotL4), models: [], requests }));
    expect(first).toMatchObject({
      action: { do: "nothing" },
      phase: "held",
      answers: [{ eventId: "h1", phase: "done" }],
    });
    const after = caseOf({ memory: first.memory, models: [], requests: first.requests, now: start + hour });
    const second = spotModel.decide(after);
    expect(changeOf(second)).toMatchObject({ kind: "deploy" });
    expect(second.answers).toEqual([]);
    expect(second.memory.hold).toBeUndefined();
  });

  it("ends by a release only the holds and wakes that were asked for before it", () => {
    const requests = [
      request("h1", { type: "hold" }, start),
      request("r1", { type: "release" }, start + 1),
      request("h2", { type: "hold" }, start + 2),
    ];
    const decision = spotModel.decide(caseOf({ ...healthy, requests }));
    expect(decision.requests.map(({ eventId }) => eventId)).toEqual(["h2"]);
    expect(decision.rule).toBe("hold");
    expect(decision.answers).toMatchObject([
      { eventId: "h1", phase: "failed" },
      { eventId: "r1", phase: "done" },
      { eventId: "h2", phase: "done" },
    ]);
  });

  it("answers expired what could not be carried out in its time", () => {
    const requests = [request("s1", { type: "scale", pool: "model", replicas: 2 }, start - 2 * hour)];
    expect(spotModel.decide(caseOf({ ...healthy, requests })).answers).toMatchObject([{ phase: "expired" }]);
  });

  it("sets a size within the rung's bounds, answers when the replicas are up, and restores the rung's own after it", () => {
    const toy = new Toy(healthy);
    toy.requests = [request("s1", { type: "scale", pool: "model", replicas: 9 }, start, 10 * minute)];
    expect(toy.decide()).toEqual({
      kind: "mutate",
      resource: endpoint,
      deployedModelId: "1",
      minReplicas: 2,
      maxReplicas: 2,
    });
    toy.run(5);
    expect(toy.decisions.flatMap(({ answers }) => answers)).toMatchObject([{ eventId: "s1", phase: "done" }]);
    expect(toy.models.get("1")?.dedicatedResources?.minReplicaCount).toBe(2);
    toy.run(10);
    expect(toy.models.get("1")?.dedicatedResources?.minReplicaCount).toBe(1);
    expect(toy.memory.scaled).toBeUndefined();
  });

  it("leaves a size alone that somebody else has set", () => {
    const wide = { ...spotL4, minReplicas: 2 };
    expect(spotModel.decide(caseOf({ ...healthy, models: [shown("1", wide, 2)] }))).toMatchObject({ rule: "healthy" });
  });

  it.each([["quota"], ["no-effect"]] as const)("answers failed for a size that can never be had: %s", (reason) => {
    const requests = [request("s1", { type: "scale", pool: "model", replicas: 2 })];
    const facts = caseOf({ ...healthy, requests });
    const first = spotModel.decide(facts);
    const failed = { end: "failed", class: reason, note: "no" } as const;
    const now = { ...facts, memory: first.memory, requests: first.requests };
    const after = spotModel.afterSettling(now, heldFor(changeOf(first), start, ["s1"]), failed);
    expect(after.answers).toMatchObject([{ eventId: "s1", phase: "failed" }]);
    expect(after.requests).toEqual([]);
  });
});

describe("an edit of the fleet while it serves", () => {
  const two = { ...spotL4, minReplicas: 2 };
  const raised = { ladder: [two, spotA100, onDemand] };

  it("takes nothing for lost that was never there: a raised minReplicas is set on what serves", () => {
    const toy = new Toy({ ...healthy, policy: raised });
    toy.run(15);
    expect(toy.decisions.map(({ rule }) => rule)).toEqual(["scale-request", ...Array(14).fill("healthy")]);
    expect(toy.decisions[0]?.why).toBe(
      "at least 2 replicas instead of 1 on g2: the fleet's minReplicas of this rung is 2",
    );
    expect(toy.models.get("1")?.dedicatedResources?.minReplicaCount).toBe(2);
    expect([toy.memory.incident, toy.memory.scaled]).toEqual([undefined, undefined]);
  });

  it("is degraded, not lost, while the raised number has no capacity; once it was there, it can be lost", () => {
    const toy = new Toy({ ...healthy, policy: raised });
    const mutate = toy.decide();
    if (mutate === undefined) throw new Error("no mutate");
    toy.carryOut(mutate);
    toy.models.set("1", shown("1", two, 1));
    toy.settle(mutate, { end: "done", note: "" });
    toy.run(30);
    expect(toy.decisions.slice(1).map(({ rule }) => rule)).toEqual(Array(30).fill("degraded"));
    toy.models.set("1", shown("1", two, 2));
    toy.run(1);
    expect(toy.decisions.at(-1)?.rule).toBe("healthy");
    toy.models.set("1", shown("1", two, 1));
    toy.run(1);
    expect(toy.decisions.at(-1)).toMatchObject({ rule: "grace", memory: { incident: { cause: "lost" } } });
  });

  it("adopts what was deployed with fewer than the fleet's floor, and raises it", () => {
    const toy = new Toy({ models: healthy.models, split: all, policy: raised });
    toy.run(3);
    expect(toy.decisions.map(({ rule }) => rule)).toEqual(["scale-request", "healthy", "healthy"]);
  });

  it("leaves fewer than the fleet's floor alone once it has been had: somebody else has set them, and people are told", () => {
    const toy = new Toy({ ...healthy, policy: raised });
    toy.run(3);
    toy.models.set("1", shown("1", spotL4, 1));
    toy.run(10);
    const after = toy.decisions.slice(3);
    expect(after.map(({ action }) => action.do)).toEqual(Array(10).fill("nothing"));
    expect(after.flatMap(({ notices }) => notices.map(({ phase }) => phase))).toEqual(["drifted"]);
    expect(after.at(-1)?.why).toContain("somebody else has set deployed model 1 to at least 1");
    const released = new Toy({ memory: toy.memory, policy: raised }, toy.place);
    released.requests = [request("r1", { type: "release" }, toy.now)];
    released.run(2);
    expect(toy.models.get("1")?.dedicatedResources?.minReplicaCount).toBe(2);
  });

  it("keeps its own under another displayName: the next deploy carries the new one, and the old one is undeployed", () => {
    const toy = new Toy({ memory: empty });
    toy.run(5);
    const first = toy.memory.serving?.deployedModelId ?? "";
    const renamed = new Toy({ memory: toy.memory, policy: { displayName: "talk" } }, toy.place);
    renamed.run(20);
    expect(renamed.decisions.map(({ rule }) => rule)).toEqual(Array(20).fill("healthy"));
    renamed.preempt(first);
    renamed.run(8);
    expect([...renamed.models.values()].map(({ displayName }) => displayName)).toEqual(["talk"]);
    expect(Object.values(renamed.memory.names ?? {})).toEqual(["chat", "talk"]);
  });

  it("learns the name of what an older document knows by its id alone, before an apply can change it", () => {
    const first = spotModel.decide(caseOf(healthy));
    const renamed = caseOf({ ...healthy, memory: first.memory, policy: { displayName: "talk" }, now: start + minute });
    expect(spotModel.decide(renamed)).toMatchObject({ action: { do: "nothing" }, rule: "healthy" });
  });

  it("leaves a stranger alone that took an id which was ours, under whatever name the fleet has now", () => {
    const memory = { ...servingOn(spotL4, "2"), ours: ["1", "2"], names: { 1: "chat", 2: "chat" } };
    const models = [shown("1", spotL4, 0, { displayName: "talk" }), shown("2", spotL4, 1)];
    const decision = spotModel.decide(caseOf({ memory, models, split: { 2: 100 }, policy: { displayName: "talk" } }));
    expect(decision).toMatchObject({ action: { do: "nothing" }, rule: "healthy" });
    expect(decision.notices).toMatchObject([{ phase: "drifted", what: "deployed model 1 is not ours" }]);
  });

  const models = "projects/demo/locations/us-central1/models/";

  it("says once that what serves is not the fleet's model any more, and deploys that one next", () => {
    const toy = new Toy({ ...healthy, policy: { model: `${models}8` } });
    toy.run(3);
    const [notice, ...more] = toy.decisions.flatMap(({ notices }) => notices);
    expect(more).toEqual([]);
    expect(notice).toMatchObject({ phase: "alert", what: "deployed model 1 does not serve what the fleet says" });
    expect(notice?.why).toContain(`deployed model 1 on g2 serves ${models}7, and the fleet says ${models}8`);
    expect(toy.decisions.at(-1)?.rule).toBe("healthy");
    toy.preempt("1");
    toy.run(10);
    expect([...toy.models.values()].map(({ model }) => model)).toEqual([`${models}8`]);
    expect(toy.memory.told).toBeUndefined();
  });

  it.each([
    ["another version", "7@2", "7@1", 1],
    ["the same version", "7@1", "7@1", 0],
    ["any version", "7", "7@1", 0],
    ["a version that is not shown", "7@1", "7", 0],
    ["an alias, which may be that version", "7@prod", "7@1", 0],
  ] as const)("tells another model only where it is one: %s", (_, wanted, now, told) => {
    const given = {
      ...healthy,
      models: [shown("1", spotL4, 1, { model: `projects/1/locations/us-central1/models/${now}` })],
    };
    const { notices } = spotModel.decide(caseOf({ ...given, policy: { model: `${models}${wanted}` } }));
    expect(notices).toHaveLength(told);
  });

  it("counts a successor as serving only with all that it was deployed with", () => {
    const memory = {
      ...servingOn(spotA100),
      ours: ["1", "2"],
      successor: { deployedModelId: "2", rungId: "g2", since: start, deployedAt: start },
    };
    const models = [shown("1", spotA100, 1), shown("2", two, 1)];
    const decision = spotModel.decide(caseOf({ policy: raised, memory, models, split: all }));
    expect(decision).toMatchObject({ action: { do: "nothing" }, rule: "bring-up" });
  });
});

describe("return to Spot", () => {
  const rules: ReturnPolicy = { stableFor: 30 * minute, minSaving: 0.3, cooldown: hour, notDuring: [], zone: "UTC" };
  const given = {
    policy: { returnToSpot: rules },
    memory: servingOn(onDemand),
    models: [shown("1", onDemand, 1)],
    split: all,
  };

  it("is nobody's answer: a wake that the present rung has answered is not answered again by the deploy", () => {
    const requests = [request("w1", { type: "wake" }, start)];
    const { answers, action, requests: after } = spotModel.decide(caseOf({ ...given, requests }));
    expect(answers).toMatchObject([{ eventId: "w1", phase: "done" }]);
    expect(action).toMatchObject({ do: "change", change: { kind: "deploy" }, eventIds: [] });
    expect(after).toMatchObject([{ eventId: "w1", answered: "final" }]);
  });

  it("deploys the better Spot rung beside, moves traffic once it serves, and undeploys the dearer one last", () => {
    const toy = new Toy(given);
    toy.run(8);
    expect(toy.decisions.map(({ rule }) => rule).slice(0, 4)).toEqual([
      "return-to-spot",
      "traffic",
      "clean-up",
      "healthy",
    ]);
    expect(toy.memory.serving?.rungId).toBe("g2");
    expect(toy.models.size).toBe(1);
    expect(toy.decisions.flatMap(({ notices }) => notices)).toMatchObject([{ phase: "returned", what: "g2-od -> g2" }]);
  });

  it.each([
    ["a saving below the least", { policy: { returnToSpot: { ...rules, minSaving: 0.7 } } }],
    ["no rules for it", { policy: {} }],
    ["the cooldown since the last switch", { memory: { ...given.memory, lastSwitchAt: start - 59 * minute } }],
    ["too short a healthy time", { memory: { ...given.memory, healthySince: start - 29 * minute } }],
    [
      "a stockout of that rung within the stable window",
      {
        memory: {
          ...given.memory,
          bench: [
            { rungId: "g2", class: "stockout", strikes: 1, at: start - 20 * minute, until: start - minute },
          ] as const,
        },
      },
    ],
    [
      "a blocked window",
      {
        policy: {
          returnToSpot: {
            ...rules,
            notDuring: [{ days: [3], from: 9 * 60, to: 17 * 60, text: "wed 09:00-17:00" }] as const,
          },
        },
      },
    ],
    [
      "an unknown price: then no saving is known either",
      { policy: { returnToSpot: rules, ladder: [rung("x"), onDemand] } },
    ],
    ["Spot over the price cap", { policy: { returnToSpot: rules, maxHourlyPrice: 0.3 } }],
  ])("stays for %s", (_, change) => {
    expect(spotModel.decide(caseOf({ ...given, ...change }))).toMatchObject({
      action: { do: "nothing" },
      rule: "healthy",
    });
  });

  it("says when it will be tried", () => {
    const decision = spotModel.decide(caseOf({ ...given, memory: { ...given.memory, lastSwitchAt: start } }));
    expect(decision.next).toEqual({ at: start + hour, what: "return to g2" });
    expect(decision.why).toContain("back to g2 not before 11:00 UTC");
  });

  it("keeps serving when the attempt fails, and does not try again before Spot has been quiet", () => {
    const facts = caseOf(given);
    const first = spotModel.decide(facts);
    const failed = { end: "failed", class: "stockout", note: "503" } as const;
    const after = spotModel.afterSettling({ ...facts, memory: first.memory }, heldFor(changeOf(first)), failed);
    const next = spotModel.decide({ ...facts, memory: after.memory });
    expect(next).toMatchObject({ rule: "healthy", next: { at: start + 30 * minute } });
    expect(next.memory.serving?.rungId).toBe("g2-od");
  });
});

describe("flex-start", () => {
  const flex = rung("flex", { machineType: "a3-highgpu-8g", provisioning: "flex-start", maxRunDuration: day });

  it("brings up what follows before the platform undeploys it, though it still serves", () => {
    const memory = servingOn(flex);
    const createTime = "2026-11-17T10:30:00Z";
    const given = {
      policy: { ladder: [flex, onDemand] },
      memory,
      models: [shown("1", flex, 1, { createTime })],
      split: all,
    };
    const early = spotModel.decide(caseOf({ ...given, now: start - hour }));
    expect(early).toMatchObject({ rule: "healthy", next: { at: start - 15 * minute } });
    const toy = new Toy(given);
    toy.run(1);
    expect(toy.decisions[0]).toMatchObject({
      rule: "expiring",
      action: { change: { kind: "deploy", rungId: "flex" } },
    });
  });

  it("sends the run duration", () => {
    const change = changeOf(spotModel.decide(caseOf({ policy: { ladder: [flex] } })));
    expect(change).toMatchObject({
      deployedModel: { dedicatedResources: { flexStart: { maxRuntimeDuration: "86400s" } } },
    });
  });
});

describe("traffic", () => {
  it("gives all of an empty split to what serves", () => {
    expect(changeOf(spotModel.decide(caseOf({ ...healthy, split: {} })))).toMatchObject({ trafficSplit: { 1: 100 } });
  });

  it("takes nothing from others on a first deployment, and asks a person to", () => {
    const toy = new Toy({ models: [stranger("9")], split: { 9: 100 }, policy: { share: 30 } });
    toy.run(4);
    expect(toy.split).toEqual({ 9: 100 });
    expect(toy.decisions.flatMap(({ notices }) => notices.map(({ phase }) => phase))).toEqual(["alert", "awake"]);
  });
});

describe("looking again changes nothing: what is not news is not told or written twice", () => {
  it.each([
    ["healthy", healthy],
    ["beside a namesake", { ...healthy, models: [shown("1", spotL4, 1), stranger("9", "chat")] }],
    ["waiting for capacity", { policy: { ladder: [spotA100] }, memory: servingOn(spotA100), models: [] }],
    ["in grace", { ...healthy, models: [shown("1", spotL4, 0)] }],
    ["held", { ...healthy, requests: [request("h1", { type: "hold" })] }],
  ] as const)("%s", (_, given) => {
    const first = spotModel.decide(caseOf(given));
    const again = { ...caseOf({ ...given, now: start + minute }), memory: first.memory, requests: first.requests };
    const second = spotModel.decide(again);
    expect(second).toMatchObject({ memory: first.memory, requests: first.requests, notices: [], answers: [] });
    expect(second.memory).toStrictEqual(first.memory);
  });

  it("never changes the case it was given", () => {
    const facts = caseOf({ memory: servingOn(spotL4), models: [], requests: [request("h1", { type: "release" })] });
    const before = structuredClone({ ...facts, priceOf: undefined });
    spotModel.decide(facts);
    expect({ ...facts, priceOf: undefined }).toEqual(before);
    expect(policy.ladder).toHaveLength(3);
  });
});
