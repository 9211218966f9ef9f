/**
 * When Spot machines can be had: times up and times down drawn as they were recorded for H100 Spot machines in October 2025
 * (SkyNomad artifact): 56 % of stockouts end within 10 min, 73 % within 20, 89 % within 60, and what has been up for an
 * hour stays up for about three more.
 */
import type { SpotModelPolicy, TargetPolicy } from "../../../../shared/fleet/fleet.ts";
import { hour, type Millis, minute } from "../../../../shared/time/clock.ts";
import type { Random } from "../../../local/clock/clock.ts";
import { between, dice } from "./draw.ts";
import type { Happening, Span, SpotPlace } from "./happening.ts";
import { onTimes } from "./on-times.ts";

/** Share of stockouts that end within so many minutes, and within how many the ones before them ended. */
const recorded = [
  { share: 0.56, least: 3, most: 10 },
  { share: 0.73, least: 11, most: 20 },
  { share: 0.89, least: 21, most: 60 },
  { share: 1, least: 61, most: 150 },
] as const;

/** How long a stockout lasts. */
export function drawDown(random: Random): Millis {
  const lot = random();
  const { least, most } = recorded.find(({ share }) => lot < share) ?? recorded[3];
  return between(random, least, most) * minute;
}

/** How long machines can be had between two stockouts. */
function drawUp(random: Random): Millis {
  return between(random, 90, 400) * minute;
}

interface PlaceInUse {
  readonly place: SpotPlace;
  readonly models: readonly SpotModelPolicy[];
  /** Whether a model's first choice is here: what happens here is seen. */
  readonly preferred: boolean;
}

/** Every Spot place that the ladders draw on. */
function placesOf(targets: readonly TargetPolicy[]): readonly PlaceInUse[] {
  const places = new Map<string, PlaceInUse>();
  for (const model of targets) {
    if (model.kind !== "spotModel") continue;
    for (const [index, { provisioning, machineType, acceleratorType = "" }] of model.ladder.entries()) {
      if (provisioning !== "spot") continue;
      const { project, location: region } = model;
      const key = [project, region, machineType, acceleratorType].join(" ");
      const known = places.get(key);
      places.set(key, {
        place: { project, region, machineType, acceleratorType, provisioning: "SPOT" },
        models: [...(known?.models ?? []), model],
        preferred: (known?.preferred ?? false) || index === 0,
      });
    }
  }
  return [...places.values()];
}

function outagesOf({ place, models, preferred }: PlaceInUse, seed: number, { from, calm }: Span): readonly Happening[] {
  const random = dice(seed, `spot of ${Object.values(place).join(" ")}`);
  const names = models.map(({ name }) => name);
  const happenings: Happening[] = [];
  const take = (at: Millis, down: Millis, signals: readonly string[]) => {
    const until = Math.min(at + down, calm);
    happenings.push({ at, do: "outage", place, until, signals }, { at: until, do: "recovery", place });
    return until;
  };
  let at = from + drawUp(random);
  const [busy] = onTimes(models[0] ?? {}, from, calm);
  if (preferred && busy !== undefined) {
    // The first is long enough, and at such a time, that the next rung is seen to take over.
    const first = busy.start + Math.max(2 * hour, (busy.end - busy.start) * 0.15);
    if (first < calm) at = take(first, between(random, 35, 70) * minute, names) + drawUp(random);
  }
  for (let number = 1; at < calm; number += 1) {
    // Every other one has a sender: the tick must find the rest by itself.
    at = take(at, drawDown(random), number % 2 === 0 ? names : []) + drawUp(random);
  }
  return happenings;
}

/** The stockouts of every Spot place of a fleet; all is back when the span's calm begins. */
export function planSpot(targets: readonly TargetPolicy[], seed: number, span: Span): readonly Happening[] {
  return placesOf(targets).flatMap((place) => outagesOf(place, seed, span));
}
