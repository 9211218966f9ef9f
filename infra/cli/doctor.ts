/** `tidekeeper doctor`: whether everything is there that Tidekeeper needs. */
import type { Command } from "commander";
import type { Finding } from "./checks.ts";
import { type CommonOptions, common, Failure } from "./command.ts";
import { withAnyHome } from "./home.ts";
import { count, paint, print, printJson } from "./output.ts";

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
  // Told one by one, so that what is known is not lost when somebody stops waiting for the rest.
  const findings = await withAnyHome((home) => examine(home, options.json ? () => {} : tell));
  if (options.json) printJson(findings);
  const wrong = findings.filter(({ ok }) => !ok);
  if (wrong.length === 0) return;
  throw new Failure(`${count(wrong.length, "check")} of ${findings.length} failed`, "do what stands beside them", {
    answered: true,
  });
}

/** Wide enough for the checks of most locations. */
const nameWidth = "Vertex AI in us-central1".length;

function tell({ ok, check, found, next }: Finding): void {
  const sign = ok ? paint("green", "ok") : paint("red", "!!");
  print(`${sign}  ${check.padEnd(nameWidth)}  ${next === undefined ? found : `${found}; ${next}`}`);
}
