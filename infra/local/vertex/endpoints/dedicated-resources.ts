/** DedicatedResources and AutomaticResources: read, checked, charged, written. */
import type { Json, JsonObject } from "../../wire/service.ts";
import type { Version } from "../api/dispatch.ts";
import { errorOf, status } from "../api/errors.ts";
import type { Fields } from "../api/fields.ts";
import { message } from "../api/json.ts";
import type { Location } from "../api/names.ts";
import { type Machine, machineOf, type Place, type Provisioning, reserved } from "../capacity/place.ts";
import { type Quotas, servingClaim } from "../capacity/quota.ts";
import { servingQuotaText } from "../capacity/texts.ts";

/** Machines that serve a model. */
export type Dedicated = {
  automatic: boolean;
  machineSpec: JsonObject;
  machine: Machine;
  min: number;
  max: number;
  required: number | null;
  initial: number | null;
  spot: boolean;
  /** Flex-start's longest run. */
  flexMilliseconds: number | null;
  /** Scale-to-zero's idle time. */
  idleMilliseconds: number | null;
  metrics: Json | null;
  scaleToZeroSpec: JsonObject | null;
};

/** Machine of a DeployedModel that names none (proto). */
const defaultMachine = "n1-standard-2";
const longestFlexRun = 7 * 24 * 3600 * 1000;
const betaOnly = ["initialReplicaCount", "flexStart", "scaleToZeroSpec"] as const;

/** Reads DedicatedResources; fields that only v1beta1 has are wrong in v1. */
export function readDedicated(resources: Fields, version: Version): Dedicated {
  const spec = resources.requiredMessage("machineSpec");
  const machine = machineOf(spec.json, defaultMachine);
  if (machine.acceleratorType && machine.acceleratorCount < 1) spec.wrong("acceleratorCount", "Must be at least 1.");
  if (version === "v1") {
    for (const key of betaOnly) if (resources.has(key)) resources.wrong(key, "This field exists in v1beta1 only.");
  }
  const scaleToZero = resources.message("scaleToZeroSpec");
  const idle = scaleToZero?.duration("idleScaledownPeriod");
  if (idle !== undefined && (idle < 300_000 || idle > 28_800_000)) {
    scaleToZero?.wrong("idleScaledownPeriod", "Must be between 300s and 28800s.");
  }
  const spot = resources.boolean("spot") ?? false;
  const flex = resources.message("flexStart");
  const flexRun = flex?.duration("maxRuntimeDuration");
  if (flex && (!flexRun || flexRun < 0 || flexRun > longestFlexRun)) {
    flex.wrong("maxRuntimeDuration", "Must be greater than 0s and at most 604800s.");
  }
  if (spot && flex) resources.wrong("spot", "spot and flex_start exclude each other.");
  if ((spot || flex) && spec.string("tpuTopology"))
    resources.wrong("machineSpec", "Spot and flex-start VMs do not support TPU pods.");
  const min = resources.integer("minReplicaCount") ?? 0;
  if (min < (scaleToZero ? 0 : 1)) resources.wrong("minReplicaCount", "Must be at least 1.");
  const sizes = readSizes(resources, min);
  const initial = resources.integer("initialReplicaCount") ?? null;
  return {
    automatic: false,
    machineSpec: spec.json,
    machine,
    ...sizes,
    initial,
    spot,
    flexMilliseconds: flexRun ?? null,
    idleMilliseconds: scaleToZero ? (idle ?? 3_600_000) : null,
    metrics: resources.json["autoscalingMetricSpecs"] ?? null,
    scaleToZeroSpec: scaleToZero?.json ?? null,
  };
}

/** Reads AutomaticResources. */
export function readAutomatic(resources: Fields): Dedicated {
  const min = resources.integer("minReplicaCount") || 1;
  if (min < 1) resources.wrong("minReplicaCount", "Must be at least 1.");
  return {
    automatic: true,
    machineSpec: {},
    machine: machineOf({}, defaultMachine),
    ...readSizes(resources, min),
    initial: null,
    spot: false,
    flexMilliseconds: null,
    idleMilliseconds: null,
    metrics: null,
    scaleToZeroSpec: null,
  };
}

