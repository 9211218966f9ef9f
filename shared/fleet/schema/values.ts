/**
 * The small words of a fleet file: durations, names, places, machines, windows. Each says what it takes and what to write
 * instead.
 */
import { z } from "zod";
import type { Millis } from "../../time/clock.ts";
import { formatDuration, parseDuration } from "../../time/duration.ts";
import { acceleratorTypes } from "../../vertex/enum-values.ts";
import { quote, say } from "../issues.ts";
import { suggest } from "../nearest.ts";
import { dateHint, type Reading, readDates, readWindow, windowHint } from "../windows.ts";
import { readZone, type ZoneNote } from "../zones.ts";

const noMerge = "YAML 1.2 has no merge keys: write the keys out, or repeat the whole group by an alias";

/** An object that takes no other keys; an unknown one is answered with what was probably meant. */
export function keys<S extends z.core.$ZodLooseShape>(shape: S) {
  const known = Object.keys(shape);
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === "unrecognized_keys"
        ? issue.keys.map((key) => (key === "<<" ? noMerge : suggest(key, known))).join("\n")
        : undefined,
  });
}

/** Text of a form. */
export function text(pattern: RegExp, what: string, hint: string) {
  return z.string().regex(pattern, { error: (issue) => say(`${quote(issue.input)} is no ${what}`, hint) });
}

/** Text that is read into something else. */
function read<T>(reader: (text: string) => Reading<T>, what: string, hint: string) {
  const error: z.core.$ZodErrorMap = ({ input }) => say(`${quote(input)} is no ${what}`, hint);
  return z.string({ error }).transform((written, context): T => {
    const reading = reader(written);
    if (reading.ok) return reading.value;
    context.addIssue({ code: "custom", message: say(reading.message, reading.hint) });
    return z.NEVER;
  });
}

/** Bounds of a duration; absent: none. */
interface DurationBounds {
  readonly least?: Millis;
  readonly most?: Millis;
}

const durationHint = "write one like 90s, 45m, 2h30m or 1d";

function readDuration(written: string, { least = 0, most = Infinity }: DurationBounds): Reading<Millis> {
  const value = parseDuration(written);
  if (value === undefined) return { ok: false, message: `${quote(written)} is no duration`, hint: durationHint };
  if (value < least) {
    return { ok: false, message: `${quote(written)} is too short`, hint: `write at least ${formatDuration(least)}` };
  }
  if (value > most) {
    return { ok: false, message: `${quote(written)} is too long`, hint: `write at most ${formatDuration(most)}` };
  }
  return { ok: true, value };
}

/** A duration, read into milliseconds. */
export const duration = (bounds: DurationBounds = {}) =>
  read((written) => readDuration(written, bounds), "duration", durationHint);

/** A duration, or the word `auto`. */
export const durationOrAuto = (bounds: DurationBounds = {}) =>
  read<Millis | "auto">(
    (written) => (written.trim() === "auto" ? { ok: true, value: "auto" } : readDuration(written, bounds)),
    "duration",
    `${durationHint}, or auto`,
  );

/** A time zone, with a note where it may not mean what it seems to. */
export const zone = read(
  (written): Reading<{ readonly zone: string; readonly note?: ZoneNote }> => {
    const reading = readZone(written);
    if (!reading.ok) return reading;
    return { ok: true, value: { zone: reading.zone, ...(reading.note === undefined ? {} : { note: reading.note }) } };
  },
  "time zone",
  'write "Area/City", or "UTC"',
);

/** A weekly window. */
export const weeklyWindow = read(readWindow, "weekly window", windowHint);

/** Dates of a calendar. */
export const dates = read(readDates, "date", dateHint);

/** A word that the fleet itself gives: target, schedule, calendar. */
export const name = text(
  /^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/,
  "name",
  "use 1-63 lower-case letters, digits and dashes, a letter first and no dash last",
);

/** Id of a persistent resource (vertex-api.md 1.1) or of a pool. */
export const resourceId = text(
  /^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/,
  "resource id",
  "Vertex AI takes 1-63 lower-case letters, digits and dashes, a letter first and no dash last",
);

/** Id of an endpoint (vertex-api.md 3.1); Google's own are longer numbers than a caller may choose. */
export const endpointId = text(
  /^(?:[a-z]([a-z0-9-]{0,61}[a-z0-9])?|[1-9][0-9]{0,19})$/,
  "endpoint id",
  "Vertex AI takes a number without leading zero, in quotes, or 1-63 lower-case letters, digits and dashes",
);

/** A model by id, or by full name. */
export const modelName = text(
  /^(?:projects\/[^/\s]+\/locations\/[^/\s]+\/models\/)?[A-Za-z0-9][\w.-]{0,127}(?:@[A-Za-z0-9][\w-]{0,62})?$/,
  "model",
  'write its id, or "projects/P/locations/L/models/M", each with or without "@version"',
);

/** A region of Google Cloud. */
export const location = z.string().superRefine((written, context) => {
  if (/^[a-z]+(?:-[a-z]+)+[0-9]{1,2}$/.test(written)) return;
  const region = /^([a-z]+(?:-[a-z]+)+[0-9]{1,2})-[a-z]$/.exec(written)?.[1];
  context.addIssue({
    code: "custom",
    message:
      region === undefined
        ? say(`${quote(written)} is no location`, 'write a region, like "us-central1"')
        : say(`${quote(written)} is a zone`, `Vertex AI works by region: write "${region}"`),
  });
});

/** A project id, domain-scoped or not. */
export const projectId = text(
  /^(?:[a-z0-9.-]+:)?[a-z][a-z0-9-]{0,28}[a-z0-9]$/,
  "project id",
  "write the project's id (not its number or name): lower-case letters, digits and dashes",
);

/** A Compute Engine machine type. */
const machineType = text(
  /^[a-z][a-z0-9]*(?:-[a-z0-9]+)+$/,
  "machine type",
  'write one like "n1-standard-8", "g2-standard-12" or "a2-highgpu-1g"',
);

/** Vertex AI's own AcceleratorType names, deprecated ones left out (accelerator_type.proto). */
const acceleratorType = z.enum(acceleratorTypes).exclude(["ACCELERATOR_TYPE_UNSPECIFIED", "NVIDIA_TESLA_K80"]);

/** A number of machines; 1,000 is the most that a pool takes (vertex-api.md 1.2). */
export const replicas = z.number().int().min(0).max(1000);

/** Keys of a machine, the same wherever one is named. */
export const machine = {
  machineType: machineType.describe("Compute Engine machine type, e.g. g2-standard-12."),
  acceleratorType: acceleratorType.exactOptional().describe("Vertex AI's name of the accelerator, e.g. NVIDIA_L4."),
  acceleratorCount: z.number().int().min(1).max(16).exactOptional().describe("Accelerators in one machine."),
};
