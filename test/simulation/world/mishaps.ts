/** How calls of Vertex AI go wrong: what it says when it refuses, and how the operations that it accepts turn out. */
import type { FaultInput } from "../../../infra/local/vertex/behaviour/fault-rules.ts";
import type { Dice } from "../dice.ts";
import { Refused } from "./cloud.ts";

/** Words with which the service refuses a change, every error class among them. */
const refusals: readonly (readonly [code: number, text: string])[] = [
  [14, "The service is currently unavailable."],
  [14, "Machine type temporarily unavailable, please deploy with a different machine type."],
  [8, "The following quotas are exceeded: CustomModelServingPreemptibleL4GPUsPerProjectPerRegion"],
  [8, "Quota exceeded for quota metric 'Long running requests' and limit 'requests per minute'."],
  [9, "There are other operations running on the resource."],
  [10, "The resource was changed meanwhile. Read it again."],
  [13, "Internal error encountered."],
  [4, "Deadline exceeded."],
  [7, "Permission 'aiplatform.something' denied."],
];

/** Words with which the service refuses certain machines. */
const refusedMachines: typeof refusals = [
  [8, "The following quotas are exceeded: CustomModelTrainingCPUsPerProjectPerRegion"],
  [3, "Machine type is not supported."],
  [7, "Machine type is not allowed by an organization policy."],
];

/** Errors of reads: none of them says anything about the resource. */
const readErrors: readonly (readonly [code: number, text: string])[] = [
  [14, "The service is currently unavailable."],
  [4, "Deadline exceeded."],
  [13, "Internal error encountered."],
  [8, "Quota exceeded for quota metric 'Resource management (CRUD) requests' and limit 'requests per minute'."],
  [7, "Permission denied."],
];

/** An error that a read ends with. */
export function readError(dice: Dice): Refused {
  return new Refused(...dice.pick(readErrors));
}

/** An error that a change is refused with, nothing having been done. */
export function refusal(dice: Dice): Refused {
  return new Refused(...dice.pick(refusals));
}

/** An error that says that these machines are not for this project. */
export function machinesRefused(dice: Dice): Refused {
  return new Refused(...dice.pick(refusedMachines));
}

/** How a create ends where no machine is to be had. */
export function soldOut(dice: Dice): FaultInput {
  return { effect: { kind: "stockout", as: dice.pick(["operation", "error-state", "error-state"] as const) } };
}

/** How an operation fails after it was accepted. */
export function operationFailure(dice: Dice, method: string): FaultInput {
  if (/Create|Deploy/.test(method) && dice.chance(0.6)) {
    return method.includes("Create") ? soldOut(dice) : { effect: { kind: "stockout", as: "operation" } };
  }
  const [code, message] = dice.pick([
    ["INTERNAL", "Internal error encountered."],
    ["UNAVAILABLE", "The service is currently unavailable."],
    ["RESOURCE_EXHAUSTED", "The following quotas are exceeded: CustomModelServingL4GPUsPerProjectPerRegion"],
    ["ABORTED", "The operation was aborted."],
  ] as const);
  return { effect: { kind: "operation-error", code, message } };
}

/** An operation that takes so long that it seems to take for ever. */
export function slowness(dice: Dice): FaultInput {
  return { effect: { kind: "slow", factor: dice.pick([2, 4, 10, 20]) } };
}
