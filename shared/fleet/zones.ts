/**
 * Time zones of schedules: canonical `Area/City` names and UTC. `Intl` would accept abbreviations and offsets too, with
 * meanings that surprise (`EST` has no summer time), so they are refused.
 */
import { Temporal } from "../time/temporal.ts";
import { nearest } from "./nearest.ts";

const areas = /^(?:Africa|America|Antarctica|Arctic|Asia|Atlantic|Australia|Europe|Indian|Pacific)\//;

/** What stands behind abbreviations that people write; a guess to offer, never one to make. */
const abbreviations: { readonly [name: string]: string } = {
  CET: "Europe/Berlin",
  CEST: "Europe/Berlin",
  MET: "Europe/Berlin",
  EET: "Europe/Helsinki",
  WET: "Europe/Lisbon",
  BST: "Europe/London",
  EST: "America/New_York",
  EDT: "America/New_York",
  CST: "America/Chicago",
  CDT: "America/Chicago",
  MST: "America/Denver",
  MDT: "America/Denver",
  PST: "America/Los_Angeles",
  PDT: "America/Los_Angeles",
  IST: "Asia/Kolkata",
  JST: "Asia/Tokyo",
  AEST: "Australia/Sydney",
  Z: "UTC",
  GMT: "UTC",
};

const exampleZone = 'write a zone like "Europe/Berlin", or "UTC"';

/** What a zone may not mean, though it is usable. */
export interface ZoneNote {
  readonly message: string;
  readonly hint: string;
}

/** A zone as read: usable, with a note where it may not mean what it seems to; or refused. */
export type ZoneReading =
  | { readonly ok: true; readonly zone: string; readonly note?: ZoneNote }
  | { readonly ok: false; readonly message: string; readonly hint: string };

/** Reads a zone name as written by a user. */
export function readZone(written: string): ZoneReading {
  const zone = written.trim();
  const refuse = (message: string, hint: string): ZoneReading => ({ ok: false, message, hint });
  const trimmed =
    zone === written
      ? {}
      : { note: { message: `blanks around ${JSON.stringify(zone)} were ignored`, hint: `write "${zone}"` } };
  if (zone === "UTC") return { ok: true, zone, ...trimmed };

  const fixed = /^Etc\/GMT([+-])(\d{1,2})$/.exec(zone);
  if (fixed && idOf(zone) === zone) {
    const meaning = `UTC${fixed[1] === "+" ? "-" : "+"}${fixed[2]}`;
    const hint = 'write "Area/City" if that is not what you mean';
    return { ok: true, zone, note: { message: `${zone} means ${meaning}, without summer time`, hint } };
  }
  const guess = abbreviations[zone.toUpperCase()];
  if (guess !== undefined) return refuse(`${JSON.stringify(zone)} is an abbreviation`, `write "${guess}"`);
  if (/^(?:UTC|GMT)?[+-]\d/i.test(zone)) {
    return refuse(`${JSON.stringify(zone)} is an offset, which knows no summer time`, exampleZone);
  }
  const id = idOf(zone);
  if (id === undefined) {
    const known = [...Intl.supportedValuesOf("timeZone"), "UTC"];
    const near = nearest(zone, known);
    return refuse(
      `${JSON.stringify(zone)} is no time zone`,
      near === undefined ? exampleZone : `the nearest is "${near}"`,
    );
  }
  if (id !== zone) return refuse(`${JSON.stringify(zone)} is spelled differently`, `write "${id}"`);
  if (!areas.test(zone)) {
    const canonical = new Intl.DateTimeFormat("en", { timeZone: zone }).resolvedOptions().timeZone;
    return refuse(`${JSON.stringify(zone)} is an old name`, `write "${canonical}"`);
  }
  return { ok: true, zone, ...trimmed };
}

/** The zone's own spelling, or undefined where there is no such zone. */
function idOf(zone: string): string | undefined {
  try {
    return new Temporal.ZonedDateTime(0n, zone).timeZoneId;
  } catch {
    return undefined;
  }
}
