/**
 * The retry contract of everything that arrives through Pub/Sub, in one place:
 * - stored, or answered: acknowledged;
 * - can never succeed (not an event, unknown target, out of bounds): answered `rejected`, set aside among the dead letters
 *   with its reason, acknowledged;
 * - the store cannot be reached, a message cannot be set aside, or a bug: thrown, so that Pub/Sub delivers it again with
 *   back-off, and after twenty tries sets it aside itself.
 * What was stored is acknowledged even where its outcome cannot be published yet: delivered again and set aside in the end,
 * it would look as if nothing had come of it.
 */
import { createHash } from "node:crypto";
import { letterAttributes } from "./dead-letter.ts";
import { BadEvent, type Envelope, openEnvelope } from "./events/envelope.ts";
import { largestEvent, parseEvent, parseForeignJson } from "./events/schema.ts";
import { normaliseSignal } from "./events/signals/normalise.ts";
import { modelsMeantBy, namesTarget } from "./events/signals/targets.ts";
import type { Fleet } from "./fleet/fleet.ts";
import type { Home } from "./home.ts";
import { reconcile } from "./reconcile.ts";
import { recallFleet } from "./state/recall.ts";
import { type Rejection, storeRejection, storeRequest } from "./state/requests.ts";
import { StoreUnavailable } from "./state/store.ts";
import { type Clock, minute } from "./time/clock.ts";
import type { VertexWriter } from "./vertex/vertex.ts";

/** A poke older than this is acknowledged unread: whatever it was about, a tick has seen it since. Wire time. */
const pokeLasts = 2 * minute;

/** No fleet, or not the right store: nothing can be stored, and the message must not be lost. */
function notReady(refused: string): StoreUnavailable {
  return new StoreUnavailable(refused);
}

/** What was delivered, as it is set aside: the message's own bytes, or, where it could not be opened, all of it. */
function asMessage(delivered: unknown): Pick<Envelope, "messageId" | "data" | "attributes"> {
  try {
    return openEnvelope(delivered);
  } catch {
    const data = Buffer.from(JSON.stringify(delivered) ?? "");
    return {
      messageId: `unopened-${createHash("sha256").update(data).digest("hex").slice(0, 24)}`,
      data,
      attributes: {},
    };
  }
}

/** Publishes a delivery to the dead letters. */
async function setAside(home: Home, from: string, delivered: unknown, why: string): Promise<void> {
  const { messageId, data, attributes } = asMessage(delivered);
  await home.bus.publish("dead-letters", {
    // Pub/Sub takes no message without data and attributes; this one has attributes in any case.
    data,
    attributes: letterAttributes({ reason: why, function: from, messageId, attributes }),
  });
  home.log("WARNING", `set aside: ${why}`, { function: from, messageId });
}

/** Publishes what is owed, if it can be: what is owed stays owed, and the next tick publishes it. */
async function tellWhatIsOwed(home: Home): Promise<void> {
  try {
    await home.publishOwed();
  } catch (error) {
    home.log("WARNING", "outcomes were not published; the next tick publishes them", { error: String(error) });
  }
}

/** Sets a delivery aside and answers it, in this order: what was answered `rejected` is found among the dead letters. */
async function reject(home: Home, clock: Clock, from: string, delivered: unknown, rejection: Rejection): Promise<void> {
  await setAside(home, from, delivered, rejection.why);
  await storeRejection(home.store, rejection, clock);
  await tellWhatIsOwed(home);
}

/** The rejection of what is no event; any other error is thrown on. */
function notUnderstood(delivered: unknown, error: unknown): Rejection {
  if (!(error instanceof BadEvent)) throw error;
  return { eventId: error.eventId ?? asMessage(delivered).messageId, what: "understand the event", why: error.why };
}

/**
 * Takes a request of another system.
 * @throws StoreUnavailable when it could not be stored.
 */
export async function receiveEvent(home: Home, delivered: unknown): Promise<void> {
  const clock = await home.clock();
  const recalled = await recallFleet(home.store, home.settings.storeId);
  if ("refused" in recalled) throw notReady(recalled.refused);
  try {
    const envelope = openEnvelope(delivered);
    const event = parseEvent(envelope);
    const stored = await storeRequest(home.store, { event, envelope }, { fleet: recalled.fleet, clock });
    if ("rejection" in stored) return await reject(home, clock, "scale", delivered, stored.rejection);
    await tellWhatIsOwed(home);
    if (stored.targetKey !== undefined) await home.poke(stored.targetKey);
  } catch (error) {
    await reject(home, clock, "scale", delivered, notUnderstood(delivered, error));
  }
}

function modelNames(fleet: Fleet): string {
  const names = fleet.targets.filter(({ kind }) => kind === "spotModel").map(({ name }) => name);
  return names.slice(0, 20).join(", ") || "none";
}

/**
 * Takes a signal about Spot models: every model it may be about is looked at, and nothing is believed of it.
 * @throws StoreUnavailable when the fleet could not be read.
 */
export async function receiveSignal(home: Home, delivered: unknown): Promise<void> {
  const clock = await home.clock();
  const recalled = await recallFleet(home.store, home.settings.storeId);
  if ("refused" in recalled) throw notReady(recalled.refused);
  try {
    const normalised = normaliseSignal(openEnvelope(delivered));
    if ("rejected" in normalised) throw new BadEvent(normalised.rejected, "see the signal shapes in the README");
    const keys = new Set<string>();
    for (const signal of normalised.signals) {
      const meant = modelsMeantBy(recalled.fleet, signal);
      if (meant.length === 0 && namesTarget(signal)) {
        throw new BadEvent(`the fleet has no Spot model "${signal.target}"`, `it has: ${modelNames(recalled.fleet)}`);
      }
      for (const key of meant) keys.add(key);
    }
    home.log("INFO", `${normalised.signals.length} signals, ${keys.size} models to look at`, { targets: [...keys] });
    await Promise.all([...keys].map((key) => home.poke(key)));
  } catch (error) {
    await reject(home, clock, "redeploy", delivered, notUnderstood(delivered, error));
  }
}

/**
 * Takes a poke and reconciles its target.
 * @param openWriter opens the write client; called only when something is to be changed.
 * @throws StoreUnavailable when the store cannot be reached.
 */
export async function receivePoke(
  home: Home,
  delivered: unknown,
  openWriter: () => Promise<VertexWriter>,
): Promise<void> {
  const clock = await home.clock();
  let key: string;
  try {
    const { data, publishedAt } = openEnvelope(delivered);
    if (publishedAt !== undefined && clock.wire() - publishedAt > pokeLasts) return;
    const { target } = parseForeignJson(data, largestEvent);
    if (typeof target !== "string") throw new BadEvent("the poke names no target", 'pokes are {"target":"KEY"}');
    key = target;
  } catch (error) {
    if (!(error instanceof BadEvent)) throw error;
    await setAside(home, "reconcile", delivered, error.why);
    return;
  }
  const report = await reconcile({ ...home, clock, openWriter }, key);
  home.log(report.result === "refused" ? "WARNING" : "INFO", `${report.result}: ${report.why}`, { ...report });
  await tellWhatIsOwed(home);
  // A synchronous change is over at once: its next step need not wait for a tick.
  if (report.result === "done") await home.poke(key);
}
