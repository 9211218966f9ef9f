/** Rungs: how one is recognised on an endpoint, deployed, priced, and chosen. */
import type { Rung, SpotModelPolicy } from "../../fleet/fleet.ts";
import { hour, type Millis, second } from "../../time/clock.ts";
import type { DeployedModel, JsonObject } from "../../vertex/vertex.ts";
import type { SpotModelCase } from "../decision.ts";
import type { SpotModelMemory } from "../memory.ts";
import { benchedNow } from "./bench.ts";

/** The provisioning that a deployed model shows. */
function provisioningOf(deployed: DeployedModel): Rung["provisioning"] {
  const { spot, flexStart, machineSpec } = deployed.dedicatedResources ?? {};
  if (spot === true) return "spot";
  if (flexStart !== undefined) return "flex-start";
  const affinity = machineSpec?.["reservationAffinity"];
  const named = typeof affinity === "object" && affinity !== null && !Array.isArray(affinity);
  const type = named ? affinity["reservationAffinityType"] : undefined;
  return type === "SPECIFIC_RESERVATION" || type === "ANY_RESERVATION" ? "reservation" : "on-demand";
}

/**
 * The rung of the ladder that a deployed model stands on: same machine, accelerators and provisioning.
 * @param known the rung that it was deployed on; of rungs that differ in their reservation alone, it tells which.
 */
export function rungOf(policy: SpotModelPolicy, deployed: DeployedModel, known?: string): Rung | undefined {
  const spec = deployed.dedicatedResources?.machineSpec;
  const alike = policy.ladder.filter(
    (rung) =>
      rung.machineType === spec?.machineType &&
      rung.acceleratorType === spec.acceleratorType &&
      (rung.acceleratorType === undefined || (rung.acceleratorCount ?? 1) === (spec.acceleratorCount ?? 1)) &&
      rung.provisioning === provisioningOf(deployed),
  );
  return alike.find(({ id }) => id === known) ?? alike[0];
}

/** A rung's place in the ladder, 0 is best; a rung that the fleet file no longer has comes after all. */
export function rankOf(policy: SpotModelPolicy, rungId: string): number {
  const index = policy.ladder.findIndex((rung) => rung.id === rungId);
  return index < 0 ? Number.POSITIVE_INFINITY : index;
}

/**
 * The quota that serving there draws on, inside one location: Spot and flex-start share the preemptible one, and each
 * accelerator (without one: each machine family) has its own.
 */
export function quotaOf(place: {
  readonly provisioning: Rung["provisioning"];
  readonly machineType?: string | undefined;
  readonly acceleratorType?: string | undefined;
}): string {
  const preemptible = place.provisioning === "spot" || place.provisioning === "flex-start";
  const family = place.machineType?.split("-")[0]?.toUpperCase() ?? "unknown";
  return `${preemptible ? "preemptible" : "standard"} ${place.acceleratorType ?? `${family} CPU`}`;
}

/** The quota that a deployed model holds, whether or not any of its replicas is up. */
export function quotaHeldBy(deployed: DeployedModel): string {
  const spec = deployed.dedicatedResources?.machineSpec;
  return quotaOf({
    provisioning: provisioningOf(deployed),
    machineType: spec?.machineType,
    acceleratorType: spec?.acceleratorType,
  });
}

/**
 * The DeployedModel to send for a rung, v1 REST JSON (v1beta1 where it has `flexStart`).
 * @param minReplicas the rung's own minimum, or what a request or window asks for, inside the rung's bounds.
 */
export function deployedModelFor(policy: SpotModelPolicy, rung: Rung, id: string, minReplicas: number): JsonObject {
  const affinity: JsonObject =
    rung.reservation === undefined
      ? { reservationAffinityType: "ANY_RESERVATION" }
      : {
          reservationAffinityType: "SPECIFIC_RESERVATION",
          key: "compute.googleapis.com/reservation-name",
          values: [rung.reservation],
        };
  const flexStart: JsonObject =
    rung.maxRunDuration === undefined ? {} : { maxRuntimeDuration: `${Math.floor(rung.maxRunDuration / second)}s` };
  return {
    id,
    model: policy.model,
    displayName: policy.displayName,
    dedicatedResources: {
      machineSpec: {
        machineType: rung.machineType,
        ...(rung.acceleratorType === undefined
          ? {}
          : { acceleratorType: rung.acceleratorType, acceleratorCount: rung.acceleratorCount ?? 1 }),
        ...(rung.provisioning === "reservation" ? { reservationAffinity: affinity } : {}),
      },
      minReplicaCount: minReplicas,
      maxReplicaCount: rung.maxReplicas,
      ...(rung.requiredReplicas === undefined ? {} : { requiredReplicaCount: rung.requiredReplicas }),
      ...(rung.provisioning === "spot" ? { spot: true } : {}),
      ...(rung.provisioning === "flex-start" ? { flexStart } : {}),
    },
  };
}

/** A rung that may be deployed now, or why there is none and when that may change. */
export type Choice =
  | { readonly rung: Rung }
  | { readonly rung?: never; readonly why: string; readonly at?: Millis; readonly tooDear: boolean };

/**
 * The best rung that is neither set aside nor too dear.
 * @param timeText writes a world time for the reason.
 * @param taken rungs on which something of ours is that cannot be undeployed now.
 */
export function chooseRung(
  facts: Pick<SpotModelCase, "policy" | "priceOf" | "now">,
  bench: SpotModelMemory["bench"],
  timeText: (at: Millis) => string,
  taken: ReadonlySet<string | undefined> = new Set(),
): Choice {
  const { policy, priceOf, now } = facts;
  const reasons: string[] = [];
  let at: Millis | undefined;
  for (const rung of policy.ladder) {
    const price = priceOf(rung.id);
    if (price !== undefined && policy.maxHourlyPrice !== undefined && price > policy.maxHourlyPrice) {
      reasons.push(`${rung.id} costs ${price} an hour, over the cap of ${policy.maxHourlyPrice}`);
      continue;
    }
    if (taken.has(rung.id)) {
      reasons.push(`${rung.id} has a deployed model of ours that cannot be undeployed yet`);
      continue;
    }
    const entry = benchedNow(bench, rung.id, now);
    if (entry === undefined) return { rung };
    reasons.push(`${rung.id} is set aside until ${timeText(entry.until)} (${entry.class})`);
    at = Math.min(at ?? entry.until, entry.until);
  }
  return { why: reasons.join("; "), tooDear: at === undefined, ...(at === undefined ? {} : { at }) };
}

/**
 * When the attempt budget allows the next deploy.
 * @returns undefined when it allows one now.
 */
export function budgetFrom(deploys: readonly Millis[], perHour: number, now: Millis): Millis | undefined {
  const recent = deploys.filter((at) => now - at < hour);
  if (recent.length < perHour) return undefined;
  const oldest = recent[recent.length - perHour];
  return oldest === undefined ? now + hour : oldest + hour;
}
