/** Lines and tables at the widths of terminals. */
import { styleText } from "node:util";
import { describe, expect, test } from "vitest";
import { blocks, columnsOrBlocks, table, wrapped } from "../../../infra/cli/layout.ts";
import { visible } from "../../../infra/cli/output.ts";

const widest = (text: string) => Math.max(...text.split("\n").map(visible));

describe("A line", () => {
  test.each([
    ["that fits stays as it is", "up until 20:00", 14, "up until 20:00"],
    ["in a pipe is never broken", "a ".repeat(300), undefined, "a ".repeat(300)],
    [
      "is broken between words and goes on two blanks deeper",
      "  next: delete the pool at 20:00",
      26,
      "  next: delete the pool at\n    20:00",
    ],
    ["keeps a long id in one piece", `at ${"x".repeat(40)} now`, 24, `at\n  ${"x".repeat(40)}\n  now`],
    [
      "is not broken to pieces by a terminal of next to no width",
      "one two three four five six",
      2,
      "one two three four five\n  six",
    ],
  ])("%s", (_what, line, width, expected) => {
    expect(wrapped(line, width)).toBe(expected);
  });

  test("is as wide as it looks, whatever paints it", () => {
    const red = styleText("red", "one two three four five six", { validateStream: false });
    expect(wrapped(red, 24).split("\n").map(visible)).toEqual([23, 5]);
  });
});

describe("A table", () => {
  const why = "because of this and of that and of something else again";
  const rows = [
    ["chat", "serving", why],
    ["embeddings", "off-hours", "no"],
  ];

  test("stays in lines where it fits, and in a pipe", () => {
    const flat = `chat        serving    ${why}\nembeddings  off-hours  no`;
    expect(table(rows, 90)).toBe(flat);
    expect(table(rows, undefined)).toBe(flat);
  });

  test("breaks the last column below itself where that has half of the width", () => {
    expect(table(rows, 50)).toBe(
      [
        "chat        serving    because of this and of that",
        "                       and of something else again",
        "embeddings  off-hours  no",
      ].join("\n"),
    );
  });

  test("becomes blocks where too little is left for the last column", () => {
    expect(table(rows, 40)).toBe(
      [
        "chat  serving",
        "  because of this and of that and of",
        "  something else again",
        "embeddings  off-hours",
        "  no",
      ].join("\n"),
    );
  });

  test.each([24, 40, 60, 80, 120, 200])("is never wider than %i columns", (width) => {
    expect(widest(table(rows, width))).toBeLessThanOrEqual(width);
    expect(widest(blocks([["chat serving", why]], width))).toBeLessThanOrEqual(width);
  });

  test("may have another wording as blocks", () => {
    expect(columnsOrBlocks(rows, [["chat", "no"]], 40)).toBe("chat\n  no");
    expect(columnsOrBlocks(rows, [["chat", "no"]], 200)).toBe(table(rows, 200));
  });
});
