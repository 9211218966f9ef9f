/**
 * A process of ours that may die or freeze at any await: every call of a port passes its gate. What was awaited by a dead
 * process is never resumed; what was awaited by a frozen one is resumed at its thaw, in a world that has moved on.
 */
import type { ManualClock } from "../../../infra/local/clock/manual-clock.ts";
import { type Clock, hour, minute, second } from "../../../shared/time/clock.ts";
import type { Dice } from "../dice.ts";
import type { Story } from "../story.ts";
import type { Weather } from "./weather.ts";

/** What an instance lives in. */
export interface Surroundings {
  readonly clock: ManualClock;
  readonly dice: Dice;
  readonly weather: Weather;
  readonly story: Story;
  /** Called at each await: somebody else may act at this very moment. */
  readonly interlope: (where: string) => Promise<void>;
}

/** One process. */
export class Instance {
  readonly name: string;
  readonly #around: Surroundings;
  /** How far its clock is off, both kinds of time. */
  readonly #skew: number;
  #dead = false;
  #frozenUntil = 0;

  constructor(name: string, around: Surroundings) {
    this.name = name;
    this.#around = around;
    this.#skew = around.weather.stormy ? Math.round(around.dice.between(-5, 5) * second) : 0;
  }

  /** Whether it takes new work. */
  get available(): boolean {
    return !this.#dead && this.#frozenUntil <= this.#around.clock.now();
  }

  /** Ends it, at whichever await it is. */
  kill(): void {
    this.#dead = true;
  }

  /** Its own clock: in a simulation the wire's time is the world's. */
  get clock(): Clock {
    const now = () => this.#around.clock.now() + this.#skew;
    return { now, wire: now };
  }

  /** An await: takes time, and may be the last one. @param where what is about to happen, for the story. */
  async pass(where: string): Promise<void> {
    const { dice, weather, clock, story } = this.#around;
    const { rates } = weather;
    if (this.#dead) await this.#forever();
    if (dice.chance(rates.crash)) {
      this.#dead = true;
      story.tell(undefined, `${this.name} dies at: ${where}`);
      await this.#forever();
    }
    if (dice.chance(rates.freeze)) {
      const lasts = dice.chance(0.4)
        ? dice.between(5, 60) * second
        : dice.chance(0.5)
          ? dice.between(1, 20) * minute
          : dice.between(0.3, 3) * hour;
      this.#frozenUntil = Math.max(this.#frozenUntil, Math.round(clock.now() + lasts));
      story.tell(undefined, `${this.name} freezes for ${Math.round(lasts / second)} s at: ${where}`);
    }
    if (weather.stormy) await this.#around.interlope(where);
    if (dice.chance(rates.slow))
      await this.#wait(dice.chance(0.1) ? dice.between(0.5, 6) * second : dice.between(5, 400));
    while (this.#frozenUntil > clock.now()) await this.#wait(this.#frozenUntil - clock.now());
  }

  async #wait(duration: number): Promise<void> {
    const { clock } = this.#around;
    await new Promise<void>((resolve) => clock.at(Math.round(clock.now() + duration), resolve));
    if (this.#dead) await this.#forever();
  }

  #forever(): Promise<never> {
    return new Promise(() => {});
  }
}
