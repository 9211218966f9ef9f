/**
 * What is remembered, read together before anything is decided. Whatever is missing, damaged, newer than this code or of
 * another store is a refusal with its reason: then nothing is done.
 */
import { FleetUnreadable, joinFleet } from "../fleet/applied.ts";
import type { Fleet, TargetPolicy } from "../fleet/fleet.ts";
import type { Slot } from "../operations/operation.ts";
import { type RecalledSibling, recallSiblings } from "../siblings.ts";
import type { ResourceName } from "../vertex/names.ts";
import { type FleetHead, schemaVersion, type TargetDocument } from "./documents.ts";
import type { Store, Versioned } from "./store.ts";

/** Why nothing may be done. */
type RefusalReason =
  /** No `apply` yet, or an empty store in place of the right one. */
  | "no-fleet"
  /** The store is not the one that this function was deployed for. */
  | "other-store"
  /** Written by a newer Tidekeeper. */
  | "newer-schema"
  /** A part of the applied fleet is missing or was changed. */
  | "fleet-damaged"
  /** Released: the applied fleet does not name it any more. Only settling goes on. */
  | "not-in-fleet"
  /** The fleet names it, but `apply` has not made its document. */
  | "no-target";

/** Nothing may be done; `refused` is the whole sentence, with the next step. */
export interface Refusal<R extends RefusalReason = Exclude<RefusalReason, "not-in-fleet">> {
  readonly refused: string;
  readonly reason: R;
}

/** The applied fleet. */
export interface RecalledFleet {
  readonly head: Versioned<FleetHead>;
  readonly fleet: Fleet;
}

/** One target with everything that a decision about it is made on; versions are what a claim compares. */
export interface Recalled extends RecalledFleet {
  readonly policy: TargetPolicy;
  readonly target: Versioned<TargetDocument>;
  /** Undefined: never held an operation, which is the same as empty. */
  readonly slot: Versioned<Slot> | undefined;
  /** The fleet's other models on a model's endpoint. */
  readonly siblings: readonly RecalledSibling[];
}

/** A target that the fleet does not name any more: its last operation is still settled. */
export interface Released extends Refusal<"not-in-fleet"> {
  readonly target: Versioned<TargetDocument> | undefined;
  readonly slot: Versioned<Slot> | undefined;
}

/** Where the operation slot of a target lies: the id of its slot document. */
export function slotOf(targetKey: string): ResourceName {
  // A Spot model's key is its endpoint's name, "#", and the target's name.
  return targetKey.replace(/#.*$/s, "") as ResourceName;
}

function refuse(reason: Refusal["reason"], refused: string): Refusal {
  return { refused, reason };
}

/** Says so when a document was written by a newer Tidekeeper. */
export function newerSchema(what: string, document: { readonly schema: number } | undefined): Refusal | undefined {
  if (document === undefined || document.schema <= schemaVersion) return undefined;
  return refuse(
    "newer-schema",
    `${what} was written by a newer Tidekeeper (schema ${document.schema}, this one knows ${schemaVersion}); deploy the functions anew`,
  );
}

/** The fleets read last, by store and digest: reading and joining the parts of a large fleet takes a while. */
const joined = new WeakMap<Store, { readonly digest: string; readonly fleet: Fleet }>();

async function readFleet(store: Store, head: FleetHead): Promise<Fleet | Refusal> {
  const known = joined.get(store);
  if (known?.digest === head.digest) return known.fleet;
  const parts = await store.list("fleetParts", { prefix: `${head.digest}/` });
  const damaged = parts
    .map(({ value }) => newerSchema("a part of the fleet", value))
    .find((refusal) => refusal !== undefined);
  if (damaged !== undefined) return damaged;
  try {
    const fleet = joinFleet(
      parts.map(({ value }) => value.text),
      head.digest,
    );
    joined.set(store, { digest: head.digest, fleet });
    return fleet;
  } catch (error) {
    if (!(error instanceof FleetUnreadable)) throw error;
    return refuse("fleet-damaged", error.message);
  }
}

/**
 * Says so when a store is not the one that it should be, lost, or of a newer Tidekeeper.
 * @param head of its fleet; undefined where none has been applied.
 * @param expectedStoreId undefined: any.
 */
export function wrongStore(head: FleetHead | undefined, expectedStoreId: string | undefined): Refusal | undefined {
  if (head === undefined) {
    if (expectedStoreId === undefined) return undefined;
    return refuse(
      "no-fleet",
      `the store is empty, and should be ${expectedStoreId} (TIDEKEEPER_STORE_ID); find the right store, or run \`tidekeeper apply FILE --recover ${expectedStoreId}\``,
    );
  }
  if (expectedStoreId !== undefined && head.storeId !== expectedStoreId) {
    return refuse(
      "other-store",
      `the store is ${head.storeId}, and should be ${expectedStoreId} (TIDEKEEPER_STORE_ID); set TIDEKEEPER_STORE and TIDEKEEPER_STORE_ID to one and the same store`,
    );
  }
  return newerSchema("the fleet's head", head);
}

/**
 * Reads the applied fleet; its parts once for each applied version.
 * @param expectedStoreId the store id that the function was deployed with; undefined: any.
 * @throws StoreUnavailable when the store cannot be reached.
 */
export async function recallFleet(store: Store, expectedStoreId?: string): Promise<RecalledFleet | Refusal> {
  const head = await store.get("fleet", "head");
  const refusal = wrongStore(head?.value, expectedStoreId);
  if (refusal !== undefined) return refusal;
  if (head === undefined) return refuse("no-fleet", "no fleet has been applied; run `tidekeeper apply FILE`");
  const fleet = await readFleet(store, head.value);
  return "refused" in fleet ? fleet : { head, fleet };
}

const byKey = new WeakMap<Fleet, ReadonlyMap<string, TargetPolicy>>();

/** The policy of one target, by its key. */
export function policyOf(fleet: Fleet, key: string): TargetPolicy | undefined {
  const index = byKey.get(fleet) ?? new Map(fleet.targets.map((target) => [target.key, target]));
  byKey.set(fleet, index);
  return index.get(key);
}

/**
 * Reads everything that is remembered about one target.
 * @param key the target's key, see {@link TargetPolicy}.
 * @throws StoreUnavailable when the store cannot be reached.
 */
export async function recall(
  store: Store,
  key: string,
  expectedStoreId?: string,
): Promise<Recalled | Released | Refusal> {
  // The head is read first: an apply that lands later is found out by its version when the claim is made.
  const recalled = await recallFleet(store, expectedStoreId);
  if ("refused" in recalled) return recalled;
  const policy = policyOf(recalled.fleet, key);
  const [target, slot, siblings] = await Promise.all([
    store.get("targets", key),
    store.get("slots", slotOf(key)),
    policy === undefined ? [] : recallSiblings(store, recalled.fleet, policy),
  ]);
  if (policy === undefined) {
    const refused = `the fleet applied as version ${recalled.head.value.version} does not name ${key}; it is left as it is`;
    return { refused, reason: "not-in-fleet", target, slot };
  }
  const refusal = newerSchema(`the document of ${policy.name}`, target?.value);
  if (refusal !== undefined) return refusal;
  if (target === undefined) {
    return refuse(
      "no-target",
      `${policy.name} is in the fleet, but the store does not know it; run \`tidekeeper apply\` again`,
    );
  }
  return { ...recalled, policy, target, slot, siblings };
}
