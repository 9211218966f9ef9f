/** Two Spot models of one fleet on one endpoint: each has the share that the fleet gives it, whoever comes and goes. */
import { describe, expect, it } from "vitest";
import type { Sibling } from "../../../../shared/decide/decision.ts";
import type { SpotModelMemory } from "../../../../shared/decide/memory.ts";
import { spotModel } from "../../../../shared/decide/spot-model/spot-model.ts";
import type { Schedule, SpotModelPolicy } from "../../../../shared/fleet/fleet.ts";
import { asSibling } from "../../../../shared/siblings.ts";
import type { TargetDocument } from "../../../../shared/state/documents.ts";
import { hour, minute } from "../../../../shared/time/clock.ts";
import {
  caseOf,
  changeOf,
  endpoint,
  policy,
  request,
  servingOn,
  shown,
  spotL4,
  start,
  stranger,
  Toy,
} from "./world.ts";

const night = Date.parse("2026-11-18T21:00:00Z");
const office = (to: number): Schedule => ({
  name: "office",
  zone: "UTC",
  up: [{ days: [1, 2, 3, 4, 5], from: 8 * 60, to: to * 60, text: `mon-fri 08:00-${to}:00` }],
  exceptions: [],
});

type Fields = Pick<SpotModelPolicy, "share"> & Partial<Pick<SpotModelPolicy, "schedule">>;

/** A model of the fleet named `name`, on the endpoint of all of them. */
function model(name: string, fields: Fields): SpotModelPolicy {
  return { ...policy, name, key: `${endpoint}#${name}`, displayName: name, ...fields };
}

/** Two models of one fleet on one endpoint, each deciding with what is remembered of the other. */
class Pair {
  readonly toys: readonly [Toy, Toy];

  constructor(one: SpotModelPolicy, other: SpotModelPolicy) {
    const first = new Toy({ policy: one });
    const second = new Toy({ policy: other }, first.place);
    this.toys = [first, second];
    const documentOf = ({ memory, requests }: Toy) => ({ memory, requests }) as unknown as TargetDocument;
    first.siblings = () => [asSibling(one, other, documentOf(second), first.now)];
    second.siblings = () => [asSibling(other, one, documentOf(first), second.now)];
  }

  get split(): Readonly<Record<string, number>> {
    return this.toys[0].split;
  }

  set now(now: number) {
    for (const toy of this.toys) toy.now = now;
  }

  /** Wakes both up in turn, each minute. */
  run(minutes: number): void {
    for (let n = 0; n < minutes; n += 1) for (const toy of this.toys) toy.run(1);
  }

  /** Percent of each. */
  shares(): readonly number[] {
    return this.toys.map(({ memory }) => memory.ours.reduce((sum, id) => sum + (this.split[id] ?? 0), 0));
  }

  rules(): readonly string[] {
    return this.toys.flatMap(({ decisions }) => decisions.map(({ rule }) => rule));
  }
}

describe("two models of the fleet on one endpoint", () => {
  it("the first has all, then each has its share, and nobody takes the other for a stranger", () => {
    const pair = new Pair(model("a", { share: 60 }), model("b", { share: 40 }));
    pair.toys[0].run(4);
    expect(pair.shares()).toEqual([100, 0]);
    pair.run(10);
    expect(pair.shares()).toEqual([60, 40]);
    expect(pair.toys.map(({ memory }) => memory.drift)).toEqual([undefined, undefined]);
    const told = pair.toys.flatMap(({ decisions }) => decisions.flatMap(({ notices }) => notices));
    expect(told.map(({ phase }) => phase)).toEqual(["awake", "awake"]);
    expect(pair.toys.flatMap(({ decisions }) => decisions.map(({ why }) => why)).join()).not.toMatch(/other people/);
  });

  it("one that loses its capacity keeps its share for its next rung, and the other its own", () => {
    const pair = new Pair(model("a", { share: 60 }), model("b", { share: 40 }));
    pair.run(12);
    const before = pair.toys[0].memory.serving?.deployedModelId ?? "";
    pair.toys[0].preempt(before);
    pair.run(20);
    expect(pair.toys[0].memory.serving?.deployedModelId).not.toBe(before);
    expect(pair.shares()).toEqual([60, 40]);
  });

  it("takes its share back where the platform gave it to the other when the deployed model vanished", () => {
    const pair = new Pair(model("a", { share: 60 }), model("b", { share: 40 }));
    pair.run(12);
    const [a, b] = pair.toys.map(({ memory }) => memory.serving?.deployedModelId ?? "");
    pair.toys[0].preempt(a ?? "", "gone");
    pair.toys[0].split = { [b ?? ""]: 100 };
    pair.run(20);
    expect(pair.shares()).toEqual([60, 40]);
  });

  it("one that goes off hands its share over, is undeployed, and takes it back in the morning", () => {
    const pair = new Pair(model("a", { share: 60, schedule: office(20) }), model("b", { share: 40 }));
    pair.run(12);
    pair.now = night;
    pair.run(6);
    expect(pair.shares()).toEqual([0, 100]);
    expect(pair.toys[0].memory.serving).toBeUndefined();
    expect(pair.toys[0].models.size).toBe(1);
    expect(
      pair.toys[0].decisions.find(
        ({ action }) =>
          action.do === "change" &&
          action.change.kind === "traffic" &&
          action.change.trafficSplit[pair.toys[1].memory.serving?.deployedModelId ?? ""] === 100,
      )?.why,
    ).toMatch(
      /^off-hours, .*: deployed model \d+ has 60 % of the traffic, which b takes over, and is undeployed after that$/,
    );
    pair.now = Date.parse("2026-11-19T08:01:00Z");
    pair.run(12);
    expect(pair.shares()).toEqual([60, 40]);
  });

  it("both off: the share goes one way only, and nothing stays deployed", () => {
    const schedule = office(20);
    const pair = new Pair(model("a", { share: 60, schedule }), model("b", { share: 40, schedule }));
    pair.run(12);
    pair.now = night;
    pair.run(8);
    expect(pair.toys[0].models.size).toBe(0);
    expect(pair.split).toEqual({});
    pair.now = Date.parse("2026-11-19T08:01:00Z");
    pair.run(14);
    expect(pair.shares().toSorted()).toEqual([40, 60]);
  });

  it("a share that a person set to nothing while it served stays nothing", () => {
    const pair = new Pair(model("a", { share: 60 }), model("b", { share: 40 }));
    pair.run(12);
    const [a] = pair.toys.map(({ memory }) => memory.serving?.deployedModelId ?? "");
    pair.toys[0].split = { [a ?? ""]: 100 };
    pair.run(12);
    expect(pair.shares()).toEqual([100, 0]);
  });
});

