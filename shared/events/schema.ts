/**
 * The events that other systems may publish: one schema gives the type, the check, the JSON Schema and the error texts.
 * A message carries the event as JSON data, or as attributes alone (`gcloud pubsub topics publish ... --attribute=...`).
 */
import { z } from "zod";
import { nearest, suggest } from "../fleet/nearest.ts";
import { durationHint, parseDuration } from "../time/duration.ts";
import type { JsonObject } from "../vertex/vertex.ts";
import { BadEvent, type Envelope } from "./envelope.ts";

/** Largest event read, in bytes; Firestore documents must hold twenty jobs of a target. */
export const largestEvent = 32_768;

const duration = z
  .string(`must be a duration as text; ${durationHint}`)
  .transform((text, context) => {
    const parsed = parseDuration(text);
    if (parsed !== undefined) return parsed;
    context.addIssue({ code: "custom", message: `"${text}" is no duration; ${durationHint}` });
    return z.NEVER;
  })
  .describe(
    "How long the request is wanted, from its publishing: 90s, 45m, 2h30m, 1d. Default: 2h for wake and reboot, else 1d.",
  );

const instant = z.iso
  .datetime({ offset: true, error: "must be an ISO 8601 time with its zone, like 2026-11-22T18:00:00Z" })
  .transform((text) => Date.parse(text));

const common = {
  id: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/, "must be 1-128 letters, digits, dots, colons, dashes or underscores")
    .optional()
    .describe(
      "Your id for this event; a second event with it is not carried out again. Default: the Pub/Sub message id.",
    ),
  target: z
    .string("is missing, or is no text")
    .min(1, "is empty")
    .max(512)
    .describe("The fleet's name of the target, or its full resource name."),
  source: z.string().max(128).optional().describe("Who asks; shown in reasons."),
  reason: z.string().max(512).optional().describe("Why; shown in reasons."),
  ttl: duration.optional(),
  expiresAt: instant.optional().describe("World time after which it is not wanted any more; instead of ttl."),
};

/** A whole number; attributes carry numbers as text, and nothing else is turned into one (`null` must not become 0). */
const whole = (min: number, max: number) => {
  const must = `must be a whole number from ${min} to ${max}`;
  const text = z
    .string()
    .regex(/^-?\d{1,4}$/)
    .transform(Number);
  return z.union([z.number(), text], must).pipe(z.int(must).min(min, must).max(max, must));
};

const eventSchemas = {
  scale: z
    .strictObject({
      type: z.literal("scale"),
      ...common,
      pool: z.string().min(1).max(128).optional().describe("Resource pool id; may be left out where there is one."),
      replicas: whole(0, 1000).optional().describe("The size wanted."),
      delta: whole(-1000, 1000).optional().describe("Or a change to the newest size asked for."),
    })
    .refine((event) => (event.replicas === undefined) !== (event.delta === undefined), {
      error: "give either replicas or delta",
      path: ["replicas"],
    }),
  wake: z.strictObject({ type: z.literal("wake"), ...common }),
  hold: z.strictObject({ type: z.literal("hold"), ...common }),
  release: z.strictObject({ type: z.literal("release"), ...common }),
  reboot: z.strictObject({ type: z.literal("reboot"), ...common }),
  job: z.strictObject({
    type: z.literal("job"),
    ...common,
    customJob: z
      .looseObject(
        {
          displayName: z.string("must be a text").min(1, "is empty").max(128),
          jobSpec: z.looseObject({}, "must be an object, as Vertex AI takes it"),
        },
        'must be an object, e.g. {"displayName":"nightly","jobSpec":{"workerPoolSpecs":[...]}}',
      )
      // As it is stored, a number such as 1e20 is longer than as it was sent.
      .refine((job) => Buffer.byteLength(JSON.stringify(job)) <= largestEvent, {
        error: `is larger than ${largestEvent} bytes when its numbers are written out`,
      })
      .describe("A CustomJob as Vertex AI takes it; its persistentResourceId is filled in."),
  }),
} as const;

