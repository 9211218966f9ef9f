/**
 * Outcomes on their way out: written in the transaction of the change they tell, published after its commit, and again
 * until their publishing is known. Receivers deduplicate by the outcome's id.
 */
import { type AnswerPhase, answerPhases, type Outcome } from "../outcomes/outcome.ts";
import { day, type Millis } from "../time/clock.ts";
import { schemaVersion } from "./documents.ts";
import type { Store, Transaction, Versioned } from "./store.ts";

/** How long a handled event is remembered: longer than Pub/Sub keeps a message (7 days). World time. */
export const eventKept: Millis = 8 * day;

const order: ReadonlyMap<string, number> = new Map(answerPhases.map((phase, index) => [phase, index]));

function isAnswer(phase: Outcome["phase"]): phase is AnswerPhase {
  return order.has(phase);
}

/**
 * Owes an outcome, within the transaction of what it tells. An answer becomes what a second delivery of its event is
 * told; nothing need be read for it, and it may follow other writes.
 */
export function putOutcome(tx: Transaction, outcome: Outcome): void {
  tx.put("outbox", outcome.id, { schema: schemaVersion, outcome });
  if (!isAnswer(outcome.phase)) return;
  tx.put("events", outcome.eventId, {
    schema: schemaVersion,
    receivedAt: outcome.at,
    outcome,
    expireAt: outcome.at + eventKept,
  });
}

type Owed = { readonly id: string; readonly version: string; readonly outcome: Outcome };

function owedFrom(document: Versioned<{ readonly outcome: Outcome }> & { readonly id: string }): Owed {
  return { id: document.id, version: document.version, outcome: document.value.outcome };
}

/** The oldest-by-id outcomes owed; the last event's answers are completed, so that they go out in their order. */
async function readOwed(store: Store, limit: number): Promise<readonly Owed[]> {
  const page = (await store.list("outbox", { limit })).map(owedFrom);
  const last = page.at(-1);
  if (page.length < limit || last === undefined) return page;
  const rest = await store.list("outbox", { prefix: `${last.outcome.eventId}/`, after: last.id });
  return [...page, ...rest.map(owedFrom)];
}

/** Some outcomes could not be published; they stay owed. */
export class OutcomesNotPublished extends AggregateError {
  override readonly name = "OutcomesNotPublished";
  /** How many were published all the same. */
  readonly published: number;

  constructor(errors: readonly unknown[], published: number) {
    const first = errors[0] instanceof Error ? errors[0].message : String(errors[0]);
    super(errors, `${errors.length} outcomes could not be published and stay owed; the first: ${first}`);
    this.published = published;
  }
}

/** Publishes one event's answers in their order; what follows a failure is not sent before it. */
async function publishInOrder(
  owed: readonly Owed[],
  publish: (outcome: Outcome) => Promise<void>,
): Promise<{ readonly published: readonly Owed[]; readonly failure?: unknown }> {
  const published: Owed[] = [];
  const rank = ({ outcome }: Owed) => order.get(outcome.phase) ?? 0;
  for (const one of [...owed].sort((a, b) => rank(a) - rank(b))) {
    try {
      await publish(one.outcome);
    } catch (failure) {
      return { published, failure };
    }
    published.push(one);
  }
  return { published };
}

/**
 * Forgets what was published, unless it has been written anew meanwhile: then it goes out again.
 * @returns what was forgotten here, and not by another process that published the same.
 */
async function forget(store: Store, published: readonly Owed[]): Promise<readonly Owed[]> {
  return store.transaction(async (tx) => {
    const found = await Promise.all(published.map(({ id }) => tx.get("outbox", id)));
    const ours = published.filter(({ version }, index) => found[index]?.version === version);
    for (const { id } of ours) tx.remove("outbox", id);
    return ours;
  });
}

/**
 * Publishes what is owed, then forgets it; a crash in between publishes it again under the same id.
 * @param limit outcomes at a time; what is left is for the next call.
 * @param onForgotten told of each outcome once, by the one process that took it from the outbox: for logs.
 * @returns how many were published.
 * @throws OutcomesNotPublished when some were not; all the others were.
 */
export async function publishOwed(
  store: Store,
  publish: (outcome: Outcome) => Promise<void>,
  { limit = 200, onForgotten }: { readonly limit?: number; readonly onForgotten?: (outcome: Outcome) => void } = {},
): Promise<number> {
  const owed = await readOwed(store, limit);
  if (owed.length === 0) return 0;
  const byEvent = [...Map.groupBy(owed, ({ outcome }) => outcome.eventId).values()];
  const ends = await Promise.all(byEvent.map((answers) => publishInOrder(answers, publish)));
  const published = ends.flatMap((end) => end.published);
  if (published.length > 0) {
    for (const { outcome } of await forget(store, published)) onForgotten?.(outcome);
  }
  const failures = ends.flatMap((end) => ("failure" in end ? [end.failure] : []));
  if (failures.length > 0) throw new OutcomesNotPublished(failures, published.length);
  return published.length;
}
