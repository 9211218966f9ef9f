import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { errorIn, openFunctionLog } from "../../../../infra/cli/demo/function-log.ts";

describe("An error in a functions' line", () => {
  test.each([
    ["Cloud Logging's ERROR", '{"severity":"ERROR","message":"the store is gone"}', "the store is gone"],
    ["Cloud Logging's CRITICAL", '{"severity":"CRITICAL","message":"no"}', "no"],
    ["what nobody caught", "TypeError: x is not a function", "TypeError: x is not a function"],
    ["not a warning", '{"severity":"WARNING","message":"set aside"}', undefined],
    ["not an alert, which is an outcome", '{"severity":"ERROR","message":"alert chat","outcome":"a/alert"}', undefined],
    ["not the rest of a stack: one error counts once", "    at run (file.ts:1:2)", undefined],
    ["not a line that only begins like JSON", "{ ready", undefined],
    ["not what is printed at the start", "Serving function...", undefined],
  ])("%s", (_case, line, error) => {
    expect(errorIn(line)).toBe(error);
  });
});

describe("The functions' log", () => {
  test("keeps every line, counts the errors and remembers the first five", async () => {
    const folder = await mkdtemp(join(tmpdir(), "tidekeeper-log-"));
    try {
      const log = openFunctionLog(join(folder, "functions.log"));
      log.line("tick", "Serving function...");
      for (let number = 1; number <= 7; number += 1) log.line("scale", `RangeError: number ${number}`);
      await log.close();
      expect(log.errors.count).toBe(7);
      expect(log.errors.first).toHaveLength(5);
      expect(log.errors.first[0]).toBe("scale: RangeError: number 1");
      expect((await readFile(log.path, "utf8")).split("\n")).toHaveLength(9);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
