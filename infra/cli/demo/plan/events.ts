/** What other systems and people ask Tidekeeper for: sizes, a hold and its release, a wake, and one thing that is wrong. */
import type { FleetEventInput } from "../../../../shared/events/schema.ts";
import type { PersistentResourcePolicy, SpotModelPolicy, TargetPolicy } from "../../../../shared/fleet/fleet.ts";
import { type Millis, minute } from "../../../../shared/time/clock.ts";
import type { Happening, Span } from "./happening.ts";
import { type OnTime, onTimes } from "./on-times.ts";

type Send = (
  at: Millis,
  event: FleetEventInput,
  special?: { readonly copies?: number; readonly refused?: true },
) => Happening;

/** The longest on-time: there is room in it for a story. */
function mainTime(policy: TargetPolicy, { from, calm }: Span): OnTime | undefined {
  return onTimes(policy, from, calm).toSorted((a, b) => b.end - b.start - (a.end - a.start))[0];
}

function partOf({ start, end }: OnTime, part: number): Millis {
  return Math.round((start + (end - start) * part) / minute) * minute;
}

/** A size for a while, then one more (published twice: it must count once), then one fewer again. */
function resizing(policy: PersistentResourcePolicy, span: Span, send: Send): readonly Happening[] {
  const time = mainTime(policy, span);
  const [pool, bounds] = Object.entries(policy.scale.pools)[0] ?? [];
  if (time === undefined || pool === undefined || bounds === undefined) return [];
  if (policy.scale.strategy === "never" || bounds.min === bounds.max) return [];
  const target = policy.name;
  const scale = { type: "scale", target, pool } as const;
  const usual = Number(policy.spec?.resourcePools.find(({ id }) => id === pool)?.replicaCount ?? bounds.min);
  return [
    send(partOf(time, 0.22), {
      ...scale,
      replicas: Math.min(bounds.max, usual + 2),
      ttl: "90m",
      source: "ci",
      reason: "nightly suite is late",
    }),
    send(
      partOf(time, 0.55),
      { ...scale, delta: 1, ttl: "2h", source: "queue", reason: "queue is long" },
      { copies: 2 },
    ),
    send(partOf(time, 0.55) + 50 * minute, {
      ...scale,
      delta: -1,
      ttl: "1h",
      source: "queue",
      reason: "queue is short",
    }),
  ];
}

/** More replicas of a model, where its first rung has room for more. */
function moreReplicas(policy: SpotModelPolicy, span: Span, send: Send): readonly Happening[] {
  const time = mainTime(policy, span);
  const [rung] = policy.ladder;
  if (time === undefined || rung === undefined || rung.maxReplicas === rung.minReplicas) return [];
  return [
    send(partOf(time, 0.6), {
      type: "scale",
      target: policy.name,
      replicas: rung.maxReplicas,
      ttl: "2h",
      source: "load-balancer",
      reason: "traffic is high",
    }),
  ];
}

/** Held over the bell, then released: nothing is deleted in between. */
function heldOverTheBell({ name: target }: TargetPolicy, bell: Millis, send: Send): readonly Happening[] {
  return [
    send(bell - 20 * minute, {
      type: "hold",
      target,
      ttl: "4h",
      source: "on-call",
      reason: "looking into a failed run",
    }),
    send(bell + 70 * minute, { type: "release", target, source: "on-call", reason: "found it" }),
  ];
}

/** Somebody works late. */
function wokenAtNight({ name: target }: TargetPolicy, bell: Millis, send: Send): readonly Happening[] {
  return [send(bell + 150 * minute, { type: "wake", target, ttl: "1h", source: "notebook", reason: "one more try" })];
}

/** A name that no target has, close enough to one that the answer can say which was meant. */
function misspelt(targets: readonly TargetPolicy[]): string {
  const name = targets[0]?.name ?? "research";
  let wrong = `${name}s`;
  while (targets.some((target) => target.name === wrong)) wrong += "s";
  return wrong;
}

/** An alert about a model that is well, or not even deployed yet. */
function falseAlarm(targets: readonly TargetPolicy[], { from }: Span): readonly Happening[] {
  const model = targets.find(({ kind }) => kind === "spotModel");
  return model === undefined ? [] : [{ at: from, do: "false-alarm", target: model.name }];
}

/** The events of a demo on any fleet, in no order. The span may be of several days: the story is told once. */
export function planEvents(targets: readonly TargetPolicy[], span: Span): readonly Happening[] {
  let count = 0;
  const send: Send = (at, event, { copies = 1, refused } = {}) => {
    count += 1;
    const id = `demo-${event.type}-${event.target}-${count}`.replaceAll(/[^A-Za-z0-9._:-]/g, "-").slice(0, 128);
    return { at, do: "event", event: { ...event, id }, copies, refused: refused ?? false };
  };
  const scheduled = targets.flatMap((policy) => {
    const bell = onTimes(policy, span.from, span.calm).findLast((time) => time.bell !== undefined)?.bell;
    return bell === undefined ? [] : [{ policy, bell }];
  });
  const held = scheduled.findLast(({ policy }) => policy.kind === "persistentResource");
  const woken = scheduled.findLast(({ policy }) => policy !== held?.policy);
  const happenings = [
    ...targets.flatMap((policy) =>
      policy.kind === "persistentResource" ? resizing(policy, span, send) : moreReplicas(policy, span, send),
    ),
    ...(held === undefined ? [] : heldOverTheBell(held.policy, held.bell, send)),
    ...(woken === undefined ? [] : wokenAtNight(woken.policy, woken.bell, send)),
    // At the very start: whoever waits for its answer knows that events are taken.
    send(
      span.from,
      { type: "scale", target: misspelt(targets), replicas: 2, source: "ci", reason: "a typing error" },
      { refused: true },
    ),
    ...falseAlarm(targets, span),
  ];
  return happenings.filter(({ at }) => at >= span.from && at < span.calm);
}
