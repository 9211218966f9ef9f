/** People who change Vertex AI by hand, beside us and among us: they know nothing of Tidekeeper. */
import type { Fleet } from "../../../shared/fleet/fleet.ts";
import type { Dice } from "../dice.ts";
import { elastic, machineType, modelsOf, poolsOf } from "../scenario.ts";
import type { Story } from "../story.ts";
import { type Cloud, type MethodName, overStates, parent, Refused } from "../world/cloud.ts";
import type { Memory } from "../world/memory.ts";

/** Things outside the fleet: whoever is not a stranger leaves them alone. */
export const bystander = { pool: `${parent}/persistentResources/bystander`, endpoint: `${parent}/endpoints/bystander` };

/** What strangers stand on. */
export interface StrangersParts {
  readonly cloud: Cloud;
  readonly dice: Dice;
  readonly story: Story;
  readonly fleet: () => Fleet;
  /** Told of each persistent resource that a stranger has made, and whether of machines that we never ask for. */
  readonly made: (resource: string, otherwise: boolean) => void;
  /** Told of each persistent resource that a stranger has given another size. */
  readonly changed: (resource: string) => void;
  /** A stranger has deleted it. */
  readonly deleted: (resource: string) => void;
}

/** Machines that nothing of the fleet, and none of its alternatives, is built of. */
const theirMachine = "n1-standard-32";

const spec = (replicas: number, machine: string) => ({
  displayName: "by hand",
  labels: { made: "by-hand" },
  encryptionSpec: { kmsKeyName: `${parent}/keyRings/r/cryptoKeys/k` },
  resourcePools: [{ id: "workers", machineSpec: { machineType: machine }, replicaCount: String(replicas) }],
});

/** The strangers. */
export class Strangers {
  readonly #parts: StrangersParts;
  #models = 0;

  constructor(parts: StrangersParts) {
    this.#parts = parts;
  }

  /** Makes a persistent resource, as the fleet's or of machines of their own. */
  create(name: string, replicas: number, machine = machineType): void {
    const persistentResource = spec(replicas, machine);
    const request = { parent, persistentResourceId: name.split("/").at(-1), persistentResource };
    const text = machine === machineType ? "creates it" : `creates it of ${machine}`;
    const done = this.#try(name, text, "PersistentResourceService.CreatePersistentResource", request);
    if (done) this.#parts.made(name, machine !== machineType);
  }

