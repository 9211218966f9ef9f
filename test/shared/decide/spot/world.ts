/** A toy endpoint, and the case around it: enough of EndpointService to see what a series of decisions leads to. */
import type { Decision, Sibling, SpotModelCase } from "../../../../shared/decide/decision.ts";
import type { SpotModelMemory } from "../../../../shared/decide/memory.ts";
import { spotModel } from "../../../../shared/decide/spot-model/spot-model.ts";
import type { Request, Wish } from "../../../../shared/events/requests.ts";
import type { Rung, SpotModelPolicy } from "../../../../shared/fleet/fleet.ts";
import type { Change, Held, Settlement } from "../../../../shared/operations/operation.ts";
import { hour, type Millis, minute } from "../../../../shared/time/clock.ts";
import { endpointName } from "../../../../shared/vertex/names.ts";
import type { DeployedModel, Endpoint } from "../../../../shared/vertex/vertex.ts";

/** Wednesday, 10:00 in UTC. */
export const start: Millis = Date.parse("2026-11-18T10:00:00Z");

export const endpoint = endpointName("demo", "us-central1", "1001");

export function rung(id: string, fields: Partial<Rung> = {}): Rung {
  return { id, machineType: id, provisioning: "spot", minReplicas: 1, maxReplicas: 2, ...fields };
}

/** Three quotas: preemptible L4, preemptible A100, standard L4. */
export const spotL4 = rung("g2", { machineType: "g2-standard-12", acceleratorType: "NVIDIA_L4", acceleratorCount: 1 });
export const spotA100 = rung("a2", {
  machineType: "a2-highgpu-1g",
  acceleratorType: "NVIDIA_TESLA_A100",
  acceleratorCount: 1,
});
export const onDemand: Rung = { ...spotL4, id: "g2-od", provisioning: "on-demand" };

export const policy: SpotModelPolicy = {
  kind: "spotModel",
  name: "chat",
  key: `${endpoint}#chat`,
  project: "demo",
  location: "us-central1",
  endpoint,
  model: "projects/demo/locations/us-central1/models/7",
  displayName: "chat",
  ladder: [spotL4, spotA100, onDemand],
  grace: 4 * minute,
  share: 100,
};

export const empty: SpotModelMemory = { kind: "spotModel", ours: [], bench: [], deploys: [], sequence: 0 };

const prices: Readonly<Record<string, number>> = { g2: 0.4, a2: 1.2, "g2-od": 1 };

/** A deployed model as the endpoint shows it; `available` undefined leaves the counter unfilled. */
export function shown(
  id: string,
  on: Rung,
  available: number | undefined,
  more: Partial<DeployedModel> = {},
): DeployedModel {
  return {
    id,
    model: policy.model,
    displayName: policy.displayName,
    dedicatedResources: {
      machineSpec: {
        machineType: on.machineType,
        ...(on.acceleratorType === undefined ? {} : { acceleratorType: on.acceleratorType, acceleratorCount: 1 }),
      },
      minReplicaCount: on.minReplicas,
      maxReplicaCount: on.maxReplicas,
      ...(on.provisioning === "spot" ? { spot: true } : {}),
      ...(on.provisioning === "flex-start" ? { flexStart: {} } : {}),
    },
    ...(available === undefined
      ? {}
      : {
          status: {
            lastUpdateTime: "2026-11-18T10:00:00Z",
            ...(available > 0 ? { availableReplicaCount: available } : {}),
          },
        }),
    ...more,
  };
}

export function stranger(id: string, displayName = "theirs"): DeployedModel {
  return { id, displayName, model: "projects/demo/locations/us-central1/models/9" };
}

export function request(eventId: string, wish: Wish, at: Millis = start, lasts: Millis = hour): Request {
  return { eventId, wish, source: "ci", publishedAt: at, storedAt: at, expiresAt: at + lasts, answered: "accepted" };
}

/** What a case is made of, apart from defaults. */
export interface Given {
  readonly policy?: Partial<SpotModelPolicy>;
  readonly memory?: Partial<SpotModelMemory>;
  readonly models?: readonly DeployedModel[];
  readonly split?: Readonly<Record<string, number>>;
  readonly requests?: readonly Request[];
  readonly now?: Millis;
  readonly deploysPerHour?: number;
  readonly siblings?: readonly Sibling[];
}

export function caseOf(given: Given): SpotModelCase {
  const value: Endpoint = {
    name: endpoint,
    etag: "e1",
    deployedModels: given.models ?? [],
    trafficSplit: given.split ?? {},
  };
  return {
    policy: { ...policy, ...given.policy },
    siblings: given.siblings ?? [],
    memory: { ...empty, ...given.memory },
    requests: given.requests ?? [],
    observation: { endpoint: { look: "present", value } },
    limits: { deploysPerHour: given.deploysPerHour ?? 6 },
    priceOf: (id) => prices[id],
    now: given.now ?? start,
    jitter: 0.5,
  };
}

/** The memory of a model that has served on `on` since an hour ago, with all the traffic unless said. */
export function servingOn(on: Rung, id = "1", share = 100): SpotModelMemory {
  return {
    ...empty,
    ours: [id],
    serving: { deployedModelId: id, rungId: on.id, since: start - hour },
    healthySince: start - hour,
    lastSwitchAt: start - hour,
    share,
    sequence: 1,
  };
}

