/** A persistent resource as kept, and as the service shows it. */
import type { JsonObject } from "../../wire/service.ts";
import { timestamp } from "../../wire/times.ts";
import type { Status } from "../api/errors.ts";
import { int64, message } from "../api/json.ts";
import { locationOf } from "../api/names.ts";
import type { BehaviourValues } from "../behaviour/behaviour.ts";
import { type Machine, type Place, reserved } from "../capacity/place.ts";

/** States of the service; there is no "deleted": such a resource is not found. */
export type PersistentResourceState = "PROVISIONING" | "RUNNING" | "STOPPING" | "ERROR" | "REBOOTING" | "UPDATING";

/** One pool of machines. */
export type Pool = {
  id: string;
  machineSpec: JsonObject;
  machine: Machine;
  disk: { type: string; sizeGb: number };
  /** Current replica_count. */
  replicas: number;
  autoscaling: { min: number; max: number } | null;
  /** Machines held. */
  held: number;
  /** Machines used by jobs. */
  used: number;
  /** The happening that will change an autoscaled pool. */
  scaling: number | null;
};

/** A persistent resource. */
export type PersistentResource = {
  name: string;
  seq: number;
  /** What the caller gave beside the pools. */
  given: JsonObject;
  pools: Pool[];
  state: PersistentResourceState;
  error: Status | null;
  createTime: number;
  /** First time RUNNING. */
  startTime: number | null;
  updateTime: number;
};

/** Fields a caller may set beside the pools. */
export const givenFields = [
  "displayName",
  "labels",
  "network",
  "pscInterfaceConfig",
  "encryptionSpec",
  "resourceRuntimeSpec",
  "reservedIpRanges",
] as const;

/** Whether the resource is a Ray cluster. */
export function isRay(given: JsonObject): boolean {
  const runtime = given["resourceRuntimeSpec"];
  return typeof runtime === "object" && runtime !== null && !Array.isArray(runtime) && runtime["raySpec"] !== undefined;
}

/** Where a pool's machines come from. */
export function placeOf(resource: { name: string }, pool: Pool): Place {
  const { project, region } = locationOf(resource.name);
  return {
    project,
    region,
    machineType: pool.machine.type,
    acceleratorType: pool.machine.acceleratorType,
    provisioning: reserved(pool.machineSpec) ? "RESERVATION" : "ON_DEMAND",
  };
}

/** The resource as proto3 JSON. */
export function persistentResourceJson(resource: PersistentResource, behaviour: BehaviourValues): JsonObject {
  return message({
    name: resource.name,
    ...resource.given,
    resourcePools: resource.pools.map((pool) => poolJson(pool, behaviour)),
    state: resource.state,
    error: resource.error ?? undefined,
    createTime: timestamp(resource.createTime),
    startTime: resource.startTime === null ? undefined : timestamp(resource.startTime),
    updateTime: timestamp(resource.updateTime),
  });
}

function poolJson(pool: Pool, behaviour: BehaviourValues): JsonObject {
  return message({
    id: pool.id,
    machineSpec: pool.machineSpec,
    replicaCount: String(pool.replicas),
    diskSpec: { bootDiskType: pool.disk.type, bootDiskSizeGb: pool.disk.sizeGb },
    usedReplicaCount: behaviour.usedReplicaCount === "filled" ? int64(pool.used) : undefined,
    autoscalingSpec: pool.autoscaling
      ? { minReplicaCount: String(pool.autoscaling.min), maxReplicaCount: String(pool.autoscaling.max) }
      : undefined,
  });
}
