/** `tidekeeper doctor`: whether everything is there that Tidekeeper needs. */
import type { Command } from "commander";
import { type CommonOptions, common, Failure } from "./command.ts";
import { withHome } from "./home.ts";
import { columns, count, paint, print, printJson } from "./output.ts";

/** Registers the command. */
export function register(program: Command): void {
  const command = program
    .command("doctor")
    .summary("check store, permissions, topics, clocks and ticks")
    .description("Looks at everything that must be so for Tidekeeper to work, and says what to do where it is not.")
    .action(doctor);
  common(command, ["doctor", "doctor --json | jq '.[] | select(.ok | not)'"]);
}

async function doctor(options: CommonOptions): Promise<void> {
  const { examine } = await import("./checks.ts");
  const findings = await withHome(examine);
  if (options.json) printJson(findings);
  else {
    const rows = findings.map(({ ok, check, found, next }) => [
      ok ? paint("green", "ok") : paint("red", "!!"),
      check,
      next === undefined ? found : `${found}; ${next}`,
    ]);
    print(columns(rows));
  }
  const wrong = findings.filter(({ ok }) => !ok);
  if (wrong.length === 0) return;
  throw new Failure(
    `${count(wrong.length, "check")} of ${findings.length} failed`,
    "do what stands beside them, top first",
    { answered: true },
  );
}