export function heldFor(change: Change, at: Millis = start, eventIds: readonly string[] = []): Held {
  return {
    resource: endpoint,
    targetKey: policy.key,
    change,
    attempt: 1,
    claimedAt: at,
    claimedAtWire: at,
    startBy: at + 20_000,
    eventIds,
    why: "",
    seen: "",
  };
}

/** The change of a decision; fails where there is none. */
export function changeOf(decision: Decision<SpotModelMemory>): Change {
  if (decision.action.do !== "change") throw new Error(`no change: ${decision.rule}: ${decision.why}`);
  return decision.action.change;
}

/** What is deployed on an endpoint. */
export interface Place {
  readonly models: Map<string, DeployedModel>;
  split: Record<string, number>;
  etag: number;
}

/** A world that carries changes out, where `capacity` lets it. */
export class Toy {
  memory: SpotModelMemory = empty;
  requests: readonly Request[] = [];
  now = start;
  readonly decisions: Decision<SpotModelMemory>[] = [];
  readonly given: Given;
  readonly place: Place;
  /** The fleet's other models on this endpoint. */
  siblings: () => readonly Sibling[] = () => [];

  /** @param place another toy's endpoint; its own unless given. */
  constructor(given: Given = {}, place?: Place) {
    this.given = given;
    this.memory = { ...empty, ...given.memory };
    const models = new Map((given.models ?? []).map((model) => [model.id, model]));
    this.place = place ?? { models, split: { ...given.split }, etag: 0 };
  }

  get models(): Map<string, DeployedModel> {
    return this.place.models;
  }

  get split(): Record<string, number> {
    return this.place.split;
  }

  set split(split: Record<string, number>) {
    this.place.split = split;
  }

  facts(): SpotModelCase {
    const built = caseOf({
      ...this.given,
      memory: this.memory,
      models: [...this.models.values()],
      split: this.split,
      requests: this.requests,
      siblings: this.siblings(),
      now: this.now,
    });
    const look = built.observation.endpoint;
    if (look.look !== "present") return built;
    return { ...built, observation: { endpoint: { ...look, value: { ...look.value, etag: `e${this.place.etag}` } } } };
  }

  /** One wake-up: decides, and remembers; answers the change to be carried out. */
  decide(): Change | undefined {
    const decision = spotModel.decide(this.facts());
    this.decisions.push(decision);
    this.memory = decision.memory;
    this.requests = decision.requests;
    return decision.action.do === "change" ? decision.action.change : undefined;
  }

  settle(change: Change, settlement: Settlement, claimedAt = this.now): void {
    const after = spotModel.afterSettling(this.facts(), heldFor(change, claimedAt), settlement);
    this.memory = after.memory;
    this.requests = after.requests;
  }

  /** What the service does: the effect, or why it refuses. */
  carryOut(change: Change): void {
    if (change.kind === "deploy") {
      const model = change.deployedModel as unknown as DeployedModel;
      if (this.models.has(change.deployedModelId)) throw new Error("duplicate id");
      const availableReplicaCount =
        model.dedicatedResources?.requiredReplicaCount ?? model.dedicatedResources?.minReplicaCount ?? 1;
      const status = { lastUpdateTime: "2026-11-18T10:00:00Z", availableReplicaCount };
      this.models.set(change.deployedModelId, { ...model, status });
    } else if (change.kind === "undeploy") {
      const last = this.models.size === 1;
      if ((this.split[change.deployedModelId] ?? 0) > 0 && !last) throw new Error("undeploy of a model with traffic");
      if (!this.models.delete(change.deployedModelId)) throw new Error("undeploy of a model that is not there");
      if (last) this.split = {};
      else delete this.split[change.deployedModelId];
    } else if (change.kind === "traffic") {
      if (change.etag !== `e${this.place.etag}`) throw new Error("etag");
      this.split = { ...change.trafficSplit };
    } else if (change.kind === "mutate") {
      const model = this.models.get(change.deployedModelId);
      if (model === undefined) throw new Error("mutate of a model that is not there");
      const { minReplicas: minReplicaCount, maxReplicas: maxReplicaCount } = change;
      this.models.set(model.id, {
        ...model,
        dedicatedResources: { ...model.dedicatedResources, minReplicaCount, maxReplicaCount },
        status: { lastUpdateTime: "2026-11-18T10:00:00Z", availableReplicaCount: minReplicaCount },
      });
    }
    this.place.etag += 1;
  }

  /** Takes the replicas of a model away, or the model itself. */
  preempt(id: string, final: "zero" | "gone" = "zero"): void {
    const model = this.models.get(id);
    if (model === undefined) return;
    if (final === "zero") this.models.set(id, { ...model, status: { lastUpdateTime: "2026-11-18T10:00:00Z" } });
    else this.models.delete(id);
    this.place.etag += 1;
  }

  /** Wakes up each minute until nothing changes any more for `quiet` minutes; each change succeeds within a minute. */
  run(minutes: number): void {
    for (let n = 0; n < minutes; n += 1) {
      const change = this.decide();
      this.now += minute;
      if (change === undefined) continue;
      this.carryOut(change);
      this.settle(change, { end: "done", note: "" });
    }
  }
}