function readSizes(resources: Fields, min: number): Pick<Dedicated, "min" | "max" | "required"> {
  const max = resources.integer("maxReplicaCount") || Math.max(min, 1);
  if (max < min) resources.wrong("maxReplicaCount", "Must not be less than min_replica_count.");
  const required = resources.integer("requiredReplicaCount") || null;
  if (required !== null && (required < 1 || required > Math.max(min, 1))) {
    resources.wrong("requiredReplicaCount", "Must be greater than 0 and not greater than min_replica_count.");
  }
  return { min, max, required };
}

/** What MutateDeployedModel may change. */
const mutable: Readonly<Record<string, string>> = {
  min_replica_count: "minReplicaCount",
  max_replica_count: "maxReplicaCount",
  required_replica_count: "requiredReplicaCount",
  autoscaling_metric_specs: "autoscalingMetricSpecs",
};

/** The names under dedicated_resources that can be changed later. */
export const mutableNames: readonly string[] = Object.keys(mutable);

/** The resources with the named fields taken from `wanted`; violations are noted there. */
export function changedDedicated(current: Dedicated, wanted: Fields, names: readonly string[]): Dedicated {
  const value = (name: string, now: number | null): number | null =>
    names.includes(name) ? (wanted.integer(mutable[name] ?? name) ?? null) : now;
  const min = value("min_replica_count", current.min) ?? 0;
  if (min < (current.idleMilliseconds === null ? 1 : 0)) wanted.wrong("minReplicaCount", "Must be at least 1.");
  const max = value("max_replica_count", current.max) || Math.max(min, 1);
  if (max < min) wanted.wrong("maxReplicaCount", "Must not be less than min_replica_count.");
  const required = value("required_replica_count", current.required) || null;
  if (required !== null && required > Math.max(min, 1)) {
    wanted.wrong("requiredReplicaCount", "Must not be greater than min_replica_count.");
  }
  const metrics = names.includes("autoscaling_metric_specs")
    ? (wanted.json["autoscalingMetricSpecs"] ?? null)
    : current.metrics;
  return { ...current, min, max, required, metrics };
}

/** How many replicas a deployment starts with: there is no load here that would ask for more. */
export function startingReplicas({ min, max, initial }: Dedicated): number {
  return Math.min(max, Math.max(min, initial ?? 1));
}

/** How many replicas must be up for a deployment to succeed. */
export function neededReplicas(dedicated: Dedicated): number {
  return dedicated.required ?? startingReplicas(dedicated);
}

/** Where the machines come from. */
export function servingPlace(dedicated: Dedicated, { project, region }: Location): Place {
  const { machine, machineSpec } = dedicated;
  const provisioning: Provisioning = dedicated.spot
    ? "SPOT"
    : dedicated.flexMilliseconds !== null
      ? "FLEX_START"
      : reserved(machineSpec)
        ? "RESERVATION"
        : "ON_DEMAND";
  return { project, region, machineType: machine.type, acceleratorType: machine.acceleratorType, provisioning };
}

/** Charges serving quota for the largest size; RESOURCE_EXHAUSTED when there is too little. */
export function chargeServing(quotas: Quotas, holder: string, dedicated: Dedicated, place: Place): void {
  if (dedicated.automatic) return;
  const exceeded = quotas.charge(holder, [servingClaim(place, dedicated.machine, dedicated.max)]);
  if (exceeded.length > 0) throw errorOf(status("RESOURCE_EXHAUSTED", servingQuotaText(exceeded)));
}

/** The resources as proto3 JSON of one version. */
export function dedicatedJson(dedicated: Dedicated, version: Version): JsonObject {
  const sizes = {
    minReplicaCount: dedicated.min,
    maxReplicaCount: dedicated.max,
  };
  if (dedicated.automatic) return message(sizes);
  const beta = {
    initialReplicaCount: dedicated.initial ?? undefined,
    flexStart:
      dedicated.flexMilliseconds === null ? undefined : { maxRuntimeDuration: `${dedicated.flexMilliseconds / 1000}s` },
    scaleToZeroSpec: dedicated.scaleToZeroSpec ?? undefined,
  };
  return message({
    machineSpec: { ...dedicated.machineSpec, machineType: dedicated.machine.type },
    ...sizes,
    requiredReplicaCount: dedicated.required ?? undefined,
    autoscalingMetricSpecs: dedicated.metrics ?? undefined,
    spot: dedicated.spot,
    ...(version === "v1beta1" ? beta : {}),
  });
}
