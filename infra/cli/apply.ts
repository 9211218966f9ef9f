/** `tidekeeper apply FILE`: makes a fleet file the applied one. */
import { createInterface } from "node:readline/promises";
import type { Command } from "commander";
import type { Fleet } from "../../shared/fleet/fleet.ts";
import type { Home } from "../../shared/home.ts";
import type { Settings } from "../../shared/settings.ts";
import type { Applied, ApplyOptions as StoreOptions } from "../../shared/state/apply.ts";
import { type CommonOptions, common, Failure, WrongUse } from "./command.ts";
import { readFleetFile, readText } from "./fleet-file.ts";
import { withHome } from "./home.ts";
import { count, print, printJson, remark } from "./output.ts";
import { planLines } from "./plan.ts";
import type { Plan } from "./planning.ts";
import { userName } from "./user.ts";
import { readWait, usualWait } from "./waiting.ts";

interface ApplyOptions extends CommonOptions {
  readonly yes?: boolean;
  readonly by: string;
  readonly recover?: string;
  readonly asleep?: string;
  readonly leaveAsleep?: boolean;
  readonly wait: string;
}

/** Registers the command. */
export function register(program: Command): void {
  const command = program
    .command("apply")
    .argument("<file>", "fleet file")
    .option("-y, --yes", "do not ask; needed where nobody can answer, and with --json")
    .option("--by <name>", "who applies it, as shown in status", userName())
    .option("--recover <store-id>", "the store was lost: begin a new one under the old store's id")
    .option("--asleep <file>", "with --recover: restore records of what is asleep, one JSON value a line")
    .option("--leave-asleep", "do not restore a target that leaves the fleet while it is asleep: it stays deleted")
    .option("--wait <duration>", "how long to wait for what is restored", usualWait)
    .summary("make a fleet file the applied one")
    .description(
      "Checks a fleet file, shows the plan, asks, and writes it to the store. The functions go by it from the next look on.\n" +
        "What is remembered of a target stays; drift and parking end. A target that the file no longer names is released:\n" +
        "it is left as it is and never touched again. One that is asleep is restored first.",
    )
    .action(apply);
  common(command, [
    "apply fleet.yaml",
    "apply fleet.yaml --yes --by ci",
    "apply smaller.yaml --yes --leave-asleep",
    "apply fleet.yaml --recover 1f0c7c1e-... --asleep records.jsonl",
  ]);
}

async function apply(file: string, options: ApplyOptions): Promise<void> {
  if (options.asleep !== undefined && options.recover === undefined) {
    throw new WrongUse("--asleep has no meaning without --recover", "add --recover STORE_ID");
  }
  const lasts = readWait(options.wait);
  // Loaded when it is needed: help and wrong use answer at once.
  const { readRestoreRecords } = await import("./restore-records.ts");
  const asleep =
    options.asleep === undefined
      ? []
      : readRestoreRecords(
          await readText(options.asleep, "name a file of restore records, e.g. --asleep records.jsonl"),
          options.asleep,
        );
  const { fleet, warnings } = await readFleetFile(file);
  // A store whose id is known was there before: another one in its place is a recovery, which somebody asks for.
  const missing = ({ storeId }: Settings) =>
    storeId === undefined || options.recover !== undefined ? "make" : "refuse";
  const work = async (home: Home) => {
    if (options.recover !== undefined) await refuseRecovery(home);
    const { planFleet } = await import("./planning.ts");
    const recover = options.recover === undefined ? {} : { recover: { storeId: options.recover, asleep } };
    const plan = await planFleet(home, fleet, recover);
    // What is asked about must be seen, but with --json only the result belongs on standard output.
    const { by, leaveAsleep = false } = options;
    for (const line of planLines(file, plan, leaveAsleep)) (options.json ? remark : print)(line);
    if (!options.yes) await confirm(options);
    if (!leaveAsleep) {
      const { restoreLeaving } = await import("./restore-leaving.ts");
      await restoreLeaving(home, plan, { by, lasts });
    }
    const applied = await applyOn(home, fleet, plan, { by, leaveAsleep, ...recover });
    if (options.json) printJson({ file, project: fleet.project, warnings, ...applied });
    else for (const line of appliedLines(applied)) print(line);
  };
  await withHome(work, { fleet, missing });
}

async function applyOn(
  home: Home,
  fleet: Fleet,
  plan: Plan,
  options: Pick<StoreOptions, "by" | "leaveAsleep" | "recover">,
) {
  const { applyFleet } = await import("../../shared/state/apply.ts");
  const clock = await home.clock();
  const expected = { expectedStoreId: home.settings.storeId, expectedVersion: plan.appliedVersion };
  return applyFleet(home.store, fleet, { ...options, ...expected, now: clock.now() });
}

/** A recovery is for an empty store: in any other, what is remembered is better than records. */
async function refuseRecovery(home: Home): Promise<void> {
  const head = await home.store.get("fleet", "head");
  if (head === undefined) return;
  throw new Failure(
    `the store is not lost: it holds version ${head.value.version} under the id ${head.value.storeId}`,
    "apply without --recover, or point TIDEKEEPER_STORE at the new, empty store",
  );
}

async function confirm(options: ApplyOptions): Promise<void> {
  if (!process.stdin.isTTY || options.json) {
    throw new WrongUse("nobody can be asked whether to apply this", "look at the plan, then add --yes");
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    // Ctrl-C and Ctrl-D are answers, too.
    const answer = await terminal.question("\nApply it? Only `yes` does: ").catch(() => {
      remark("");
      return "no";
    });
    if (answer.trim().toLowerCase() !== "yes") {
      throw new Failure("not applied; nothing was changed", "run it again and answer `yes`, or add --yes");
    }
  } finally {
    terminal.close();
  }
}

function appliedLines({ version, storeId, created, updated, released }: Applied): readonly string[] {
  const asleep = released.filter((target) => target.asleep).map(({ name }) => name);
  return [
    "",
    `applied as version ${version}: ${count(created.length, "target")} new, ${updated.length} kept, ${released.length} released`,
    ...(asleep.length === 0
      ? []
      : [`released while asleep, so not there until somebody rebuilds it: ${asleep.join(", ")}`]),
    ...(version === 1
      ? [
          `store id ${storeId}: deploy the functions with TIDEKEEPER_STORE_ID=${storeId}, so that a lost store means no action`,
        ]
      : []),
  ];
}
