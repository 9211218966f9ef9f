/** Names that refer to one another: schedules, calendars, locations; each must be defined, and used. */
import type { Draft } from "../draft.ts";
import { type Path, quote } from "../issues.ts";
import { suggest } from "../nearest.ts";
import type { Report } from "./report.ts";

interface Use {
  readonly name: string;
  readonly path: Path;
}

/** Checks every reference of the file. */
export function checkReferences(draft: Draft, report: Report): void {
  const targets = [...draft.persistentResources, ...draft.spotModels];
  const schedules = targets.flatMap(({ path, value }): Use[] =>
    value.schedule === undefined ? [] : [{ name: value.schedule, path: [...path, "schedule"] }],
  );
  const calendars = [...draft.schedules].flatMap(([name, schedule]) =>
    (schedule?.calendars ?? []).map(
      (calendar, index): Use => ({ name: calendar, path: ["schedules", name, "calendars", index] }),
    ),
  );
  checkUses("schedule", schedules, [...draft.schedules.keys()], report);
  checkUses("calendar", calendars, [...draft.calendars.keys()], report);

  const homeless = targets.filter(({ value }) => value.location === undefined);
  const [first] = homeless;
  if (first !== undefined && draft.location === undefined) {
    const more = homeless.length > 1 ? ` and ${homeless.length - 1} more have` : " has";
    report.error(first.path, `${quote(first.value.name)}${more} no location`, 'add "location" here or at the top');
  }
}

/** Tells an undefined name once, wherever it is used, and a defined one that is not used. */
function checkUses(kind: "schedule" | "calendar", uses: readonly Use[], defined: readonly string[], report: Report) {
  const used = new Map<string, readonly Use[]>();
  for (const use of uses) used.set(use.name, [...(used.get(use.name) ?? []), use]);
  for (const [name, places] of used) {
    const [first] = places;
    if (defined.includes(name) || first === undefined) continue;
    const more = places.length > 1 ? ` (used at ${places.length} places)` : "";
    const hint = defined.length > 0 ? suggest(name, defined) : `define it under ${kind}s`;
    report.error(first.path, `no ${kind} is called ${quote(name)}${more}`, hint);
  }
  for (const name of defined) {
    if (used.has(name)) continue;
    report.warning([`${kind}s`, name], `nothing uses the ${kind} ${quote(name)}`, "use it, or remove it", "key");
  }
}
