/**
 * Vertex AI of the local cloud: persistent resources, custom jobs, endpoints, models, deployment resource pools and their
 * long-running operations, on a world clock and one seed. Served by the doors, or called in-process by a simulation.
 */
import type { Random, WorldClock } from "../clock/clock.ts";
import type { ControlRoute } from "../control/route.ts";
import type { Json, JsonObject, ServiceImplementation } from "../wire/service.ts";
import { createDispatch } from "./api/dispatch.ts";
import { type Behaviour, type BehaviourChange, createBehaviour } from "./behaviour/behaviour.ts";
import { createFaults, type Faults } from "./behaviour/faults.ts";
import { createRequestQuotas } from "./behaviour/request-quota.ts";
import { createMeter } from "./billing/meter.ts";
import { createCapacity } from "./capacity/capacity.ts";
import { createMarket, type Market } from "./capacity/market.ts";
import { createQuotas } from "./capacity/quota.ts";
import { createReplicas } from "./capacity/replicas.ts";
import { createControlRoutes } from "./control.ts";
import { createResourcePoolService, createResourcePools } from "./deployment-resource-pools/service.ts";
import { createEndpointContext } from "./endpoints/context.ts";
import { createDeployModel } from "./endpoints/deploy-model.ts";
import { createEndpointService } from "./endpoints/service.ts";
import { createEndpoints } from "./endpoints/store.ts";
import { createJobMachines } from "./jobs/machines.ts";
import { createJobRunner } from "./jobs/runner.ts";
import { createJobService } from "./jobs/service.ts";
import { createKernel } from "./kernel/kernel.ts";
import { createModelService, createModels } from "./models/service.ts";
import { createOperationsService } from "./operations/service.ts";
import { createOperations } from "./operations/store.ts";
import { createAutoscaling } from "./persistent-resources/autoscaling.ts";
import { createPersistentResourceService } from "./persistent-resources/service.ts";
import { createPersistentResources } from "./persistent-resources/store.ts";

/** Options of {@link createVertex}. */
export interface VertexOptions {
  readonly clock: WorldClock;
  /** Drawn from once; the model's own dice are part of its snapshot. */
  readonly random: Random;
  /** Switches that differ from their defaults. */
  readonly behaviour?: BehaviourChange;
}

/** The model's controls for callers in the same process; over the wire they are the control routes. */
export interface VertexModel {
  readonly behaviour: Behaviour;
  readonly faults: Faults;
  readonly market: Market;
  /** What `/billing` answers. */
  billing(project?: string): JsonObject;
}

/** A Vertex AI. */
export interface Vertex {
  readonly services: ServiceImplementation[];
  readonly routes: ControlRoute[];
  readonly model: VertexModel;
  /** The whole state, future included. */
  snapshot(): Json;
  /** Replaces the whole state; the clock must not stand before the snapshot's time. Throws for what is no snapshot. */
  restore(snapshot: Json): void;
}

/** Creates an empty Vertex AI. Throws a ZodError for unknown switches. */
export function createVertex(options: VertexOptions): Vertex {
  const kernel = createKernel(options);
  const behaviour = createBehaviour(kernel, options.behaviour ?? {});
  const faults = createFaults(kernel);
  const meter = createMeter(kernel);
  const capacity = createCapacity(kernel);
  const quotas = createQuotas(kernel);
  const replicas = createReplicas({ kernel, behaviour, capacity, meter });
  const market = createMarket({ kernel, capacity, quotas, replicas });
  const operations = createOperations(kernel, behaviour);
  const models = createModels(kernel);
  const pools = createResourcePools(kernel);
  const resources = createPersistentResources({ kernel, capacity, quotas, meter });
  const autoscaling = createAutoscaling(kernel, behaviour, resources);
  const machines = createJobMachines({ resources, autoscaling, capacity, meter });
  const runner = createJobRunner({ kernel, behaviour, resources, machines, quotas });
  const endpoints = createEndpoints({ kernel, behaviour, replicas, quotas });
  const known = {
    model: (name: string) => models.get(name) !== undefined,
    pool: (name: string) => pools.get(name) !== undefined,
  };
  const context = createEndpointContext({ kernel, behaviour, replicas, quotas, operations, endpoints, known });
  const deployment = createDeployModel(context);
  const dispatch = createDispatch({ kernel, behaviour, faults, quotas: createRequestQuotas(kernel, behaviour) });
  const services = [
    createPersistentResourceService({ kernel, behaviour, operations, resources }),
    createJobService({ kernel, behaviour, operations, resources, quotas, runner }),
    createEndpointService(context, deployment),
    createModelService({ kernel, operations, models, endpoints }),
    createResourcePoolService({ kernel, operations, replicas, quotas, endpoints, pools }),
    createOperationsService({ kernel, operations, cancel: deployment.cancel }),
  ].map(dispatch);
  return {
    services,
    routes: createControlRoutes({ behaviour, faults, market, meter, slices: kernel.slices }),
    model: { behaviour, faults, market, billing: meter.read },
    snapshot: kernel.slices.snapshot,
    restore: kernel.slices.restore,
  };
}
