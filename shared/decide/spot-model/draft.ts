/** A Spot model's decision while it is being made: a private copy of the memory, and what will be told. */
import type { Request } from "../../events/requests.ts";
import type { Millis } from "../../time/clock.ts";
import { localTime } from "../../time/local.ts";
import type { Action, Answer, Decision, Notice, Phase, SpotModelCase } from "../decision.ts";
import type { SpotModelMemory, Tried } from "../memory.ts";
import type { Rule } from "../rules.ts";

/** What one rule says: the part of a {@link Decision} that only one rule may say. */
export interface Verdict {
  readonly rule: Rule;
  readonly why: string;
  readonly phase: Phase;
  readonly action?: Action;
  readonly next?: { readonly at: Millis; readonly what: string };
}

/** Something that is put off. */
interface Wait {
  readonly why: string;
  /** undefined: until a person says so. */
  readonly until?: Millis;
}

/** Private to one decision; nothing of the case itself is ever changed. */
export interface Draft {
  memory: { -readonly [K in keyof SpotModelMemory]: SpotModelMemory[K] };
  requests: Request[];
  readonly answers: Answer[];
  /** Things that have happened. */
  readonly notices: Notice[];
  /** Conditions that last: each is told when it begins. */
  readonly lasting: Notice[];
  /** What failed and is not tried now: told beside what is decided instead. */
  readonly waits: Map<Tried, Wait>;
}

/** A draft that remembers what the case remembers. */
export function startDraft(facts: Pick<SpotModelCase, "memory" | "requests">): Draft {
  return {
    memory: { ...facts.memory },
    requests: [...facts.requests],
    answers: [],
    notices: [],
    lasting: [],
    waits: new Map(),
  };
}

/** The decision that a verdict and its draft make. */
export function conclude(draft: Draft, verdict: Verdict): Decision<SpotModelMemory> {
  const { memory, requests, answers, lasting } = draft;
  const fresh = lasting.filter(({ id }) => !memory.told?.includes(id));
  if (lasting.length > 0) memory.told = lasting.map(({ id }) => id);
  else delete memory.told;
  const waits = [...draft.waits];
  const expected = waits.flatMap(([tried, { until }]) =>
    until === undefined ? [] : { at: until, what: `${tried.split("/")[0]} again` },
  );
  const [next] = [...(verdict.next === undefined ? [] : [verdict.next]), ...expected].sort((a, b) => a.at - b.at);
  return {
    action: { do: "nothing" },
    ...verdict,
    why: [verdict.why, ...waits.map(([, { why }]) => why)].join("; but "),
    ...(next === undefined ? {} : { next }),
    memory,
    requests,
    answers,
    notices: [...draft.notices, ...fresh],
  };
}

/** Writes times for reasons, in the zone that the fleet gave the target. */
export function timeText({ policy, now }: Pick<SpotModelCase, "policy" | "now">): (at: Millis) => string {
  const zone = policy.schedule?.zone ?? "UTC";
  return (at) => `${localTime(at, now, zone)} ${zone}`;
}
