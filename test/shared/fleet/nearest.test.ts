import { expect, test } from "vitest";
import { suggest } from "../../../shared/fleet/nearest.ts";

test.each([
  ["idel", ["idle", "ladder"], 'the nearest is "idle"'],
  ["fir", ["mon", "fri"], 'the nearest is "fri"'],
  ["MACHINETYPE", ["machineType"], 'the nearest is "machineType"'],
  ["resarch-pool-of-berlin", ["research-pools-in-berlin"], 'the nearest is "research-pools-in-berlin"'],
  ["nosuch", ["batch", "chat"], "known: batch, chat"],
  ["pool", ["type", "target", "ttl"], "known: type, target, ttl"],
  ["p", ["model"], "known: model"],
  ["p", ["ab"], "known: ab"],
  [
    "zzz",
    Array.from({ length: 14 }, (_, index) => `a${index}`),
    "known: a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, and 2 more",
  ],
])("only what is near is offered for %j, otherwise what there is: %j", (word, known, told) => {
  expect(suggest(word, known)).toBe(told);
});
