/** `tidekeeper status`: what is on, what is happening and why, in the store's own words. */
import type { Command } from "commander";
import { describeTries } from "../../shared/status/incident.ts";
import { describeOverdue } from "../../shared/status/overdue.ts";
import { readStatus, type StatusReport, type TargetStatus } from "../../shared/status/report.ts";
import { formatDuration } from "../../shared/time/duration.ts";
import { type CommonOptions, common, Failure } from "./command.ts";
import { mustBeTheStore, withHome } from "./home.ts";
import { table, type Width, wrapped } from "./layout.ts";
import { count, instant, paint, paintPhase, print, printJson, terminalWidth } from "./output.ts";
import { pausedLine } from "./paused.ts";

/** Registers the command. */
export function register(program: Command): void {
  const command = program
    .command("status")
    .summary("show every target: its state, what is happening, and why")
    .description("Reads the store; calls nothing else. `tidekeeper explain TARGET` looks at Vertex AI, too.")
    .action(status);
  common(command, ["status", "status --json | jq '.targets[] | {name, phase}'"]);
}

async function status(options: CommonOptions): Promise<void> {
  const report = await withHome(async (home) => {
    await mustBeTheStore(home);
    return readStatus(home.store, await home.clock());
  });
  if (options.json) {
    printJson(report);
    return;
  }
  if (report.fleet === undefined) {
    throw new Failure("no fleet has been applied to this store", "run `tidekeeper apply FILE`");
  }
  print(statusText(report, report.fleet, terminalWidth()));
}

/** A report as people read it. */
export function statusText(report: StatusReport, fleet: NonNullable<StatusReport["fleet"]>, width: Width): string {
  const { at, targets, locations, overdue = [], owed } = report;
  const late = new Set(overdue.map(({ location }) => location));
  const rows = targets.map((target) => [
    target.name,
    paintPhase(target.phase),
    target.location,
    target.released === undefined ? (target.decision?.why ?? "not looked at yet") : releasedLine(target.released),
  ]);
  const broken = (lines: readonly string[]) => lines.map((line) => wrapped(line, width));
  return [
    ...broken([
      `${instant(at)}: version ${fleet.version}, applied ${instant(fleet.appliedAt)} by ${fleet.appliedBy}`,
      ...(fleet.paused === undefined ? [] : [paint("yellow", pausedLine(fleet.paused, "PAUSED"))]),
      ...overdue.map((location) => paint("red", describeOverdue(location, at))),
      ...locations.flatMap((seen) => locationLine(seen, at, late.has(seen.location))),
      ...(owed === 0 ? [] : [`${count(owed, "outcome")} not yet published`]),
    ]),
    "",
    table(rows, width),
    ...targets.flatMap((target) => broken(targetLines(target))),
  ].join("\n");
}

function locationLine(
  { location, takenAt, outageSince }: StatusReport["locations"][number],
  at: number,
  late: boolean,
): readonly string[] {
  const age = `${location}: last looked at ${formatDuration(at - takenAt)} ago`;
  // That it is overdue has been said, and since when.
  if (outageSince === undefined) return late ? [] : [age];
  const outage = `everything turned idle at once at ${instant(outageSince)}, so nothing is deleted for looking idle`;
  return [paint("red", `${age}; ${outage}`)];
}

/** That the fleet does not name a target any more, and what that means for it. */
export function releasedLine({ since, what }: NonNullable<TargetStatus["released"]>): string {
  return `released since ${instant(since)}: ${what}`;
}

/** What of a target needs more than its row, under its name. */
function targetLines(target: TargetStatus): readonly string[] {
  const { hold } = target;
  const next = target.decision?.next;
  const lines = [
    ...detailLines(target),
    ...(hold === undefined ? [] : [holdLine(hold)]),
    ...(next === undefined ? [] : [`next: ${next.what} at ${instant(next.at)}`]),
  ];
  return lines.length === 0 ? [] : ["", paint("bold", target.name), ...lines.map((line) => `  ${line}`)];
}

/** The hold in force, in one line. */
export function holdLine({ until, by, note }: NonNullable<TargetStatus["hold"]>): string {
  const asker = by === undefined ? "" : `, asked for by ${by}`;
  return `held until ${instant(until)}${asker}${note === undefined ? "" : `: ${note}`}`;
}

/** What is known of a target besides its decision, and besides the hold that a decision would tell. */
export function detailLines(target: TargetStatus): readonly string[] {
  const { incident, operation, requests, hold, drift, benched, rung } = target;
  return [
    ...(incident === undefined ? [] : [paint("red", incidentLine(incident))]),
    ...(rung === undefined ? [] : [`serves on ${rung}`]),
    ...(operation === undefined
      ? []
      : [`${operation.kind} ${operation.state} since ${instant(operation.since)}, attempt ${operation.attempt}`]),
    ...requests
      .filter(({ eventId }) => eventId !== hold?.eventId)
      .map(({ what, source, expiresAt }) => `${what}, asked for by ${source}, until ${instant(expiresAt)}`),
    ...(drift === undefined ? [] : [`changed by somebody else since ${instant(drift.since)}: ${drift.what}`]),
    ...benched.map((bench) => `${bench.rung} is set aside until ${instant(bench.until)}: ${bench.class}`),
  ];
}

function incidentLine({ since, why, attempts }: NonNullable<TargetStatus["incident"]>): string {
  return `down since ${instant(since)}: ${why}${attempts === 0 ? "" : `; ${describeTries(attempts)}`}`;
}
