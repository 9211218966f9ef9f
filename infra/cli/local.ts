/** `tidekeeper local`: the whole system on this machine, until Ctrl-C. */
import { setFlagsFromString } from "node:v8";
import type { Command } from "commander";
import { type CommonOptions, common, WrongUse } from "./command.ts";
import { readFleetFile } from "./fleet-file.ts";
import { aborted, interruption } from "./interruption.ts";
import type { ConditionOptions } from "./local/conditions.ts";
import type { LocalHome } from "./local/start.ts";
import { paint, print, remark } from "./output.ts";

interface LocalCommandOptions extends CommonOptions, ConditionOptions {
  readonly fleet?: string;
  readonly port: number;
  readonly speed: number;
  readonly from?: number;
  readonly seed?: number;
  readonly state?: string;
  readonly functions: boolean;
  readonly verbose?: boolean;
}

/**
 * Reads a number of an option.
 * @param example one that makes sense, for who wrote none.
 * @throws WrongUse naming the option's bounds.
 */
export function numberBetween(name: string, least: number, most: number, example: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== "" && value >= least && value <= most) return value;
    throw new WrongUse(
      `${name} is ${JSON.stringify(text)}, which is no number from ${least} to ${most}`,
      `write ${name} ${example}, for instance`,
    );
  };
}

/**
 * Reads an option that is an instant.
 * @throws WrongUse for anything but ISO 8601 with a zone.
 */
export function isoInstant(name: string): (text: string) => number {
  return (text) => {
    const at = /(?:Z|[+-]\d\d:\d\d)$/.test(text) ? Date.parse(text) : Number.NaN;
    if (!Number.isNaN(at)) return at;
    throw new WrongUse(
      `${name} is ${JSON.stringify(text)}, which is no time with a zone`,
      `write ${name} 2026-11-23T05:00:00Z, for instance`,
    );
  };
}

function describe(home: LocalHome, json: boolean): void {
  const { addresses, environment } = home;
  if (json) {
    print(JSON.stringify({ ready: true, addresses, environment }));
    return;
  }
  const { rest, grpc, status } = addresses;
  print(`${paint("bold", "ready")}  REST ${rest}  gRPC ${grpc}${status === undefined ? "" : `  status ${status}`}`);
  print(paint("gray", "# for gcloud, the Node clients, curl and tidekeeper in another terminal:"));
  for (const [name, value] of Object.entries(environment)) print(`export ${name}=${value}`);
}

/** Registers `local`. */
export function register(program: Command): void {
  common(
    program
      .command("local")
      .description("Run Tidekeeper and a local Google Cloud (Vertex AI, Pub/Sub, Cloud Scheduler) on this machine.")
      .option("--fleet <file>", "the fleet file to apply; without it the cloud alone is started")
      .option(
        "--port <port>",
        "REST; gRPC is on the next port, the status page on the one after",
        numberBetween("--port", 1, 65_000, 9090),
        8090,
      )
      .option("--speed <n>", "world seconds per real second", numberBetween("--speed", 0, 100_000, 600), 1)
      .option("--from <time>", "world time at the start, ISO 8601 with a zone; default: now", isoInstant("--from"))
      .option(
        "--seed <n>",
        "of all that is random in the local cloud; the same seed makes the same run",
        numberBetween("--seed", 0, 2 ** 32 - 1, 42),
      )
      .option("--state <dir>", "keep the store and the cloud's state here; without it they go away with the process")
      .option("--no-functions", "the cloud alone: topics and subscriptions exist, nothing of ours runs")
      .option(
        "--behaviour <file|json>",
        "switches of Vertex AI and how long things take, as POST /behaviour takes them",
      )
      .option("--faults <file|json>", "fault rules, as POST /faults takes them")
      .option(
        "--market <file|json>",
        "limits, quotas, replays, as POST /market takes them; a trace may be a file's name",
      )
      .option("--replay <file>", "let a recorded Spot trace decide which machines can be had")
      .option("--verbose", "print what the functions print"),
    [
      "local --fleet fleet.example.yaml",
      "local --fleet fleet.example.yaml --speed 600",
      "local --no-functions --port 9000 --json",
      `local --no-functions --faults '{"effect":{"kind":"stockout"},"match":{"method":"DeployModel"},"count":2}'`,
    ],
  ).action(run);
}

async function run(options: LocalCommandOptions): Promise<void> {
  // What is only needed to start would let the heap's young part grow for good: 17 MB of memory.
  setFlagsFromString("--semi-space-growth-factor=1");
  const parsed = options.fleet === undefined ? undefined : await readFleetFile(options.fleet);
  const [{ startLocal }, { asWrongUse, conditionsOf }] = await Promise.all([
    import("./local/start.ts"),
    import("./local/conditions.ts"),
  ]);
  const conditions = await conditionsOf(options);
  // A pipe that closes (`| head`) ends it like Ctrl-C, even while it starts: nothing may be left running.
  const { signal, dispose } = interruption();
  const starting = startLocal({
    ...(parsed === undefined ? {} : { fleet: parsed.fleet }),
    port: options.port,
    speed: options.speed,
    ...(options.from === undefined ? {} : { from: options.from }),
    ...(options.seed === undefined ? {} : { seed: options.seed }),
    ...(options.state === undefined ? {} : { stateDir: options.state }),
    functions: options.functions,
    // A world that runs fast would have more ticks than a laptop has time for.
    cron: options.speed > 60 ? "*/5 * * * *" : "* * * * *",
    onLine: (name, line) => {
      if (options.verbose) remark(`${paint("gray", name)} ${line}`);
    },
    conditions,
  });
  try {
    const home = await asWrongUse(starting);
    setFlagsFromString("--semi-space-growth-factor=2");
    if (!signal.aborted) describe(home, options.json ?? false);
    await aborted(signal);
    await home.stop();
  } finally {
    dispose();
  }
}
