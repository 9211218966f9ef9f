/** Reads recorded Spot traces: per zone, how many machines could be had, in runs of [value, ticks]. */
import { z } from "zod";

/** A trace as recorded; values are machines that could be had, -1 = not probed. */
export const traceSchema = z.looseObject({
  traces: z
    .array(
      z.looseObject({
        zone: z.string(),
        region: z.string(),
        machineType: z.string(),
        accelerator: z.string().optional(),
        gapSeconds: z.number().positive(),
        runs: z.array(z.tuple([z.number().int(), z.number().int().min(1)])).min(1),
      }),
    )
    .min(1),
});
/** A trace as recorded. */
export type Trace = z.infer<typeof traceSchema>;

/** Machines that can be had in a region from `second` of the trace on. */
export type Step = { second: number; machines: number };

/** A region's machines over time. */
export type RegionTrace = {
  region: string;
  machineType: string;
  accelerator: string | undefined;
  steps: Step[];
  seconds: number;
};

/** One trace a region, machine and accelerator: its zones are summed, for an endpoint is regional; what was not probed stays as it was. */
export function regionTraces(trace: Trace): RegionTrace[] {
  const groups = Map.groupBy(
    trace.traces,
    ({ region, machineType, accelerator }) => `${region} ${machineType} ${accelerator}`,
  );
  return [...groups.values()].flatMap((zones) => {
    const [first] = zones;
    if (!first) return [];
    const changes = zones.flatMap((zone) => zoneChanges(zone)).sort((a, b) => a.second - b.second);
    const steps: Step[] = [];
    let machines = 0;
    for (const { second, by } of changes) {
      machines += by;
      const last = steps.at(-1);
      if (last?.second === second) last.machines = machines;
      else steps.push({ second, machines });
    }
    const seconds = Math.max(...zones.map((zone) => zone.gapSeconds * ticks(zone.runs)));
    const { region, machineType, accelerator } = first;
    return [
      {
        region,
        machineType,
        accelerator,
        steps: steps.filter((step, at) => steps[at - 1]?.machines !== step.machines),
        seconds,
      },
    ];
  });
}

function zoneChanges({ runs, gapSeconds }: Trace["traces"][number]): { second: number; by: number }[] {
  const changes: { second: number; by: number }[] = [];
  let tick = 0;
  let value = 0;
  for (const [given, length] of runs) {
    const next = given === -1 ? value : given;
    if (next !== value || tick === 0) changes.push({ second: tick * gapSeconds, by: next - value });
    value = next;
    tick += length;
  }
  return changes;
}

function ticks(runs: readonly (readonly [number, number])[]): number {
  return runs.reduce((sum, [, length]) => sum + length, 0);
}
