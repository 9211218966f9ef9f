/**
 * The kinds of change we make to Vertex, each with everything that is needed to send it and to recognise it again after a
 * crash. A change is written whole into the slot before Vertex is called.
 */
import type { Millis } from "../time/clock.ts";
import type { EndpointName, PersistentResourceName, ResourceName } from "../vertex/names.ts";
import type { JsonObject } from "../vertex/vertex.ts";

export type Change =
  | { readonly kind: "create"; readonly resource: PersistentResourceName; readonly body: JsonObject }
  | {
      readonly kind: "delete";
      readonly resource: PersistentResourceName;
      /** The incarnation that was looked at. */
      readonly createTime: string;
      readonly restoreId: string;
    }
  | {
      readonly kind: "resize";
      readonly resource: PersistentResourceName;
      readonly createTime: string;
      /** Every pool of the resource as it shall be, ids and sizes. */
      readonly pools: readonly { readonly id: string; readonly replicaCount: number }[];
    }
  | { readonly kind: "reboot"; readonly resource: PersistentResourceName; readonly createTime: string }
  | {
      readonly kind: "job";
      readonly resource: PersistentResourceName;
      readonly createTime: string;
      readonly eventId: string;
      /** CustomJob without our label; the helper adds it. */
      readonly customJob: JsonObject;
    }
  | {
      readonly kind: "deploy";
      readonly resource: EndpointName;
      /** Chosen by us: never 0, no leading zero, attempt included. */
      readonly deployedModelId: string;
      readonly rungId: string;
      /** DeployedModel JSON, id included. The split is left alone. */
      readonly deployedModel: JsonObject;
    }
  | {
      readonly kind: "undeploy";
      readonly resource: EndpointName;
      readonly deployedModelId: string;
    }
  | {
      readonly kind: "mutate";
      readonly resource: EndpointName;
      readonly deployedModelId: string;
      readonly minReplicas: number;
      readonly maxReplicas: number;
    }
  | {
      readonly kind: "traffic";
      readonly resource: EndpointName;
      readonly etag: string;
      readonly trafficSplit: { readonly [deployedModelId: string]: number };
    };

export type ChangeKind = Change["kind"];

/** The one place where an operation on a Vertex resource is held; two models on one endpoint share it. */
export type Slot =
  | { readonly state: "empty"; readonly resource: ResourceName }
  | ({ readonly state: "claimed" } & Held)
  | ({ readonly state: "running"; readonly operationName: string; readonly startedAt: Millis } & Held)
  | ({
      readonly state: "unknown";
      readonly since: Millis;
      readonly alerted: boolean;
      readonly operationName?: string;
    } & Held);

/** A slot that is not empty. */
export interface Held {
  readonly resource: ResourceName;
  /** Key of the target on whose behalf it is held. */
  readonly targetKey: string;
  readonly change: Change;
  /** Counts the tries at one goal, from 1. */
  readonly attempt: number;
  /** World time of the claim. */
  readonly claimedAt: Millis;
  /** Wire time of the claim. */
  readonly claimedAtWire: Millis;
  /** Wire time after which the call must not be made any more. */
  readonly startBy: Millis;
  /** Requests answered by this operation. */
  readonly eventIds: readonly string[];
  /** The decision's reason, for every later message about it. */
  readonly why: string;
  /** What the resource looked like when it was decided: a fingerprint, or `absent`. */
  readonly seen: string;
}

/** How an operation ended. */
export type Settlement =
  /** The resource shows what was asked for. */
  | { readonly end: "done"; readonly note: string }
  /** Certainly not carried out, or carried out without the effect (`class` says which). */
  | { readonly end: "failed"; readonly class: FailureClass; readonly note: string }
  /** The call was never made: the claim lapsed or was withdrawn. */
  | { readonly end: "lapsed"; readonly note: string };

/** `fate-unknown`: nobody can tell, people have been told, and what must not be sent twice is given up. */
export type FailureClass = import("../vertex/errors.ts").ErrorClass | "no-effect" | "fate-unknown";
