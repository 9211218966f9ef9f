/** Replays a recorded Spot trace on the regions of a fleet. */
import { z } from "zod";
import type { TargetPolicy } from "../../../shared/fleet/fleet.ts";
import type { LocalCloud } from "../../local/server.ts";
import { WrongUse } from "../command.ts";
import { readText } from "../fleet-file.ts";
import { issueLine } from "../local/condition-issues.ts";

const traceSchema = z.looseObject({ traces: z.array(z.looseObject({ region: z.string() })).min(1) });

/** A trace as its file has it. */
export type RecordedTrace = z.infer<typeof traceSchema>;

/**
 * Reads a trace file.
 * @throws WrongUse when it cannot be read or is none.
 */
export async function readTrace(file: string): Promise<RecordedTrace> {
  const text = await readText(file, "name a recorded Spot trace, a .json file");
  const refused = (why: string, cause: unknown) =>
    new WrongUse(`${file} is no recorded Spot trace: ${why}`, "its form is described in infra/local/README.md", {
      cause,
    });
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw refused((cause as Error).message, cause);
  }
  const { success, data, error } = traceSchema.safeParse(json);
  if (success) return data;
  throw refused(issueLine(error.issues, json), error);
}

/**
 * Which region of the trace stands for which of the fleet's: the same where there is one, else any that is not taken yet.
 * @returns trace region to fleet region.
 */
export function regionsFor(trace: RecordedTrace, targets: readonly TargetPolicy[]): Readonly<Record<string, string>> {
  const recorded = [...new Set(trace.traces.map(({ region }) => region))];
  const wanted = [...new Set(targets.filter(({ kind }) => kind === "spotModel").map(({ location }) => location))];
  const chosen = new Map(recorded.filter((region) => wanted.includes(region)).map((region) => [region, region]));
  const spare = recorded.filter((region) => !chosen.has(region));
  for (const region of wanted) {
    const stand = chosen.has(region) ? undefined : spare.shift();
    if (stand !== undefined) chosen.set(stand, region);
  }
  return Object.fromEntries(chosen);
}

/**
 * Lets the trace decide, from now on, what Spot machines can be had, whatever their type.
 * @returns the regions that it speaks for.
 */
export function replay(cloud: LocalCloud, trace: RecordedTrace, targets: readonly TargetPolicy[]): readonly string[] {
  const regions = regionsFor(trace, targets);
  cloud.vertex.model.market.act({
    action: "replay",
    trace: JSON.parse(JSON.stringify(trace)),
    machineType: null,
    regions: { ...regions },
    loop: true,
  });
  return Object.values(regions);
}
