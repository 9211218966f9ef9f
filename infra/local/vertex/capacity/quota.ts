/** Machine quotas: what a project may ask for in a region, by the service's own quota names. */
import type { Kernel } from "../kernel/kernel.ts";
import { createCell, createTable } from "../kernel/slices.ts";
import type { Machine, Place, Provisioning } from "./place.ts";

/** What somebody draws on a quota. */
export type Claim = { project: string; region: string; quota: string; units: number };

/** A quota's limit in the regions and projects given, or in all. */
type QuotaLimit = {
  quota: string;
  region?: string | undefined;
  project?: string | undefined;
  limit: number;
};

/** The machine quotas. Quotas that no limit names have no end. */
export interface Quotas {
  /** Replaces what `holder` draws; changes nothing and gives the names of exceeded quotas when they do not allow it. */
  charge(holder: string, claims: readonly Claim[]): readonly string[];
  release(holder: string): void;
  /** Sets, replaces or (undefined) lifts a limit. */
  limit(limit: Omit<QuotaLimit, "limit">, value: number | undefined): void;
  limits(): readonly QuotaLimit[];
  /** What every holder draws. */
  claims(): readonly (Claim & { holder: string })[];
}

/** Creates endless quotas. */
export function createQuotas(kernel: Kernel): Quotas {
  const holders = createTable<readonly Claim[]>(kernel.slices, "quotaClaims");
  const limits = createCell<QuotaLimit[]>(kernel.slices, "quotaLimits", []);

  const drawn = ({ project, region, quota }: Claim, except: string): number => {
    let units = 0;
    for (const [holder, claims] of holders) {
      if (holder === except) continue;
      for (const claim of claims) {
        if (claim.quota === quota && claim.project === project && claim.region === region) units += claim.units;
      }
    }
    return units;
  };
  const limitOf = (claim: Claim): number =>
    Math.min(
      Number.POSITIVE_INFINITY,
      ...limits.value
        .filter(({ quota }) => quota === claim.quota)
        .filter(({ region }) => region === undefined || region === claim.region)
        .filter(({ project }) => project === undefined || project === claim.project)
        .map(({ limit }) => limit),
    );

  return {
    charge(holder, claims) {
      const exceeded = merged(claims).filter((claim) => {
        const limit = limitOf(claim);
        return limit !== Number.POSITIVE_INFINITY && drawn(claim, holder) + claim.units > limit;
      });
      if (exceeded.length === 0) holders.set(holder, claims);
      return exceeded.map(({ quota }) => quota);
    },
    release: (holder) => {
      holders.delete(holder);
    },
    limit({ quota, region, project }, value) {
      const others = limits.value.filter(
        (limit) => limit.quota !== quota || limit.region !== region || limit.project !== project,
      );
      limits.value = value === undefined ? others : [...others, { quota, region, project, limit: value }];
    },
    limits: () => limits.value,
    claims: () => [...holders].flatMap(([holder, claims]) => claims.map((claim) => ({ ...claim, holder }))),
  };
}

function merged(claims: readonly Claim[]): Claim[] {
  const byQuota = Map.groupBy(claims, ({ quota }) => quota);
  return [...byQuota.values()].flatMap((same) => {
    const [first] = same;
    return first ? [{ ...first, units: same.reduce((sum, { units }) => sum + units, 0) }] : [];
  });
}

/** The claim of serving machines, e.g. CustomModelServingPreemptibleH100GPUsPerProjectPerRegion. */
export function servingClaim(place: Place, machine: Machine, machines: number): Claim {
  const preemptible = isPreemptible(place.provisioning) ? "Preemptible" : "";
  const kind = machine.acceleratorType ? `${servingNames[machine.acceleratorType] ?? plain(machine)}GPUs` : "CPUs";
  return claim(place, machine, machines, `CustomModelServing${preemptible}${kind}PerProjectPerRegion`);
}

/** The claim of training machines, e.g. custom_model_training_nvidia_l4_gpus. */
export function trainingClaim(place: Place, machine: Machine, machines: number): Claim {
  const preemptible = isPreemptible(place.provisioning) ? "preemptible_" : "";
  const name = machine.acceleratorType.replace("_TESLA", "").toLowerCase();
  const kind = machine.acceleratorType ? `${name}_gpus` : "cpus";
  return claim(place, machine, machines, `custom_model_training_${preemptible}${kind}`);
}

function claim(place: Place, machine: Machine, machines: number, quota: string): Claim {
  const each = machine.acceleratorType ? machine.acceleratorCount : cores(machine.type);
  return { project: place.project, region: place.region, quota, units: machines * each };
}

/** Spot and flex-start machines draw on the preemptible quota. */
function isPreemptible(provisioning: Provisioning): boolean {
  return provisioning === "SPOT" || provisioning === "FLEX_START";
}

/** Accelerators whose serving quota is not simply named after the type. */
const servingNames: Readonly<Record<string, string>> = {
  NVIDIA_H100_80GB: "H100",
  NVIDIA_H100_MEGA_80GB: "H100Mega",
  NVIDIA_H200_141GB: "H200",
  NVIDIA_TESLA_A100: "A100",
};

function plain({ acceleratorType }: Machine): string {
  return acceleratorType.replace(/^NVIDIA_(TESLA_)?/, "").replaceAll("_", "");
}

/** The cores in a machine type's name; 1 where it names none. */
function cores(machineType: string): number {
  return Number(/-(\d+)(?:t|g)?$/.exec(machineType)?.[1] ?? 1);
}
