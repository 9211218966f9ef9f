/** The walker of the random walks: what may happen to a toy endpoint, and what must hold at every step. */
import { expect } from "vitest";
import { rungOf } from "../../../../shared/decide/spot-model/ladder.ts";
import { spotModel } from "../../../../shared/decide/spot-model/spot-model.ts";
import type { Schedule } from "../../../../shared/fleet/fleet.ts";
import type { Change, FailureClass, Settlement } from "../../../../shared/operations/operation.ts";
import { hour, type Millis, minute } from "../../../../shared/time/clock.ts";
import { fc } from "../../../properties.ts";
import { changeOf, request, stranger, Toy } from "./world.ts";

export const deploysPerHour = 3;

export const office: Schedule = {
  name: "office",
  zone: "UTC",
  up: [{ days: [1, 2, 3, 4, 5], from: 8 * 60, to: 20 * 60, text: "mon-fri 08:00-20:00" }],
  exceptions: [],
};

export type Step =
  | { readonly do: "wait"; readonly minutes: number }
  | { readonly do: "preempt" | "vanish" | "recover" | "crash" | "unfilled"; readonly newest: boolean }
  | { readonly do: "fail"; readonly class: FailureClass; readonly times: number }
  | { readonly do: "lapse" }
  | { readonly do: "storm"; readonly minutes: number }
  | { readonly do: "stranger"; readonly share: number }
  | { readonly do: "ask"; readonly what: "hold" | "wake" | "release" | "scale"; readonly minutes: number };

const failures = [
  "stockout",
  "quota",
  "busy",
  "throttled",
  "unavailable",
  "conflict",
  "denied",
  "invalid",
  "model-fault",
] as const;

export const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant("wait" as const), minutes: fc.integer({ min: 1, max: 90 }) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom("preempt", "vanish", "recover", "crash", "unfilled"),
      newest: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("fail" as const),
      class: fc.constantFrom(...failures),
      times: fc.integer({ min: 1, max: 4 }),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ do: "lapse" as const }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant("storm" as const), minutes: fc.integer({ min: 20, max: 150 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("stranger" as const),
      share: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 99 })),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("ask" as const),
      what: fc.constantFrom("hold", "wake", "release", "scale"),
      minutes: fc.integer({ min: 1, max: 200 }),
    }),
  },
);

/** A toy in which operations take their time, fail as told, and every rule of the game is checked. */
export class Walk extends Toy {
  readonly made = new Set<string>();
  readonly sent: Millis[] = [];
  failing: { class: FailureClass; times: number } | undefined;
  lapseNext = false;
  private running: { change: Change; ends: Millis; claimedAt: Millis } | undefined;
  private asked = 0;

  private othersShares(split: Readonly<Record<string, number>>): Record<string, number> {
    return Object.fromEntries(Object.entries(split).filter(([id, share]) => !this.made.has(id) && share > 0));
  }

  private checkSplit(): void {
    const shares = Object.values(this.split);
    if (shares.length > 0) expect(shares.reduce((sum, share) => sum + share, 0)).toBe(100);
  }

  private check(change: Change): void {
    const before = this.facts();
    if (change.kind === "undeploy" || change.kind === "mutate") expect(this.made).toContain(change.deployedModelId);
    if (change.kind === "traffic") {
      expect(this.othersShares(change.trafficSplit)).toEqual(this.othersShares(this.split));
      for (const id of Object.keys(change.trafficSplit)) expect([...this.models.keys(), ...this.made]).toContain(id);
    }
    if (change.kind !== "deploy") return;
    expect(this.made, "an id is never used twice").not.toContain(change.deployedModelId);
    const serving = before.memory.serving?.deployedModelId;
    const live = [...this.models.values()].filter(({ id }) => this.made.has(id) && id !== serving);
    const refused = live.filter(({ id }) => {
      const undeploy = before.memory.attemptsAt?.[`undeploy/${id}`];
      return undeploy !== undefined && (undeploy.parked !== undefined || undeploy.nextAt > this.now);
    });
    const taken = refused.map((model) => rungOf(before.policy, model)?.id);
    expect(taken, "never two on a rung where undeploys are refused").not.toContain(change.rungId);
    // One that has traffic which is nobody's to move cannot be undeployed.
    const idle = live.filter((model) => !refused.includes(model) && (this.split[model.id] ?? 0) === 0);
    expect(idle, "never two successors").toEqual([]);
    const open = office.up[0] !== undefined && this.officeOpen();
    const woken = before.requests.some(({ wish, expiresAt }) => wish.type === "wake" && expiresAt > this.now);
    expect(open || woken || before.policy.schedule === undefined, "nothing is created in off-hours").toBe(true);
    const recent = this.sent.filter((at) => this.now - at < hour);
    expect(recent.length, "deploys within an hour").toBeLessThan(deploysPerHour);
  }

  private officeOpen(): boolean {
    const minutes = Math.floor((this.now % (24 * hour)) / minute);
    const weekday = (Math.floor(this.now / (24 * hour)) + 3) % 7;
    return weekday < 5 && minutes >= 8 * 60 && minutes < 20 * 60;
  }

