#!/usr/bin/env node
/** The operator's command: registers every command, runs one, and answers with its exit code. */
import { Command, CommanderError } from "commander";
import packageJson from "../../package.json" with { type: "json" };
import * as apply from "./apply.ts";
import { exitCodes } from "./command.ts";
import * as explain from "./explain.ts";
import { errorLines, explainError } from "./explain-error.ts";
import * as local from "./local.ts";
import { paint, printJson, remark } from "./output.ts";
import * as pause from "./pause.ts";
import * as plan from "./plan.ts";
import * as publish from "./publish.ts";
import * as status from "./status.ts";

/** Each of them exports `register`. */
const commands = [plan, apply, status, explain, publish, pause, local];

/** The whole program; parsing throws instead of exiting. */
function createProgram(): Command {
  const program = new Command("tidekeeper")
    .description("Keeps Vertex AI capacity on only while it is worth its price.")
    .version(packageJson.version)
    .exitOverride()
    .showSuggestionAfterError()
    .addHelpText(
      "after",
      "\nExit codes: 0 done, 1 something failed, 2 wrong use.\nThe environment says where Tidekeeper runs: TIDEKEEPER_PROJECT, TIDEKEEPER_PREFIX, TIDEKEEPER_STORE, TIDEKEEPER_STORE_ID.",
    );
  for (const { register } of commands) register(program);
  for (const command of program.commands) command.exitOverride();
  return program;
}

/** Runs one command line. @returns its exit code. */
async function run(args: readonly string[]): Promise<number> {
  try {
    await createProgram().parseAsync(args, { from: "user" });
    return exitCodes.done;
  } catch (error) {
    // Commander has written its own message, or the help that was asked for.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.wrongUse;
    const explained = explainError(error);
    const { exitCode, ...rest } = explained;
    if (args.includes("--json")) printJson({ error: rest });
    for (const line of errorLines(explained)) remark(line.startsWith("error:") ? paint("red", line) : line);
    if (process.env["TIDEKEEPER_TRACE"] && error instanceof Error) remark(error.stack ?? "");
    return exitCode;
  }
}

process.exitCode = await run(process.argv.slice(2));
