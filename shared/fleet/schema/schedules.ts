/** Calendars and schedules as a user writes them. */
import { z } from "zod";
import { dates, keys, name, replicas, resourceId, weeklyWindow, zone } from "./values.ts";

const dateList = z.array(dates).prefault([]);

/** Days that override the weekly windows. */
export const calendar = keys({
  closed: dateList.describe("Dates on which nothing is up: a day, a range `A..B`, or a span of hours on a day."),
  open: dateList.describe("Dates on which it is up, whatever the weekly windows say."),
});

const sizedWindow = keys({
  when: weeklyWindow.describe("The window, e.g. `mon-fri 08:00-20:00`."),
  replicas: z
    .record(resourceId, replicas)
    .exactOptional()
    .describe(
      "Replicas by pool id (a Spot model's is `model`) while the window lasts; of overlapping windows the larger.",
    ),
}).describe("A window that also says how large pools are.");

/** When something is up. */
export const schedule = keys({
  zone: zone.describe("IANA time zone of windows and calendars: Area/City, or UTC."),
  up: z
    .array(z.union([weeklyWindow, sizedWindow]))
    .min(1)
    .describe(
      "Weekly windows in which it is up: `mon-fri 08:00-20:00`, `daily 07:00-19:00`, `sat,sun all-day`, `fri 20:00-06:00` (the start day owns the window), or an object with `when` and `replicas`.",
    ),
  calendars: z.array(name).prefault([]).describe("Names of the calendars that apply; several merge."),
});

export type ScheduleInput = z.output<typeof schedule>;
export type CalendarInput = z.output<typeof calendar>;
