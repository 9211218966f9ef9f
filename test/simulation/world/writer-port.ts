/**
 * Vertex AI as one process changes it. A call leaves the process only before its deadline, travels for a while whatever
 * becomes of the process, and may be carried out without its answer arriving.
 */
import type { ManualClock } from "../../../infra/local/clock/manual-clock.ts";
import { second } from "../../../shared/time/clock.ts";
import { classify } from "../../../shared/vertex/classify.ts";
import type { CallLimits, JsonObject, PersistentResource, VertexWriter } from "../../../shared/vertex/vertex.ts";
import type { Dice } from "../dice.ts";
import { otherMachineType } from "../scenario.ts";
import { type Cloud, type MethodName, Refused } from "./cloud.ts";
import type { Instance } from "./instance.ts";
import { machinesRefused, operationFailure, refusal, slowness, soldOut } from "./mishaps.ts";
import type { Weather } from "./weather.ts";

/** A changing call at the moment when the service takes it. */
export interface Attempt {
  readonly method: MethodName;
  readonly request: JsonObject;
  /** Full name of the persistent resource or endpoint that it changes. */
  readonly resource: string;
}

/** Who watches the calls: asked right before each, and told right after each that was accepted. */
export interface CallWatcher {
  attempt(attempt: Attempt): void;
  accepted(attempt: Attempt, answer: JsonObject): void;
}

/** What the port is made of. */
export interface WriterPortParts {
  readonly instance: Instance;
  readonly cloud: Cloud;
  readonly clock: ManualClock;
  readonly dice: Dice;
  readonly weather: Weather;
  readonly watchers: readonly CallWatcher[];
  /** Resources whose operations never fail: what is asked of them must come out exactly. */
  readonly sound: ReadonlySet<string>;
  /** Called while a slow call is on its way: somebody wants the resource to be looked at. */
  readonly impatient: (resource: string) => void;
}

/** How long after its deadline a call that had left may still be carried out. */
const latest = 20 * second;

const creates = (method: MethodName) => method.endsWith("CreatePersistentResource");

/** Whether something is created on an alternative's machines. */
export function createsOnOthers({ method, request }: Pick<Attempt, "method" | "request">): boolean {
  if (!creates(method)) return false;
  const { resourcePools } = request["persistentResource"] as unknown as PersistentResource;
  return resourcePools.some(({ machineSpec }) => machineSpec.machineType === otherMachineType);
}

/** Opens the port. */
export function openWriterPort(parts: WriterPortParts): VertexWriter {
  const { instance, cloud, clock, dice, weather, watchers, sound, impatient } = parts;

  /** The service's side. */
  function take(attempt: Attempt): JsonObject {
    const { rates } = weather;
    const { method, request, resource } = attempt;
    for (const watcher of watchers) watcher.attempt(attempt);
    const reliable = sound.has(resource);
    if (!reliable && dice.chance(rates.callFails)) throw refusal(dice);
    if (createsOnOthers(attempt) && dice.chance(rates.othersRefused)) throw machinesRefused(dice);
    const faults = [
      ...(!reliable && creates(method) && dice.chance(rates.soldOut) ? [soldOut(dice)] : []),
      ...(!reliable && dice.chance(rates.operationFails) ? [operationFailure(dice, method)] : []),
      ...(!reliable && dice.chance(rates.operationSlow) ? [slowness(dice)] : []),
    ];
    const answer = cloud.callWithFaults(faults, method, request, method.startsWith("Job") ? "v1" : "v1beta1");
    for (const watcher of watchers) watcher.accepted(attempt, answer);
    return answer;
  }

  /** The way there: on it nobody looks at the caller's clock any more. */
  function travel(attempt: Attempt, deadline: number): Promise<JsonObject> {
    const slow = dice.chance(weather.rates.callSlow);
    const takes = slow ? dice.between(1, 45) * second : dice.between(20, 600);
    if (slow && dice.chance(0.5)) {
      clock.at(Math.round(deadline + dice.between(0.1, 5) * second), () => impatient(attempt.resource));
    }
    return new Promise((resolve, reject) => {
      clock.at(Math.round(clock.now() + takes), () => {
        try {
          const late = clock.now() - deadline;
          const answer = late < latest ? take(attempt) : undefined;
          if (answer === undefined || late > 0) reject(new Refused(4, "Deadline exceeded."));
          else resolve(answer);
        } catch (error) {
          reject(error);
        }
      });
    });
  }

  async function change(
    method: MethodName,
    request: object,
    resource: string,
    { deadline }: CallLimits,
  ): Promise<JsonObject> {
    try {
      await instance.pass(`${method} leaving`);
      if (instance.clock.wire() > deadline) throw new Refused(4, "Deadline exceeded before the call left.");
      const travelling = travel({ method, request: request as JsonObject, resource }, deadline);
      const answer = await travelling;
      await instance.pass(`${method} answered`);
      if (dice.chance(weather.rates.answerLost)) throw new Refused(dice.pick([14, 4, 13]), "The answer was lost.");
      return answer;
    } catch (error) {
      throw error instanceof Refused ? classify(error, method) : error;
    }
  }

  const name = async (answer: Promise<JsonObject>) => String((await answer)["name"]);
  return {
    createPersistentResource: (request, limits) =>
      name(
        change(
          "PersistentResourceService.CreatePersistentResource",
          request,
          `${request.parent}/persistentResources/${request.persistentResourceId}`,
          limits,
        ),
      ),
    deletePersistentResource: (request, limits) =>
      name(change("PersistentResourceService.DeletePersistentResource", request, request.name, limits)),
    updatePersistentResource: ({ persistentResource, updateMask }, limits) =>
      name(
        change(
          "PersistentResourceService.UpdatePersistentResource",
          { persistentResource, updateMask: updateMask.paths.join(",") },
          persistentResource.name,
          limits,
        ),
      ),
    rebootPersistentResource: (request, limits) =>
      name(change("PersistentResourceService.RebootPersistentResource", request, request.name, limits)),
    deployModel: (request, limits) => name(change("EndpointService.DeployModel", request, request.endpoint, limits)),
    undeployModel: (request, limits) =>
      name(change("EndpointService.UndeployModel", request, request.endpoint, limits)),
    mutateDeployedModel: ({ endpoint, deployedModel, updateMask }, limits) =>
      name(
        change(
          "EndpointService.MutateDeployedModel",
          { endpoint, deployedModel, updateMask: updateMask.paths.join(",") },
          endpoint,
          limits,
        ),
      ),
    updateTraffic: async ({ name: endpoint, etag, trafficSplit }, limits) => {
      const request = { endpoint: { name: endpoint, etag, trafficSplit }, updateMask: "traffic_split" };
      await change("EndpointService.UpdateEndpoint", request, endpoint, limits);
    },
    createCustomJob: (request, limits) => {
      const { jobSpec } = request.customJob as { jobSpec?: { persistentResourceId?: string } };
      const resource = `${request.parent}/persistentResources/${jobSpec?.persistentResourceId}`;
      return name(change("JobService.CreateCustomJob", request, resource, limits));
    },
  };
}
