/** How a held operation fares, from what was looked up: every combination that decides differently. */
import { describe, expect, test } from "vitest";
import { callMargin, type HeldSlot, judge, lapseMargin } from "../../../shared/operations/judge.ts";
import type { Facts, Recognition } from "../../../shared/operations/kind.ts";
import type { Held } from "../../../shared/operations/operation.ts";
import { hour, minute } from "../../../shared/time/clock.ts";
import { persistentResourceName } from "../../../shared/vertex/names.ts";
import type { LongRunningOperation } from "../../../shared/vertex/vertex.ts";

const resource = persistentResourceName("p", "l", "r");
const name = `${resource}/operations/1`;
const claimedAt = Date.parse("2026-11-22T20:00:00Z");
const iso = (time: number) => new Date(time).toISOString();

const held: Held = {
  resource,
  targetKey: resource,
  change: { kind: "create", resource, body: {} },
  attempt: 1,
  claimedAt,
  claimedAtWire: 1_000,
  startBy: 21_000,
  eventIds: [],
  why: "test",
  seen: "absent",
};
const running: HeldSlot = { ...held, state: "running", operationName: name, startedAt: claimedAt };
const claimed: HeldSlot = { ...held, state: "claimed" };
const told: HeldSlot = { ...held, state: "unknown", since: claimedAt, alerted: true };
const untold: HeldSlot = { ...held, state: "unknown", since: claimedAt, alerted: false };

const traits = { metadata: "CreateMetadata", repeatable: true, limit: hour };
const once = { ...traits, repeatable: false };

const effect: Recognition = { seen: "effect", note: "there" };
const ours: Recognition = { ...effect, ours: true };
const nothing: Recognition = { seen: "nothing", note: "not there" };
const underWay: Recognition = { seen: "under-way", note: "coming" };
const impossible: Recognition = { seen: "impossible", class: "gone", note: "another one" };
const blind: Recognition = { seen: "unknown", why: "no network" };
const noTrace: Recognition = { seen: "no-trace" };

const operation = (
  more: Partial<LongRunningOperation>,
  started = claimedAt,
  type = "CreateMetadata",
): LongRunningOperation => ({
  name,
  metadata: {
    "@type": `type.googleapis.com/google.cloud.aiplatform.v1.${type}`,
    genericMetadata: { createTime: iso(started), updateTime: iso(started) },
  },
  ...more,
});
const going: Facts["operation"] = { look: "present", value: operation({}) };
const succeeded: Facts["operation"] = { look: "present", value: operation({ done: true }) };
const broke: Facts["operation"] = {
  look: "present",
  value: operation({ done: true, error: { code: 8, message: "The following quotas are exceeded: X" } }),
};
const vanished: Facts["operation"] = { look: "absent" };
const hidden: Facts["operation"] = { look: "unknown", why: "503" };

describe("an operation whose name is recorded", () => {
  const early = minute;
  const late = hour + minute;
  test.each([
    { when: "it runs", seen: underWay, op: going, after: early, is: "wait" },
    {
      when: "it runs, the effect shows: the service would refuse the next change",
      seen: effect,
      op: going,
      after: early,
      is: "wait",
    },
    { when: "it never ends, but the effect shows", seen: effect, op: going, after: late, is: "done" },
    {
      when: "it never ends, but the resource shows that it failed",
      seen: impossible,
      op: going,
      after: late,
      is: "gone",
    },
    { when: "it never ends", seen: underWay, op: going, after: late, is: "unknown" },
    { when: "it succeeded and the effect shows", seen: effect, op: succeeded, after: early, is: "done" },
    { when: "it succeeded, and only it can tell", seen: noTrace, op: succeeded, after: early, is: "done" },
    { when: "it succeeded, the resource lags", seen: nothing, op: succeeded, after: early, is: "wait" },
    { when: "it succeeded without effect", seen: nothing, op: succeeded, after: 3 * minute, is: "no-effect" },
    { when: "it succeeded, the resource is still at it", seen: underWay, op: succeeded, after: 3 * minute, is: "wait" },
    {
      when: "it succeeded, the resource is at it for ever",
      seen: underWay,
      op: succeeded,
      after: late,
      is: "no-effect",
    },
    { when: "it succeeded, and somebody made another", seen: impossible, op: succeeded, after: early, is: "gone" },
    { when: "it succeeded, the resource cannot be read", seen: blind, op: succeeded, after: early, is: "wait" },
    {
      when: "it succeeded, the resource cannot be read for long",
      seen: blind,
      op: succeeded,
      after: late,
      is: "unknown",
    },
    { when: "it failed", seen: nothing, op: broke, after: early, is: "quota" },
    { when: "it failed and left a wreck", seen: impossible, op: broke, after: early, is: "quota" },
    {
      when: "it failed, yet the effect shows: effect outranks operation",
      seen: effect,
      op: broke,
      after: early,
      is: "done",
    },
    {
      when: "it failed, the resource cannot be read: perhaps the effect is there",
      seen: blind,
      op: broke,
      after: early,
      is: "wait",
    },
    { when: "it is not known yet", seen: nothing, op: vanished, after: early, is: "wait" },
    { when: "it has vanished, the effect shows", seen: effect, op: vanished, after: early, is: "done" },
    { when: "it has vanished without effect", seen: nothing, op: vanished, after: late, is: "unavailable" },
    { when: "it has vanished, and only it could tell", seen: noTrace, op: vanished, after: late, is: "unknown" },
    { when: "it cannot be looked up: unknown is not done", seen: nothing, op: hidden, after: early, is: "wait" },
    {
      when: "it cannot be looked up for long: unknown is not failed",
      seen: nothing,
      op: hidden,
      after: late,
      is: "unknown",
    },
    {
      when: "it cannot be looked up, the effect shows: it may run still",
      seen: effect,
      op: hidden,
      after: early,
      is: "wait",
    },
    { when: "it cannot be looked up for long, the effect shows", seen: effect, op: hidden, after: late, is: "done" },
  ])("$when: $is", ({ seen, op, after, is }) => {
    const now = { world: claimedAt + after, wire: 10_000_000 };
    const verdict = judge(traits, running, { resource: { look: "absent" }, operation: op }, seen, now);
    expect(outcome(verdict)).toBe(is);
  });
});

