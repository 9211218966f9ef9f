/**
 * How a held operation fares, from what was looked up: pure. Effect outranks operation: what the resource shows is done,
 * whatever the operation says; what nobody can tell is unknown, and stays so until somebody can.
 */
import type { Look } from "../decide/decision.ts";
import { clockTolerance, type Millis, minute, second } from "../time/clock.ts";
import { classifyStatus } from "../vertex/classify.ts";
import { operationEnd, operationStart } from "../vertex/operation-times.ts";
import type { LongRunningOperation } from "../vertex/vertex.ts";
import type { Facts, OperationKind, Recognition } from "./kind.ts";
import type { ChangeKind, FailureClass, Held, Settlement, Slot } from "./operation.ts";

/** A slot that is not empty. */
export type HeldSlot = Exclude<Slot, { state: "empty" }>;

/** How an operation fares. */
export type Verdict =
  | { readonly verdict: "ended"; readonly settlement: Settlement }
  /** Its operation was found, though its name had not been recorded. */
  | { readonly verdict: "found"; readonly operationName: string }
  /** It goes its way, or may: nothing else may start. */
  | { readonly verdict: "wait"; readonly why: string }
  | { readonly verdict: "unknown"; readonly why: string };

/** A call must have been answered this long after `startBy` (wire): its absolute deadline. */
export const callMargin: Millis = 10 * second;
/** A claim whose call nobody recorded is judged this long after `startBy` (wire): late calls and clocks that differ have passed. */
export const lapseMargin: Millis = 100 * second;
/** How long a resource may take to show what a successful operation did (world). */
const statusLag: Millis = 2 * minute;

const done = (note: string): Verdict => ({ verdict: "ended", settlement: { end: "done", note } });
const failed = (failure: FailureClass, note: string): Verdict => ({
  verdict: "ended",
  settlement: { end: "failed", class: failure, note },
});
const wait = (why: string): Verdict => ({ verdict: "wait", why });
const unknown = (why: string): Verdict => ({ verdict: "unknown", why });

/** What a recognition says, in words. */
const noteOf = (seen: Recognition): string =>
  seen.seen === "unknown" ? seen.why : seen.seen === "no-trace" ? "the resource does not show it" : seen.note;

/** Times of one judgement. */
export interface Now {
  readonly world: Millis;
  readonly wire: Millis;
}

type Traits = Pick<OperationKind<ChangeKind>, "metadata" | "repeatable" | "limit">;

/** An operation that has ended, as it says itself. */
function judgeEnded(
  operation: LongRunningOperation,
  since: Millis,
  seen: Recognition,
  now: Now,
  overdue: boolean,
): Verdict {
  if (seen.seen === "effect") return done(seen.note);
  const error = operation.error?.code ? classifyStatus(operation.error, operation.name) : undefined;
  if (seen.seen === "unknown") {
    return (overdue ? unknown : wait)(`the operation has ended, but the resource cannot be read: ${seen.why}`);
  }
  if (error !== undefined) return failed(error.class, error.message);
  if (seen.seen === "no-trace") return done("its operation succeeded");
  if (seen.seen === "impossible") return failed(seen.class, seen.note);
  if (now.world < Math.max(since, operationEnd(operation)) + statusLag) {
    return wait(`its operation succeeded, and the resource does not show it yet: ${seen.note}`);
  }
  if (seen.seen === "under-way" && !overdue) return wait(seen.note);
  return failed("no-effect", `its operation succeeded without effect: ${seen.note}`);
}

/**
 * What became of it cannot be told, and it must not be sent again. Once people have been told, it is given up, and the
 * resource is free again.
 */
function neverAgain(slot: HeldSlot, why: string): Verdict {
  if (slot.state === "unknown" && slot.alerted) {
    return failed("fate-unknown", `${why}: whether it was carried out is not known, and it is not sent again`);
  }
  return unknown(`${why}, and it must not be sent twice`);
}

