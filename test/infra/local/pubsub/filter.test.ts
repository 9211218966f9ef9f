import { describe, expect, test } from "vitest";
import { compileFilter } from "../../../../infra/local/pubsub/filter.ts";

const message = { kind: "a", "iana.org/language_tag": "en", empty: "", quoted: 'say "hi"' };

describe("a filter", () => {
  test.each([
    ["", true],
    ["  ", true],
    ["attributes:kind", true],
    ["attributes:empty", true],
    ["attributes:other", false],
    ["attributes:constructor", false],
    ['attributes.kind = "a"', true],
    ['attributes.kind="b"', false],
    ['attributes.other = ""', false],
    ['attributes.kind != "b"', true],
    ['attributes.other != "b"', true],
    ['attributes.kind != "a"', false],
    ['attributes:"iana.org/language_tag"', true],
    ['attributes."iana.org/language_tag" = "en"', true],
    ['attributes.quoted = "say \\"hi\\""', true],
    ['hasPrefix(attributes.kind, "a")', true],
    ['hasPrefix(attributes.kind, "ab")', false],
    ['hasPrefix(attributes.other, "")', false],
    ["NOT attributes:other", true],
    ["-attributes:kind", false],
    ["attributes:kind AND attributes:other", false],
    ["attributes:kind OR attributes:other", true],
    ["attributes:other OR (attributes:kind AND NOT attributes:other)", true],
    ["NOT (attributes:kind OR attributes:other)", false],
    ["attributes:kind AND attributes:empty AND attributes:quoted", true],
  ])("%s -> %s", (text, delivered) => {
    expect(compileFilter(text)(message)).toBe(delivered);
  });

  test.each([
    ["attributes.kind = a", "a stands where a string in double quotes is expected"],
    ["attributes.kind", "its end stands where = is expected"],
    ['kind = "a"', "kind stands where attributes is expected"],
    ["attributes:a AND attributes:b OR attributes:c", "AND and OR need parentheses between them"],
    ["(attributes:a", "its end stands where ) is expected"],
    ["attributes:a attributes:b", "attributes is one too many"],
    ["attributes:a ; attributes:b", "character 13 cannot be read"],
    [`attributes.kind = "${"x".repeat(250)}"`, "it has more than 256 bytes"],
  ])("%s is refused: %s", (text, why) => {
    expect(() => compileFilter(text)).toThrow(`The subscription filter is invalid: ${why}.`);
  });
});
