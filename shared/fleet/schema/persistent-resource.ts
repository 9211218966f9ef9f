/** A persistent resource as a user writes it. */
import { z } from "zod";
import { hour, minute } from "../../time/clock.ts";
import { duration, durationOrAuto, keys, location, machine, name, replicas, resourceId, text } from "./values.ts";

const labelText = text(
  /^[\p{Ll}\p{Lo}\p{N}_-]{0,63}$/u,
  "label",
  "labels take up to 63 lower-case letters, digits, dashes and underscores",
);

const bounds = keys({
  min: replicas.describe("Fewest replicas; 0 is for Ray clusters only."),
  max: replicas.min(1).describe("Most replicas."),
});

const pool = keys({
  id: resourceId.describe("Pool id; scale events and windows name it."),
  ...machine,
  replicas: replicas.exactOptional().describe("Machines in the pool; may be left out where it autoscales."),
  autoscaling: bounds.exactOptional().describe("Let Vertex AI size the pool itself between these bounds."),
  disk: keys({
    type: z.enum(["pd-ssd", "pd-standard", "hyperdisk-balanced"]).prefault("pd-ssd").describe("Boot disk type."),
    sizeGb: z.number().int().min(100).max(64_000).prefault(100).describe("Boot disk size in GB."),
  })
    .exactOptional()
    .describe("Boot disk; a job's disk must match it exactly."),
});

const pools = z.array(pool).min(1);

const spec = keys({
  displayName: z.string().min(1).max(128).exactOptional().describe("Name shown in the console."),
  labels: z.record(labelText, labelText).exactOptional().describe("Labels; Vertex AI cannot change them later."),
  network: text(
    /^projects\/\d+\/global\/networks\/[a-z][a-z0-9-]{0,62}$/,
    "network",
    'write "projects/NUMBER/global/networks/NAME", with the project\'s number',
  )
    .exactOptional()
    .describe("VPC network to peer with, by project number."),
  reservedIpRanges: z.array(z.string().min(1)).exactOptional().describe("Names of reserved ranges in that network."),
  networkAttachment: z.string().min(1).exactOptional().describe("Private Service Connect network attachment."),
  serviceAccount: text(/^[^@\s]+@[^@\s]+$/, "service account", "write its e-mail address")
    .exactOptional()
    .describe("Service account that jobs run as."),
  kmsKeyName: text(
    /^projects\/[^/\s]+\/locations\/[^/\s]+\/keyRings\/[^/\s]+\/cryptoKeys\/[^/\s]+$/,
    "key",
    'write "projects/P/locations/L/keyRings/R/cryptoKeys/K"',
  )
    .exactOptional()
    .describe("Customer-managed encryption key."),
  ray: keys({
    imageUri: z.string().min(1).exactOptional().describe("Container image of the Ray nodes."),
    headNodeResourcePoolId: resourceId.exactOptional().describe("Pool of the head node; default: the first."),
  })
    .exactOptional()
    .describe("Make it a Ray cluster."),
  resourcePools: pools.describe("The machines."),
});

/** The object form of `idle`; the short form has its defaults for everything but `after`. */
export const idleKeys = keys({
  after: durationOrAuto({ least: 2 * minute })
    .prefault("15m")
    .describe("Idle for this long puts it to sleep; `auto` learns from its own past gaps."),
  grace: duration().prefault("10m").describe("A resource younger than this is never called idle."),
  recreateCost: duration()
    .prefault("30m")
    .describe("What recreating it costs, as so much idle time; a shorter sleep is not begun."),
  ray: z.boolean().prefault(false).describe("Whether a Ray cluster may sleep for being idle, too."),
}).describe("Delete it when no job has used it for a while. Without this key idleness deletes nothing.");

const busyActions = z.enum(["wait", "shrink", "cancel", "skip"]);

const busyKeys = keys({
  action: busyActions.prefault("wait").describe("wait, shrink (to the replicas in use), cancel (the jobs), or skip."),
  maxWait: duration().exactOptional().describe("How long wait and shrink go on; default 2h."),
  // biome-ignore lint/suspicious/noThenProperty: the contract's word; its value is text, which nothing awaits.
  then: z.enum(["skip", "cancel"]).exactOptional().describe("What follows after maxWait; default skip."),
});

/** One persistent resource. */
export const persistentResource = keys({
  name: name.describe("The fleet's own name for it: events, logs and commands use it."),
  id: resourceId.exactOptional().describe("Its id in Vertex AI; default: the name."),
  location: location.exactOptional().describe("Its region; default: the fleet's location."),
  schedule: name.exactOptional().describe("When it may be on. Without a schedule: always."),
  idle: z
    .union([durationOrAuto({ least: 2 * minute }), idleKeys])
    .exactOptional()
    .describe("Delete it when idle: `15m`, `auto`, or an object. Without this key idleness deletes nothing."),
  onBusy: z
    .union([busyActions, busyKeys])
    .prefault({})
    .describe("What happens to a pool that still has a job when its window ends."),
  scale: keys({
    strategy: z
      .enum(["patch", "replace", "never"])
      .prefault("patch")
      .describe("patch (resize in place), replace (delete and recreate, only when idle), or never."),
    pools: z.record(resourceId, bounds).prefault({}).describe("Bounds by pool id; other pools cannot be scaled."),
  })
    .prefault({})
    .describe("How, and how far, scale events and windows may change its size."),
  restore: keys({
    early: durationOrAuto({ most: 6 * hour })
      .prefault("auto")
      .describe("Recreate this long before the window starts; `auto` uses the measured start-up time."),
    alternatives: z
      .array(keys({ resourcePools: pools.describe("The machines to take instead, with the same pool ids.") }))
      .prefault([])
      .describe("Other machines, tried in order when the first have no capacity or quota; all else stays as it was."),
  })
    .prefault({})
    .describe("How it is built again after a sleep."),
  spec: spec
    .exactOptional()
    .describe("What to create. Without it an existing resource is adopted, and only what was deleted is rebuilt."),
});

export type PersistentResourceInput = z.output<typeof persistentResource>;
export type SpecInput = z.output<typeof spec>;
export type PoolInput = z.output<typeof pool>;
