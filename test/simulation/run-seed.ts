/** The life of one seed's world: set up, hours of trouble, calm, and a last look at whether everything came right. */
import { hour, minute } from "../../shared/time/clock.ts";
import { bystander } from "./people/strangers.ts";
import { modelsOf, poolsOf } from "./scenario.ts";
import type { Violation } from "./story.ts";
import { createWorld, type World } from "./world/world.ts";

/** How a seed is run. */
export interface SeedOptions {
  /** Hours of trouble, world time. */
  readonly hours: number;
  /** Given every line of the story. */
  readonly listen?: (line: string) => void;
}

/** How a seed ended. */
export interface SeedResult {
  readonly seed: number;
  readonly violation: Violation | undefined;
  /** The last happenings that a violation is about. */
  readonly story: readonly string[];
  /** World time that went by. */
  readonly simulated: number;
  readonly events: number;
}

/** Between ticks once faults have ended: nothing is in a hurry then. */
const calmTick = 8 * minute;
/** Requests last two hours at most, and what was set aside for a quota six. */
const leastCalm = 2.5 * hour;
const longestCalm = 14 * hour;

/** Lets time pass in steps, until a rule is broken. @returns whether all of it has passed. */
async function pass(world: World, until: number): Promise<boolean> {
  while (world.clock.now() < until) {
    await world.clock.advanceTo(Math.min(until, world.clock.now() + 5 * minute));
    if (world.story.violation !== undefined) return false;
  }
  return true;
}

/** Does something again and again, at times drawn by lot, until trouble ends. */
function again(world: World, name: string, apart: number, act: () => void | Promise<void>): void {
  const dice = world.dice.fork(name);
  const plan = () => {
    world.clock.at(Math.round(world.clock.now() + dice.between(0.05, 2) * apart), () => {
      if (!world.weather.stormy) return;
      void act();
      plan();
    });
  };
  plan();
}

function tickRegularly(world: World): void {
  const { clock, functions, weather, scenario } = world;
  const dice = world.dice.fork("ticks");
  const plan = () => {
    const every = weather.stormy ? scenario.tickEvery : calmTick;
    clock.at(clock.now() + every, () => {
      if (!dice.chance(weather.rates.tickMissed)) void functions.tick();
      if (dice.chance(weather.rates.tickDoubled)) void functions.tick();
      plan();
    });
  };
  plan();
}

async function setUp(world: World): Promise<void> {
  const { strangers, operators, clock, scenario } = world;
  const fleet = scenario.fleet(scenario.variant);
  strangers.create(bystander.pool, 2);
  strangers.createEndpoint(bystander.endpoint);
  for (const { name, resource } of poolsOf(fleet)) if (name === "adopted") strangers.create(resource, 3);
  for (const endpoint of new Set(modelsOf(fleet).map((model) => model.endpoint))) strangers.createEndpoint(endpoint);
  await clock.advance(20 * minute);
  strangers.deploy(bystander.endpoint);
  await operators.apply();
}

function trouble(world: World): void {
  const { strangers, askers, operators, functions, memory, story, wait, dice } = world;
  // Some worlds are busy with people, others are left alone with their faults.
  const busy = dice.fork("busy");
  const often = (usual: number) => usual * busy.pick([0.5, 1, 2, 8]);
  again(world, "jobs and hands", often(25 * minute), () => strangers.actOnPool());
  again(world, "hands on endpoints", often(60 * minute), () => strangers.actOnEndpoint());
  again(world, "market", often(40 * minute), () => strangers.moveMarket());
  again(world, "events", often(20 * minute), () => askers.ask());
  again(world, "signals", often(40 * minute), () => askers.signal());
  again(world, "operators", often(90 * minute), () => operators.act());
  again(world, "giving up", 4 * minute, () => world.giveUpBroken());
  if (!busy.chance(0.15)) return;
  again(world, "wrong store", 3 * hour, async () => {
    memory.swap();
    functions.restart();
    story.tell(undefined, "all is deployed with a wrong store, which is empty");
    await wait(10 * minute);
    await memory.swapBack();
    functions.restart();
    story.tell(undefined, "all is deployed with the right store again");
  });
}

/** Faults end, and people put right what only people can. */
async function calmDown(world: World): Promise<void> {
  const { weather, strangers, operators, askers, clock } = world;
  weather.calmDown();
  strangers.restoreMarket();
  await operators.putInOrder();
  for (const after of [30 * minute, 100 * minute]) {
    clock.at(clock.now() + after, () => {
      for (const { name } of operators.fleet.targets) askers.release(name);
    });
  }
}

async function live(world: World, hours: number): Promise<void> {
  const { clock, story, messages } = world;
  await setUp(world);
  tickRegularly(world);
  trouble(world);
  if (!(await pass(world, clock.now() + hours * hour))) return;
  story.tell(undefined, "faults end");
  await calmDown(world);
  const calmSince = clock.now();
  if (!(await pass(world, calmSince + leastCalm))) return;
  let left = world.problems();
  while (left.length > 0 && clock.now() < calmSince + longestCalm) {
    if (!(await pass(world, clock.now() + 10 * minute))) return;
    left = world.problems();
  }
  const [first] = left;
  if (first !== undefined) {
    story.violate("everything comes right", first.about, left.map(({ text }) => text).join("; "));
  }
  messages.finish();
}

/** Runs one seed. The same seed and hours give the same story. */
export async function runSeed(seed: number, { hours, listen }: SeedOptions): Promise<SeedResult> {
  const world = createWorld(seed, listen);
  const { scenario, clock, story, messages, memory } = world;
  await live(world, hours);
  await memory.close();
  return {
    seed,
    violation: story.violation,
    story: story.short(),
    simulated: clock.now() - scenario.start,
    events: messages.asked,
  };
}
