/** How long things take, as spans of seconds of world time from which durations are drawn evenly. */
import { z } from "zod";

const span = z
  .tuple([z.number().min(0), z.number().min(0)])
  .refine(([from, to]) => from <= to, "a span is [from, to] in seconds with from <= to")
  .readonly();

/** The spans, realistic by default: creates of persistent resources were seen to take 10 to 14 minutes. */
export const defaultTimings = {
  createPersistentResource: [600, 840],
  deletePersistentResource: [180, 360],
  updatePersistentResource: [180, 420],
  rebootPersistentResource: [240, 480],
  autoscalePool: [120, 300],
  shrinkPool: [600, 600],
  startJob: [20, 60],
  cancelJob: [5, 30],
  deleteJob: [1, 4],
  retryJobCapacity: [60, 60],
  createEndpoint: [2, 6],
  deleteEndpoint: [2, 6],
  deployModel: [480, 1200],
  stockout: [120, 420],
  undeployModel: [60, 180],
  mutateDeployedModel: [60, 240],
  startReplica: [120, 300],
  uploadModel: [5, 20],
  deleteModel: [2, 6],
  createDeploymentResourcePool: [240, 600],
  updateDeploymentResourcePool: [60, 240],
  deleteDeploymentResourcePool: [60, 180],
} as const satisfies Record<string, readonly [number, number]>;

/** What takes time. */
export type Timing = keyof typeof defaultTimings;
/** A span for everything that takes time. */
export type Timings = Record<Timing, readonly [number, number]>;

const entries = Object.entries(defaultTimings).map(([name, seconds]) => [name, span.default(seconds)] as const);

/** Reads spans by name; unnamed ones keep their default. */
export const timingsSchema: z.ZodType<Timings, { [Name in Timing]?: readonly [number, number] | undefined }> =
  z.strictObject(Object.fromEntries(entries) as { [Name in Timing]: z.ZodDefault<typeof span> });
