/** `tidekeeper explain TARGET`: what was decided about one target, what would be decided now, and what follows. */
import type { Command } from "commander";
import type { Fleet } from "../../shared/fleet/fleet.ts";
import { suggest } from "../../shared/fleet/nearest.ts";
import type { DecisionRecord, FleetHead } from "../../shared/state/documents.ts";
import { describeOverdue, type Overdue } from "../../shared/status/overdue.ts";
import type { TargetStatus } from "../../shared/status/report.ts";
import type { Millis } from "../../shared/time/clock.ts";
import { type CommonOptions, common, Failure, WrongUse } from "./command.ts";
import { appliedFleet, withHome } from "./home.ts";
import { columnsOrBlocks, type Width, wrapped } from "./layout.ts";
import { instant, paint, paintPhase, print, printJson, terminalWidth } from "./output.ts";
import { pausedLine } from "./paused.ts";
import type { Outlook } from "./planning.ts";
import { detailLines, holdLine, releasedLine } from "./status.ts";

/** Registers the command. */
export function register(program: Command): void {
  const command = program
    .command("explain")
    .argument("<target>", "the fleet's name of the target, or its full resource name")
    .summary("say why a target is as it is, and what happens next")
    .description("Looks at the target in Vertex AI, decides as the functions would, and shows the decisions so far.")
    .action(explain);
  common(command, ["explain research", "explain research --json"]);
}

async function explain(name: string, options: CommonOptions): Promise<void> {
  await withHome(async (home) => {
    const [{ lookAhead }, { readStatus }] = await Promise.all([
      import("./planning.ts"),
      import("../../shared/status/report.ts"),
    ]);
    const { fleet, head } = await appliedFleet(home);
    const clock = await home.clock();
    const report = await readStatus(home.store, clock);
    const { targets } = report;
    const found = findTarget(fleet, name, targets);
    const status = targets.find(({ key }) => key === found.key);
    if (status?.released !== undefined) {
      if (options.json) printJson({ target: status });
      else print(explanation(status, { at: report.at }, terminalWidth()));
      return;
    }
    const policy = fleet.targets.find(({ key }) => key === found.key);
    const [now] = policy === undefined ? [] : await lookAhead(home, fleet, [policy], clock);
    if (now === undefined || status === undefined) {
      throw new Failure(`the store does not know ${found.name}`, "run `tidekeeper apply` again");
    }
    const { paused } = head.value;
    const overdue = report.overdue?.find(({ location }) => location === status.location);
    if (options.json) {
      const more = { ...(paused === undefined ? {} : { paused }), ...(overdue === undefined ? {} : { overdue }) };
      printJson({ target: status, now, policy, ...more });
      return;
    }
    print(explanation(status, { at: report.at, now, paused, overdue }, terminalWidth()));
  });
}

/** What is known about a target besides what the store says of itself. */
export interface Circumstances {
  readonly at: Millis;
  /** What would be decided now; absent where nothing is decided any more. */
  readonly now?: Outlook;
  readonly paused?: FleetHead["paused"] | undefined;
  readonly overdue?: Overdue | undefined;
}

/** What is so, and the decisions that led there. */
export function explanation(status: TargetStatus, circumstances: Circumstances, width: Width): string {
  const { at, now, paused, overdue } = circumstances;
  const { name, released } = status;
  const lines = [
    ...(released === undefined ? [] : [`${paint("bold", name)} is ${releasedLine(released)}`]),
    ...(now === undefined ? [] : outlookLines(now, status, paused)),
    ...(overdue === undefined ? [] : [`  ${paint("red", describeOverdue(overdue, at))}`]),
    ...holdLines(now?.rule, status).map((line) => `  ${line}`),
    ...detailLines(status).map((line) => `  ${line}`),
  ];
  return [...lines.map((line) => wrapped(line, width)), "", decisionsText(status, width)].join("\n");
}

/** A row for each decision, or where the terminal is narrower than that a block. */
function decisionsText({ decision, history, released }: TargetStatus, width: Width): string {
  const decisions = [...(decision ? [decision] : []), ...history];
  if (decisions.length === 0) {
    return released ? "nothing was ever decided" : "nothing has been decided yet: the next tick will look at it";
  }
  const times = (record: DecisionRecord) => (record.times > 1 ? `${record.times} times` : "");
  const rows = decisions.map((record) => [instant(record.at), times(record), record.action, record.rule, record.why]);
  const pairs = decisions.map((record): [string, string] => {
    const rule = [record.rule, times(record)].filter(Boolean).join(", ");
    return [`${instant(record.at)}  ${paint("bold", record.action)} (${rule})`, record.why];
  });
  return columnsOrBlocks(rows, pairs, width);
}

/** What is so and what would be done now; a change that the pause keeps from starting is no part of what is so. */
function outlookLines(now: Outlook, status: TargetStatus, paused: FleetHead["paused"]): readonly string[] {
  const is = (phase: string, why: string) => `${paint("bold", now.name)} is ${paintPhase(phase)}: ${why}`;
  const rule = `(rule ${now.rule})`;
  if (paused !== undefined && now.change !== undefined && now.running === undefined) {
    return [is(status.phase, pausedLine(paused)), `  but for the pause: ${now.change} ${rule}: ${now.why}`];
  }
  return [
    is(now.phase, now.why),
    ...(paused === undefined ? [] : [`  ${pausedLine(paused)}`]),
    `  now: ${now.running ? `${now.running} is running` : (now.change ?? "nothing to be done")} ${rule}`,
    ...(now.next ? [`  next: ${now.next.what} at ${instant(now.next.at)}`] : []),
  ];
}

/** Of a hold what the reason does not say already: who asked for it; and all of it where the reason is another. */
function holdLines(rule: string | undefined, { hold }: TargetStatus): readonly string[] {
  if (rule !== "hold") return hold === undefined ? [] : [holdLine(hold)];
  return hold?.by === undefined ? [] : [`the hold was asked for by ${hold.by}`];
}

/**
 * The target that a name means; a released one where the fleet has none of that name.
 * @throws WrongUse naming what was probably meant when there is none.
 */
function findTarget(fleet: Fleet, name: string, known: readonly TargetStatus[]): Pick<TargetStatus, "name" | "key"> {
  const isMeant = (target: Pick<TargetStatus, "name" | "key">) => target.name === name || target.key === name;
  const found = fleet.targets.find(isMeant) ?? known.find((target) => target.released !== undefined && isMeant(target));
  if (found !== undefined) return found;
  const names = fleet.targets.map((target) => target.name);
  const hint = names.length === 0 ? "the applied fleet names no target" : suggest(name, names);
  throw new WrongUse(`no target is called "${name}"`, hint);
}
