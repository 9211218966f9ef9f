/** What can be done to the market, as data. */
import { z } from "zod";
import { patternSchema, provisionings } from "./place.ts";
import { traceSchema } from "./trace.ts";

const place = patternSchema.default({});

/** One thing to do. */
export const marketSchema = z.discriminatedUnion("action", [
  z
    .strictObject({
      action: z.literal("preempt"),
      place,
      endpoint: z.string().optional().describe("full name; without it only Spot replicas are taken"),
      deployedModelId: z.string().optional(),
      replicas: z.union([z.number().int().min(1), z.literal("all")]).default("all"),
    })
    .describe("take serving replicas away"),
  z
    .strictObject({ action: z.literal("exhaust"), place, preempt: z.boolean().default(false) })
    .describe("no more machines; with `preempt`, held Spot machines are taken too"),
  z.strictObject({ action: z.literal("restore"), place }).describe("lift the limits on these places, or all"),
  z
    .strictObject({ action: z.literal("capacity"), place, machines: z.number().int().min(0).nullable() })
    .describe("limit the machines of these places; null = no limit"),
  z
    .strictObject({
      action: z.literal("quota"),
      quota: z.string().min(1),
      region: z.string().optional(),
      project: z.string().optional(),
      limit: z.number().int().min(0).nullable(),
    })
    .describe("limit a machine quota by its name; null = no limit"),
  z
    .strictObject({
      action: z.literal("replay"),
      trace: traceSchema,
      project: z.string().optional(),
      provisioning: z.enum(provisionings).default("SPOT"),
      accelerator: z.string().optional().describe("only the trace's zones with this accelerator"),
      machineType: z.string().nullable().optional().describe("instead of the trace's; null = any"),
      regions: z
        .record(z.string(), z.string())
        .optional()
        .describe("trace region to region; all, unchanged, when absent"),
      start: z.iso
        .datetime({ offset: true })
        .optional()
        .describe("world time of the trace's first tick; now when absent"),
      loop: z.boolean().default(false),
    })
    .describe("let a recorded trace decide what can be had"),
  z.strictObject({ action: z.literal("stop-replay") }),
]);
/** One thing to do, as written. */
export type MarketInput = z.input<typeof marketSchema>;
/** One thing to do. */
export type MarketAction = z.output<typeof marketSchema>;
