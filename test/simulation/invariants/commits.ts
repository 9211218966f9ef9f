/** What must be true of every commit: slots change hands in order, requests do not vanish, records do not shrink. */

import type { Slot } from "../../../shared/operations/operation.ts";
import type { Outcome } from "../../../shared/outcomes/outcome.ts";
import type { OutboxEntry, RestoreRecord, TargetDocument } from "../../../shared/state/documents.ts";
import type { Story } from "../story.ts";
import type { Memory, Written } from "../world/memory.ts";
import type { CallRules } from "./calls.ts";
import type { Deletes } from "./deletes.ts";
import type { Rebuilds } from "./rebuilds.ts";

/** What is watched with. */
export interface CommitRulesParts {
  readonly memory: Memory;
  readonly story: Story;
  readonly calls: CallRules;
  readonly deletes: Deletes;
  readonly rebuilds: Rebuilds;
  readonly now: () => number;
  /** Whether the newest apply lets targets leave the fleet that are asleep. */
  readonly mayLeaveAsleep: () => boolean;
}

/** Clocks of processes differ by so much, and a claim is made with a clock read a while ago. */
const skew = 30_000;

/** Watches commits. */
export class CommitRules {
  readonly #parts: CommitRulesParts;
  /** Final outcomes by event, as committed. */
  readonly #finals = new Map<string, Outcome>();
  readonly #told = new Set<string>();

  constructor(parts: CommitRulesParts) {
    this.#parts = parts;
    parts.memory.watch((written) => this.#look(written));
  }

  /** Whether an outcome has ever been committed. */
  hasTold(outcomeId: string): boolean {
    return this.#told.has(outcomeId);
  }

  #look(written: readonly Written[]): void {
    const outcomes = written.flatMap((write) =>
      write.collection === "outbox" && write.after ? [write.after.outcome] : [],
    );
    for (const write of written) {
      switch (write.collection) {
        case "slots":
          this.#slot(write.id, write.before, write.after, written);
          break;
        case "targets":
          this.#target(write.id, write.before, write.after, outcomes);
          break;
        case "restores":
          this.#restore(write.id, write.before, write.after);
          break;
        case "outbox":
          this.#outcome(write.after);
          break;
        case "fleet":
        case "fleetParts":
        case "observations":
        case "idleTracks":
        case "events":
          break;
      }
    }
  }

  #slot(resource: string, before: Slot | undefined, after: Slot | undefined, written: readonly Written[]): void {
    const { story, memory, calls, deletes, now } = this.#parts;
    const broken = (invariant: string, text: string) => story.violate(invariant, resource, text);
    if (after === undefined) {
      broken("slots change hands in order", "the slot was removed");
      return;
    }
    const was = before === undefined ? "empty" : before.state;
    story.tell(resource, `slot: ${was} -> ${after.state}${after.state === "empty" ? "" : ` (${after.change.kind})`}`);
    if (after.state === "empty") {
      const running = calls.isRunning(resource);
      if (
        was !== "empty" &&
        before?.state !== "empty" &&
        running &&
        before?.change.kind === calls.newest(resource)?.kind
      ) {
        broken("unknown is not done", `the slot is emptied while its ${calls.newest(resource)?.kind} is running`);
      }
      return;
    }
    if (after.state !== "claimed") return;
    if (after.change.kind === "delete") deletes.claimed(resource);
    if (before !== undefined && before.state !== "empty") {
      broken("one claim at a time", `${after.change.kind} is claimed over ${before.change.kind}`);
    }
    if (memory.peek("fleet", "head")?.paused !== undefined)
      broken("pause", `${after.change.kind} is claimed while the fleet is paused`);
    const target = written.find((write) => write.collection === "targets" && write.id === after.targetKey);
    const known = target?.collection === "targets" ? target.before : memory.peek("targets", after.targetKey);
    // Of a Spot model the request itself is the hold: it ends when the target leaves the fleet for a while.
    const hold = known?.memory.kind === "persistentResource" ? known.memory.hold : undefined;
    const asked = known?.requests.find(({ wish, expiresAt }) => wish.type === "hold" && expiresAt > now() + skew);
    const released = known?.requests.some(({ wish }) => wish.type === "release");
    if (!released && known?.memory.kind === "persistentResource" && known.memory.drift !== undefined) {
      broken("what others made is left alone", `${after.change.kind} is claimed though it is drifted`);
    }
    if (!released && (asked !== undefined || (hold !== undefined && hold.until > now() + skew))) {
      broken("hold", `${after.change.kind} is claimed in spite of the hold ${asked?.eventId ?? hold?.eventId}`);
    }
  }

  #target(
    key: string,
    before: TargetDocument | undefined,
    after: TargetDocument | undefined,
    outcomes: readonly Outcome[],
  ): void {
    const { story, mayLeaveAsleep, rebuilds } = this.#parts;
    const resource = key.replace(/#.*/, "");
    if (after === undefined) {
      story.violate("nothing is lost", resource, `the document of ${key} was removed`);
      return;
    }
    const letGo = after.releasedAt !== undefined && before?.releasedAt === undefined;
    if (letGo && rebuilds.owed(resource) && !mayLeaveAsleep())
      story.violate("who leaves is restored", resource, "it was let go while it was asleep");
    const kept = new Set(after.requests.map(({ eventId }) => eventId));
    if (kept.size !== after.requests.length) story.violate("nothing twice", resource, "a request is stored twice");
    for (const { eventId, answered } of before?.requests ?? []) {
      const ended = answered === "final" || outcomes.some((outcome) => outcome.eventId === eventId && outcome.final);
      if (!kept.has(eventId) && !ended)
        story.violate("every event gets its final outcome", resource, `request ${eventId} vanished without one`);
    }
    for (const { asked } of Object.values(after.sizes ?? {})) {
      const ids = asked.map(({ eventId }) => eventId);
      if (new Set(ids).size !== ids.length)
        story.violate("nothing twice", resource, `a change of size is counted twice: ${ids.join(", ")}`);
    }
    const newest = after.decisions[0];
    if (newest !== undefined && newest.why !== before?.decisions[0]?.why)
      story.tell(resource, `${newest.action}: ${newest.why}`);
  }

  #restore(id: string, before: RestoreRecord | undefined, after: RestoreRecord | undefined): void {
    const { story } = this.#parts;
    const resource = (before ?? after)?.targetKey;
    if (after === undefined) {
      story.violate("no restore record is lost", resource, `${id} was removed`);
      return;
    }
    for (const [pool, replicas] of Object.entries(before?.replicas ?? {})) {
      if ((after.replicas[pool] ?? 0) < replicas) {
        story.violate(
          "no smaller restore record",
          resource,
          `${id}: ${pool} had ${replicas} replicas recorded, and now ${after.replicas[pool]}`,
        );
      }
    }
  }

  #outcome(entry: OutboxEntry | undefined): void {
    if (entry === undefined) return;
    const { outcome } = entry;
    this.#told.add(outcome.id);
    this.#parts.rebuilds.told(outcome);
    if (!outcome.final) return;
    const earlier = this.#finals.get(outcome.eventId);
    this.#finals.set(outcome.eventId, outcome);
    if (earlier !== undefined && earlier.phase !== outcome.phase) {
      this.#parts.story.violate(
        "one final outcome an event",
        outcome.resource,
        `${outcome.eventId} was ${earlier.phase} (${earlier.why}), and is now ${outcome.phase} (${outcome.why})`,
      );
    }
  }
}
