/** What every store must do, whatever it is made of: run on SQLite and on Google's Firestore emulator. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { DocumentRefused, largestDocument } from "../../../shared/state/codec.ts";
import { type Store, StoreUnavailable } from "../../../shared/state/store.ts";
import type { JsonObject } from "../../../shared/vertex/vertex.ts";
import { head, mark, monday9, restore } from "./samples.ts";

async function increment(store: Store, id: string): Promise<void> {
  await store.transaction(async (tx) => {
    const found = await tx.get("fleet", id);
    tx.put("fleet", id, head((found?.value.version ?? 0) + 1));
  });
}

/** @param open opens a new, empty store. */
export function describeStore(name: string, open: () => Promise<Store>): void {
  describe(name, () => {
    let store: Store;
    beforeEach(async () => {
      store = await open();
    });
    afterEach(() => store.close());

    describe("documents", () => {
      test("what was never written is undefined", async () => {
        expect(await store.get("fleet", "head")).toBeUndefined();
      });

      test("put creates, then overwrites, and each write gives a new version", async () => {
        await store.transaction(async (tx) => tx.put("fleet", "head", head(1)));
        const first = await store.get("fleet", "head");
        await store.transaction(async (tx) => tx.put("fleet", "head", head(2)));
        const second = await store.get("fleet", "head");
        expect(first?.value).toEqual(head(1));
        expect(second?.value).toEqual(head(2));
        expect(second?.version).not.toBe(first?.version);
      });

      test("remove forgets, also what is not there", async () => {
        await store.transaction(async (tx) => tx.put("fleet", "head", head(1)));
        await store.transaction(async (tx) => {
          tx.remove("fleet", "head");
          tx.remove("fleet", "never");
        });
        expect(await store.get("fleet", "head")).toBeUndefined();
      });

      test("a document made again after its removal has another version", async () => {
        await store.transaction(async (tx) => tx.put("fleet", "head", head(1)));
        const before = await store.get("fleet", "head");
        await store.transaction(async (tx) => tx.remove("fleet", "head"));
        await store.transaction(async (tx) => tx.put("fleet", "head", head(1)));
        expect((await store.get("fleet", "head"))?.version).not.toBe(before?.version);
      });

      test("one id in two collections is two documents", async () => {
        await store.transaction(async (tx) => {
          tx.put("fleet", "x", head(1));
          tx.put("events", "x", mark("x", monday9));
        });
        expect((await store.get("fleet", "x"))?.value).toEqual(head(1));
        expect((await store.get("events", "x"))?.value).toEqual(mark("x", monday9));
      });

      test("the last of several writes of one document in a transaction holds", async () => {
        await store.transaction(async (tx) => {
          tx.put("fleet", "head", head(1));
          tx.remove("fleet", "head");
          tx.put("fleet", "head", head(3));
        });
        expect((await store.get("fleet", "head"))?.value).toEqual(head(3));
      });

      const data: readonly [string, JsonObject][] = [
        ["unicode", { name: "Kläranlage 東京 🌊 \u0000 \ud83d", "🌊": "key" }],
        [
          "prototype keys",
          JSON.parse('{"__proto__":{"admin":true},"constructor":{"prototype":1},"a":{"__proto__":2}}'),
        ],
        ["arrays in arrays", { args: [["--x", ["y"]], [], [[[1]]]] }],
        ["keys that databases reserve", { "": 1, "a.b": 2, "a/b": 3, "`": 4, __name__: 5 }],
        ["numbers", { big: 9_007_199_254_740_991, small: -0.1, tiny: 5e-324, negative: -1 }],
        ["nothing at all", { none: null, empty: {}, list: [], text: "" }],
      ];
      test.each(data)("%s come back as they were", async (_, resource) => {
        await store.transaction(async (tx) => tx.put("restores", "r", restore(resource)));
        const found = (await store.get("restores", "r"))?.value.resource;
        expect(JSON.stringify(found)).toBe(JSON.stringify(resource));
        expect(Object.getPrototypeOf(found)).toBe(Object.prototype);
        expect({}).not.toHaveProperty("admin");
      });

      test("an undefined field is left out, not kept as null", async () => {
        const resource: Record<string, unknown> = { a: 1, b: undefined };
        await store.transaction(async (tx) => tx.put("restores", "r", restore(resource as JsonObject)));
        expect((await store.get("restores", "r"))?.value.resource).toEqual({ a: 1 });
      });

      test("a document of nearly the limit comes back; one above it is refused with its size", async () => {
        const large = restore({ text: "x".repeat(largestDocument - 1_000) });
        await store.transaction(async (tx) => tx.put("restores", "large", large));
        expect((await store.get("restores", "large"))?.value).toEqual(large);
        const tooLarge = restore({ text: "x".repeat(largestDocument) });
        const writing = store.transaction(async (tx) => tx.put("restores", "r", tooLarge));
        await expect(writing).rejects.toThrow(/restores\/r has 1000\d\d\d bytes/);
        await expect(writing).rejects.toBeInstanceOf(DocumentRefused);
      });

      test("a number that JSON has no word for is refused by its key", async () => {
        const writing = store.transaction(async (tx) => tx.put("fleet", "head", head(Number.NaN)));
        await expect(writing).rejects.toThrow('"version" is NaN');
      });

      test.each(["", "x".repeat(501), "a\0b", "\ud83d"])("the id %j is refused", async (id) => {
        await expect(store.get("fleet", id)).rejects.toBeInstanceOf(DocumentRefused);
        await expect(store.transaction(async (tx) => tx.remove("fleet", id))).rejects.toBeInstanceOf(DocumentRefused);
      });
    });

    describe("lists", () => {
      const ids = ["..", ".", "__a__", "a%2Fb", "a", "a/b", "a/b/c", "a0", "a-b", "B", "ä", "z", "～", "🌊"];
      const inOrder = [...ids].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
      beforeEach(() =>
        store.transaction(async (tx) => {
          for (const [index, id] of ids.entries()) tx.put("fleet", id, head(index));
          tx.put("events", "other", mark("other", monday9));
        }),
      );

      const cases: readonly [string, Parameters<Store["list"]>[1], readonly string[]][] = [
        ["all, in the order of their bytes", {}, inOrder],
        ["by prefix", { prefix: "a/" }, ["a/b", "a/b/c"]],
        ["by a prefix that is itself an id", { prefix: "a/b" }, ["a/b", "a/b/c"]],
        ["by a prefix that nothing has", { prefix: "nothing" }, []],
        ["after an id, without it", { after: "z" }, ["ä", "～", "🌊"]],
        ["after an id that is not there", { after: "zz" }, ["ä", "～", "🌊"]],
        ["a page", { limit: 3 }, inOrder.slice(0, 3)],
        ["the next page of a prefix", { prefix: "a", after: "a-b", limit: 2 }, ["a/b", "a/b/c"]],
        ["nothing for a limit of zero", { limit: 0 }, []],
      ];
      test.each(cases)("%s", async (_, options, expected) => {
        const found = await store.list("fleet", options);
        expect(found.map((document) => document.id)).toEqual(expected);
      });

      test("each with its value and the version that get gives", async () => {
        for (const { id, value, version } of await store.list("fleet")) {
          expect(await store.get("fleet", id)).toEqual({ value, version });
        }
      });
    });

    describe("transactions", () => {
      test("give back what the work gave back", async () => {
        expect(await store.transaction(async () => 7)).toBe(7);
      });

      test("write nothing when the work throws, and hand its error on", async () => {
        const failing = store.transaction(async (tx) => {
          await tx.get("fleet", "head");
          tx.put("fleet", "head", head(1));
          throw new RangeError("no");
        });
        await expect(failing).rejects.toThrow(new RangeError("no"));
        expect(await store.get("fleet", "head")).toBeUndefined();
      });

      test("refuse a read after a write", async () => {
        const reading = store.transaction(async (tx) => {
          tx.put("fleet", "a", head(1));
          await tx.get("fleet", "b");
        });
        await expect(reading).rejects.toThrow("fleet/b is read after a write");
        expect(await store.get("fleet", "a")).toBeUndefined();
      });

      test("read one document twice as the same", async () => {
        await store.transaction(async (tx) => tx.put("fleet", "head", head(1)));
        await store.transaction(async (tx) => {
          expect(await tx.get("fleet", "head")).toEqual(await tx.get("fleet", "head"));
        });
      });

      test("cannot be used once they are over", async () => {
        let kept: Parameters<Parameters<Store["transaction"]>[0]>[0] | undefined;
        await store.transaction(async (tx) => {
          kept = tx;
        });
        expect(() => kept?.put("fleet", "head", head(1))).toThrow("this transaction is over");
        await expect(kept?.get("fleet", "head")).rejects.toThrow("this transaction is over");
      });

      test("20 at once on one document are all counted", async () => {
        await Promise.all(Array.from({ length: 20 }, () => increment(store, "head")));
        expect((await store.get("fleet", "head"))?.value.version).toBe(20);
      });

      test("of 20 that claim one empty place, one gets it", async () => {
        const claims = await Promise.all(
          Array.from({ length: 20 }, (_, claimant) =>
            store.transaction(async (tx) => {
              if (await tx.get("fleet", "place")) return false;
              tx.put("fleet", "place", head(claimant));
              return true;
            }),
          ),
        );
        expect(claims.filter((claimed) => claimed)).toHaveLength(1);
      });

      test("run again when what they read has changed, a missing document included, and see the change", async () => {
        const seen: (number | undefined)[] = [];
        let interfering: Promise<void> | undefined;
        await store.transaction(async (tx) => {
          const found = await tx.get("fleet", "read");
          seen.push(found?.value.version);
          // Not awaited: Firestore makes the other writer wait for this reader, SQLite lets it pass.
          interfering ??= store.transaction(async (other) => other.put("fleet", "read", head(5)));
          await Promise.race([interfering, new Promise((resolve) => setTimeout(resolve, 300))]);
          tx.put("fleet", "written", head((found?.value.version ?? 0) + 1));
        });
        await interfering;
        const written = (await store.get("fleet", "written"))?.value.version;
        expect(written).toBe((seen.at(-1) ?? 0) + 1);
        expect(seen[0]).toBeUndefined();
      });

      test("two that each read what the other writes do not both win (no write skew)", async () => {
        const takeIfOtherFree = (mine: string, theirs: string) =>
          store.transaction(async (tx) => {
            await tx.get("fleet", mine);
            if (await tx.get("fleet", theirs)) return false;
            tx.put("fleet", mine, head(1));
            return true;
          });
        const taken = await Promise.all([takeIfOtherFree("left", "right"), takeIfOtherFree("right", "left")]);
        expect(taken.filter((mine) => mine)).toHaveLength(1);
      });
    });

    describe("sweeping", () => {
      test("removes what has expired, and nothing that never expires", async () => {
        await store.transaction(async (tx) => {
          tx.put("fleet", "head", head(1));
          tx.put("events", "old/a", mark("old/a", monday9 - 1));
          tx.put("events", "now", mark("now", monday9));
          tx.put("events", "new", mark("new", monday9 + 1));
        });
        expect(await store.sweep(monday9)).toBe(2);
        expect((await store.list("events")).map(({ id }) => id)).toEqual(["new"]);
        expect(await store.get("fleet", "head")).toBeDefined();
        expect(await store.sweep(monday9)).toBe(0);
      });

      test("keeps what was written anew with a later expiry", async () => {
        await store.transaction(async (tx) => tx.put("events", "a", mark("a", monday9)));
        await store.transaction(async (tx) => tx.put("events", "a", mark("a", monday9 + 1)));
        expect(await store.sweep(monday9)).toBe(0);
      });

      test("removes more than one commit can hold", async () => {
        for (let from = 0; from < 900; from += 300) {
          await store.transaction(async (tx) => {
            for (let n = from; n < from + 300; n++) tx.put("events", `e${n}`, mark(`e${n}`, monday9));
          });
        }
        expect(await store.sweep(monday9)).toBe(900);
        expect(await store.list("events")).toEqual([]);
      });
    });

    test("a closed store says so with StoreUnavailable, and closing twice is harmless", async () => {
      await store.close();
      await store.close();
      for (const use of [
        () => store.get("fleet", "head"),
        () => store.list("fleet"),
        () => store.sweep(monday9),
        () => store.transaction(async (tx) => tx.put("fleet", "head", head(1))),
      ]) {
        await expect(use()).rejects.toBeInstanceOf(StoreUnavailable);
        await expect(use()).rejects.toThrow("is closed");
      }
    });
  });
}
