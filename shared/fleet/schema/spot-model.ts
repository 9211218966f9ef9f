/** A Spot-served model as a user writes it. */
import { z } from "zod";
import { day, minute } from "../../time/clock.ts";
import {
  duration,
  endpointId,
  keys,
  location,
  machine,
  modelName,
  name,
  replicas,
  weeklyWindow,
  zone,
} from "./values.ts";

const served = replicas.min(1);

const rung = keys({
  ...machine,
  provisioning: z
    .enum(["spot", "on-demand", "flex-start", "reservation"])
    .prefault("spot")
    .describe("How the machines are bought: spot, on-demand, flex-start, or reservation."),
  reservation: z
    .string()
    .min(1)
    .exactOptional()
    .describe("Full name of the reservation, for provisioning `reservation`."),
  minReplicas: served.exactOptional().describe("Overrides the model's minReplicas on this rung."),
  maxReplicas: served.exactOptional().describe("Overrides the model's maxReplicas on this rung."),
  requiredReplicas: served
    .exactOptional()
    .describe("The deployment counts as done once this many are up; the rest keep trying."),
  maxRunDuration: duration({ least: 10 * minute, most: 7 * day })
    .exactOptional()
    .describe("flex-start only: after this Vertex AI takes the machines back, at most 7d."),
});

const share = z.number().min(0).max(1);

/** One Spot model. */
export const spotModel = keys({
  name: name.describe("The fleet's own name for it: events, logs and commands use it."),
  endpoint: endpointId.describe("Id of the endpoint that serves it; several models may share one."),
  location: location.exactOptional().describe("The endpoint's region; default: the fleet's location."),
  model: modelName.describe(
    "Model id or full name, with or without `@version`. Another one is deployed with the next deploy, and told until then.",
  ),
  displayName: z
    .string()
    .min(1)
    .max(128)
    .exactOptional()
    .describe(
      "Display name of what is deployed, by which an empty memory recognises ours; a new one takes effect with the next deploy. Default: the name.",
    ),
  minReplicas: served
    .prefault(1)
    .describe(
      "The floor: when fewer are left, capacity is lost. A raised one is set on what serves; a lowered one takes effect with the next deploy.",
    ),
  maxReplicas: served.exactOptional().describe("Quota is charged for this many; default: minReplicas."),
  ladder: z.array(rung).min(1).max(20).describe("Ways to serve it, best first; the next is taken when one fails."),
  grace: duration().prefault("4m").describe("How long Vertex AI's own restarts are waited for after a loss."),
  share: z.number().int().min(0).max(100).prefault(100).describe("Percent of the endpoint's traffic that is its own."),
  returnToSpot: keys({
    stableFor: duration().prefault("30m").describe("Spot must have been obtainable for this long."),
    minSaving: share.prefault(0.3).describe("Least saving for a switch to be worth it, 0-1."),
    cooldown: duration().prefault("1h").describe("Least time between two switches."),
    notDuring: z.array(weeklyWindow).prefault([]).describe("Weekly windows in which no return is tried."),
    zone: zone.exactOptional().describe("Time zone of notDuring; default: the schedule's zone, else UTC."),
  })
    .exactOptional()
    .describe("Go back up the ladder when Spot has capacity again. Without it: only when the present rung fails."),
  schedule: name.exactOptional().describe("When it is served. Without a schedule: always."),
  maxHourlyPrice: z
    .number()
    .positive()
    .exactOptional()
    .describe("A replica dearer than this an hour is never deployed, in the currency of prices."),
});

export type SpotModelInput = z.output<typeof spotModel>;
export type RungInput = z.output<typeof rung>;
