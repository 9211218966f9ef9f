/** What the schedules of a fleet will do: the transitions ahead, for the `preview` command. Idleness and requests come on top. */
import type { Fleet, TargetPolicy } from "../fleet/fleet.ts";
import type { Millis } from "../time/clock.ts";
import { wallTime } from "../time/local.ts";
import { earlyBy } from "./persistent-resource/presence.ts";
import { transitions } from "./schedule/schedule.ts";
import type { Sizes } from "./schedule/windows.ts";

/** One thing that a schedule will do. */
export interface PreviewStep {
  readonly at: Millis;
  /** The fleet's name of the target. */
  readonly target: string;
  readonly kind: TargetPolicy["kind"];
  /** `create` and `delete` of a resource, `deploy` and `undeploy` of a Spot model, `resize` of either. */
  readonly does: "create" | "delete" | "deploy" | "undeploy" | "resize";
  /** When it is started, where that is earlier than the bell: persistent resources are rebuilt ahead. */
  readonly startsAt: Millis;
  readonly replicas: Sizes;
  /** The rule, as the user wrote it. */
  readonly because: string;
  /** `Fri 2026-11-20 20:00 Europe/Berlin` */
  readonly local: string;
}

function localOf(at: Millis, zone: string): string {
  const { weekday, date, time } = wallTime(at, zone);
  return `${weekday} ${date} ${time} ${zone}`;
}

function stepsOf(policy: TargetPolicy, from: Millis, to: Millis): readonly PreviewStep[] {
  const { schedule } = policy;
  if (schedule === undefined) return [];
  const early = policy.kind === "persistentResource" ? earlyBy(policy.restore.early, []) : 0;
  const words =
    policy.kind === "persistentResource"
      ? ({ on: "create", off: "delete" } as const)
      : ({ on: "deploy", off: "undeploy" } as const);
  return transitions(schedule, from, to).map(({ at, on, turns, because, replicas }) => ({
    at,
    target: policy.name,
    kind: policy.kind,
    does: turns ? (on ? words.on : words.off) : "resize",
    startsAt: turns && on ? at - early : at,
    replicas,
    because,
    local: localOf(at, schedule.zone),
  }));
}

/** Every scheduled step of a fleet in `from < at <= to` (world time), in order of time, then of target. */
export function preview(fleet: Pick<Fleet, "targets">, from: Millis, to: Millis): readonly PreviewStep[] {
  return fleet.targets
    .flatMap((policy) => stepsOf(policy, from, to))
    .sort((a, b) => a.at - b.at || (a.target < b.target ? -1 : 1));
}
