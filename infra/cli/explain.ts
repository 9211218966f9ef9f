/** `tidekeeper explain TARGET`: what was decided about one target, what would be decided now, and what follows. */
import type { Command } from "commander";
import type { Fleet, TargetPolicy } from "../../shared/fleet/fleet.ts";
import { nearest } from "../../shared/fleet/nearest.ts";
import type { FleetHead } from "../../shared/state/documents.ts";
import type { TargetStatus } from "../../shared/status/report.ts";
import { type CommonOptions, common, Failure, WrongUse } from "./command.ts";
import { appliedFleet, withHome } from "./home.ts";
import { columns, instant, paint, paintPhase, print, printJson } from "./output.ts";
import { pausedLine } from "./paused.ts";
import type { Outlook } from "./planning.ts";
import { detailLines } from "./status.ts";

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
    const policy = findTarget(fleet, name);
    const clock = await home.clock();
    const [[now], report] = await Promise.all([
      lookAhead(home, fleet, [policy], clock),
      readStatus(home.store, clock.now()),
    ]);
    const status = report.targets.find(({ key }) => key === policy.key);
    if (now === undefined || status === undefined) {
      throw new Failure(`the store does not know ${policy.name}`, "run `tidekeeper apply` again");
    }
    const { paused } = head.value;
    if (options.json) {
      printJson({ target: status, now, policy, ...(paused === undefined ? {} : { paused }) });
      return;
    }
    for (const line of outlookLines(now, status, paused)) print(line);
    for (const line of detailLines(status, head.value.version)) print(line);
    const decisions = [...(status.decision ? [status.decision] : []), ...status.history];
    print();
    if (decisions.length === 0) print("nothing has been decided yet: the next tick will look at it");
    else {
      print(
        columns(
          decisions.map(({ at, times, action, rule, why }) => [
            instant(at),
            times > 1 ? `${times} times` : "",
            action,
            rule,
            why,
          ]),
        ),
      );
    }
  });
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
 * The target that a name means.
 * @throws WrongUse naming the nearest when there is none.
 */
export function findTarget(fleet: Fleet, name: string): TargetPolicy {
  const found = fleet.targets.find((target) => target.name === name || target.key === name);
  if (found !== undefined) return found;
  const names = fleet.targets.map((target) => target.name);
  const hint = names.length === 0 ? "the applied fleet names no target" : `the nearest is "${nearest(name, names)}"`;
  throw new WrongUse(`no target is called "${name}"`, hint);
}
