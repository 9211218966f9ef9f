import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { FleetUnreadable, fleetFromJson, fleetToJson, joinFleet, splitFleet } from "../../../shared/fleet/applied.ts";
import type { Fleet } from "../../../shared/fleet/fleet.ts";
import { parseFleet } from "../../../shared/fleet/parse.ts";
import { fc } from "../../properties.ts";

const { fleet } = parseFleet(readFileSync("fleet.example.yaml", "utf8"), "fleet.example.yaml");

describe("The applied fleet", () => {
  test("reads back as it was written", () => {
    expect(fleetFromJson(fleetToJson(fleet))).toEqual(fleet);
  });

  test("keeps a schedule once, so that what is worked out for it serves all its targets", () => {
    const read = fleetFromJson(fleetToJson(fleet));
    const shared = read.targets.filter(({ schedule }) => schedule?.name === "extended");
    expect(shared.length).toBeGreaterThan(1);
    expect(new Set(shared.map(({ schedule }) => schedule)).size).toBe(1);
  });

  test("joins again from parts of any size, whatever characters it holds", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 40 }), (namePrefix) => {
        const odd: Fleet = { ...fleet, namePrefix: `${namePrefix}\u{1F30A}` };
        const { parts, digest } = splitFleet(odd, 97);
        expect(parts.every((part) => Buffer.byteLength(part) <= 97)).toBe(true);
        expect(joinFleet(parts, digest)).toEqual(odd);
      }),
      { numRuns: 50 },
    );
  });

  test("is one part while it is small", () => {
    expect(splitFleet(fleet).parts).toHaveLength(1);
  });

  const { parts, digest } = splitFleet(fleet, 1_000);
  test.each([
    ["a part is missing", parts.slice(1)],
    ["a part was changed", parts.with(0, `${parts[0]} `)],
    ["parts changed places", parts.toReversed()],
  ])("is refused when %s", (_, changed) => {
    expect(() => joinFleet(changed, digest)).toThrow(FleetUnreadable);
  });

  test.each([
    ["no JSON", "version: 1"],
    ["something else", "{}"],
    ["of another version", fleetToJson(fleet).replace('"version":1', '"version":9')],
    ["a target of an unknown kind", fleetToJson(fleet).replace('"kind":"spotModel"', '"kind":"notebook"')],
    ["a schedule that is not there", fleetToJson(fleet).replace('"schedule":"office"', '"schedule":"other"')],
  ])("is refused when it is %s", (_, text) => {
    expect(() => fleetFromJson(text)).toThrow(/tidekeeper apply/);
  });
});
