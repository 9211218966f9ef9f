/** Our own shape, for anybody who can publish: `{"type":"preempted","target":"chat"}`, as JSON or as attributes alone. */
import { z } from "zod";
import { endpointOf, instantOf, known, type Recognise } from "./signal.ts";

const schema = z
  .looseObject({
    type: z.literal("preempted"),
    id: z.string().min(1).max(128).optional(),
    target: z.string().min(1).max(512).optional(),
    endpoint: z.string().min(1).max(512).optional(),
    deployedModelId: z
      .string()
      .regex(/^\d{1,10}$/)
      .optional(),
    at: z.string().optional(),
    reason: z.string().max(512).optional(),
  })
  .refine(({ target, endpoint }) => target !== undefined || endpointOf(endpoint) !== undefined);

/** Recognises a preemption that names the target, or its endpoint by the full resource name. */
export const message: Recognise = (body, { attributes, messageId }) => {
  const parsed = schema.safeParse(body);
  if (!parsed.success) return undefined;
  const { id, target, deployedModelId, at, reason } = parsed.data;
  const endpoint = endpointOf(parsed.data.endpoint);
  return known({
    source: "message" as const,
    dedupeKey: `message/${id ?? attributes["id"] ?? messageId}`,
    at: instantOf(at),
    endpoint,
    deployedModelId,
    target,
    project: endpoint?.project,
    location: endpoint?.location,
    text: `${target ?? parsed.data.endpoint} was preempted${reason === undefined ? "" : `: ${reason}`}`,
  });
};
