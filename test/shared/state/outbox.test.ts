import { afterEach, beforeEach, expect, test } from "vitest";
import type { Outcome } from "../../../shared/outcomes/outcome.ts";
import { eventKept, OutcomesNotPublished, publishOwed, putOutcome } from "../../../shared/state/outbox.ts";
import { openSqlite } from "../../../shared/state/sqlite.ts";
import type { Store } from "../../../shared/state/store.ts";
import { monday9 } from "./samples.ts";

let store: Store;
beforeEach(() => {
  store = openSqlite(":memory:");
});
afterEach(() => store.close());

function outcome(eventId: string, phase: Outcome["phase"], why = "because"): Outcome {
  return { id: `${eventId}/${phase}`, eventId, phase, final: phase === "done", what: "it", why, at: monday9 };
}

async function owe(...outcomes: readonly Outcome[]): Promise<void> {
  await store.transaction(async (tx) => {
    for (const one of outcomes) putOutcome(tx, one);
  });
}

/** A topic that keeps what it is given. */
function topic(fails: (id: string) => boolean = () => false) {
  const ids: string[] = [];
  const publish = async ({ id }: Outcome) => {
    if (fails(id)) throw new Error(`no topic for ${id}`);
    ids.push(id);
  };
  return { ids, publish };
}

const owed = async () => (await store.list("outbox")).map(({ id }) => id);

test("an answer becomes what a second delivery is told, and is forgotten after eight days", async () => {
  await owe(outcome("e", "accepted"));
  await owe(outcome("e", "done"));
  const mark = (await store.get("events", "e"))?.value;
  expect(mark).toMatchObject({ outcome: outcome("e", "done"), expireAt: monday9 + eventKept });
  expect(await store.sweep(monday9 + eventKept - 1)).toBe(0);
  expect(await store.sweep(monday9 + eventKept)).toBe(1);
});

test("a notice answers no event, so it leaves no mark", async () => {
  await owe(outcome("asleep/training/1", "asleep"));
  expect(await store.list("events")).toEqual([]);
  expect(await owed()).toEqual(["asleep/training/1/asleep"]);
});

test("an outcome of a transaction that fails is never owed", async () => {
  const failing = store.transaction(async (tx) => {
    putOutcome(tx, outcome("e", "done"));
    throw new Error("no");
  });
  await expect(failing).rejects.toThrow("no");
  expect(await owed()).toEqual([]);
});

test("everything owed goes out once, an event's answers in their order", async () => {
  const { ids, publish } = topic();
  await owe(outcome("e", "started"), outcome("e", "done"), outcome("e", "accepted"), outcome("f", "accepted"));
  expect(await publishOwed(store, publish)).toBe(4);
  expect(ids.filter((id) => id.startsWith("e"))).toEqual(["e/accepted", "e/started", "e/done"]);
  expect(await publishOwed(store, publish)).toBe(0);
  expect(ids).toHaveLength(4);
});

test("a page that ends within an event's answers takes the rest of them along", async () => {
  const { ids, publish } = topic();
  await owe(outcome("e", "started"), outcome("e", "done"), outcome("e", "accepted"), outcome("f", "accepted"));
  expect(await publishOwed(store, publish, { limit: 2 })).toBe(3);
  expect(ids).toEqual(["e/accepted", "e/started", "e/done"]);
  expect(await owed()).toEqual(["f/accepted"]);
});

test("what cannot be published stays owed, with what would follow it; others are not held up", async () => {
  const { ids, publish } = topic((id) => id === "e/started");
  await owe(outcome("e", "accepted"), outcome("e", "started"), outcome("e", "done"), outcome("f", "accepted"));
  const publishing = publishOwed(store, publish);
  await expect(publishing).rejects.toBeInstanceOf(OutcomesNotPublished);
  await expect(publishing).rejects.toThrow(
    "1 outcomes could not be published and stay owed; the first: no topic for e/started",
  );
  await expect(publishing).rejects.toMatchObject({ published: 2 });
  expect(ids.toSorted()).toEqual(["e/accepted", "f/accepted"]);
  expect(await owed()).toEqual(["e/done", "e/started"]);
});

test("a crash between publishing and forgetting publishes it again under the same id", async () => {
  const { ids, publish } = topic();
  await owe(outcome("e", "done"));
  const crashing: Store = {
    get: store.get.bind(store),
    list: store.list.bind(store),
    sweep: store.sweep.bind(store),
    close: store.close.bind(store),
    transaction: () => Promise.reject(new Error("crash")),
  };
  await expect(publishOwed(crashing, publish)).rejects.toThrow("crash");
  expect(await publishOwed(store, publish)).toBe(1);
  expect(ids).toEqual(["e/done", "e/done"]);
});

test("an outcome that is written anew while the old one goes out is sent again", async () => {
  const sent: string[] = [];
  await owe(outcome("e", "done", "first"));
  await publishOwed(store, async ({ why }) => {
    sent.push(why);
    await owe(outcome("e", "done", "second"));
  });
  await publishOwed(store, async ({ why }) => void sent.push(why));
  expect(sent).toEqual(["first", "second"]);
  expect(await owed()).toEqual([]);
});

test("two publishers at once lose nothing, and send the same ids", async () => {
  const [left, right] = [topic(), topic()];
  await owe(...Array.from({ length: 30 }, (_, index) => outcome(`e${index}`, "accepted")));
  await Promise.all([publishOwed(store, left.publish), publishOwed(store, right.publish)]);
  expect(new Set([...left.ids, ...right.ids]).size).toBe(30);
  expect(await owed()).toEqual([]);
});
