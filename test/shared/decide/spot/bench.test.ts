/** The bench, the choice of a rung, and ids: the tables behind a recovery. */
import { describe, expect, it } from "vitest";
import type { BenchEntry } from "../../../../shared/decide/memory.ts";
import { benchedNow, free, lastStrikeAt, strike, takeRetry, tidy } from "../../../../shared/decide/spot-model/bench.ts";
import { deployedModelId, nextSequence } from "../../../../shared/decide/spot-model/deployed-model-id.ts";
import {
  budgetFrom,
  chooseRung,
  deployedModelFor,
  quotaOf,
  rungOf,
} from "../../../../shared/decide/spot-model/ladder.ts";
import { spotModel } from "../../../../shared/decide/spot-model/spot-model.ts";
import type { Settlement } from "../../../../shared/operations/operation.ts";
import { hour, minute } from "../../../../shared/time/clock.ts";
import {
  caseOf,
  changeOf,
  heldFor,
  onDemand,
  policy,
  rung,
  servingOn,
  shown,
  spotA100,
  spotL4,
  start,
} from "./world.ts";

const minutes = (bench: readonly BenchEntry[]) => bench.map(({ until }) => (until - start) / minute);

describe("how long a rung is set aside", () => {
  it("a stockout: ten minutes, doubling to an hour with every strike in a row, ten again after three quiet hours", () => {
    let bench: readonly BenchEntry[] = [];
    const lengths: number[] = [];
    let now = start;
    for (const pause of [0, 11, 21, 41, 61, 61, 180]) {
      now += pause * minute;
      bench = strike(bench, ["g2"], "stockout", now);
      lengths.push(((bench[0]?.until ?? 0) - now) / minute);
    }
    expect(lengths).toEqual([10, 20, 40, 60, 60, 60, 10]);
  });

  it.each([
    ["preempted", 10],
    ["quota", 360],
    ["busy", 1],
    ["failed", 10],
  ] as const)("%s: %i minutes", (reason, length) => {
    expect(minutes(strike([], ["g2"], reason, start))).toEqual([length]);
  });

  it("outlasts a tour of the ladder where failures are slow, or two full places would take turns for ever", () => {
    expect(minutes(strike([], ["g2"], "stockout", start, 45 * minute))).toEqual([45]);
  });

  it("is not made longer by skipping, nor shorter by a lesser strike", () => {
    const bench = strike([], ["g2"], "quota", start);
    expect(benchedNow(bench, "g2", start + hour)).toEqual(bench[0]);
    expect(minutes(strike(bench, ["g2"], "busy", start + minute))).toEqual([360]);
  });

  it("allows one retry when it ends: its selection takes it, success or a call never made gives it back", () => {
    const over = strike([], ["g2"], "stockout", start - 11 * minute);
    expect(benchedNow(over, "g2", start)).toBeUndefined();
    const taken = takeRetry(over, "g2", start);
    expect(benchedNow(taken, "g2", start)?.until).toBe(start + 10 * minute);
    expect(lastStrikeAt(taken, "g2")).toBe(start - 11 * minute);
    expect(benchedNow(free(taken, "g2", start), "g2", start)).toBeUndefined();
  });

  it("forgets rungs that the fleet no longer has, and strikes after three quiet hours", () => {
    const bench = strike(strike([], ["g2"], "stockout", start), ["old"], "quota", start);
    expect(tidy(bench, new Set(["g2"]), start, 0).map(({ rungId }) => rungId)).toEqual(["g2"]);
    expect(tidy(bench, new Set(["g2"]), start + 3 * hour, 0)).toEqual([]);
    expect(tidy(bench, new Set(["g2"]), start + 3 * hour, 4 * hour)).toHaveLength(1);
  });
});

