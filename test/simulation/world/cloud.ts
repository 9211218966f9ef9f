/** Vertex AI of a simulated world: the local cloud's model, called in this process. Faults are met by our ports alone. */
import type { ManualClock } from "../../../infra/local/clock/manual-clock.ts";
import type { BehaviourChange } from "../../../infra/local/vertex/behaviour/behaviour.ts";
import type { FaultInput } from "../../../infra/local/vertex/behaviour/fault-rules.ts";
import type { MarketInput } from "../../../infra/local/vertex/capacity/market-actions.ts";
import { createVertex } from "../../../infra/local/vertex/vertex.ts";
import { ApiError, type Call, codes, type JsonObject, type UnaryHandler } from "../../../infra/local/wire/service.ts";
import type { CustomJob, Endpoint, LongRunningOperation, PersistentResource } from "../../../shared/vertex/vertex.ts";
import type { Dice } from "../dice.ts";

export const project = "demo";
export const location = "us-central1";
export const parent = `projects/${project}/locations/${location}`;

/** `Service.Method`. */
export type MethodName = `${"PersistentResource" | "Endpoint" | "Job"}Service.${string}` | `Operations.${string}`;

/** States that a job does not leave. */
export const overStates: ReadonlySet<string> = new Set([
  "JOB_STATE_SUCCEEDED",
  "JOB_STATE_FAILED",
  "JOB_STATE_CANCELLED",
]);

/** What the model answers when it refuses, as a gRPC client throws it. */
export class Refused extends Error {
  readonly code: number;
  readonly details: string;

  constructor(code: number, details: string) {
    super(details);
    this.code = code;
    this.details = details;
  }
}

/** A Vertex AI without doors. */
export class Cloud {
  readonly #vertex: ReturnType<typeof createVertex>;
  readonly #handlers = new Map<string, UnaryHandler>();
  readonly #signal = new AbortController().signal;

  constructor(clock: ManualClock, dice: Dice, behaviour: BehaviourChange) {
    this.#vertex = createVertex({ clock, random: dice.next, behaviour });
    for (const { names, unary } of this.#vertex.services) {
      for (const name of names) {
        for (const [method, handler] of Object.entries(unary)) this.#handlers.set(`${name}.${method}`, handler);
      }
    }
  }

  /** Calls a method at once. @throws Refused */
  call(method: MethodName, request: object, version: "v1" | "v1beta1" = "v1"): JsonObject {
    const name = method.startsWith("Operations.")
      ? `google.longrunning.${method}`
      : `google.cloud.aiplatform.${version}.${method}`;
    const handler = this.#handlers.get(name);
    if (handler === undefined) throw new Error(`the model has no method ${name}`);
    const call: Call = { method: name, version, headers: {}, signal: this.#signal };
    try {
      return handler(request as JsonObject, call) as JsonObject;
    } catch (error) {
      if (error instanceof ApiError) throw new Refused(codes[error.code], error.message);
      throw error;
    }
  }

  /** Calls a method whose operation meets these faults. @throws Refused */
  callWithFaults(
    faults: readonly FaultInput[],
    method: MethodName,
    request: object,
    version?: "v1" | "v1beta1",
  ): JsonObject {
    this.#vertex.model.faults.add([...faults]);
    try {
      return this.call(method, request, version);
    } finally {
      this.#vertex.model.faults.remove();
    }
  }

  market(action: MarketInput): void {
    this.#vertex.model.market.act(action as JsonObject);
  }

  behave(change: BehaviourChange): void {
    this.#vertex.model.behaviour.change(change);
  }

  /** Undefined where there is none. */
  resource(name: string): PersistentResource | undefined {
    return this.#find("PersistentResourceService.GetPersistentResource", name);
  }

  /** Undefined where there is none. */
  endpoint(name: string): Endpoint | undefined {
    return this.#find("EndpointService.GetEndpoint", name);
  }

  /** Undefined where there is none. */
  operation(name: string): LongRunningOperation | undefined {
    return this.#find("Operations.GetOperation", name);
  }

  resources(): readonly PersistentResource[] {
    const { persistentResources = [] } = this.call("PersistentResourceService.ListPersistentResources", {
      parent,
      pageSize: 100,
    });
    return persistentResources as unknown as PersistentResource[];
  }

  /** Every job that names the resource, in any state. */
  jobsOn(resource: string): readonly (CustomJob & { readonly endTime?: string })[] {
    const { customJobs = [] } = this.call("JobService.ListCustomJobs", { parent, pageSize: 1_000 });
    const id = resource.split("/").at(-1);
    return (customJobs as unknown as CustomJob[]).filter(({ jobSpec }) => jobSpec?.persistentResourceId === id);
  }

  /** Whether a job that is not over names the resource. */
  hasJobs(resource: string): boolean {
    return this.jobsOn(resource).some(({ state = "" }) => !overStates.has(state));
  }

  #find<T>(method: MethodName, name: string): T | undefined {
    try {
      return this.call(method, { name }, "v1beta1") as T;
    } catch (error) {
      if (error instanceof Refused && error.code === codes.NOT_FOUND) return undefined;
      throw error;
    }
  }
}
