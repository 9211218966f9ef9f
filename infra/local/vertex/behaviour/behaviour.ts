/** The switches: what the service is known to do one way or another, or what nobody documents. */
import { z } from "zod";
import type { Json } from "../../wire/service.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { createCell } from "../kernel/slices.ts";
import { defaultTimings, timingsSchema } from "./timings.ts";

const updateMode = z.enum(["works", "refuses", "no-effect"]);

/** Every switch with its meaning and its default. */
export const behaviourSchema = z.strictObject({
  updatePersistentResource: updateMode.default("works").describe("what UpdatePersistentResource does"),
  updatePersistentResourceByName: z
    .record(z.string(), updateMode)
    .default({})
    .describe("the same for single resources, by full name"),
  notFoundAfterCreateSeconds: z.number().min(0).default(0).describe("Get answers 404 for so long after Create"),
  failedPersistentResource: z
    .enum(["error-state", "gone"])
    .default("error-state")
    .describe("what a failed creation leaves: a resource in ERROR, or nothing"),
  usedReplicaCount: z.enum(["filled", "unfilled"]).default("filled").describe("whether pools count used replicas"),
  deployedModelStatus: z.enum(["filled", "absent"]).default("filled").describe("whether DeployedModel.status is set"),
  deployingModels: z.enum(["hidden", "shown"]).default("hidden").describe("whether Get shows being-deployed models"),
  duplicateIds: z
    .enum(["refuse", "accept"])
    .default("refuse")
    .describe("a deployed model id chosen twice: ALREADY_EXISTS, or a second model under the same id"),
  unknownModels: z.enum(["refuse", "accept"]).default("refuse").describe("deploying a Model nobody uploaded"),
  spotFinalState: z
    .enum(["zero", "gone"])
    .default("zero")
    .describe("a Spot model whose restarts all failed: stays with 0 replicas, or is undeployed"),
  spotRestarts: z.number().int().min(0).default(6).describe("how often the platform restarts preempted replicas"),
  spotRestartSeconds: z.number().positive().default(30).describe("wait before the first restart; doubles each time"),
  failedDeployHoldsQuotaSeconds: z.number().min(0).default(1800).describe("how long a failed deploy keeps its quota"),
  projectNames: z.enum(["given", "number"]).default("given").describe("project ids or numbers in returned names"),
  requestQuotas: z.enum(["off", "on"]).default("off").describe("600 reads and writes, 60 submissions a minute"),
  customJobSeconds: z
    .number()
    .positive()
    .default(600)
    .describe("how long a job runs without the local-run-seconds label"),
  timings: timingsSchema.default(defaultTimings),
});

/** The switches' values. */
export type BehaviourValues = z.infer<typeof behaviourSchema>;
/** Some switches; the rest keep their values. */
export type BehaviourChange = z.input<typeof behaviourSchema>;

/** The switches, readable and changeable while the cloud runs. */
export interface Behaviour {
  readonly values: BehaviourValues;
  /** Changes the given switches; throws a ZodError for an unknown one or a bad value. */
  change(change: Json | BehaviourChange): void;
}

/** Creates the switches. */
export function createBehaviour(kernel: Kernel, initial: BehaviourChange): Behaviour {
  const cell = createCell(kernel.slices, "behaviour", behaviourSchema.parse(initial));
  return {
    get values() {
      return cell.value;
    },
    change(change) {
      const given = z.looseObject({ timings: z.looseObject({}).default({}) }).parse(change);
      const timings = { ...cell.value.timings, ...given.timings };
      cell.value = behaviourSchema.parse({ ...cell.value, ...given, timings });
    },
  };
}