describe("what a failed deploy teaches", () => {
  const given = { memory: servingOn(onDemand), models: [], now: start };

  function failing(
    failure: Extract<Settlement, { end: "failed" }>["class"],
    more: Parameters<typeof caseOf>[0] = {},
    took = 0,
  ) {
    const facts = caseOf({ ...given, ...more });
    const first = spotModel.decide(facts);
    const change = changeOf(first);
    const held = heldFor(change, start - took);
    const after = spotModel.afterSettling({ ...facts, memory: first.memory }, held, {
      end: "failed",
      class: failure,
      note: "why",
    });
    const entry = after.memory.bench.find(({ rungId }) => rungId === "g2");
    return { ...after, entry, change };
  }

  it.each([
    ["stockout", "stockout", 10],
    ["quota", "quota", 360],
    ["invalid", "failed", 360],
    ["model-fault", "failed", 10],
  ] as const)("%s sets the rung aside as %s for %i minutes", (failure, reason, length) => {
    const { entry } = failing(failure);
    expect(entry).toMatchObject({ class: reason, until: start + length * minute });
  });

  it.each([["busy"], ["throttled"], ["unavailable"], ["denied"], ["conflict"]] as const)(
    "%s says nothing about the rung: the target waits, the rung is free",
    (failure) => {
      const { memory, entry } = failing(failure);
      expect(entry === undefined || entry.until <= start).toBe(true);
      expect(memory.attemptsAt?.deploy).toMatchObject({ class: failure, count: 1 });
      expect(memory.successor).toBeUndefined();
    },
  );

  it("a slow failure sets aside for a tour of the ladder", () => {
    expect(failing("stockout", {}, 20 * minute).entry?.until).toBe(start + 60 * minute);
  });

  it("quota is busy while our own dead model holds it", () => {
    const { entry, notices } = failing("quota", {
      policy: { ladder: [spotL4] },
      memory: {
        ...servingOn(spotL4),
        incident: { id: "i", since: start - hour, why: "", attempts: 0, cause: "lost" },
      },
      models: [shown("1", spotL4, 0), { id: "9" }],
      split: { 1: 70, 9: 30 },
    });
    expect(entry).toMatchObject({ class: "busy", until: start + minute });
    expect(notices).toEqual([]);
  });

  it.each([
    ["busy within 30 min of our own failed deploy on that quota", 29, "g2", "busy"],
    ["quota again after that", 31, "g2", "quota"],
    ["quota where the failed deploy drew on another one", 5, "a2", "quota"],
  ] as const)("quota is %s", (_, ago, lastFailedRungId, expected) => {
    const memory = { ...servingOn(onDemand), lastFailedDeployAt: start - ago * minute, lastFailedRungId };
    expect(failing("quota", { memory }).entry?.class).toBe(expected);
  });

  it("an id that somebody else has taken is not ours, and the next deploy takes the next", () => {
    const { memory, change } = failing("exists");
    if (change.kind !== "deploy") throw new Error("no deploy");
    expect(memory.ours).not.toContain(change.deployedModelId);
    const taken = { ...shown(change.deployedModelId, spotL4, 1), displayName: "theirs" };
    const next = changeOf(spotModel.decide(caseOf({ memory, models: [taken], split: { [taken.id]: 100 } })));
    expect(next.kind === "deploy" && next.deployedModelId).not.toBe(change.deployedModelId);
  });

  it("a call that was never made costs neither the rung's retry nor the budget", () => {
    const facts = caseOf(given);
    const first = spotModel.decide(facts);
    const lapsed = { end: "lapsed", note: "" } as const;
    const after = spotModel.afterSettling({ ...facts, memory: first.memory }, heldFor(changeOf(first)), lapsed);
    expect(after.memory.deploys).toEqual([]);
    expect(after.memory.incident?.attempts).toBe(0);
    expect(changeOf(spotModel.decide({ ...facts, memory: after.memory }))).toMatchObject({
      kind: "deploy",
      rungId: "g2",
    });
  });

  it("an operation that fails is tried again later, and says so meanwhile", () => {
    const facts = caseOf({ memory: servingOn(spotL4), models: [shown("1", spotL4, 1)], split: {} });
    const first = spotModel.decide(facts);
    const failed = { end: "failed", class: "unavailable", note: "503" } as const;
    const after = spotModel.afterSettling({ ...facts, memory: first.memory }, heldFor(changeOf(first)), failed);
    const waiting = spotModel.decide({ ...facts, memory: after.memory });
    expect(waiting).toMatchObject({ action: { do: "nothing" }, rule: "back-off", next: { at: start + 30_000 } });
    expect(waiting.why).toBe(
      "deployed model 1 serves on g2 with 1 replicas; but traffic number 1 failed (unavailable: 503), next try at 10:00 UTC",
    );
    expect(waiting.memory.attemptsAt).toMatchObject({ traffic: { count: 1 } });
  });
});

