/** `tidekeeper preview FILE`: what the schedules of a fleet file will do. */
import type { Command } from "commander";
import type { PreviewStep } from "../../shared/decide/preview.ts";
import { day, type Millis, systemClock } from "../../shared/time/clock.ts";
import { formatDuration, parseDuration } from "../../shared/time/duration.ts";
import { type CommonOptions, common, WrongUse } from "./command.ts";
import { readFleetFile } from "./fleet-file.ts";
import { columns, count, instant, paint, print, printJson } from "./output.ts";

interface PreviewOptions extends CommonOptions {
  readonly from?: string;
  readonly to: string;
}

/** Registers the command. */
export function register(program: Command): void {
  const command = program
    .command("preview")
    .argument("<file>", "fleet file")
    .option("--from <time>", "ISO 8601, e.g. 2026-12-24 or 2026-12-24T08:00:00Z; default: now")
    .option("--to <time>", "ISO 8601, or a duration after --from", "7d")
    .summary("show what the schedules of a fleet file will do")
    .description(
      "Lists every create, delete, deploy, undeploy and resize that schedules will ask for. Idleness, requests and\n" +
        "preemptions come on top. Reads the file only; without --from also the clock of a local cloud, if TIDEKEEPER_CLOCK\n" +
        "names one.",
    )
    .action(show);
  common(command, ["preview fleet.yaml", "preview fleet.yaml --from 2026-12-23 --to 5d"]);
}

/** Longest stretch that is looked ahead over; a year shows every date of a calendar. */
const longest = 366 * day;

async function show(file: string, options: PreviewOptions): Promise<void> {
  const { fleet } = await readFleetFile(file);
  const from = options.from === undefined ? await now() : readInstant("--from", options.from);
  const length = parseDuration(options.to);
  const to = length === undefined ? readInstant("--to", options.to) : from + length;
  if (to <= from || to - from > longest) {
    throw new WrongUse(
      `--to is ${to <= from ? "not after" : "more than a year after"} --from`,
      `write a time up to ${formatDuration(longest)} later, or a duration like 7d`,
    );
  }
  const { preview } = await import("../../shared/decide/preview.ts");
  const steps = preview(fleet, from, to);
  if (options.json) {
    printJson({ file, from: new Date(from).toISOString(), to: new Date(to).toISOString(), steps });
    return;
  }
  print(`${instant(from)} to ${instant(to)}: ${count(steps.length, "step")}`);
  if (steps.length > 0) print(`\n${columns(steps.map(row))}`);
  const always = fleet.targets.filter(({ schedule }) => schedule === undefined).map(({ name }) => name);
  if (always.length > 0) print(`\nwithout a schedule, so on at any time: ${always.join(", ")}`);
}

/** World time where the environment names a local cloud, real time otherwise. */
async function now(): Promise<Millis> {
  const url = process.env["TIDEKEEPER_CLOCK"];
  if (url === undefined) return systemClock.now();
  const { openClock } = await import("../../shared/time/open-clock.ts");
  return (await openClock(url)()).now();
}

function readInstant(option: "--from" | "--to", written: string): Millis {
  const at = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2}))?$/.test(written)
    ? Date.parse(written)
    : Number.NaN;
  if (!Number.isNaN(at)) return at;
  const time = "write a date, 2026-12-24, or a time with its zone, 2026-12-24T08:00:00Z";
  throw option === "--to"
    ? new WrongUse(`--to is "${written}", which is no time and no duration`, `${time}, or a duration after --from, 7d`)
    : new WrongUse(`--from is "${written}", which is no time`, time);
}

function row({ at, startsAt, target, does, local, replicas, because }: PreviewStep): readonly string[] {
  const sizes = Object.entries(replicas).map(([pool, size]) => `${pool}=${size}`);
  return [
    local,
    target,
    paint(does === "delete" || does === "undeploy" ? "yellow" : "green", does),
    does === "resize" && sizes.length === 0 ? "as the spec says" : sizes.join(" "),
    startsAt < at ? `${because}; begun ${formatDuration(at - startsAt)} earlier` : because,
  ];
}
