/**
 * `npm run simulate -- --seeds N [--seed S] [--hours H] [--trace]`: runs N seeds, or one seed with its whole story.
 */
import { parseArgs } from "node:util";
import { day, second, systemClock } from "../../shared/time/clock.ts";
import { runSeed, type SeedResult } from "./run-seed.ts";
import { runSeeds } from "./run-seeds.ts";

const usage = `npm run simulate -- [--seeds N] [--seed S] [--hours H] [--trace]
  --seeds N   how many seeds to run; default 200
  --seed S    the first seed; without --seeds this one alone; default 1
  --hours H   hours of trouble in each, world time; default 4
  --trace     print everything that happens
Exit code 0: no rule was broken; 1: some were, each with its story and the command that replays it; 2: wrong use.`;

/** Seeds between two lines of progress where no terminal shows it: some minutes. */
const progressEvery = 1_000;

interface Wanted {
  readonly first: number;
  readonly count: number;
  readonly hours: number;
  readonly trace: boolean;
}

function readArguments(): Wanted | "help" {
  const { values } = parseArgs({
    options: {
      seeds: { type: "string" },
      seed: { type: "string" },
      hours: { type: "string", default: "4" },
      trace: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return "help";
  const whole = (name: string, text: string): number => {
    const value = Number(text);
    if (Number.isInteger(value) && value > 0) return value;
    throw new TypeError(`--${name} ${text} is no whole number above zero`);
  };
  const count = values.seeds ?? (values.seed === undefined ? "200" : "1");
  return {
    first: whole("seed", values.seed ?? "1"),
    count: whole("seeds", count),
    hours: whole("hours", values.hours),
    trace: values.trace,
  };
}

function printViolation({ seed, violation, story }: SeedResult, hours: number): void {
  if (violation === undefined) return;
  console.log(`\nseed ${seed}: ${violation.invariant}`);
  for (const line of story) console.log(`  ${line}`);
  console.log(`  replay: npm run simulate -- --seed ${seed} --hours ${hours}`);
}

async function main(): Promise<number> {
  let wanted: Wanted | "help";
  try {
    wanted = readArguments();
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n${usage}`);
    return 2;
  }
  if (wanted === "help") {
    console.log(usage);
    return 0;
  }
  const { first, count, hours, trace } = wanted;
  const began = systemClock.wire();
  let [done, violations, simulated, events] = [0, 0, 0, 0];
  const ended = (result: SeedResult): void => {
    done += 1;
    simulated += result.simulated;
    events += result.events;
    if (result.violation !== undefined) violations += 1;
    printViolation(result, hours);
    const progress = `${done} of ${count} seeds, ${violations} violations`;
    if (process.stderr.isTTY) process.stderr.write(`\r${progress} `);
    else if (done % progressEvery === 0) process.stderr.write(`${progress}\n`);
  };
  if (trace) {
    for (let seed = first; seed < first + count; seed += 1) {
      ended(await runSeed(seed, { hours, listen: (line) => console.log(line) }));
    }
  } else {
    await runSeeds({ first, count, hours, ended });
  }
  const seconds = Math.max(1, systemClock.wire() - began) / second;
  const days = simulated / day;
  if (process.stderr.isTTY) process.stderr.write("\n");
  console.log(
    `${done} seeds, ${violations} violations, ${events} events; ${days.toFixed(0)} days simulated (${hours} h of trouble each, then calm) in ${seconds.toFixed(0)} s, ${(days / seconds).toFixed(1)} days a second`,
  );
  return violations > 0 || done < count ? 1 : 0;
}

process.exitCode = await main();
