/** `tidekeeper plan FILE`: what applying a fleet would do now. */
import type { Command } from "commander";
import { type CommonOptions, common } from "./command.ts";
import { readFleetFile } from "./fleet-file.ts";
import { withHome } from "./home.ts";
import { columns, count, instant, paint, print, printJson } from "./output.ts";
import type { Outlook, Plan } from "./planning.ts";

interface PlanOptions extends CommonOptions {
  readonly offline?: boolean;
}

/** Registers the command. */
export function register(program: Command): void {
  const command = program
    .command("plan")
    .argument("<file>", "fleet file")
    .option("--offline", "check the file only: look neither at the store nor at Vertex AI")
    .summary("show what applying a fleet file would do now")
    .description("Checks a fleet file and shows, target by target, what would be done now and why. Changes nothing.")
    .action(plan);
  common(command, ["plan fleet.yaml", "plan fleet.yaml --offline", "plan fleet.yaml --json | jq .targets"]);
}

async function plan(file: string, options: PlanOptions): Promise<void> {
  const { fleet, warnings } = await readFleetFile(file);
  if (options.offline) {
    const names = fleet.targets.map(({ name }) => name);
    if (options.json) printJson({ file, project: fleet.project, warnings, targets: names });
    else print(`${file} is sound: project ${fleet.project}, ${count(names.length, "target")}`);
    return;
  }
  const { planFleet } = await import("./planning.ts");
  const planned = await withHome((home) => planFleet(home, fleet), {
    fleet,
    // Before the first apply there is none yet, and a plan does not make one.
    missing: ({ storeId }) => (storeId === undefined ? "stand-in" : "refuse"),
  });
  if (options.json) printJson({ file, project: fleet.project, warnings, ...planned });
  else for (const line of planLines(file, planned)) print(line);
}

/**
 * A plan as people read it.
 * @param leaveAsleep whether what leaves the fleet asleep stays deleted; otherwise `apply` restores it first.
 */
export function planLines(file: string, plan: Plan, leaveAsleep = false): readonly string[] {
  const isNew = new Set(plan.created);
  const rows = plan.targets.map((target) => [mark(target, isNew), target.name, deed(target), target.why]);
  const released = plan.released.map(({ name, asleep }) => [
    paint("yellow", "-"),
    name,
    "release",
    asleep ? (leaveAsleep ? leftDeleted : restored) : leftAlone,
  ]);
  const restoring = leaveAsleep ? 0 : plan.released.filter(({ asleep }) => asleep).length;
  const changing = plan.targets.filter(({ change }) => change !== undefined).length;
  const before = plan.appliedVersion === 0 ? "nothing is applied yet" : `version ${plan.appliedVersion} is applied`;
  return [
    `${file}: ${count(plan.targets.length, "target")}; ${before}`,
    "",
    ...(rows.length + released.length > 0 ? [columns([...rows, ...released]), ""] : []),
    ...plan.targets.flatMap(({ name, next }) =>
      next ? [`next for ${name}: ${next.what} at ${instant(next.at)}`] : [],
    ),
    `${restoring === 0 ? "" : `${restoring} that ${restoring === 1 ? "leaves" : "leave"} would be restored first, and `}${
      changing === 0 ? "nothing" : changing
    } of ${plan.targets.length} would be changed at the next look${
      plan.paused ? ", but the fleet is paused: nothing starts before `tidekeeper resume`" : ""
    }`,
  ];
}

const leftDeleted = "not in the file any more, and asleep: it stays deleted until somebody rebuilds it";
const restored =
  "not in the file any more, and asleep: restored first, then never touched again (apply --leave-asleep: it stays deleted)";
const leftAlone = "not in the file any more: left as it is, and never touched again";

/** `+` for what is new in the file, `~` for what would be changed in Vertex AI. */
function mark({ name, change }: Outlook, isNew: ReadonlySet<string>): string {
  if (isNew.has(name)) return paint("green", "+");
  return change === undefined ? " " : paint("yellow", "~");
}

function deed({ change, running, phase }: Outlook): string {
  if (running !== undefined) return paint("yellow", `${running} is running`);
  return change === undefined ? phase : paint("bold", change);
}
