/** Publishes an event as any other system would, after the check that the functions will make, and follows its answer. */
import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { describeWish } from "../../shared/decide/words.ts";
import { type FleetEvent, parseEvent } from "../../shared/events/schema.ts";
import type { Home } from "../../shared/home.ts";
import type { Outcome } from "../../shared/outcomes/outcome.ts";
import { findTarget } from "../../shared/state/find-target.ts";
import { describeEvent } from "../../shared/state/wishes.ts";
import { type Clock, type Millis, minute, second } from "../../shared/time/clock.ts";
import { Failure } from "./command.ts";
import { appliedFleet } from "./home.ts";
import { Interrupted } from "./interruption.ts";
import { instant } from "./output.ts";
import { pausedLine } from "./paused.ts";
import { mustReach } from "./reach.ts";
import { userName } from "./user.ts";

/** A published event; `outcome` is the newest answer where one was waited for. */
export interface Published {
  readonly id: string;
  readonly messageId: string;
  readonly event: object;
  readonly outcome?: Outcome;
  /** The id had been used before, for the very same: what is told is the answer to that. */
  readonly repeated?: true;
}

/** How an answer is followed. */
export interface Following {
  /** How long the final answer is waited for, real time. */
  readonly lasts: Millis;
  /** Told what happens on the way, once, a line each. */
  readonly told: (line: string) => void;
  /** Ends the waiting; what was asked for goes on. */
  readonly signal: AbortSignal;
}

/** An event that nobody has stored by then is not going to be: real time, a cold start and some deliveries long. */
const storedWithin: Millis = 2 * minute;

/** How often the answer is looked for, in real time: at first so often that no step of it is overtaken by the next. */
const every = (waited: Millis): Millis => (waited < 15 * second ? 50 : 250);

/**
 * Publishes an event.
 * @param written the event as somebody wrote it; it gets an id where it has none.
 * @param following how its answers are followed; undefined: not at all.
 * @throws BadEvent with everything that is wrong with it; Failure when Pub/Sub refuses, when no final answer comes in time,
 * when nobody waits any more ({@link Interrupted}), or when the answer would be one to something else, which was published
 * under the same id before.
 */
export async function publishEvent(home: Home, written: object, following?: Following): Promise<Published> {
  const event = { id: `cli-${randomUUID()}`, source: userName(), ...written };
  const data = Buffer.from(JSON.stringify(event));
  const parsed = parseEvent({ messageId: event.id, publishedAt: undefined, attributes: {}, data, type: "" });
  const { id = event.id, target } = parsed;
  if (following === undefined) return { id, messageId: await publish(home, event), event };
  const before = (await home.store.get("events", id))?.value.outcome;
  if (before !== undefined) await refuseOtherUse(home, parsed, before);
  const clock = await home.clock();
  const messageId = await publish(home, event);
  following.told(`published ${id} as message ${messageId}`);
  const outcome = await answer({ ...home, clock }, { id, target }, following);
  return { id, messageId, event, outcome, ...(before === undefined ? {} : { repeated: true }) };
}

/** A second event with an id is not carried out: the answer to the first one must not be taken for its own. */
async function refuseOtherUse(home: Home, event: FleetEvent, before: Outcome): Promise<void> {
  const { fleet } = await appliedFleet(home);
  const found = findTarget(fleet, event.target);
  const policy = found.found === "one" ? found.policy : undefined;
  const document = policy && (await home.store.get("targets", policy.key))?.value;
  const request = document?.requests.find(({ eventId }) => eventId === before.eventId);
  const what = request === undefined ? before.what : describeWish(request.wish);
  if (policy !== undefined && policy.name === before.target && isSame(event, what)) return;
  const about = before.target === undefined ? what : `${what} of ${before.target}`;
  throw new Failure(
    `the id ${before.eventId} was used before, for ${about} (${before.phase} at ${instant(before.at)}: ${before.why}); nothing was published`,
    "publish it under another id",
  );
}

/** Whether an answer's words can be about what the event wants: a change by some replicas is told as the size it came to. */
function isSame(event: FleetEvent, what: string): boolean {
  if (event.type !== "scale" || what === describeEvent(event)) return what === describeEvent(event);
  const told = /^scale(?: (?<pool>\S+)(?: to (?<size>\d+))?)?$/.exec(what)?.groups;
  if (told === undefined) return false;
  const { pool = event.pool, size = event.replicas } = told;
  return (event.pool ?? pool) === pool && (event.replicas === undefined || Number(size) === event.replicas);
}

async function publish(home: Home, data: object): Promise<string> {
  const failing = `the event was not published to ${home.settings.prefix}-events of project ${home.settings.project}`;
  await mustReach("Pub/Sub", failing);
  try {
    return await home.bus.publish("events", { data });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Failure(
      `${failing}: ${reason}`,
      "check the network, that the topic exists and that you may publish to it; `tidekeeper doctor` looks at all three",
      { cause },
    );
  }
}

/** That the fleet is paused, if it is. */
async function pauseOf({ store }: Pick<Home, "store">): Promise<string | undefined> {
  const paused = (await store.get("fleet", "head"))?.value.paused;
  return paused && pausedLine(paused);
}

type Waiting = Pick<Home, "store"> & { readonly clock: Clock };

async function answer(home: Waiting, asked: Asked, { lasts, told, signal }: Following): Promise<Outcome> {
  const begun = home.clock.wire();
  let newest: Outcome | undefined;
  for (;;) {
    const outcome = (await home.store.get("events", asked.id))?.value.outcome;
    if (outcome?.final) return outcome;
    if (outcome !== undefined && outcome.phase !== newest?.phase) {
      told(`${outcome.phase}: ${outcome.what}: ${outcome.why}`);
      const paused = newest === undefined ? await pauseOf(home) : undefined;
      if (paused !== undefined) told(paused);
    }
    newest = outcome;
    const waited = home.clock.wire() - begun;
    if (waited >= (outcome === undefined ? Math.min(lasts, storedWithin) : lasts)) {
      throw tooLate(asked, outcome, await pauseOf(home));
    }
    if (signal.aborted) throw interrupted(asked, outcome);
    // Ended early, it looks once more, and then tells it in our words.
    await delay(every(waited), undefined, { signal }).catch(() => undefined);
  }
}

/** What is waited for. */
interface Asked {
  readonly id: string;
  readonly target: string;
}

function soFar(outcome: Outcome | undefined): string {
  return outcome === undefined ? "it is not stored yet" : `so far it is ${outcome.phase}: ${outcome.why}`;
}

function tooLate({ id, target }: Asked, outcome: Outcome | undefined, paused: string | undefined): Failure {
  if (outcome === undefined) {
    return new Failure(
      `no final answer to ${id} came in time; it was not even stored`,
      "see whether the scale function is deployed and what its log says; `tidekeeper doctor` looks at topics and subscriptions",
    );
  }
  const what = `no final answer to ${id} came in time; ${soFar(outcome)}`;
  if (paused !== undefined) return new Failure(`${what}; it is ${paused}`, "run `tidekeeper resume`, then wait on");
  return new Failure(what, `wait longer, e.g. --wait 2h, or ask \`tidekeeper explain ${target}\` what it waits for`);
}

function interrupted({ id, target }: Asked, outcome: Outcome | undefined): Interrupted {
  return new Interrupted(
    `nobody waits any more for ${id}, which goes on all the same; ${soFar(outcome)}`,
    `ask \`tidekeeper explain ${target}\` what becomes of it`,
  );
}
