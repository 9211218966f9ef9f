/** Where machines come from: a region's machines of one kind, had in one way. */
import { z } from "zod";
import type { Json, JsonObject } from "../../wire/service.ts";

/** How machines are had. */
export const provisionings = ["ON_DEMAND", "SPOT", "FLEX_START", "RESERVATION"] as const;
/** How machines are had. */
export type Provisioning = (typeof provisionings)[number];

/** A machine as requests specify it. */
export type Machine = { type: string; acceleratorType: string; acceleratorCount: number };

/** A place as one project sees it; each project is a world of its own. */
export type Place = {
  project: string;
  region: string;
  machineType: string;
  /** "" = none. */
  acceleratorType: string;
  provisioning: Provisioning;
};

/** Some places: those that agree in everything given. */
export const patternSchema = z.strictObject({
  project: z.string().optional(),
  region: z.string().optional(),
  machineType: z.string().optional(),
  acceleratorType: z.string().optional(),
  provisioning: z.enum(provisionings).optional(),
});
/** Some places. */
export type PlacePattern = { [Key in keyof Place]?: Place[Key] | undefined };

const keys = ["project", "region", "machineType", "acceleratorType", "provisioning"] as const;

/** Whether a place is among those of a pattern. */
export function inPattern(pattern: PlacePattern, place: Place): boolean {
  return keys.every((key) => pattern[key] === undefined || pattern[key] === place[key]);
}

/** Whether two patterns are written alike. */
export function samePattern(a: PlacePattern, b: PlacePattern): boolean {
  return keys.every((key) => a[key] === b[key]);
}

/** A text that is the same for the same place only. */
export function placeKey(place: Place): string {
  return keys.map((key) => place[key]).join("|");
}

/** The machine of a MachineSpec. @param defaultType - machine type when none is given. */
export function machineOf(spec: JsonObject, defaultType = ""): Machine {
  const type = spec["machineType"];
  const acceleratorType = spec["acceleratorType"];
  return {
    type: typeof type === "string" && type !== "" ? type : defaultType,
    acceleratorType:
      typeof acceleratorType === "string" && !/UNSPECIFIED$/.test(acceleratorType) ? acceleratorType : "",
    acceleratorCount: Number(spec["acceleratorCount"] ?? 0),
  };
}

/** How a reservation affinity has machines: only SPECIFIC_RESERVATION draws on a reservation alone. */
export function reserved(spec: JsonObject): boolean {
  const affinity: Json | undefined = spec["reservationAffinity"];
  return (
    typeof affinity === "object" &&
    affinity !== null &&
    !Array.isArray(affinity) &&
    affinity["reservationAffinityType"] === "SPECIFIC_RESERVATION"
  );
}
