/** A decision about a persistent resource in the making: what is remembered, answered and told along the way. */
import type { Request, Wish } from "../../events/requests.ts";
import type { PersistentResourcePolicy } from "../../fleet/fleet.ts";
import type { ChangeKind } from "../../operations/operation.ts";
import { day, type Millis } from "../../time/clock.ts";
import { localTime } from "../../time/local.ts";
import type {
  Action,
  Answer,
  Decision,
  Notice,
  PersistentResourceCase,
  PersistentResourceObservation,
  Phase,
} from "../decision.ts";
import type { Attempts, PersistentResourceMemory } from "../memory.ts";
import type { Rule } from "../rules.ts";

/** A stored request with a certain wish. */
export type RequestFor<T extends Wish["type"]> = Request & { readonly wish: Extract<Wish, { type: T }> };

/** A decision about a persistent resource. */
export type PersistentResourceDecision = Decision<PersistentResourceMemory>;

/** What is left to say when a decision is made. */
export interface Verdict {
  readonly action?: Action;
  readonly rule: Rule;
  readonly why: string;
  readonly phase: Phase;
  readonly next?: { readonly at: Millis; readonly what: string };
}

/** How a request may end by a decision. */
type FinalPhase = Exclude<Answer["phase"], "started">;

/** Notices whose ids are remembered. */
const remembered = 12;

/** Collects what a decision consists of; every method takes effect in the draft alone. */
export class Draft {
  readonly policy: PersistentResourcePolicy;
  readonly observation: PersistentResourceObservation;
  readonly limits: PersistentResourceCase["limits"];
  /** World time of the decision, taken once. */
  readonly now: Millis;
  readonly jitter: number;
  /** The first clean look before a delete, if the last decision took one; only a second clean look keeps it. */
  readonly firstLook: PersistentResourceMemory["look"];
  memory: PersistentResourceMemory;
  requests: readonly Request[];
  readonly #answers: Answer[] = [];
  readonly #notices: Notice[] = [];

  constructor(facts: PersistentResourceCase) {
    this.policy = facts.policy;
    this.observation = facts.observation;
    this.limits = facts.limits;
    this.now = facts.now;
    this.jitter = facts.jitter;
    this.firstLook = facts.memory.look;
    this.memory = facts.memory;
    // Those published together stay in the order of the store, which knows more of it.
    this.requests = [...facts.requests].sort((a, b) => a.publishedAt - b.publishedAt);
    this.forget("look");
    const recent = facts.memory.deletes.filter((at) => at > facts.now - day);
    if (recent.length < facts.memory.deletes.length) this.remember({ deletes: recent });
  }

  /** The zone in which reasons name times. */
  get zone(): string {
    return this.policy.schedule?.zone ?? "UTC";
  }

  /** An instant as text, in the schedule's zone. */
  time(at: Millis): string {
    return localTime(at, this.now, this.zone);
  }

  /** An instant as text with the zone's name. */
  timeInZone(at: Millis): string {
    return `${this.time(at)} ${this.zone}`;
  }

  remember(patch: Partial<PersistentResourceMemory>): void {
    this.memory = { ...this.memory, ...patch };
  }

  forget(...keys: readonly OptionalKey[]): void {
    const present = keys.filter((key) => key in this.memory);
    if (present.length === 0) return;
    const copy = { ...this.memory };
    for (const key of present) delete copy[key];
    this.memory = copy;
  }

  /** Tells something once: a notice with a known id is not given again. */
  tell(notice: Notice): void {
    const told = this.memory.told ?? [];
    if (told.includes(notice.id)) return;
    this.#notices.push(notice);
    this.remember({ told: [...told, notice.id].slice(-remembered) });
  }

  /** Answers a request finally, once; it stays open only to stay in force. */
  answer(request: Request, phase: FinalPhase, what: string, why: string): void {
    const { eventId } = request;
    const open = this.requests.find((one) => one.eventId === eventId);
    if (open === undefined || open.answered === "final") return;
    this.#answers.push({ eventId, phase, what, why });
    this.requests = this.requests.map((one) => (one === open ? { ...one, answered: "final" } : one));
  }

  /** Answers a request finally and closes it. */
  close(request: Request, phase: FinalPhase, what: string, why: string): void {
    this.answer(request, phase, what, why);
    this.requests = this.requests.filter(({ eventId }) => eventId !== request.eventId);
  }

  /** Requests with a wish, oldest first. */
  wishes<T extends Wish["type"]>(type: T): readonly RequestFor<T>[] {
    return this.requests.filter((request): request is RequestFor<T> => request.wish.type === type);
  }

  /** Failed tries at a goal. */
  attemptsAt(goal: ChangeKind): Attempts | undefined {
    return this.memory.attemptsAt?.[goal];
  }

  /** Remembers failed tries at a goal, or that there are none. */
  countAttempts(goal: ChangeKind, attempts: Attempts | undefined): void {
    const { [goal]: _, ...others } = this.memory.attemptsAt ?? {};
    const all = attempts === undefined ? others : { ...others, [goal]: attempts };
    if (Object.keys(all).length === 0) this.forget("attemptsAt");
    else this.remember({ attemptsAt: all });
  }

  /** The number of the next try at a goal, from 1. */
  nextAttempt(goal: ChangeKind): number {
    return (this.attemptsAt(goal)?.count ?? 0) + 1;
  }

  /** What was collected besides the verdict. */
  collected(): Pick<PersistentResourceDecision, "memory" | "requests" | "answers" | "notices"> {
    return { memory: this.memory, requests: this.requests, answers: this.#answers, notices: this.#notices };
  }

  /** The decision. */
  finish(verdict: Verdict): PersistentResourceDecision {
    const { action = { do: "nothing" }, rule, why, phase, next } = verdict;
    return { action, rule, why, phase, ...this.collected(), ...(next === undefined ? {} : { next }) };
  }
}

type OptionalKey = {
  [K in keyof PersistentResourceMemory]-?: Record<never, never> extends Pick<PersistentResourceMemory, K> ? K : never;
}[keyof PersistentResourceMemory];
