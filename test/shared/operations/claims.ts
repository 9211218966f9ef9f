/** What claims and their ends need of a store: run on SQLite and on Google's Firestore emulator. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Request } from "../../../shared/events/requests.ts";
import { claim, startWithin } from "../../../shared/operations/claim.ts";
import { lapseMargin } from "../../../shared/operations/judge.ts";
import type { Change, Held } from "../../../shared/operations/operation.ts";
import { settle } from "../../../shared/operations/settle.ts";
import { startAndRecord } from "../../../shared/operations/start.ts";
import { largestDocument } from "../../../shared/state/codec.ts";
import { publishOwed, putOutcome } from "../../../shared/state/outbox.ts";
import type { Store } from "../../../shared/state/store.ts";
import type { Clock } from "../../../shared/time/clock.ts";
import { persistentResourceName } from "../../../shared/vertex/names.ts";
import { openWorld, type World } from "./world.ts";

/** Clocks of instances differ by so much at the most: Google's keep within a second, laptops do not. */
const skew = 5_000;

/** @param open opens a new, empty store. */
export function describeClaims(name: string, open: () => Promise<Store>): void {
  describe(`claims on ${name}`, () => {
    let world: World;
    let count = 0;
    beforeAll(async () => {
      world = await openWorld(open);
    });
    afterAll(() => world.close());

    const fresh = (): Extract<Change, { kind: "create" }> => {
      count += 1;
      return { kind: "create", resource: persistentResourceName("demo", "us-central1", `pool${count}`), body: {} };
    };
    /** Another instance, whose clock is off. */
    const instance = (off: number) => {
      const clock: Clock = { now: () => world.clock.now() + off, wire: () => world.clock.wire() + off };
      return { ...world.tools, clock };
    };
    const settledBy = async (tools: ReturnType<typeof instance>, resource: string) =>
      settle(tools, await world.slotOf(resource), world.afterSettling);
    /** Moves to so many ms after the claim, of wire time. */
    const passTo = (held: Held, after: number) => world.passWire(held.claimedAtWire + after - world.clock.wire());
    const lapses = startWithin + lapseMargin;

    test("of twenty that decided alike at once, one holds it", async () => {
      const change = fresh();
      await world.addTarget(change.resource);
      const basis = await world.basisOf(change.resource, change.resource);
      const decision = await world.decisionFor(change.resource, change, []);
      const results = await Promise.all(Array.from({ length: 20 }, () => claim(world.tools, basis, decision)));
      expect(results.filter((result) => result.claim === "held")).toHaveLength(1);
      expect(results.filter((result) => result.claim === "stale")).toHaveLength(19);
    });

    test("of twenty that settle it at once, one does", async () => {
      const change = fresh();
      const held = await world.claimed(change);
      passTo(held, lapses + 1_000);
      const slot = await world.slotOf(change.resource);
      const ends = await Promise.all(Array.from({ length: 20 }, () => settle(world.tools, slot, world.afterSettling)));
      expect(ends.filter((end) => end.slot === "ended")).toHaveLength(1);
      expect(ends.filter((end) => end.slot === "changed")).toHaveLength(19);
    });

    test("a claim of which nothing came is over when its time is, and not before", async () => {
      const held = await world.claimed(fresh());
      passTo(held, lapses - 2_000);
      expect(await world.settle(held.resource)).toMatchObject({ slot: "occupied" });
      passTo(held, lapses + 1_000);
      expect(await world.settle(held.resource)).toMatchObject({ slot: "ended", settlement: { end: "lapsed" } });
      expect(await world.settle(held.resource)).toEqual({ slot: "free" });
    });

    test.each([
      {
        what: "an instance whose clock is ahead ends a claim early, and its holder starts nothing any more",
        off: skew,
      },
      { what: "one whose clock is behind waits longer", off: -skew },
    ])("$what", async ({ off }) => {
      const other = instance(off);
      const held = await world.claimed(fresh());
      passTo(held, lapses - off - 2_000);
      expect(await settledBy(other, held.resource)).toMatchObject({ slot: "occupied" });
      passTo(held, lapses - off + 1_000);
      expect(await settledBy(other, held.resource)).toMatchObject({ slot: "ended", settlement: { end: "lapsed" } });
      const late = await startAndRecord(world.tools, held, world.afterSettling);
      expect(late).toMatchObject({ start: "ended", settlement: { end: "lapsed" } });
      expect((await world.slotOf(held.resource))?.value.state).toBe("empty");
      expect(
        await world.reader.getPersistentResource(
          persistentResourceName("demo", "us-central1", held.resource.split("/").at(-1) ?? ""),
        ),
      ).toBeUndefined();
    });

    test("a target with all the history that it may have is claimed, settled and stays within its document", async () => {
      const change = fresh();
      await world.addTarget(change.resource);
      const requests = Array.from(
        { length: 20 },
        (_, index): Request => ({
          eventId: `job-${index}`,
          wish: { type: "job", customJob: { displayName: `job-${index}`, note: "x".repeat(32_000) } },
          source: "test",
          publishedAt: index,
          storedAt: index,
          expiresAt: world.clock.now() + 86_400_000,
          answered: "accepted",
        }),
      );
      const target = (await world.store.get("targets", change.resource))?.value;
      if (target === undefined) throw new Error("no target");
      await world.store.transaction(async (tx) => tx.put("targets", change.resource, { ...target, requests }));
      for (let round = 0; round < 30; round += 1) {
        const basis = await world.basisOf(change.resource, change.resource);
        const decision = await world.decisionFor(change.resource, change, []);
        const why = `${round} ${"because ".repeat(200)}`;
        const result = await claim(world.tools, basis, { ...decision, why, rule: `rule-${round}` });
        if (result.claim !== "held") throw new Error(result.why);
        passTo(result.held, lapses + 1_000);
        expect(await world.settle(change.resource)).toMatchObject({ slot: "ended" });
      }
      const after = (await world.store.get("targets", change.resource))?.value;
      expect(after?.decisions).toHaveLength(20);
      expect(after?.requests).toHaveLength(20);
      expect(Buffer.byteLength(JSON.stringify(after))).toBeLessThan(largestDocument);
    });

    test("a thousand outcomes owed go out, each event's in its order, and none is left", async () => {
      const phases = ["accepted", "done"] as const;
      for (let first = 0; first < 500; first += 50) {
        await world.store.transaction(async (tx) => {
          for (let index = first; index < first + 50; index += 1) {
            for (const phase of phases) {
              const eventId = `many-${index}`;
              const final = phase === "done";
              putOutcome(tx, { id: `${eventId}/${phase}`, eventId, phase, final, what: "", why: "", at: 0 });
            }
          }
        });
      }
      const told: string[] = [];
      const publish = async ({ id }: { readonly id: string }) => {
        told.push(id);
      };
      while ((await publishOwed(world.store, publish)) > 0);
      const many = told.filter((id) => id.startsWith("many-"));
      expect(new Set(many).size).toBe(1_000);
      expect(many).toHaveLength(1_000);
      for (let index = 0; index < 500; index += 1) {
        expect(many.indexOf(`many-${index}/accepted`)).toBeLessThan(many.indexOf(`many-${index}/done`));
      }
      expect(await world.store.list("outbox")).toEqual([]);
    });
  });
}
