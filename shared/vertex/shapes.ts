/**
 * The shapes that are relied on, checked as they arrive: unknown fields survive, a wrong type makes the whole unreadable.
 * A malformed body is an error of class `unavailable`, never a missing value that would read as "not there" or as zero.
 */
import { z } from "zod";
import { VertexError } from "./errors.ts";
import type { CustomJob, Endpoint, JsonObject, LongRunningOperation, PersistentResource } from "./vertex.ts";

/** int64 as JSON has it; some proxies and doubles send numbers. */
const int64 = z.union([z.string().regex(/^-?\d+$/), z.number().int().transform(String)]);
const time = z.string().refine((text) => !Number.isNaN(Date.parse(text)), "is no time");
const texts = z.record(z.string(), z.string());
const status = z.looseObject({ code: z.number().optional(), message: z.string().optional() });
const machine = z.looseObject({
  machineType: z.string().optional(),
  acceleratorType: z.string().optional(),
  acceleratorCount: z.number().optional(),
});

const persistentResource = z.looseObject({
  name: z.string(),
  resourcePools: z
    .array(
      z.looseObject({
        id: z.string().optional(),
        machineSpec: machine,
        replicaCount: int64.optional(),
        usedReplicaCount: int64.optional(),
        diskSpec: z.looseObject({}).optional(),
        autoscalingSpec: z
          .looseObject({ minReplicaCount: int64.optional(), maxReplicaCount: int64.optional() })
          .optional(),
      }),
    )
    .default([]),
  state: z.string().optional(),
  error: status.optional(),
  createTime: time.optional(),
  labels: texts.optional(),
});

const endpoint = z.looseObject({
  name: z.string(),
  etag: z.string().optional(),
  createTime: time.optional(),
  deployedModels: z
    .array(
      z.looseObject({
        id: z.string(),
        model: z.string().optional(),
        displayName: z.string().optional(),
        dedicatedResources: z
          .looseObject({
            machineSpec: machine.optional(),
            minReplicaCount: z.number().optional(),
            maxReplicaCount: z.number().optional(),
            requiredReplicaCount: z.number().optional(),
            spot: z.boolean().optional(),
          })
          .optional(),
        status: z
          .looseObject({
            message: z.string().optional(),
            lastUpdateTime: time.optional(),
            availableReplicaCount: z.number().optional(),
          })
          .optional(),
      }),
    )
    .optional(),
  trafficSplit: z.record(z.string(), z.number()).optional(),
});

const customJob = z.looseObject({
  name: z.string(),
  state: z.string().optional(),
  createTime: time.optional(),
  labels: texts.optional(),
  jobSpec: z.looseObject({ persistentResourceId: z.string().optional() }).optional(),
});

const operation = z.looseObject({
  name: z.string(),
  done: z.boolean().optional(),
  error: status.optional(),
  response: z.looseObject({}).optional(),
  metadata: z.looseObject({}).optional(),
});

/** Reads one message; undefined when it is not what it should be. */
type Shape<T> = (body: JsonObject) => T | undefined;

const shape =
  <T>(schema: z.ZodType): Shape<T> =>
  (body) => {
    const result = schema.safeParse(body);
    return result.success ? (result.data as T) : undefined;
  };

export const readPersistentResource: Shape<PersistentResource> = shape(persistentResource);
export const readEndpoint: Shape<Endpoint> = shape(endpoint);
export const readCustomJob: Shape<CustomJob> = shape(customJob);
export const readOperation: Shape<LongRunningOperation> = shape(operation);

/** @throws VertexError unavailable when the body is malformed. */
export function mustRead<T>(read: Shape<T>, body: JsonObject, what: string): T {
  const value = read(body);
  if (value !== undefined) return value;
  throw new VertexError(`${what}: the answer is malformed: ${JSON.stringify(body).slice(0, 200)}`, {
    class: "unavailable",
    code: 0,
    refused: false,
  });
}