describe("the ladder", () => {
  const facts = caseOf({});
  const text = String;

  it("gives the best rung that is neither set aside nor too dear", () => {
    const bench = strike([], ["g2"], "stockout", start);
    expect(chooseRung(facts, bench, text).rung?.id).toBe("a2");
    const capped = { ...facts, policy: { ...policy, maxHourlyPrice: 1.1 } };
    expect(chooseRung(capped, bench, text).rung?.id).toBe("g2-od");
  });

  it("says of each rung why not, and when that ends", () => {
    const bench = strike(strike([], ["g2"], "stockout", start), ["a2", "g2-od"], "quota", start);
    expect(chooseRung(facts, bench, (at) => `+${(at - start) / minute}`)).toEqual({
      why: "g2 is set aside until +10 (stockout); a2 is set aside until +360 (quota); g2-od is set aside until +360 (quota)",
      at: start + 10 * minute,
      tooDear: false,
    });
  });

  it.each([
    ["Spot and flex-start share a quota", spotL4, { ...spotL4, provisioning: "flex-start" }, true],
    ["on-demand has its own", spotL4, onDemand, false],
    ["so has each accelerator", spotL4, spotA100, false],
    ["machine sizes share their accelerator's", spotL4, { ...spotL4, machineType: "g2-standard-48" }, true],
    ["without one, the machine family's", rung("n1-standard-4"), rung("n1-standard-8"), true],
  ] as const)("%s", (_, one, other, same) => {
    expect(quotaOf(one) === quotaOf(other)).toBe(same);
  });

  it.each([
    rung("s", { machineType: "g2-standard-12", acceleratorType: "NVIDIA_L4" }),
    rung("o", { machineType: "g2-standard-12", acceleratorType: "NVIDIA_L4", provisioning: "on-demand" }),
    rung("r", { machineType: "g2-standard-12", provisioning: "reservation", reservation: "mine" }),
    rung("f", { machineType: "g2-standard-12", provisioning: "flex-start", maxRunDuration: hour }),
  ])("recognises on the endpoint what it deployed: %o", (one) => {
    const ladder = [rung("x"), spotA100, one];
    const sent = deployedModelFor(policy, one, "1", 1);
    expect(rungOf({ ...policy, ladder }, { id: "1", ...sent })?.id).toBe(one.id);
  });

  it("allows so many deploys an hour", () => {
    const deploys = [50, 40, 5].map((ago) => start - ago * minute);
    expect(budgetFrom(deploys, 4, start)).toBeUndefined();
    expect(budgetFrom(deploys, 3, start)).toBe(start + 10 * minute);
    expect(budgetFrom([start - 61 * minute, ...deploys], 4, start)).toBeUndefined();
    expect(budgetFrom([], 0, start)).toBe(start + hour);
  });
});

describe("deployed model ids", () => {
  it("are ten digits without a leading zero, one a try, and skip what is taken", () => {
    const ids = Array.from({ length: 500 }, (_, index) => deployedModelId(`target-${index % 5}`, index));
    expect(ids.every((id) => /^[1-9]\d{9}$/.test(id))).toBe(true);
    expect(new Set(ids).size).toBe(500);
    expect(nextSequence("a", 3, new Set([deployedModelId("a", 4), deployedModelId("a", 5)]))).toBe(6);
  });
});
