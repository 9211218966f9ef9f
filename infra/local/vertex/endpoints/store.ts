/** The endpoints of the world, and what happens to their deployed models without anybody asking. */
import { locationOf, parseResource } from "../api/names.ts";
import type { Behaviour } from "../behaviour/behaviour.ts";
import type { Quotas } from "../capacity/quota.ts";
import type { Replicas } from "../capacity/replicas.ts";
import { type Collection, createCollection } from "../kernel/collection.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { createTable } from "../kernel/slices.ts";
import type { DeployedModel, Endpoint } from "./record.ts";
import { withoutVanished } from "./traffic.ts";

/** What the endpoints stand on. */
export interface EndpointParts {
  readonly kernel: Kernel;
  readonly behaviour: Behaviour;
  readonly replicas: Replicas;
  readonly quotas: Quotas;
}

/** A place where something is deployed. */
type Use = { endpoint: string; uid: string; deployedModelId: string };

/** The endpoints. */
export interface Endpoints {
  readonly all: Collection<Endpoint>;
  /** Notes a write. */
  touch(endpoint: Endpoint): void;
  /** A deployed model by its uid. */
  deployed(endpoint: string, uid: string): { endpoint: Endpoint; model: DeployedModel } | undefined;
  /** Adds a deployed model. */
  place(endpoint: Endpoint, model: DeployedModel): void;
  /** Takes a deployed model away with its machines and its share of the traffic; its quota stays unless freed. */
  remove(endpoint: Endpoint, model: DeployedModel): void;
  /** Plans what a serving model's resources bring: flex-start's end, scaling to zero when idle. */
  planFuture(endpoint: Endpoint, model: DeployedModel): void;
  /** Every place where a Model is deployed, or a DeploymentResourcePool used, by its full name. */
  using(name: string): readonly Use[];
}

/** Creates a world without endpoints. */
export function createEndpoints({ kernel, behaviour, replicas, quotas }: EndpointParts): Endpoints {
  const all = createCollection<Endpoint>(kernel.slices, "endpoints", ({ name }) => [locationOf(name).name]);
  const uses = createTable<Use[]>(kernel.slices, "deployments");
  const { clock, agenda } = kernel;
  type Event = { endpoint: string; uid: string };

  const touch = (endpoint: Endpoint): void => {
    endpoint.revision += 1;
    endpoint.updateTime = clock.now();
  };
  const deployed: Endpoints["deployed"] = (name, uid) => {
    const endpoint = all.get(name);
    const model = endpoint?.models.find((one) => one.uid === uid);
    return endpoint && model ? { endpoint, model } : undefined;
  };
  const remove = (endpoint: Endpoint, model: DeployedModel): void => {
    replicas.release(model.uid);
    for (const name of usedBy(model)) {
      const rest = (uses.get(name) ?? []).filter(({ uid }) => uid !== model.uid);
      if (rest.length > 0) uses.set(name, rest);
      else uses.delete(name);
    }
    endpoint.models = endpoint.models.filter(({ uid }) => uid !== model.uid);
    const ids = endpoint.models.map(({ id }) => id);
    endpoint.trafficSplit = withoutVanished(endpoint.trafficSplit, ids);
    touch(endpoint);
  };
  const vanish = ({ endpoint, uid }: Event): void => {
    const found = deployed(endpoint, uid);
    if (!found) return;
    remove(found.endpoint, found.model);
    quotas.release(uid);
  };
  const planExpiry = agenda.define<Event>("flexStart.expired", vanish);
  const planIdle = agenda.define<Event>("scaledToZero", ({ uid }) => {
    const set = replicas.all.get(uid);
    if (set) replicas.resize(set, 0);
  });

  replicas.onLost((set) => {
    if (behaviour.values.spotFinalState === "gone" && set.billed.kind === "deployedModel") {
      vanish({ endpoint: set.billed.resource, uid: set.name });
    }
  });

  return {
    all,
    touch,
    deployed,
    place(endpoint, model) {
      endpoint.models.push(model);
      const use = { endpoint: endpoint.name, uid: model.uid, deployedModelId: model.id };
      for (const name of usedBy(model)) uses.set(name, [...(uses.get(name) ?? []), use]);
      touch(endpoint);
    },
    remove,
    planFuture(endpoint, { uid, serving }) {
      if (serving.kind === "shared") return;
      const { flexMilliseconds, idleMilliseconds, min } = serving.dedicated;
      const event = { endpoint: endpoint.name, uid };
      if (flexMilliseconds !== null) planExpiry(clock.now() + flexMilliseconds, event);
      if (idleMilliseconds !== null && min === 0) planIdle(clock.now() + idleMilliseconds, event);
    },
    using: (name) => uses.get(name) ?? [],
  };
}

/** Full names of what a deployed model uses. */
function usedBy({ model, serving }: DeployedModel): string[] {
  const name = parseResource("Model", model, "model").name;
  return serving.kind === "shared" ? [name, serving.pool] : [name];
}
