import { expect, test } from "vitest";
import { mutations } from "./mutations/list.ts";
import { misfits } from "./mutations/misfits.ts";
import { runSeed } from "./run-seed.ts";

const seeds = Array.from({ length: 30 }, (_, index) => index + 1);

test("thirty worlds full of faults break no rule and come right afterwards; two thousand run with `npm run simulate`", async () => {
  for (const seed of seeds) {
    const { violation, story } = await runSeed(seed, { hours: 4 });
    expect(violation, `seed ${seed}\n${story.join("\n")}`).toBeUndefined();
  }
}, 120_000);

test("a seed replays exactly: the same story, line for line", async () => {
  const told: string[][] = [];
  for (const _ of [1, 2]) {
    const lines: string[] = [];
    await runSeed(7, { hours: 3, listen: (line) => lines.push(line) });
    told.push(lines);
  }
  expect(told[0]?.length).toBeGreaterThan(100);
  expect(told[1]).toEqual(told[0]);
}, 60_000);

test("every planted bug of the list can still be planted", async () => {
  expect(mutations.length).toBeGreaterThanOrEqual(20);
  expect(await misfits(process.cwd(), mutations)).toEqual([]);
});
