/** What must be true of messages: acknowledged means stored, told means committed, and each event is answered once for all. */
import type { Outcome } from "../../../shared/outcomes/outcome.ts";
import type { Story } from "../story.ts";
import type { Message } from "../world/bus.ts";
import type { Memory } from "../world/memory.ts";
import type { CommitRules } from "./commits.ts";
import type { Foreign } from "./foreign.ts";

/** What is watched with. */
export interface MessageRulesParts {
  readonly story: Story;
  readonly memory: Memory;
  readonly commits: CommitRules;
  readonly foreign: Foreign;
}

/** Watches messages. */
export class MessageRules {
  readonly #parts: MessageRulesParts;
  /** Ids of events that must be answered. */
  readonly #asked = new Set<string>();
  /** Events that Pub/Sub gave up on: a person finds them among the dead letters. */
  readonly #givenUp = new Set<string>();
  /** Final phases by event, as published. */
  readonly #finals = new Map<string, Set<string>>();

  constructor(parts: MessageRulesParts) {
    this.#parts = parts;
  }

  /** Events asked so far. */
  get asked(): number {
    return this.#asked.size;
  }

  published(message: Message): void {
    if (message.topic === "events") this.#asked.add(eventIdOf(message));
    if (message.topic === "outcomes") this.#outcome(JSON.parse(message.data.toString()) as Outcome);
  }

  acknowledged(message: Message): void {
    if (message.topic !== "events") return;
    const { memory, story } = this.#parts;
    const id = eventIdOf(message);
    if (memory.peek("events", id) === undefined) {
      story.violate(
        "acknowledged means stored",
        undefined,
        `the message of event ${id} was acknowledged, and nothing is stored of it`,
      );
    }
  }

  givenUp(message: Message): void {
    if (message.topic === "events") this.#givenUp.add(eventIdOf(message));
  }

  /** At the end: every event has been answered finally. */
  finish(): void {
    const { story, memory } = this.#parts;
    for (const id of this.#asked) {
      if (this.#finals.has(id) || this.#givenUp.has(id)) continue;
      const resource = memory.peek("events", id)?.outcome.resource;
      story.violate(
        "every event gets its final outcome",
        resource,
        `${id} has none; the newest is ${memory.peek("events", id)?.outcome.id}`,
      );
    }
  }

  #outcome(outcome: Outcome): void {
    const { story, commits, foreign } = this.#parts;
    if (outcome.what === "release" && outcome.resource !== undefined) foreign.released(outcome.resource, outcome.at);
    story.tell(outcome.resource, `outcome ${outcome.id}: ${outcome.what}: ${outcome.why}`);
    if (!commits.hasTold(outcome.id)) {
      story.violate("told means committed", outcome.resource, `${outcome.id} is published, and was never committed`);
    }
    if (!outcome.final) return;
    const phases = this.#finals.get(outcome.eventId) ?? new Set();
    phases.add(outcome.phase);
    this.#finals.set(outcome.eventId, phases);
    if (phases.size > 1) {
      story.violate(
        "one final outcome an event",
        outcome.resource,
        `${outcome.eventId} ended as ${[...phases].join(" and as ")}`,
      );
    }
  }
}

/** The id by which an event is answered: the sender's own, if it is a good one, else the message's. */
function eventIdOf({ id, data }: Message): string {
  const own = (JSON.parse(data.toString()) as { id?: string }).id;
  return own ?? id;
}
