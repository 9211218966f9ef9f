/** `tidekeeper demo`, which is what `npm start` runs: a fleet lives through a day and a night in about a minute. */
import { type Command, Option } from "commander";
import { type CommonOptions, common } from "./command.ts";
import { readFleetFile } from "./fleet-file.ts";
import { isoInstant, numberBetween } from "./local.ts";

interface DemoOptions extends CommonOptions {
  readonly fleet: string;
  readonly days: number;
  readonly once?: boolean;
  readonly port: number;
  readonly speed: number;
  readonly seed: number;
  readonly from: number;
  readonly trace?: string;
}

const usualStart = "2026-11-23T04:00:00Z";

/** Registers `demo`. */
export function register(program: Command): void {
  common(
    program
      .command("demo")
      .summary("let a fleet live through a day and a night in about a minute")
      .description(
        "Runs a fleet on a local Google Cloud, with jobs, events and preemptions made up to fit it, and shows what Tidekeeper does about them. At the end it sums up; the status page stays until Ctrl-C.",
      )
      .option("--fleet <file>", "the fleet file", "fleet.example.yaml")
      .option("--days <n>", "how many days and nights", numberBetween("--days", 1, 60, 7), 1)
      .option("--once", "exit after the summary: 0 only if every event was answered and the fleet is as it should be")
      .option(
        "--port <port>",
        "REST; gRPC is on the next port, the status page on the one after",
        numberBetween("--port", 1, 65_000, 9090),
        8090,
      )
      .option("--speed <n>", "world seconds per real second, at most", numberBetween("--speed", 60, 10_000, 720), 1440)
      .option("--seed <n>", "of all that is made up", numberBetween("--seed", 0, 2 ** 32 - 1, 42), 1)
      .addOption(
        new Option("--from <time>", "world time at the start, ISO 8601 with a zone")
          .argParser(isoInstant("--from"))
          .default(Date.parse(usualStart), `${usualStart}, a Monday early in the morning`),
      )
      .option("--trace <file>", "a recorded Spot trace to replay, instead of made-up preemptions"),
    ["demo", "demo --once", "demo --days 7 --seed 42", "demo --fleet fleet.yaml --trace trace.json --once --json"],
  ).action(run);
}

async function run({ fleet: file, trace: traceFile, once = false, json = false, ...rest }: DemoOptions): Promise<void> {
  const { fleet } = await readFleetFile(file);
  const [{ readTrace }, { runDemo }] = await Promise.all([import("./demo/trace.ts"), import("./demo/run.ts")]);
  const trace = traceFile === undefined ? undefined : await readTrace(traceFile);
  await runDemo({ ...rest, fleet, ...(trace === undefined ? {} : { trace }), once, json });
}
