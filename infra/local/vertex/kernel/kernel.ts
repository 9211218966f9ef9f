/** What every part of the model stands on: time, chance, agenda, memory. */
import type { Random, WorldClock } from "../../clock/clock.ts";
import { type Agenda, createAgenda } from "./agenda.ts";
import { createRandomness, type Randomness } from "./randomness.ts";
import { createSlices, type Slices } from "./slices.ts";

/** The ground of the model. */
export interface Kernel {
  readonly clock: WorldClock;
  readonly agenda: Agenda;
  readonly chance: Randomness;
  readonly slices: Slices;
}

/** Creates the ground on the cloud's clock and its one source of randomness. */
export function createKernel(options: { clock: WorldClock; random: Random }): Kernel {
  const slices = createSlices();
  const chance = createRandomness(slices, options.random);
  return { clock: options.clock, slices, chance, agenda: createAgenda(slices, options.clock) };
}
