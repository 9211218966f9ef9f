/** `npm run bench -- [NAME...] [--times N] [--json]`: runs the benches of this folder and prints what they measured. */
import { readdir } from "node:fs/promises";
import { availableParallelism, cpus, loadavg } from "node:os";
import { parseArgs } from "node:util";
import type { Bench, Measure } from "./bench.ts";
import { type Line, summarise, table } from "./summary.ts";

const ending = ".bench.ts";

async function names(): Promise<string[]> {
  const files = await readdir(import.meta.dirname);
  return files
    .filter((file) => file.endsWith(ending))
    .map((file) => file.slice(0, -ending.length))
    .sort();
}

async function measured(name: string, times: number | undefined): Promise<Line[]> {
  const { bench } = (await import(`./${name}${ending}`)) as { bench: Bench };
  const repetitions = times ?? bench.repetitions;
  process.stderr.write(`${name}: ${bench.about} (${repetitions} times)\n`);
  const runs: (readonly Measure[])[] = [];
  for (let run = 0; run < repetitions; run++) runs.push(await bench.run());
  return summarise(runs);
}

/** @returns the exit code: 0 when every bound was kept, 1 when one was missed or a bench failed, 2 for wrong use. */
async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      json: { type: "boolean", default: false },
      times: { type: "string" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  const known = await names();
  if (values.help) {
    process.stdout.write(
      `npm run bench -- [NAME...] [--times N] [--json]\n  NAME       of ${known.join(", ")}; default: all\n  --times N  repetitions, in place of each bench's own number\n  --json     one JSON value\nExit code 0: every bound was kept.\n`,
    );
    return 0;
  }
  const unknown = positionals.filter((name) => !known.includes(name));
  const times = values.times === undefined ? undefined : Number(values.times);
  if (unknown.length > 0 || (times !== undefined && !(Number.isInteger(times) && times > 0))) {
    process.stderr.write(
      `error: there is no bench ${unknown.join(", ")}\nnext: name some of ${known.join(", ")}; --times 3; --json\n`,
    );
    return 2;
  }
  const machine = { cpu: cpus()[0]?.model ?? "unknown", cores: availableParallelism(), node: process.version };
  const results: Record<string, Line[] | { error: string }> = {};
  let failed = false;
  for (const name of positionals.length > 0 ? positionals : known) {
    try {
      const lines = await measured(name, times);
      results[name] = lines;
      failed ||= lines.some(({ kept }) => kept === false);
      if (!values.json) process.stdout.write(`${name}\n${table(lines)}\n\n`);
    } catch (error) {
      failed = true;
      results[name] = { error: (error as Error).message };
      process.stderr.write(`${name} failed: ${(error as Error).message}\n`);
    }
  }
  // Others' work on the machine is in every absolute number; ratios stand all the same.
  const load = loadavg().map((value) => Math.round(value * 10) / 10);
  if (values.json) process.stdout.write(`${JSON.stringify({ machine, load, results })}\n`);
  else process.stdout.write(`${machine.cores} cores, ${machine.cpu}, Node ${machine.node}, load ${load.join(" ")}\n`);
  return failed ? 1 : 0;
}

process.exitCode = await main();