describe("a claim of which nobody recorded whether its call was made", () => {
  const none: Facts = {
    resource: { look: "absent" },
    operations: { look: "present", value: { items: [], complete: true } },
  };
  const short: Facts = {
    resource: { look: "absent" },
    operations: { look: "present", value: { items: [], complete: false } },
  };
  const silent: Facts = { resource: { look: "absent" }, operations: { look: "unknown", why: "503" } };
  const listed = (...items: LongRunningOperation[]): Facts => ({
    resource: { look: "absent" },
    operations: { look: "present", value: { items, complete: false } },
  });
  const starting = held.startBy;
  const called = held.startBy + callMargin + 1;
  const lapsed = held.startBy + lapseMargin + 1;

  test.each([
    { when: "it may be starting right now", slot: claimed, seen: nothing, facts: none, wire: starting, is: "wait" },
    {
      when: "its call may be under way, though the effect shows: it may be somebody else's",
      slot: claimed,
      seen: effect,
      facts: none,
      wire: lapsed - 1,
      is: "wait",
    },
    {
      when: "its operation is listed",
      slot: claimed,
      seen: nothing,
      facts: listed(operation({})),
      wire: called,
      is: "found",
    },
    {
      when: "its operation is listed, a little older than the claim by another clock",
      slot: claimed,
      seen: nothing,
      facts: listed(operation({}, claimedAt - 59_000)),
      wire: called,
      is: "found",
    },
    {
      when: "only an older operation is listed",
      slot: claimed,
      seen: nothing,
      facts: listed(operation({}, claimedAt - 61_000)),
      wire: called,
      is: "wait",
    },
    {
      when: "only an operation of another kind is listed",
      slot: claimed,
      seen: nothing,
      facts: listed(operation({}, claimedAt, "DeleteOperationMetadata")),
      wire: called,
      is: "wait",
    },
    { when: "the effect bears our mark", slot: claimed, seen: ours, facts: none, wire: called, is: "done" },
    { when: "the effect shows", slot: claimed, seen: effect, facts: none, wire: lapsed, is: "done" },
    { when: "the call may be under way", slot: claimed, seen: nothing, facts: none, wire: lapsed - 1, is: "wait" },
    { when: "it left no trace", slot: claimed, seen: nothing, facts: none, wire: lapsed, is: "lapsed" },
    {
      when: "it left no trace in a list that ended early",
      slot: claimed,
      seen: nothing,
      facts: short,
      wire: lapsed,
      is: "unknown",
    },
    {
      when: "its operations cannot be listed",
      slot: claimed,
      seen: nothing,
      facts: silent,
      wire: lapsed,
      is: "unknown",
    },
    { when: "the resource cannot be read", slot: claimed, seen: blind, facts: none, wire: lapsed, is: "unknown" },
    { when: "the resource is at it", slot: claimed, seen: underWay, facts: none, wire: lapsed, is: "wait" },
    { when: "somebody else's is there", slot: claimed, seen: impossible, facts: none, wire: lapsed, is: "gone" },
    {
      when: "unknown before, without a trace now",
      slot: untold,
      seen: nothing,
      facts: none,
      wire: lapsed,
      is: "lapsed",
    },
    {
      when: "unknown before, listed now",
      slot: told,
      seen: nothing,
      facts: listed(operation({})),
      wire: lapsed,
      is: "found",
    },
  ])("$when: $is", ({ slot, seen, facts, wire, is }) => {
    expect(outcome(judge(traits, slot, facts, seen, { world: claimedAt + minute, wire }))).toBe(is);
  });

  test.each([
    {
      when: "without a trace it stays unknown until people have been told",
      slot: untold,
      seen: noTrace,
      is: "unknown",
    },
    { when: "once they have, it has failed", slot: told, seen: noTrace, is: "fate-unknown" },
    { when: "what cannot be read stays unknown even then", slot: told, seen: blind, is: "unknown" },
  ])("what must never happen twice: $when", ({ slot, seen, is }) => {
    expect(outcome(judge(once, slot, none, seen, { world: claimedAt + minute, wire: lapsed }))).toBe(is);
  });

  test.each([
    { when: "people are told first", slot: untold, is: "unknown" },
    { when: "once they have been, the resource is free again", slot: told, is: "fate-unknown" },
  ])("its operation was recorded and has vanished: $when", ({ slot, is }) => {
    const named = { ...slot, operationName: name };
    const facts: Facts = { resource: { look: "absent" }, operation: vanished };
    const now = { world: claimedAt + hour + minute, wire: lapsed };
    expect(outcome(judge(once, named, facts, noTrace, now))).toBe(is);
  });
});

function outcome(verdict: ReturnType<typeof judge>): string {
  if (verdict.verdict !== "ended") return verdict.verdict;
  return verdict.settlement.end === "failed" ? verdict.settlement.class : verdict.settlement.end;
}
