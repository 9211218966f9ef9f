/** A whole simulated world: Vertex AI, Pub/Sub, a store, Tidekeeper's functions, people, and the rules that must hold. */
import { createManualClock } from "../../../infra/local/clock/manual-clock.ts";
import type { Settings } from "../../../shared/settings.ts";
import { minute, second } from "../../../shared/time/clock.ts";
import { createDice } from "../dice.ts";
import { CallRules } from "../invariants/calls.ts";
import { CommitRules } from "../invariants/commits.ts";
import { Deletes } from "../invariants/deletes.ts";
import { Foreign } from "../invariants/foreign.ts";
import { type Problem, problems } from "../invariants/liveness.ts";
import { MessageRules } from "../invariants/messages.ts";
import { Rebuilds } from "../invariants/rebuilds.ts";
import { Askers } from "../people/askers.ts";
import { Operators } from "../people/operators.ts";
import { Strangers } from "../people/strangers.ts";
import { drawScenario, elastic, poolsOf, resourceOf } from "../scenario.ts";
import { Story } from "../story.ts";
import { PubSub } from "./bus.ts";
import { Cloud, project } from "./cloud.ts";
import { Functions } from "./functions.ts";
import { Memory } from "./memory.ts";
import { Weather } from "./weather.ts";

/** What people do, in a world, right between somebody's decision and its claim. */
const themes = ["nothing", "nothing", "jobs", "splits", "asks", "operators"] as const;

/** Makes the world of a seed. @param listen is given every line of its story as it is told. */
export function createWorld(seed: number, listen?: (line: string) => void) {
  const dice = createDice(`seed ${seed}`);
  const scenario = drawScenario(dice.fork("scenario"));
  const clock = createManualClock(scenario.start);
  const now = () => clock.now();
  const story = new Story(now, listen);
  const weather = new Weather(dice.fork("weather"));
  const cloud = new Cloud(clock, dice.fork("cloud"), scenario.behaviour);
  const wait = (duration: number) =>
    new Promise<void>((resolve) => clock.at(Math.round(clock.now() + duration), resolve));
  const storeDice = dice.fork("store");
  const memory = new Memory({ random: storeDice.next, wait });

  const operators = new Operators({ memory, dice: dice.fork("operators"), story, scenario, now });
  const fleet = () => operators.fleet;
  const strangers = new Strangers({
    cloud,
    dice: dice.fork("strangers"),
    story,
    fleet,
    made: (name, otherwise) => {
      foreign.made(name, otherwise);
      deletes.changedByHand(name);
      rebuilds.byHand(name);
    },
    changed: (name) => deletes.changedByHand(name),
    deleted: (name) => {
      deletes.deletedByHand(name);
      rebuilds.byHand(name);
    },
  });
  const rebuilds = new Rebuilds({ cloud, story });
  const foreign = new Foreign({ cloud, memory, story, appliedAt: () => operators.appliedAt });
  const looks: number[] = [];
  const deletes = new Deletes({
    cloud,
    memory,
    story,
    scenario,
    now,
    fleet,
    cyclesPerDay: () => operators.cyclesPerDay,
    looks,
    rebuilds,
  });
  const calls = new CallRules({
    foreign,
    rebuilds,
    cloud,
    memory,
    story,
    now,
    fleet,
    appliedAt: () => operators.appliedAt,
    deletes,
    isOn: scenario.isOn,
  });
  const mayLeaveAsleep = () => operators.leavesAsleep;
  const commits = new CommitRules({ memory, story, calls, deletes, rebuilds, now, mayLeaveAsleep });
  const messages = new MessageRules({ story, memory, commits, foreign });

  const settings = (): Settings => ({
    project,
    prefix: "tidekeeper",
    store: "simulated",
    storeId: operators.storeId,
    local: undefined,
    clock: undefined,
  });
  const functions: Functions = new Functions({
    clock,
    dice: dice.fork("processes"),
    weather,
    story,
    memory,
    settings,
    pubsub: () => pubsub,
    interlope: (where) => interlope(where),
    reader: { cloud, now, answers: new Map(), looks, short: new Map(), hidden: new Map() },
    writer: {
      cloud,
      watchers: [calls],
      sound: new Set([elastic.resource]),
      impatient: (resource) => impatient(resource),
    },
  });
  const pubsub: PubSub = new PubSub({
    clock,
    dice: dice.fork("bus"),
    weather,
    story,
    deliver: (message, push) => functions.deliver(message, push),
    published: (message) => messages.published(message),
    acknowledged: (message) => messages.acknowledged(message),
    givenUp: (message) => messages.givenUp(message),
  });
  const askers = new Askers({ pubsub, dice: dice.fork("askers"), story, fleet });

  function impatient(resource: string): void {
    for (const target of fleet().targets) {
      if (resourceOf(target) === resource) pubsub.publish("pokes", { data: { target: target.key } });
    }
  }

  const hands = dice.fork("hands");
  let askedAt = 0;
  /** Each event wakes somebody, at whose awaits others may ask again: without a pause between them that would never end. */
  async function askNow(): Promise<void> {
    if (now() < askedAt + 2 * minute) return;
    askedAt = now();
    askers.ask();
    await wait(3 * second);
  }

  /** Operators give up what shows ERROR, in the place of something that we had deleted. */
  async function giveUpBroken(): Promise<void> {
    const broken = poolsOf(fleet()).find(
      ({ resource }) => rebuilds.owed(resource) && cloud.resource(resource)?.state === "ERROR",
    );
    if (broken !== undefined && fleet().targets.length > 1) await operators.drop(broken.name);
  }

  const theme = hands.pick(themes);
  /** Somebody acts at this very moment, and what they did has arrived before the process that waits goes on. */
  async function interlope(where: string): Promise<void> {
    const deciding = where === "beginning a transaction";
    if (theme === "jobs" && deciding && hands.chance(0.3)) strangers.submitJobBeforeDelete(memory);
    else if (theme === "splits" && where.endsWith("UpdateEndpoint leaving") && hands.chance(0.7))
      strangers.claimShare();
    else if (theme === "splits" && deciding && hands.chance(0.15)) strangers.actOnEndpoint();
    else if (theme === "asks" && deciding && hands.chance(0.1)) {
      await askNow();
    } else if (theme === "operators" && deciding && hands.chance(0.1)) strangers.buildWhatFailed(memory);
    else if (theme === "operators" && deciding && hands.chance(0.06)) await operators.act();
    if (!hands.chance(weather.rates.interlope)) return;
    const roll = hands.next();
    if (roll < 0.4) strangers.actOnPool();
    else if (roll < 0.6) strangers.actOnEndpoint();
    else if (roll < 0.7) await operators.act();
    else await askNow();
  }

  return {
    clock,
    dice,
    scenario,
    story,
    weather,
    cloud,
    memory,
    operators,
    strangers,
    askers,
    functions,
    messages,
    wait,
    giveUpBroken,
    problems: (): readonly Problem[] =>
      problems({ cloud, memory, scenario, operators, deletes, deltas: askers.deltas, now }),
  };
}

export type World = ReturnType<typeof createWorld>;