  createEndpoint(name: string): void {
    const endpoint = { displayName: name };
    this.#try(name, "creates it", "EndpointService.CreateEndpoint", {
      parent,
      endpointId: name.split("/").at(-1),
      endpoint,
    });
  }

  /** Submits a job that runs for a while. */
  submitJob(resource: string, seconds: number, replicas = 1): void {
    const customJob = {
      displayName: "training",
      labels: { "local-run-seconds": String(Math.round(seconds)) },
      jobSpec: {
        persistentResourceId: resource.split("/").at(-1),
        workerPoolSpecs: [
          {
            machineSpec: { machineType },
            replicaCount: String(replicas),
            containerSpec: { imageUri: "gcr.io/demo/train" },
          },
        ],
      },
    };
    this.#try(resource, `submits a job of ${Math.round(seconds / 60)} min`, "JobService.CreateCustomJob", {
      parent,
      customJob,
    });
  }

  /** Submits a job to something that has had its first look before a delete, if there is one. */
  submitJobBeforeDelete(memory: Memory): void {
    const { dice, fleet } = this.#parts;
    const looked = poolsOf(fleet()).filter(({ key }) => {
      const remembered = memory.peek("targets", key)?.memory;
      return remembered?.kind === "persistentResource" && remembered.look !== undefined;
    });
    if (looked.length > 0) this.submitJob(dice.pick(looked).resource, dice.between(5, 30) * 60);
  }

  /** Builds, of machines of their own, what we could not create and will try again, if there is any. */
  buildWhatFailed(memory: Memory): void {
    const { dice, fleet, cloud } = this.#parts;
    const failed = poolsOf(fleet()).filter(({ key, resource }) => {
      const remembered = memory.peek("targets", key)?.memory;
      const waits = remembered?.kind === "persistentResource" && remembered.attemptsAt?.create !== undefined;
      return waits && cloud.resource(resource) === undefined;
    });
    if (failed.length > 0) this.create(dice.pick(failed).resource, dice.whole(1, 4), theirMachine);
  }

  /** Clears up, as scripts do: nothing shows then that such a job ever was. */
  deleteJobsThatAreOver(resource: string): void {
    for (const { name, state } of this.#parts.cloud.jobsOn(resource)) {
      if (overStates.has(state ?? ""))
        this.#try(resource, "deletes a job that is over", "JobService.DeleteCustomJob", { name });
    }
  }

  /** Deploys a model of their own; it gets no traffic until they give it some. */
  deploy(endpoint: string, displayName = "theirs"): void {
    this.#models += 1;
    const id = String(900 + this.#models);
    const machineSpec = { machineType: "g2-standard-12", acceleratorType: "NVIDIA_L4", acceleratorCount: 1 };
    const dedicatedResources = { machineSpec, minReplicaCount: 1, maxReplicaCount: 1 };
    const deployedModel = { id, displayName, model: `${parent}/models/theirs`, dedicatedResources };
    this.#try(endpoint, `deploys ${id}`, "EndpointService.DeployModel", { endpoint, deployedModel });
  }

  /** One thing with a persistent resource of the fleet. */
  actOnPool(): void {
    const { dice, fleet, cloud } = this.#parts;
    const pools = poolsOf(fleet()).filter(({ name }) => name !== elastic.name);
    if (pools.length === 0) return;
    const name = dice.pick(pools).resource;
    const roll = dice.next();
    if (roll < 0.7) {
      this.submitJob(name, dice.chance(0.2) ? dice.between(1, 3) * 3_600 : dice.between(2, 40) * 60, dice.whole(1, 2));
    } else if (roll < 0.8) {
      const pool = cloud.resource(name)?.resourcePools[0];
      if (pool === undefined) return;
      const resourcePools = [{ ...pool, replicaCount: String(dice.whole(1, 6)) }];
      const done = this.#try(name, "resizes it", "PersistentResourceService.UpdatePersistentResource", {
        persistentResource: { name, resourcePools },
        updateMask: "resource_pools.replica_count",
      });
      if (done) this.#parts.changed(name);
    } else if (roll < 0.87) {
      const done = this.#try(name, "deletes it", "PersistentResourceService.DeletePersistentResource", { name });
      if (done) this.#parts.deleted(name);
    } else if (roll < 0.95) {
      this.create(name, dice.whole(1, 4), dice.chance(0.4) ? theirMachine : machineType);
    } else if (roll < 0.98) {
      this.deleteJobsThatAreOver(name);
    } else {
      this.#try(name, "reboots it", "PersistentResourceService.RebootPersistentResource", { name });
    }
  }

  /** One thing with an endpoint of the fleet. */
  actOnEndpoint(): void {
    const { dice, fleet, cloud } = this.#parts;
    const models = modelsOf(fleet());
    if (models.length === 0) return;
    const { endpoint: name, displayName } = dice.pick(models);
    const endpoint = cloud.endpoint(name);
    if (endpoint === undefined) return;
    const deployed = endpoint.deployedModels ?? [];
    const roll = dice.next();
    if (roll < 0.3 && deployed.length < 5) {
      this.deploy(name, dice.chance(0.15) ? displayName : "theirs");
    } else if (roll < 0.7 && deployed.length > 0) {
      const ids = deployed.map(({ id }) => id);
      const first = dice.pick(ids);
      const second = dice.pick(ids);
      const share = dice.whole(0, 100);
      const trafficSplit = first === second ? { [first]: 100 } : { [first]: share, [second]: 100 - share };
      const request = { endpoint: { name, trafficSplit }, updateMask: "traffic_split" };
      this.#try(name, `sets the split to ${JSON.stringify(trafficSplit)}`, "EndpointService.UpdateEndpoint", request);
    } else if (deployed.length > 0) {
      const { id: deployedModelId } = dice.pick(deployed);
      const rest = deployed.filter(({ id }) => id !== deployedModelId);
      const trafficSplit = rest[0] === undefined ? {} : { [rest[0].id]: 100 };
      const request = { endpoint: name, deployedModelId, trafficSplit };
      this.#try(name, `undeploys ${deployedModelId}`, "EndpointService.UndeployModel", request);
    }
  }

  /** Gives some other share of an endpoint's traffic to a model of theirs, where both they and we have one. */
  claimShare(): void {
    const { dice, fleet, cloud } = this.#parts;
    for (const name of new Set(modelsOf(fleet()).map(({ endpoint }) => endpoint))) {
      const deployed = cloud.endpoint(name)?.deployedModels ?? [];
      const theirs = deployed.find(({ id }) => Number(id) > 900 && Number(id) < 1_000);
      const others = deployed.find(({ id }) => id !== theirs?.id);
      if (theirs === undefined || others === undefined) continue;
      const share = dice.whole(1, 99);
      const trafficSplit = { [theirs.id]: share, [others.id]: 100 - share };
      const request = { endpoint: { name, trafficSplit }, updateMask: "traffic_split" };
      this.#try(name, `sets the split to ${JSON.stringify(trafficSplit)}`, "EndpointService.UpdateEndpoint", request);
    }
  }

  /** Machines come and go. */
  moveMarket(): void {
    const { dice, cloud, story } = this.#parts;
    const provisioning = dice.pick(["SPOT", "SPOT", "SPOT", "ON_DEMAND"] as const);
    const machine = dice.pick(["g2-standard-12", "n1-standard-8"]);
    const roll = dice.next();
    if (roll < 0.4) {
      cloud.market({ action: "preempt", place: { machineType: machine, provisioning: "SPOT" } });
      story.tell(undefined, `Spot machines ${machine} are preempted`);
    } else if (roll < 0.7) {
      cloud.market({ action: "exhaust", place: { machineType: machine, provisioning }, preempt: dice.chance(0.5) });
      story.tell(undefined, `${provisioning} machines ${machine} are sold out`);
    } else {
      this.restoreMarket();
    }
  }

  /** Everything can be had again. */
  restoreMarket(): void {
    this.#parts.cloud.market({ action: "restore", place: {} });
    this.#parts.story.tell(undefined, "machines can be had again");
  }

  #try(about: string, text: string, method: MethodName, request: object): boolean {
    const { cloud, story } = this.#parts;
    try {
      cloud.call(method, request);
      story.tell(about, `somebody ${text}`);
      return true;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      return false;
    }
  }
}
