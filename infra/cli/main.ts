#!/usr/bin/env node
/** The operator's command: registers what is needed of it, runs one command, and answers with its exit code. */
import { Command, CommanderError } from "commander";
import packageJson from "../../package.json" with { type: "json" };
import { exitCodes, type Register } from "./command.ts";
import { outliveReaders, paint, printJson, remark } from "./output.ts";

/** Every command by the file that registers it; a file is loaded only when one of its commands is called, or for help. */
const files: readonly {
  readonly names: readonly string[];
  readonly load: () => Promise<{ readonly register: Register }>;
}[] = [
  { names: ["plan"], load: () => import("./plan.ts") },
  { names: ["apply"], load: () => import("./apply.ts") },
  { names: ["status"], load: () => import("./status.ts") },
  { names: ["explain"], load: () => import("./explain.ts") },
  { names: ["publish", "hold", "release", "wake"], load: () => import("./publish.ts") },
  { names: ["pause", "resume"], load: () => import("./pause.ts") },
  { names: ["preview"], load: () => import("./preview.ts") },
  { names: ["dead-letters"], load: () => import("./dead-letters.ts") },
  { names: ["doctor"], load: () => import("./doctor.ts") },
  { names: ["local"], load: () => import("./local.ts") },
  { names: ["demo"], load: () => import("./demo.ts") },
];

/** The program with the command that is called, or whole; parsing throws instead of exiting. */
async function createProgram(args: readonly string[]): Promise<Command> {
  const program = new Command("tidekeeper")
    .description("Keeps Vertex AI capacity on only while it is worth its price.")
    .version(packageJson.version)
    .exitOverride()
    .showSuggestionAfterError()
    .addHelpText(
      "after",
      "\nExit codes: 0 done, 1 something failed, 2 wrong use, 130 Ctrl-C while it waited for an answer.\nThe environment says where Tidekeeper runs: TIDEKEEPER_PROJECT, TIDEKEEPER_PREFIX, TIDEKEEPER_STORE, TIDEKEEPER_STORE_ID.",
    );
  const called = files.filter(({ names }) => args[0] !== undefined && names.includes(args[0]));
  const needed = called.length > 0 ? called : files;
  for (const { register } of await Promise.all(needed.map(({ load }) => load()))) register(program);
  tellNextStep(program, "tidekeeper");
  return program;
}

/** Has commander add to its own errors what to do about them. */
function tellNextStep(command: Command, words: string): void {
  command.showHelpAfterError(`next: run \`${words} --help\``);
  for (const below of command.commands) tellNextStep(below, `${words} ${below.name()}`);
}

/** Runs one command line. @returns its exit code. */
async function run(args: readonly string[]): Promise<number> {
  try {
    const program = await createProgram(args);
    await program.parseAsync(args, { from: "user" });
    // A command whose JSON says that something failed has set it itself.
    return Number(process.exitCode ?? exitCodes.done);
  } catch (error) {
    // Commander has written its own message, or the help that was asked for.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.wrongUse;
    const { errorLines, explainError } = await import("./explain-error.ts");
    const explained = explainError(error);
    const { exitCode, answered, ...rest } = explained;
    if (args.includes("--json") && !answered) printJson({ error: rest });
    for (const line of errorLines(explained)) remark(line.startsWith("error:") ? paint("red", line) : line);
    if (process.env["TIDEKEEPER_TRACE"] && error instanceof Error) remark(error.stack ?? "");
    return exitCode;
  }
}

outliveReaders();
const exitCode = await run(process.argv.slice(2));
// A client library may go on for a minute with what has been given up; what was printed goes out first.
process.stdout.write("", () => process.exit(exitCode));
