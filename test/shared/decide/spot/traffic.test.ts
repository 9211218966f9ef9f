/** Traffic splits: they sum to 100 or are empty, and other people's shares stay what they are. */
import { describe, expect, it } from "vitest";
import { isEmptySplit, moveShare, shareOf } from "../../../../shared/decide/spot-model/traffic.ts";
import { fc } from "../../../properties.ts";

describe("moving our share", () => {
  it.each([
    ["all of a split of one", { 1: 100 }, ["1"], "2", { 2: 100 }],
    ["ours beside a stranger's", { 1: 70, 9: 30 }, ["1"], "2", { 2: 70, 9: 30 }],
    ["several of ours onto one", { 1: 20, 2: 50, 9: 30 }, ["1", "2", "3"], "3", { 3: 70, 9: 30 }],
    ["onto one that has some already", { 1: 20, 2: 80 }, ["1"], "2", { 2: 100 }],
    ["an empty split: all, for nothing else is legal", {}, ["1"], "2", { 2: 100 }],
    ["zeros only, which is empty too", { 1: 0 }, ["1"], "2", { 2: 100 }],
    ["nothing where strangers hold everything", { 9: 100 }, ["1"], "2", { 9: 100 }],
    ["nothing twice where the receiver is named among the givers", { 1: 60, 2: 40 }, ["1", "2"], "2", { 2: 100 }],
  ])("%s", (_, split, from, to, expected) => {
    expect(moveShare(split, from, to)).toEqual(expected);
  });

  const split = fc
    .uniqueArray(fc.integer({ min: 1, max: 12 }).map(String), { minLength: 1, maxLength: 8 })
    .chain((ids) =>
      fc
        .array(fc.integer({ min: 0, max: 100 }), { minLength: ids.length - 1, maxLength: ids.length - 1 })
        .map((cuts) => {
          const edges = [0, ...cuts.sort((a, b) => a - b), 100];
          return Object.fromEntries(ids.map((id, index) => [id, (edges[index + 1] ?? 0) - (edges[index] ?? 0)]));
        }),
    );
  const ids = fc.array(fc.integer({ min: 1, max: 15 }).map(String), { maxLength: 6 });

  it("always sums to 100, and changes no stranger's share", () => {
    fc.assert(
      fc.property(split, ids, fc.integer({ min: 1, max: 15 }).map(String), (before, ours, to) => {
        const after = moveShare(before, ours, to);
        expect(Object.values(after).reduce((sum, share) => sum + share, 0)).toBe(100);
        expect(isEmptySplit(after)).toBe(false);
        for (const id of Object.keys(before)) {
          if (id !== to && !ours.includes(id)) expect(after[id]).toBe(before[id]);
        }
        expect(shareOf(after, [to])).toBe(shareOf(before, [...ours, to]));
      }),
      { numRuns: 1000 },
    );
  });
});
