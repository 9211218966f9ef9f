/** `tidekeeper status`: what is on, what is happening and why, in the store's own words. */
import type { Command } from "commander";
import { readStatus, type StatusReport, type TargetStatus } from "../../shared/status/report.ts";
import { formatDuration } from "../../shared/time/duration.ts";
import { type CommonOptions, common, Failure } from "./command.ts";
import { mustBeTheStore, withHome } from "./home.ts";
import { columns, count, instant, paint, paintPhase, print, printJson } from "./output.ts";
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
    return readStatus(home.store, (await home.clock()).now());
  });
  if (options.json) {
    printJson(report);
    return;
  }
  if (report.fleet === undefined) {
    throw new Failure("no fleet has been applied to this store", "run `tidekeeper apply FILE`");
  }
  for (const line of statusLines(report, report.fleet)) print(line);
}

function statusLines(report: StatusReport, fleet: NonNullable<StatusReport["fleet"]>): readonly string[] {
  const { at, targets, locations, owed } = report;
  const rows = targets.map((target) => [
    target.name,
    paintPhase(target.phase),
    target.location,
    target.released === undefined ? (target.decision?.why ?? "not looked at yet") : releasedLine(target.released),
  ]);
  return [
    `${instant(at)}: version ${fleet.version}, applied ${instant(fleet.appliedAt)} by ${fleet.appliedBy}`,
    ...(fleet.paused === undefined ? [] : [paint("yellow", pausedLine(fleet.paused, "PAUSED"))]),
    ...locations.map((seen) => locationLine(seen, at)),
    ...(owed === 0 ? [] : [`${count(owed, "outcome")} not yet published`]),
    "",
    columns(rows),
    ...targets.flatMap(detailLines),
  ];
}

function locationLine({ location, takenAt, outageSince }: StatusReport["locations"][number], at: number): string {
  const age = `${location}: last looked at ${formatDuration(at - takenAt)} ago`;
  if (outageSince === undefined) return age;
  return paint(
    "red",
    `${age}; everything turned idle at once at ${instant(outageSince)}, so nothing is deleted for looking idle`,
  );
}

/** That the fleet does not name a target any more, and what that means for it. */
export function releasedLine({ since, what }: NonNullable<TargetStatus["released"]>): string {
  return `released since ${instant(since)}: ${what}`;
}

/** What of a target needs more than its row. */
export function detailLines(target: TargetStatus): readonly string[] {
  const { name, operation, requests, hold, drift, benched, decision, rung } = target;
  const lines = [
    ...(rung === undefined ? [] : [`serves on ${rung}`]),
    ...(operation === undefined
      ? []
      : [`${operation.kind} ${operation.state} since ${instant(operation.since)}, attempt ${operation.attempt}`]),
    ...requests.map(({ what, source, expiresAt }) => `${what}, asked for by ${source}, until ${instant(expiresAt)}`),
    ...(hold === undefined ? [] : [`held until ${instant(hold.until)}${hold.note ? `: ${hold.note}` : ""}`]),
    ...(drift === undefined ? [] : [`changed by somebody else since ${instant(drift.since)}: ${drift.what}`]),
    ...benched.map((bench) => `${bench.rung} is set aside until ${instant(bench.until)}: ${bench.class}`),
    ...(decision?.next === undefined ? [] : [`next: ${decision.next.what} at ${instant(decision.next.at)}`]),
  ];
  return lines.length === 0 ? [] : ["", paint("bold", name), ...lines.map((line) => `  ${line}`)];
}
