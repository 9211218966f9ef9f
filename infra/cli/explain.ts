/** `tidekeeper explain TARGET`: what was decided about one target, what would be decided now, and what follows. */
import type { Command } from "commander";
import type { Fleet } from "../../shared/fleet/fleet.ts";
import { suggest } from "../../shared/fleet/nearest.ts";
import type { FleetHead } from "../../shared/state/documents.ts";
import type { TargetStatus } from "../../shared/status/report.ts";
import { type CommonOptions, common, Failure, WrongUse } from "./command.ts";
import { appliedFleet, withHome } from "./home.ts";
import { columns, instant, paint, paintPhase, print, printJson } from "./output.ts";
import { pausedLine } from "./paused.ts";
import type { Outlook } from "./planning.ts";
import { detailLines, releasedLine } from "./status.ts";

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
    const { targets } = await readStatus(home.store, clock.now());
    const found = findTarget(fleet, name, targets);
    const status = targets.find(({ key }) => key === found.key);
    if (status?.released !== undefined) {
      if (options.json) printJson({ target: status });
      else tell(status, [`${paint("bold", status.name)} is ${releasedLine(status.released)}`]);
      return;
    }
    const policy = fleet.targets.find(({ key }) => key === found.key);
    const [now] = policy === undefined ? [] : await lookAhead(home, fleet, [policy], clock);
    if (now === undefined || status === undefined) {
      throw new Failure(`the store does not know ${found.name}`, "run `tidekeeper apply` again");
    }
    const { paused } = head.value;
    if (options.json) printJson({ target: status, now, policy, ...(paused === undefined ? {} : { paused }) });
    else tell(status, outlookLines(now, status, paused));
  });
}

/** Prints what is so, and the decisions that led there. */
function tell(status: TargetStatus, head: readonly string[]): void {
  for (const line of [...head, ...detailLines(status)]) print(line);
  const decisions = [...(status.decision ? [status.decision] : []), ...status.history];
  print();
  if (decisions.length === 0) {
    print(status.released ? "nothing was ever decided" : "nothing has been decided yet: the next tick will look at it");
    return;
  }
  const rows = decisions.map(({ at, times, action, rule, why }) => [
    instant(at),
    times > 1 ? `${times} times` : "",
    action,
    rule,
    why,
  ]);
  print(columns(rows));
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
