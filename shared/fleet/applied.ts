/**
 * The applied fleet as it is kept in the store: JSON in parts small enough for a Firestore document. Schedules are kept
 * once and shared by their targets, so that what is worked out for one serves all.
 */
import { createHash } from "node:crypto";
import { z } from "zod";
import type { Fleet, Schedule, TargetPolicy } from "./fleet.ts";

/** Largest part, in UTF-8 bytes; a Firestore document holds 1 MiB. */
const largestPart = 500_000;

/** The applied fleet cannot be used: nothing is done until the next `apply`. */
export class FleetUnreadable extends Error {
  override readonly name = "FleetUnreadable";
}

/** A target in the store: its schedule by name. */
type StoredTarget = TargetPolicy extends infer T ? (T extends TargetPolicy ? Omit<T, "schedule"> : never) : never;

const stored = z.looseObject({
  version: z.literal(1),
  project: z.string(),
  namePrefix: z.string(),
  limits: z.looseObject({ cyclesPerDay: z.number(), deploysPerHour: z.number(), submissionsPerMinute: z.number() }),
  prices: z.array(z.looseObject({ machineType: z.string(), onDemand: z.number() })),
  schedules: z.record(
    z.string(),
    z.looseObject({ zone: z.string(), up: z.array(z.looseObject({})), exceptions: z.array(z.looseObject({})) }),
  ),
  targets: z.array(
    z.intersection(
      z.looseObject({ name: z.string(), key: z.string(), location: z.string(), schedule: z.string().optional() }),
      z.discriminatedUnion("kind", [
        z.looseObject({ kind: z.literal("persistentResource"), resource: z.string(), scale: z.looseObject({}) }),
        z.looseObject({ kind: z.literal("spotModel"), endpoint: z.string(), ladder: z.array(z.looseObject({})) }),
      ]),
    ),
  ),
});

/** Writes a fleet as JSON. */
export function fleetToJson(fleet: Fleet): string {
  const schedules: { [name: string]: Schedule } = {};
  for (const { schedule } of fleet.targets) if (schedule !== undefined) schedules[schedule.name] = schedule;
  const targets = fleet.targets.map((target) =>
    target.schedule === undefined ? target : { ...target, schedule: target.schedule.name },
  );
  return JSON.stringify({ ...fleet, schedules, targets });
}

/**
 * Reads what {@link fleetToJson} wrote. It was checked when it was applied; here only its shape is.
 * @throws FleetUnreadable when it is something else.
 */
export function fleetFromJson(text: string): Fleet {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch (cause) {
    throw new FleetUnreadable("the applied fleet is not JSON; run `tidekeeper apply` again", { cause });
  }
  const result = stored.safeParse(data);
  if (!result.success) {
    const [issue] = result.error.issues;
    const place = issue?.path.join(".") || "its root";
    const message = `the applied fleet is malformed at ${place}: ${issue?.message ?? "unreadable"}`;
    throw new FleetUnreadable(`${message}; run \`tidekeeper apply\` again`);
  }
  const { schedules, targets, ...head } = data as Omit<Fleet, "targets"> & {
    schedules: { [name: string]: Schedule };
    targets: readonly (StoredTarget & { schedule?: string })[];
  };
  return {
    ...head,
    targets: targets.map(({ schedule: name, ...target }): TargetPolicy => {
      if (name === undefined) return target;
      const schedule = schedules[name];
      if (schedule === undefined) {
        throw new FleetUnreadable(
          `the applied fleet lacks the schedule "${name}" of ${target.name}; run \`tidekeeper apply\` again`,
        );
      }
      return { ...target, schedule };
    }),
  };
}

/** The applied fleet in parts, with the digest that the fleet head keeps (SHA-256 of the joined parts, hex). */
export interface FleetParts {
  readonly parts: readonly string[];
  readonly digest: string;
}

/**
 * Cuts a fleet into parts, between characters.
 * @param most bytes in a part.
 */
export function splitFleet(fleet: Fleet, most = largestPart): FleetParts {
  const bytes = Buffer.from(fleetToJson(fleet));
  const parts: string[] = [];
  for (let start = 0; start < bytes.length; ) {
    let end = Math.min(start + most, bytes.length);
    // 10xxxxxx continues a character: step back to where it starts.
    while (end < bytes.length && ((bytes[end] ?? 0) & 0b1100_0000) === 0b1000_0000) end--;
    parts.push(bytes.toString("utf8", start, end));
    start = end;
  }
  return { parts, digest: digestOf(parts) };
}

/**
 * Puts the parts together again.
 * @param parts in order.
 * @param digest what the fleet head keeps.
 * @throws FleetUnreadable when a part is missing or was changed.
 */
export function joinFleet(parts: readonly string[], digest: string): Fleet {
  if (digestOf(parts) !== digest) {
    throw new FleetUnreadable("the applied fleet's parts do not match its digest; run `tidekeeper apply` again");
  }
  return fleetFromJson(parts.join(""));
}

function digestOf(parts: readonly string[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest("hex");
}
