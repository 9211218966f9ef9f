/** The faults one can ask for, as data. */
import { z } from "zod";
import { type CodeName, codes } from "../../wire/service.ts";

const code = z.enum(Object.keys(codes).filter((name) => name !== "OK") as [CodeName, ...CodeName[]]);

const effectSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("error"), code, message: z.string().optional() }).describe("refused, no effect"),
  z.strictObject({ kind: z.literal("quota"), quota: z.string().optional() }).describe("refused for machine quota"),
  z.strictObject({ kind: z.literal("request-quota") }).describe("refused for too many requests a minute"),
  z
    .strictObject({
      kind: z.literal("stockout"),
      as: z.enum(["error", "operation", "error-state"]).default("operation"),
    })
    .describe("no machines: at once, when the operation ends, or leaving the resource in ERROR"),
  z
    .strictObject({ kind: z.literal("operation-error"), code, message: z.string() })
    .describe("accepted, then the operation fails"),
  z
    .strictObject({
      kind: z.literal("answer-lost"),
      code: z.enum(["UNAVAILABLE", "DEADLINE_EXCEEDED"]).default("UNAVAILABLE"),
    })
    .describe("done, but the caller gets an error"),
  z
    .strictObject({ kind: z.literal("never-finishes"), effect: z.boolean().default(false) })
    .describe("the operation never ends; `effect`: what it does happens all the same"),
  z
    .strictObject({
      kind: z.literal("slow"),
      factor: z.number().min(0).default(1),
      seconds: z.number().min(0).default(0),
    })
    .describe("operations take `factor` times as long; answers come `seconds` late"),
  z
    .strictObject({ kind: z.literal("status-lags"), seconds: z.number().positive() })
    .describe("reads repeat an answer up to so old"),
  z
    .strictObject({ kind: z.literal("list-ends-early"), items: z.number().int().min(0) })
    .describe("lists give so many items and no next page"),
]);

/** One rule: which calls it meets, how often, and what it does. */
export const faultSchema = z.strictObject({
  match: z
    .strictObject({
      method: z.string().optional().describe("e.g. DeployModel; any when absent"),
      resource: z.string().optional().describe("part of a resource name in the request"),
      project: z.string().optional(),
      region: z.string().optional(),
    })
    .default({}),
  count: z.number().int().min(1).optional().describe("how many calls it meets; no end when absent"),
  probability: z.number().min(0).max(1).default(1),
  effect: effectSchema,
});

/** A rule as kept. */
export type FaultRule = z.output<typeof faultSchema> & { id: string };
/** A rule as written. */
export type FaultInput = z.input<typeof faultSchema>;
/** What a rule does. */
export type FaultEffect = FaultRule["effect"];
