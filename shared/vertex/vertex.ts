/**
 * What the rest of Tidekeeper needs of Vertex AI: a reader that anybody may hold and a writer that only reconcile opens.
 * Readers speak REST (unknown fields survive, and no 4 MB of descriptors is loaded); the writer is the real gRPC client.
 */
import type { EndpointName, PersistentResourceName } from "./names.ts";

/** Proto3 JSON as REST gives it: camelCase, enum names, int64 as strings, zeros and empties omitted. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

export interface MachineSpec {
  readonly machineType?: string;
  readonly acceleratorType?: string;
  readonly acceleratorCount?: number;
  readonly [more: string]: Json | undefined;
}

export interface ResourcePool {
  readonly id?: string;
  readonly machineSpec: MachineSpec;
  /** int64, hence a string. Absent when autoscaling alone decides. */
  readonly replicaCount?: string;
  readonly diskSpec?: { readonly bootDiskType?: string; readonly bootDiskSizeGb?: number };
  /** Absent means zero or unset: the same bytes on this wire. */
  readonly usedReplicaCount?: string;
  readonly autoscalingSpec?: { readonly minReplicaCount?: string; readonly maxReplicaCount?: string };
}

type PersistentResourceState = "PROVISIONING" | "RUNNING" | "STOPPING" | "ERROR" | "REBOOTING" | "UPDATING";

export interface RpcStatus {
  readonly code?: number;
  readonly message?: string;
  readonly details?: readonly JsonObject[];
}

/** v1beta1 PersistentResource; fields not listed here survive in the raw JSON. */
export interface PersistentResource {
  readonly name: string;
  readonly displayName?: string;
  readonly resourcePools: readonly ResourcePool[];
  /** A state this code does not know is kept as it came and treated as unknown. */
  readonly state?: PersistentResourceState | (string & {});
  readonly error?: RpcStatus;
  readonly createTime?: string;
  readonly startTime?: string;
  readonly updateTime?: string;
  readonly labels?: { readonly [key: string]: string };
  readonly resourceRuntimeSpec?: JsonObject;
}

/** A custom job that is not finished. */
export interface CustomJob {
  readonly name: string;
  readonly displayName?: string;
  readonly state?: string;
  readonly createTime?: string;
  readonly labels?: { readonly [key: string]: string };
  readonly jobSpec?: { readonly persistentResourceId?: string };
}

export interface DeployedModel {
  readonly id: string;
  readonly model?: string;
  readonly displayName?: string;
  readonly createTime?: string;
  readonly dedicatedResources?: {
    readonly machineSpec?: MachineSpec;
    readonly minReplicaCount?: number;
    readonly maxReplicaCount?: number;
    readonly requiredReplicaCount?: number;
    readonly spot?: boolean;
    readonly flexStart?: JsonObject;
  };
  readonly status?: {
    readonly message?: string;
    /** Present means that the counter beside it is real, so an absent counter is zero. */
    readonly lastUpdateTime?: string;
    readonly availableReplicaCount?: number;
  };
}

export interface Endpoint {
  readonly name: string;
  readonly displayName?: string;
  readonly etag?: string;
  readonly createTime?: string;
  readonly deployedModels?: readonly DeployedModel[];
  readonly trafficSplit?: { readonly [deployedModelId: string]: number };
}

/** google.longrunning.Operation */
export interface LongRunningOperation {
  readonly name: string;
  readonly done?: boolean;
  readonly error?: RpcStatus;
  readonly response?: JsonObject;
  readonly metadata?: JsonObject;
}

/** A whole list, or a list that may have ended early: a truncated list counts as busy (law 2). */
export interface Listing<T> {
  readonly items: readonly T[];
  readonly complete: boolean;
}

/**
 * Reads. Every method rejects with a VertexError (shared/vertex/errors.ts); "not there" is `undefined`, never an error.
 */
export interface VertexReader {
  getPersistentResource(name: PersistentResourceName): Promise<PersistentResource | undefined>;
  /** The resource verbatim, as v1beta1 REST JSON, for the restore record. */
  getPersistentResourceVerbatim(name: PersistentResourceName): Promise<JsonObject | undefined>;
  listPersistentResources(location: string): Promise<Listing<PersistentResource>>;
  /** Jobs in QUEUED, PENDING, RUNNING, CANCELLING, PAUSED or UPDATING: all that may hold or ask for a replica. */
  listActiveCustomJobs(location: string): Promise<Listing<CustomJob>>;
  /** Jobs in any state that carry a label: how a submission is recognised after its answer was lost. */
  listCustomJobsLabelled(location: string, label: { key: string; value: string }): Promise<Listing<CustomJob>>;
  getEndpoint(name: EndpointName): Promise<Endpoint | undefined>;
  listEndpoints(location: string): Promise<Listing<Endpoint>>;
  getOperation(name: string): Promise<LongRunningOperation | undefined>;
  /** Operations under one resource, newest first. */
  listOperations(resource: PersistentResourceName | EndpointName): Promise<Listing<LongRunningOperation>>;
  /** The permissions of `asked` that the caller has on the project. */
  testPermissions(asked: readonly string[]): Promise<readonly string[]>;
}

/** When a changing call must have been answered: an absolute wire time, given to gRPC as its deadline. */
export interface CallLimits {
  readonly deadline: number;
}

/**
 * Changes. Each call is made once (no retry inside the client), with the deadline given, and answers the long-running
 * operation's name, or what a synchronous call returned. Held by shared/operations only.
 */
export interface VertexWriter {
  createPersistentResource(
    request: { parent: string; persistentResourceId: string; persistentResource: JsonObject },
    limits: CallLimits,
  ): Promise<string>;
  deletePersistentResource(request: { name: PersistentResourceName }, limits: CallLimits): Promise<string>;
  /** Sends every pool with mask `resource_pools.replica_count`, the only path the service is known to accept. */
  updatePersistentResource(
    request: { persistentResource: JsonObject & { name: string }; updateMask: { paths: string[] } },
    limits: CallLimits,
  ): Promise<string>;
  rebootPersistentResource(request: { name: PersistentResourceName }, limits: CallLimits): Promise<string>;
  deployModel(
    request: { endpoint: EndpointName; deployedModel: JsonObject; trafficSplit?: { [id: string]: number } },
    limits: CallLimits,
  ): Promise<string>;
  undeployModel(
    request: { endpoint: EndpointName; deployedModelId: string; trafficSplit?: { [id: string]: number } },
    limits: CallLimits,
  ): Promise<string>;
  mutateDeployedModel(
    request: { endpoint: EndpointName; deployedModel: JsonObject; updateMask: { paths: string[] } },
    limits: CallLimits,
  ): Promise<string>;
  /** UpdateEndpoint with mask `traffic_split` and the etag that was read; synchronous. */
  updateTraffic(
    request: { name: EndpointName; etag: string; trafficSplit: { [id: string]: number } },
    limits: CallLimits,
  ): Promise<void>;
  /** CreateCustomJob; synchronous, answers the job's name. */
  createCustomJob(request: { parent: string; customJob: JsonObject }, limits: CallLimits): Promise<string>;
}
