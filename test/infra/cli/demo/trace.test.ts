import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readTrace, regionsFor } from "../../../../infra/cli/demo/trace.ts";
import { exampleFleet } from "./fleets.ts";

function traceOf(...regions: readonly string[]) {
  return { traces: regions.map((region) => ({ region })) };
}

describe("A recorded trace", () => {
  test.each([
    ["the same region where it has it", ["us-east4", "us-central1"], { "us-central1": "us-central1" }],
    ["another where it has not", ["us-east4", "us-east5"], { "us-east4": "us-central1" }],
  ] as const)("speaks for the fleet's region by %s", (_case, recorded, regions) => {
    expect(regionsFor(traceOf(...recorded), exampleFleet.targets)).toEqual(regions);
  });

  test.each([
    ["no such file", undefined, /cannot be read/],
    ["no JSON", "runs: 1", /is no recorded Spot trace/],
    ["no traces", '{"traces":[]}', /is no recorded Spot trace/],
  ])("is refused with its reason: %s", async (_case, text, why) => {
    const folder = await mkdtemp(join(tmpdir(), "tidekeeper-trace-"));
    try {
      const file = join(folder, "trace.json");
      if (text !== undefined) await writeFile(file, text);
      await expect(readTrace(file)).rejects.toThrow(why);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
