/**
 * Pub/Sub delivers at least once and in any order. Whatever it does, the target ends the same, and every event has
 * exactly one final answer once what is open has been carried out.
 */
import { expect, test } from "vitest";
import type { FleetEvent } from "../../../shared/events/schema.ts";
import { finalPhases } from "../../../shared/outcomes/outcome.ts";
import { applyFleet } from "../../../shared/state/apply.ts";
import { publishOwed, putOutcome } from "../../../shared/state/outbox.ts";
import { openSqlite } from "../../../shared/state/sqlite.ts";
import type { Store } from "../../../shared/state/store.ts";
import { fc } from "../../properties.ts";
import { fleet } from "./fleet.ts";
import { monday9 } from "./samples.ts";
import { take } from "./take.ts";

const training = "projects/demo/locations/us-central1/persistentResources/training";
const clock = { now: () => monday9, wire: () => monday9 };

interface Message {
  readonly messageId: string;
  readonly publishedAt: number;
  readonly event: FleetEvent;
}

const target = "training";
const anEvent: fc.Arbitrary<FleetEvent> = fc.oneof(
  fc.integer({ min: -2, max: 10 }).map((replicas): FleetEvent => ({ type: "scale", target, replicas })),
  fc.integer({ min: -4, max: 4 }).map((delta): FleetEvent => ({ type: "scale", target, delta })),
  fc.constantFrom<FleetEvent>(
    { type: "wake", target },
    { type: "hold", target },
    { type: "release", target },
    { type: "reboot", target },
    { type: "wake", target: "nobody" },
    { type: "job", target, customJob: { displayName: "j", jobSpec: {} } },
  ),
);

/** Up to 12 events within a few milliseconds, so that some share one. */
const published: fc.Arbitrary<readonly Message[]> = fc
  .array(fc.record({ event: anEvent, publishedAt: fc.integer({ min: monday9 - 6, max: monday9 }) }), {
    minLength: 1,
    maxLength: 12,
  })
  .map((events) => events.map((one, index) => ({ ...one, messageId: String(index + 7) })));

/** The same messages, some of them several times, in another order. */
const delivered = published.chain((messages) =>
  fc
    .array(fc.constantFrom(...messages), { maxLength: 12 })
    .chain((again) => fc.shuffledSubarray([...messages, ...again], { minLength: messages.length + again.length }))
    .map((deliveries) => ({ messages, deliveries })),
);

async function deliverAll(store: Store, deliveries: readonly Message[]): Promise<void> {
  await applyFleet(store, fleet, { by: "test", now: monday9 });
  for (const { event, messageId, publishedAt } of deliveries) {
    await take(store, { event, envelope: { messageId, publishedAt } }, { fleet, clock });
  }
}

/** What is wanted in the end. A release that nothing newer overrules is kept until it is carried out, and only then gone. */
async function wanted(store: Store): Promise<readonly string[]> {
  const requests = (await store.get("targets", training))?.value.requests ?? [];
  return requests
    .filter(({ wish }) => wish.type !== "release")
    .map(({ eventId, wish, answered }) => `${eventId} ${JSON.stringify(wish)} ${answered}`);
}

test("any order and any repetition of deliveries ends in what the order of publishing says", async () => {
  await fc.assert(
    fc.asyncProperty(delivered, async ({ messages, deliveries }) => {
      const [inOrder, asDelivered] = [openSqlite(":memory:"), openSqlite(":memory:")];
      const sorted = [...messages].sort(
        (a, b) => a.publishedAt - b.publishedAt || Number(a.messageId) - Number(b.messageId),
      );
      await deliverAll(inOrder, sorted);
      await deliverAll(asDelivered, deliveries);
      expect(await wanted(asDelivered)).toEqual(await wanted(inOrder));
      await Promise.all([inOrder.close(), asDelivered.close()]);
    }),
    { numRuns: 300 },
  );
});

/** Carries out everything that is open, the way settling does: a final answer each, in one transaction. */
async function settleAll(store: Store): Promise<void> {
  await store.transaction(async (tx) => {
    const document = (await tx.get("targets", training))?.value;
    if (document === undefined) return;
    tx.put("targets", training, { ...document, requests: [] });
    for (const { eventId, answered } of document.requests) {
      if (answered === "final") continue;
      const id = `${eventId}/done`;
      putOutcome(tx, { id, eventId, phase: "done", final: true, what: "it", why: "done", at: monday9 });
    }
  });
}

test("every event gets exactly one final answer, however often it is delivered and published", async () => {
  await fc.assert(
    fc.asyncProperty(delivered, async ({ messages, deliveries }) => {
      const store = openSqlite(":memory:");
      await deliverAll(store, deliveries);
      await settleAll(store);
      const finals = new Map<string, Set<string>>();
      const told = async ({ eventId, phase, final }: { eventId: string; phase: string; final: boolean }) => {
        expect(final).toBe((finalPhases as readonly string[]).includes(phase));
        if (final) finals.set(eventId, (finals.get(eventId) ?? new Set()).add(phase));
      };
      while ((await publishOwed(store, told)) > 0);
      // Late repetitions are told what was told before.
      for (const { event, messageId, publishedAt } of deliveries) {
        await take(store, { event, envelope: { messageId, publishedAt } }, { fleet, clock });
      }
      await publishOwed(store, told);
      expect([...finals.keys()].sort()).toEqual(messages.map(({ messageId }) => messageId).sort());
      for (const phases of finals.values()) expect(phases.size).toBe(1);
      await store.close();
    }),
    { numRuns: 200 },
  );
});