export type EventType = keyof typeof eventSchemas;
export const eventTypes = Object.keys(eventSchemas) as readonly EventType[];

/** An event as parsed; durations and times in milliseconds. */
export type FleetEvent = { [T in EventType]: z.output<(typeof eventSchemas)[T]> }[EventType];

/** An event as a publisher writes it. */
export type FleetEventInput = { [T in EventType]: z.input<(typeof eventSchemas)[T]> }[EventType];

/** JSON Schema of every event, for documentation and for senders' own checks. */
export function eventJsonSchema(): object {
  return z.toJSONSchema(z.union(Object.values(eventSchemas)), { io: "input", unrepresentable: "any" });
}

const forbiddenKeys = new Set(["__proto__", "prototype", "constructor"]);

/** Parses JSON that strangers wrote: bounded, and without keys that reach into prototypes. */
export function parseForeignJson(data: Buffer, limit: number): JsonObject {
  if (data.length > limit) {
    throw new BadEvent(
      `the message has ${data.length} bytes, more than ${limit}`,
      "send the event alone, without payload",
    );
  }
  let parsed: unknown;
  let forbidden: string | undefined;
  let endless: string | undefined;
  try {
    parsed = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(data), (key, value) => {
      if (forbiddenKeys.has(key)) forbidden = key;
      if (value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY) endless = key;
      return value;
    });
  } catch (error) {
    throw new BadEvent(
      `the message is not JSON: ${error instanceof Error ? error.message.slice(0, 120) : "unreadable"}`,
      'send an object like {"type":"scale","target":"NAME","replicas":2}',
    );
  }
  if (forbidden !== undefined) {
    throw new BadEvent(`the key ${JSON.stringify(forbidden)} is not allowed anywhere`, "remove it and publish again");
  }
  if (endless !== undefined) {
    throw new BadEvent(`the number at ${JSON.stringify(endless)} is too large`, "write one below 1e308");
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
    throw new BadEvent("the message is JSON, but not an object", 'send an object like {"type":"wake","target":"NAME"}');
  }
  return parsed as JsonObject;
}

/** A sentence for the first problem of each path: where and what. */
function describeIssues(type: EventType, issues: readonly z.core.$ZodIssue[]): string {
  const known = Object.keys(eventSchemas[type].shape);
  return issues
    .slice(0, 5)
    .map((issue) => {
      if (issue.code === "unrecognized_keys") {
        return issue.keys.map((key) => `"${key}" is no key of a ${type} event, ${suggest(key, known)}`).join(", ");
      }
      return `${issue.path.join(".") || "event"}: ${issue.message}`;
    })
    .join("; ");
}

/** The event's own id, if it has a good one. */
function idOf(body: JsonObject): string | undefined {
  return common.id.safeParse(body["id"]).data;
}

/**
 * Checks an event that is at hand as an object.
 * @throws BadEvent with everything that is wrong and what would be right.
 */
export function checkEvent(body: JsonObject): FleetEvent {
  const type = body["type"];
  if (typeof type !== "string" || !Object.hasOwn(eventSchemas, type)) {
    const near = typeof type === "string" ? nearest(type, eventTypes) : undefined;
    const meant = near === undefined ? "" : `, the nearest is "${near}"`;
    throw new BadEvent(
      `type ${type === undefined ? "is missing" : `${JSON.stringify(type)?.slice(0, 80)} is unknown${meant}`}`,
      `known types: ${eventTypes.join(", ")}`,
      idOf(body),
    );
  }
  const known = type as EventType;
  const result = eventSchemas[known].safeParse(body);
  if (!result.success) {
    throw new BadEvent(describeIssues(known, result.error.issues), "correct it and publish again", idOf(body));
  }
  return result.data;
}

/**
 * Reads the event in a message.
 * @throws BadEvent with everything that is wrong and what would be right.
 */
export function parseEvent({ data, attributes }: Envelope): FleetEvent {
  return checkEvent(data.length > 0 ? parseForeignJson(data, largestEvent) : { ...attributes });
}
