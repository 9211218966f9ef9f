/** Is the fleet as it should be? What the schedule wants now, against what is billed now and what the status page says. */
import type { Rule } from "../../../shared/decide/rules.ts";
import { scheduleAt } from "../../../shared/decide/schedule/schedule.ts";
import type { Fleet, TargetPolicy } from "../../../shared/fleet/fleet.ts";
import type { StatusReport, TargetStatus } from "../../../shared/status/report.ts";
import { hour, type Millis, minute } from "../../../shared/time/clock.ts";
import type { TargetBill } from "./bill.ts";

/** A target that is not as it should be, and why that is thought. */
export interface Complaint {
  readonly target: string;
  readonly what: string;
}

/** What the schedule wants: `either` near a morning, when a pool may be built ahead, and where idleness decides too. */
type Wanted = "on" | "off" | "either";

/** Pools are rebuilt ahead of a window, by as much as this. */
const ahead = hour;

function wanted(policy: TargetPolicy, now: Millis): Wanted {
  const sleeps = policy.kind === "persistentResource" && policy.idle !== undefined;
  const state = policy.schedule === undefined ? { on: true } : scheduleAt(policy.schedule, now);
  if (state.on) return sleeps ? "either" : "on";
  return "until" in state && state.until !== undefined && state.until - now <= ahead ? "either" : "off";
}

/** Phases in which a target rests; in any other something is going on, or wrong. */
const restful = {
  on: new Set(["up", "serving"]),
  off: new Set(["asleep", "off-hours"]),
} as const;

/** A decision older than this was not made on what is there now; the tick looks every five minutes of world time. */
const freshFor = 20 * minute;

function complaintAbout(
  policy: TargetPolicy,
  status: TargetStatus | undefined,
  bill: TargetBill | undefined,
  now: Millis,
): string | undefined {
  if (status?.decision === undefined) return "nothing has been decided about it";
  const { phase, operation, decision, requests } = status;
  if (operation !== undefined) return `${operation.kind} is ${operation.state}: ${operation.why}`;
  const open = requests.find(({ answered }) => answered !== "final");
  if (open !== undefined) return `${open.what} of ${open.source} is open (${open.eventId})`;
  const want = wanted(policy, now);
  const on = restful.on.has(phase);
  if (!on && !restful.off.has(phase)) return `${phase}: ${decision.why}`;
  // The fleet's own limit on deletes keeps it on.
  if (on && decision.rule === ("cycles-per-day" satisfies Rule)) return undefined;
  if (want !== "either" && on !== (want === "on"))
    return `${phase}, but its schedule wants it ${want}: ${decision.why}`;
  const nodes = Object.values(bill?.nodes ?? {}).reduce((total, number) => total + number, 0);
  if (on !== nodes > 0) return `${phase}, but ${nodes} nodes of it are billed`;
  return undefined;
}

/**
 * What is wrong with the fleet; nothing is what is hoped for.
 * @param bills of this moment, by target.
 */
export function complaints(fleet: Fleet, report: StatusReport, bills: readonly TargetBill[]): readonly Complaint[] {
  const late = report.locations.filter(({ takenAt }) => report.at - takenAt > freshFor);
  return [
    ...late.map(({ location }) => ({ target: location, what: "the tick has not looked at it lately" })),
    ...fleet.targets.flatMap((policy) => {
      const status = report.targets.find(({ key }) => key === policy.key);
      const bill = bills.find(({ name }) => name === policy.name);
      const what = complaintAbout(policy, status, bill, report.at);
      return what === undefined ? [] : [{ target: policy.name, what }];
    }),
  ];
}