/** A held operation whose name is known. */
function judgeNamed(
  traits: Traits,
  slot: HeldSlot,
  name: string,
  since: Millis,
  look: Look<LongRunningOperation>,
  seen: Recognition,
  now: Now,
): Verdict {
  const overdue = now.world > since + traits.limit;
  if (look.look === "present" && look.value.done === true) return judgeEnded(look.value, since, seen, now, overdue);
  if (look.look === "present") {
    // The service would refuse the next change while this one runs, so its end is waited for; but not for ever.
    if (seen.seen === "effect" && overdue) return done(`${seen.note}, though operation ${name} never ended`);
    if (seen.seen === "impossible" && overdue) {
      return failed(seen.class, `${seen.note}, though operation ${name} never ended`);
    }
    return (overdue ? unknown : wait)(`operation ${name} is running: ${noteOf(seen)}`);
  }
  // Its effect may show before it ends, and until then the service refuses the next change: only a look at it tells.
  if (seen.seen === "effect" && (look.look === "absent" || overdue)) return done(seen.note);
  if (look.look === "absent") {
    if (seen.seen === "impossible") return failed(seen.class, seen.note);
    if (!overdue) return wait(`operation ${name} is not known to the service: ${noteOf(seen)}`);
    if (seen.seen === "nothing" && traits.repeatable) {
      return failed("unavailable", `operation ${name} has vanished without effect: ${seen.note}`);
    }
    if (seen.seen === "no-trace") return neverAgain(slot, `operation ${name} has vanished`);
    return unknown(`operation ${name} has vanished: ${noteOf(seen)}`);
  }
  return (overdue ? unknown : wait)(`operation ${name} cannot be looked up: ${look.why}`);
}

/** The operation of this kind that was started under the resource since the claim, if the list shows one. */
function findOperation(traits: Traits, held: Held, facts: Facts): LongRunningOperation | undefined {
  if (traits.metadata === undefined || facts.operations?.look !== "present") return undefined;
  const type = `.${traits.metadata}`;
  return facts.operations.value.items.find(
    (operation) =>
      String(operation.metadata?.["@type"] ?? "").endsWith(type) &&
      operationStart(operation) >= held.claimedAt - clockTolerance,
  );
}

/** A claim of which nobody recorded whether its call was made: its process died, or the answer was lost. */
function judgeUnnamed(traits: Traits, slot: HeldSlot, facts: Facts, seen: Recognition, now: Now): Verdict {
  if (now.wire <= slot.startBy + callMargin) return wait("it has been claimed and is being started");
  const operation = findOperation(traits, slot, facts);
  if (operation !== undefined) return { verdict: "found", operationName: operation.name };
  if (seen.seen === "effect" && seen.ours) return done(seen.note);
  // Otherwise the effect may be somebody else's, and our own call still on its way: it could undo what is claimed next.
  if (now.wire <= slot.startBy + lapseMargin)
    return wait(`whether its call was made is not known yet: ${noteOf(seen)}`);
  if (seen.seen === "effect") return done(seen.note);
  if (seen.seen === "impossible") return failed(seen.class, seen.note);
  if (seen.seen === "unknown") return unknown(`whether its call was made cannot be told: ${seen.why}`);
  if (seen.seen === "under-way") {
    return (now.world > slot.claimedAt + traits.limit ? unknown : wait)(seen.note);
  }
  const { operations } = facts;
  if (traits.metadata !== undefined && (operations?.look !== "present" || !operations.value.complete)) {
    const why = operations?.look === "unknown" ? operations.why : "the list ended early";
    return unknown(`whether its call was made cannot be told, its operations cannot be listed: ${why}`);
  }
  if (traits.repeatable)
    return { verdict: "ended", settlement: { end: "lapsed", note: `its call left no trace: ${noteOf(seen)}` } };
  return neverAgain(slot, `its call left no trace: ${noteOf(seen)}`);
}

/** Judges a held operation by what {@link Facts} say. */
export function judge(traits: Traits, slot: HeldSlot, facts: Facts, seen: Recognition, now: Now): Verdict {
  if (slot.state === "claimed" || slot.operationName === undefined) return judgeUnnamed(traits, slot, facts, seen, now);
  const since = slot.state === "running" ? slot.startedAt : slot.claimedAt;
  const look = facts.operation ?? { look: "unknown", why: "it was not looked up" };
  return judgeNamed(traits, slot, slot.operationName, since, look, seen, now);
}