describe("what a model may take of its siblings", () => {
  const sibling = (fields: Partial<Sibling> = {}): Sibling => ({
    name: "b",
    share: 40,
    ids: ["7"],
    servingId: "7",
    on: true,
    held: false,
    precedes: false,
    ...fields,
  });
  const fresh: Partial<SpotModelMemory> = (({ share: _, ...memory }) => memory)(servingOn(spotL4));
  const decide = (given: Parameters<typeof caseOf>[0]) =>
    spotModel.decide(caseOf({ memory: fresh, policy: { share: 60 }, ...given }));
  const both = [shown("1", spotL4, 1), shown("7", spotL4, 1, { displayName: "b" })];

  it("no more than a sibling has beyond its own share, and nothing of a stranger's", () => {
    const given = { models: [...both, stranger("9")], split: { 7: 70, 9: 30 } };
    expect(changeOf(decide({ ...given, siblings: [sibling()] }))).toMatchObject({
      trafficSplit: { 1: 30, 7: 40, 9: 30 },
    });
    expect(decide({ ...given, siblings: [sibling({ share: 70 })] }).action.do).toBe("nothing");
  });

  it("nothing of one that is held", () => {
    const decision = decide({ models: both, split: { 7: 100 }, siblings: [sibling({ held: true })] });
    expect(decision.action.do).toBe("nothing");
  });

  it("an empty memory does not adopt what is a sibling's under the same display name", () => {
    const models = [shown("7", spotL4, 1)];
    const { memory } = spotModel.decide(caseOf({ models, split: { 7: 100 }, siblings: [sibling()] }));
    expect(memory.serving).toBeUndefined();
    expect(memory.ours).not.toContain("7");
  });

  it.each([
    { what: "is held", fields: { held: true }, models: both, waits: /b is held and cannot take it over/ },
    {
      what: "does not serve",
      fields: {},
      models: [shown("1", spotL4, 1), shown("7", spotL4, 0, { displayName: "b" })],
      waits: /b does not serve and cannot take it over/,
    },
    { what: "goes off before it", fields: { on: false, precedes: true }, models: both, waits: /b goes off first/ },
  ])("one that goes off keeps its share while its sibling $what", ({ fields, models, waits }) => {
    const schedule = office(20);
    const decision = decide({
      memory: servingOn(spotL4),
      policy: { share: 60, schedule },
      models,
      split: { 1: 60, 7: 40 },
      siblings: [sibling(fields)],
      now: night,
    });
    expect(decision.action.do).toBe("nothing");
    expect(decision.why).toMatch(waits);
  });

  it("a model that sleeps is on for its siblings once it is woken", () => {
    const schedule = office(20);
    const woken = { requests: [request("w", { type: "wake" }, night, hour)] } as unknown as TargetDocument;
    const b = model("b", { share: 40, schedule });
    const a = model("a", { share: 60 });
    expect(asSibling(a, b, undefined, night).on).toBe(false);
    expect(asSibling(a, b, { ...woken, memory: servingOn(spotL4, "7") }, night + minute)).toEqual(
      sibling({ precedes: false, on: true }),
    );
    expect(asSibling(a, b, undefined, start).on).toBe(true);
  });
});
