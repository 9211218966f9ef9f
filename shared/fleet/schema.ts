/**
 * The fleet file: one schema gives the check, the types, the JSON Schema for editors and the texts shown there.
 * Rules that look at several keys at once are in rules/.
 */
import { z } from "zod";
import { persistentResource } from "./schema/persistent-resource.ts";
import { calendar, schedule } from "./schema/schedules.ts";
import { spotModel } from "./schema/spot-model.ts";
import { keys, location, machine, name, projectId, text } from "./schema/values.ts";

const limits = keys({
  cyclesPerDay: z.number().int().min(1).max(48).prefault(4).describe("Deletes of one target within 24 h, at most."),
  deploysPerHour: z.number().int().min(1).max(60).prefault(6).describe("Deploys of one model within an hour, at most."),
  submissionsPerMinute: z
    .number()
    .int()
    .min(1)
    .max(60)
    .prefault(30)
    .describe("Long-running submissions a minute and location, at most; Google allows 60."),
  idleAtOncePools: z
    .number()
    .int()
    .min(2)
    .prefault(4)
    .describe("So many busy pools of a location turning idle in one sample are an outage, not idleness."),
  idleAtOnceShare: z
    .number()
    .min(0.1)
    .max(1)
    .prefault(0.8)
    .describe("But only if they are at least this share of its busy pools, 0-1."),
});

const hourly = z.number().min(0);

const price = keys({
  ...machine,
  location: location.exactOptional().describe("Where it holds; default: everywhere."),
  onDemand: hourly.describe("One machine for an hour, on demand."),
  spot: hourly.exactOptional().describe("One machine for an hour on Spot."),
  flexStart: hourly.exactOptional().describe("One machine for an hour with flex-start."),
});

/** The parts of a fleet file that hold many things; each thing is checked on its own where the file is faulty. */
export const sections = { price, calendar, schedule, persistentResource, spotModel } as const;

/** The whole fleet file. */
export const fleetFile = keys({
  version: z.literal(1).describe("Version of this format."),
  project: projectId.describe("Google Cloud project id."),
  location: location.exactOptional().describe("Region of every target that does not name its own."),
  namePrefix: text(
    /^[a-z][a-z0-9-]{0,30}[a-z0-9]$/,
    "prefix",
    "use 2-32 lower-case letters, digits and dashes, a letter first and no dash last",
  )
    .prefault("tidekeeper")
    .describe("First word of every topic, subscription and function name."),
  limits: limits.prefault({}).describe("What is never exceeded, whatever is asked."),
  prices: z.array(price).prefault([]).describe("Prices in one currency of your own; savings need them."),
  calendars: z.record(name, calendar).prefault({}).describe("Dates that override weekly windows, by name."),
  schedules: z.record(name, schedule).prefault({}).describe("When things are up, by name."),
  persistentResources: z.array(persistentResource).prefault([]).describe("The persistent resources to look after."),
  spotModels: z.array(spotModel).prefault([]).describe("The Spot-served models to look after."),
});

export type FleetFile = z.output<typeof fleetFile>;
export type PriceInput = z.output<typeof price>;
