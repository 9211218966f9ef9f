/** Fleets that the demo's tests look at. */
import { readFileSync } from "node:fs";
import type { Fleet } from "../../../../shared/fleet/fleet.ts";
import { parseFleet } from "../../../../shared/fleet/parse.ts";

/** The fleet that `npm start` runs. */
export const exampleFleet: Fleet = parseFleet(readFileSync("fleet.example.yaml", "utf8"), "fleet.example.yaml").fleet;

/** A fleet of one file's text. */
export function fleetOf(text: string): Fleet {
  return parseFleet(text, "fleet.yaml").fleet;
}

/** Monday 2026-11-23, 04:00 UTC: where a demo begins. */
export const monday = Date.parse("2026-11-23T04:00:00Z");
