/** What every command of `tidekeeper` shares: how it is registered, its common options, and how it fails. */
import type { Command } from "commander";

/** Adds one or several commands to the program. */
export type Register = (program: Command) => void;

/** Options that every command takes. */
export interface CommonOptions {
  /** Machine-readable output: one JSON value on standard output. */
  readonly json?: boolean;
}

/** Exit codes: what scripts may rely on. A wait that Ctrl-C ended is told as a shell does. */
export const exitCodes = { done: 0, failed: 1, wrongUse: 2, interrupted: 130 } as const;

/** A command that cannot do what it was asked to: what, and what to do about it. */
export class Failure extends Error {
  override readonly name: string = "Failure";
  readonly next: string;
  readonly exitCode: number = exitCodes.failed;
  /** Whether `--json` has been answered already: the answer itself says what failed. */
  readonly answered: boolean;

  constructor(message: string, next: string, options: ErrorOptions & { readonly answered?: boolean } = {}) {
    super(message, options);
    this.next = next;
    this.answered = options.answered ?? false;
  }
}

/** A command that was called wrongly; nothing was tried. */
export class WrongUse extends Failure {
  override readonly name = "WrongUse";
  override readonly exitCode = exitCodes.wrongUse;
}

/** Gives a command its `--json` option and its examples. */
export function common(command: Command, examples: readonly string[]): Command {
  return command
    .option("--json", "print one JSON value instead of text")
    .addHelpText("after", `\nExamples:\n${examples.map((line) => `  $ tidekeeper ${line}`).join("\n")}`);
}
