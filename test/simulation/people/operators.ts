/** The people who run Tidekeeper: they apply fleets, pause and resume, and once in a while point it at a wrong store. */
import type { Fleet } from "../../../shared/fleet/fleet.ts";
import { applyFleet } from "../../../shared/state/apply.ts";
import { pauseFleet, resumeFleet } from "../../../shared/state/pause.ts";
import { ApplyRefused } from "../../../shared/state/release-target.ts";
import { CommandDied, closingAfter } from "../../shared/state/closing-after.ts";
import type { Dice } from "../dice.ts";
import { elastic, type FleetVariant, type Scenario } from "../scenario.ts";
import type { Story } from "../story.ts";
import type { Memory } from "../world/memory.ts";

/** What operators stand on. */
export interface OperatorsParts {
  readonly memory: Memory;
  readonly dice: Dice;
  readonly story: Story;
  readonly scenario: Scenario;
  readonly now: () => number;
}

/** The operators. */
export class Operators {
  readonly #parts: OperatorsParts;
  #variant: FleetVariant;
  #fleet: Fleet;
  #busy = false;
  /** When the fleet last became another one. */
  appliedAt = 0;
  /** Which versions of the fleet let targets leave that are asleep. */
  readonly #leavesAsleep = new Map<number, boolean>();
  storeId = "";

  constructor(parts: OperatorsParts) {
    this.#parts = parts;
    this.#variant = parts.scenario.variant;
    this.#fleet = parts.scenario.fleet(this.#variant);
  }

  /** The fleet as applied. */
  get fleet(): Fleet {
    return this.#fleet;
  }

  /** Whether the applied fleet lets targets leave that are asleep. */
  get leavesAsleep(): boolean {
    return this.#leavesAsleep.get(this.#version) ?? false;
  }

  get #version(): number {
    return this.#parts.memory.peek("fleet", "head")?.version ?? 0;
  }

  get cyclesPerDay(): number {
    return this.#variant.cyclesPerDay;
  }

  /**
   * Applies the fleet as it is, or as somebody has changed it.
   * @param whole whether it certainly comes to its end.
   */
  async apply(variant: FleetVariant = this.#variant, whole = true): Promise<void> {
    const { memory, scenario, now, story, dice } = this.#parts;
    await this.#alone(async () => {
      const fleet = scenario.fleet(variant);
      const before = this.#version;
      const leaveAsleep = dice.chance(0.3);
      this.#leavesAsleep.set(before + 1, leaveAsleep);
      const store = whole || dice.chance(0.7) ? memory : closingAfter(dice.whole(0, 7), memory);
      await applyFleet(store, fleet, { by: "operator", now: now(), leaveAsleep }).catch((error: unknown) => {
        if (!(error instanceof ApplyRefused) && !(error instanceof CommandDied)) throw error;
        story.tell(undefined, `an apply ends before its end: ${error.message || "the laptop was closed"}`);
      });
      const version = this.#version;
      if (version === before) return;
      this.#variant = variant;
      this.#fleet = fleet;
      this.appliedAt = now();
      this.storeId = memory.peek("fleet", "head")?.storeId ?? "";
      story.tell(
        undefined,
        `the fleet is applied, version ${version}${variant.without ? ` without ${variant.without}` : ""}, Spot models edited ${variant.edits} times`,
      );
    });
  }

  /** Does one of the things that operators do. */
  async act(): Promise<void> {
    const { dice, memory } = this.#parts;
    if (memory.swapped) return;
    const roll = dice.next();
    if (roll < 0.2) await this.apply(this.#variant, false);
    else if (roll < 0.35) await this.apply({ ...this.#variant, edits: this.#variant.edits + 1 }, false);
    else if (roll < 0.5) await this.drop(this.#variant.without === undefined ? this.#dispensable() : undefined);
    else if (roll < 0.75) await this.pause();
    else await this.resume();
  }

  /** Takes a target out of the fleet; without one the fleet is whole again. */
  async drop(without: string | undefined): Promise<void> {
    const { memory, scenario } = this.#parts;
    if (memory.swapped) return;
    const { cyclesPerDay, edits } = this.#variant;
    const targets = scenario.fleet(scenario.variant).targets.length;
    await this.apply({ cyclesPerDay, edits, ...(without === undefined || targets < 2 ? {} : { without }) }, false);
  }

  /** A target that may leave the fleet for a while. */
  #dispensable(): string | undefined {
    const { dice, scenario } = this.#parts;
    const names = scenario
      .fleet(scenario.variant)
      .targets.map(({ name }) => name)
      .filter((name) => name !== elastic.name);
    return names.length === 0 ? undefined : dice.pick(names);
  }

  async pause(): Promise<void> {
    const { memory, now, story } = this.#parts;
    await this.#alone(async () => {
      await pauseFleet(memory, { by: "operator", now: now() });
      story.tell(undefined, "the fleet is paused");
    });
  }

  async resume(): Promise<void> {
    const { memory, story } = this.#parts;
    await this.#alone(async () => {
      await resumeFleet(memory);
      story.tell(undefined, "the fleet is resumed");
    });
  }

  /** Everything as the whole fleet wants it: what operators leave behind when faults end. */
  async putInOrder(): Promise<void> {
    const { memory, scenario } = this.#parts;
    await memory.swapBack();
    await this.resume();
    await this.apply({ cyclesPerDay: scenario.variant.cyclesPerDay, edits: this.#variant.edits });
  }

  /** One command at a time: two people applying at once is what `expectedVersion` is for. */
  async #alone(work: () => Promise<void>): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    try {
      await work();
    } finally {
      this.#busy = false;
    }
  }
}
