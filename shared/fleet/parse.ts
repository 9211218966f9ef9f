/** Reads a fleet file: text in, fleet out, or everything that is wrong with it at once. */
import { buildFleet } from "./build.ts";
import { describeIssues } from "./describe.ts";
import { type Draft, salvagedDraft, soundDraft } from "./draft.ts";
import type { Fleet } from "./fleet.ts";
import { type Finding, FleetInvalid, type FleetIssue, type Path } from "./issues.ts";
import { checkIdentity } from "./rules/identity.ts";
import { checkMachines } from "./rules/machines.ts";
import { checkPersistentResources } from "./rules/persistent-resources.ts";
import { checkReferences } from "./rules/references.ts";
import { openReport, type Report } from "./rules/report.ts";
import { checkSchedules } from "./rules/schedules.ts";
import { checkSpotModels } from "./rules/spot-models.ts";
import { fleetFile } from "./schema.ts";
import { readSource } from "./source.ts";

/** A fleet, and what is odd about its file without being wrong. */
export interface ParsedFleet {
  readonly fleet: Fleet;
  readonly warnings: readonly FleetIssue[];
}

/** Every rule that looks at several keys at once. */
const rules: readonly ((draft: Draft, report: Report) => void)[] = [
  checkReferences,
  checkIdentity,
  checkMachines,
  checkSchedules,
  checkPersistentResources,
  checkSpotModels,
];

/**
 * Parses a fleet file (YAML; JSON is YAML).
 * @param file the file's name, for messages.
 * @throws FleetInvalid with every cause, each once, in order of place.
 */
export function parseFleet(text: string, file: string): ParsedFleet {
  const source = readSource(text, file);
  if (source.data === undefined) throw new FleetInvalid(source.issues);

  const parsed = fleetFile.safeParse(source.data);
  const findings = parsed.success ? [] : describeIssues(parsed.error.issues, source.data);
  const report = openReport();
  const draft = parsed.success ? soundDraft(parsed.data) : salvagedDraft(source.data);
  for (const rule of rules) rule(draft, report);

  const errors = [...findings, ...report.errors.filter(({ path }) => !findings.some((known) => touches(known, path)))];
  if (!parsed.success || errors.length > 0 || source.issues.length > 0) {
    throw new FleetInvalid(inOrder([...source.issues, ...errors.map((finding) => source.locate(finding))]));
  }
  return {
    fleet: buildFleet(parsed.data),
    warnings: inOrder(report.warnings.map((finding) => source.locate(finding))),
  };
}

/** Whether a finding is already about this place, what holds it or what it holds: then the rule saw only its shadow. */
function touches(known: Finding, path: Path): boolean {
  const length = Math.min(known.path.length, path.length);
  return known.path.slice(0, length).every((step, index) => step === path[index]);
}

function inOrder(issues: readonly FleetIssue[]): readonly FleetIssue[] {
  return issues.toSorted((a, b) => a.line - b.line || a.column - b.column);
}