  /** One minute: settles what is due, then wakes up. */
  private tick(): void {
    this.now += minute;
    if (this.running !== undefined) {
      if (this.now < this.running.ends) return;
      const { change, claimedAt } = this.running;
      this.running = undefined;
      this.settle(change, this.effect(change), claimedAt);
      this.checkSplit();
      return;
    }
    const before = this.facts();
    const change = this.decide();
    if (change === undefined) return;
    expect(changeOf(spotModel.decide(before)), "the same facts, the same change").toEqual(change);
    if (change.kind === "deploy") {
      const released = before.requests.some(({ wish }) => wish.type === "release");
      const benched = before.memory.bench
        .filter(({ until }) => until > this.now)
        .filter((entry) => !(released && ["failed", "quota"].includes(entry.class)))
        .map(({ rungId }) => rungId);
      expect(benched, "no deploy on a rung that is set aside").not.toContain(change.rungId);
    }
    this.check(change);
    if (this.lapseNext) {
      this.lapseNext = false;
      this.settle(change, { end: "lapsed", note: "" });
      return;
    }
    if (change.kind === "deploy") {
      this.made.add(change.deployedModelId);
      this.sent.push(this.now);
    }
    const took = { deploy: 12, undeploy: 2, mutate: 3 } as Readonly<Record<string, number>>;
    this.running = { change, ends: this.now + (took[change.kind] ?? 0) * minute, claimedAt: this.now };
    if (change.kind === "traffic") {
      this.running = undefined;
      this.settle(change, this.effect(change));
      this.checkSplit();
    }
  }

  private effect(change: Change): Settlement {
    if (this.failing !== undefined && this.failing.times > 0) {
      this.failing.times -= 1;
      return { end: "failed", class: this.failing.class, note: "as told" };
    }
    if (
      change.kind !== "deploy" &&
      change.kind !== "traffic" &&
      !this.models.has(change.kind === "undeploy" || change.kind === "mutate" ? change.deployedModelId : "")
    ) {
      return change.kind === "undeploy"
        ? { end: "done", note: "gone" }
        : { end: "failed", class: "gone", note: "gone" };
    }
    if (change.kind === "undeploy" && (this.split[change.deployedModelId] ?? 0) > 0 && this.models.size > 1) {
      return { end: "failed", class: "conflict", note: "it still has traffic" };
    }
    this.carryOut(change);
    return { end: "done", note: "" };
  }

  take(step: Step): void {
    const mine = [...this.models.keys()].filter((id) => this.made.has(id));
    const first = "newest" in step && step.newest ? mine.at(-1) : mine[0];
    const model = first === undefined ? undefined : this.models.get(first);
    const set = (status: object | undefined) => {
      if (model === undefined || first === undefined) return;
      const { status: _, ...bare } = model;
      this.models.set(first, status === undefined ? bare : { ...bare, status });
    };
    const lastUpdateTime = "2026-11-18T10:00:00Z";
    switch (step.do) {
      case "wait":
        for (let n = 0; n < step.minutes; n += 1) this.tick();
        return;
      case "storm":
        // Every model of ours is taken as soon as it is up.
        for (let n = 0; n < step.minutes; n += 1) {
          this.tick();
          this.take({ do: "vanish", newest: true });
        }
        return;
      case "preempt":
        set({ lastUpdateTime });
        return;
      case "crash":
        set({ lastUpdateTime, message: "Model server exited unexpectedly." });
        return;
      case "recover":
        set({ lastUpdateTime, availableReplicaCount: model?.dedicatedResources?.minReplicaCount ?? 1 });
        return;
      case "unfilled":
        set(undefined);
        return;
      case "vanish": {
        if (first === undefined) return;
        this.models.delete(first);
        // The service gives what it held to the rest, or leaves nothing.
        const held = this.split[first] ?? 0;
        delete this.split[first];
        const [heir] = Object.keys(this.split);
        if (heir !== undefined) this.split[heir] = (this.split[heir] ?? 0) + held;
        return;
      }
      case "fail":
        this.failing = { class: step.class, times: step.times };
        return;
      case "lapse":
        this.lapseNext = true;
        return;
      case "stranger": {
        // A person deploys beside us and edits the split of the model that holds it all.
        this.models.set("7", stranger("7", step.share % 2 === 0 ? "chat" : "theirs"));
        const [holder] = Object.keys(this.split);
        if (holder === undefined || holder === "7") return;
        const rest = Object.fromEntries(Object.entries(this.split).filter(([id]) => id !== holder && id !== "7"));
        const total = 100 - Object.values(rest).reduce((sum, share) => sum + share, 0);
        const theirs = Math.min(step.share, total);
        this.split = Object.fromEntries(
          Object.entries({ ...rest, [holder]: total - theirs, 7: theirs }).filter(([, share]) => share > 0),
        );
        return;
      }
      case "ask": {
        this.asked += 1;
        const wish =
          step.what === "scale" ? { type: "scale" as const, pool: "model", replicas: 2 } : { type: step.what };
        const asked = request(`r${this.asked}`, wish, this.now + this.asked, step.minutes * minute);
        this.requests = [...this.requests.filter((open) => open.wish.type !== step.what), asked];
      }
    }
  }

  /** Faults end, a person releases, everything that was asked for runs out, and a working day passes. */
  calm(minutes: number): void {
    this.failing = undefined;
    this.lapseNext = false;
    this.requests = [];
    this.take({ do: "ask", what: "release", minutes: 5 });
    this.take({ do: "wait", minutes });
  }
}
