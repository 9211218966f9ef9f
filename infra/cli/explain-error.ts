/** Every error as a person at a terminal needs it: what, where, why and the next step; never a stack. */
import { BadEvent } from "../../shared/events/envelope.ts";
import { FleetUnreadable } from "../../shared/fleet/applied.ts";
import { FleetInvalid, type FleetIssue, formatIssue } from "../../shared/fleet/issues.ts";
import { StoreUrlInvalid } from "../../shared/state/open.ts";
import { HeadRefused } from "../../shared/state/pause.ts";
import { ApplyRefused } from "../../shared/state/release-target.ts";
import { StoreUnavailable } from "../../shared/state/store.ts";
import { ClockUnreadable } from "../../shared/time/open-clock.ts";
import { VertexError } from "../../shared/vertex/errors.ts";
import { PortTaken } from "../local/wire/port-taken.ts";
import { exitCodes, Failure } from "./command.ts";
import { startLocal } from "./reach.ts";

/** An error as it is told. */
export interface Explained {
  readonly what: string;
  readonly next: string;
  readonly exitCode: number;
  /** Whether `--json` has been answered already. */
  readonly answered?: boolean;
  /** Everything that is wrong with a fleet file. */
  readonly issues?: readonly FleetIssue[];
}

/** Explains an error; one that is not known is a fault of ours, and said to be. */
export function explainError(error: unknown): Explained {
  const failed = (what: string, next: string): Explained => ({ what, next, exitCode: exitCodes.failed });
  if (error instanceof Failure) {
    const { message, next, exitCode, answered } = error;
    return { what: message, next, exitCode, answered };
  }
  if (error instanceof FleetInvalid) {
    const count = error.issues.length;
    const what = `the fleet file is refused, ${count === 1 ? "for one reason" : `for ${count} reasons`}`;
    return { ...failed(what, "correct the file; nothing was changed"), issues: error.issues };
  }
  if (error instanceof ApplyRefused || error instanceof HeadRefused || error instanceof FleetUnreadable) {
    const [what = error.message, ...next] = error.message.split("; ");
    return failed(what, next.join("; ") || "run `tidekeeper status` to see what is applied");
  }
  if (error instanceof StoreUrlInvalid) {
    return { what: error.message, next: "set TIDEKEEPER_STORE", exitCode: exitCodes.wrongUse };
  }
  if (error instanceof StoreUnavailable) {
    return failed(
      `the store does not answer: ${error.message}`,
      "check TIDEKEEPER_STORE, the network and your credentials",
    );
  }
  if (error instanceof PortTaken) {
    return failed(
      error.message,
      "add --port with another one, e.g. --port 9090; what it takes beside that one follows it",
    );
  }
  if (error instanceof ClockUnreadable) return failed(error.message, startLocal("TIDEKEEPER_CLOCK"));
  if (error instanceof BadEvent) return { what: error.message, next: error.hint, exitCode: exitCodes.wrongUse };
  if (error instanceof VertexError) {
    return failed(
      `Vertex AI: ${error.message}`,
      "check your credentials and the project; `tidekeeper doctor` looks at both",
    );
  }
  const what = error instanceof Error ? error.message : String(error);
  return failed(what, "if this looks like a fault of Tidekeeper, set TIDEKEEPER_TRACE=1 to see where it arose");
}

/** The lines that tell it. */
export function errorLines({ what, next, issues }: Explained): readonly string[] {
  return [`error: ${what}`, ...(issues ?? []).map((issue) => `  ${formatIssue(issue)}`), `next: ${next}`];
}
