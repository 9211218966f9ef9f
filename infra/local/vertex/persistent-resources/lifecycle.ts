/**
 * The state machine of persistent resources:
 * PROVISIONING -> RUNNING | ERROR; RUNNING -> UPDATING -> RUNNING; RUNNING | ERROR -> REBOOTING -> RUNNING | ERROR;
 * RUNNING | ERROR -> STOPPING -> gone.
 */
import type { JsonObject } from "../../wire/service.ts";
import { type Status, status } from "../api/errors.ts";
import type { Behaviour } from "../behaviour/behaviour.ts";
import type { Kernel } from "../kernel/kernel.ts";
import type { Operations } from "../operations/store.ts";
import { type PersistentResource, type PersistentResourceState, persistentResourceJson } from "./record.ts";
import { currentSizes, type PersistentResources } from "./store.ts";

type Due = { at: number; operation: string };

/** Plans the ends of what has been started. */
export interface Lifecycle {
  created(due: Due, resource: PersistentResource): void;
  deleted(due: Due, resource: PersistentResource, from: PersistentResourceState): void;
  updated(due: Due, resource: PersistentResource, sizes: ReadonlyMap<string, number> | undefined): void;
  rebooted(due: Due, resource: PersistentResource): void;
}

/** What the lifecycle stands on. */
export interface LifecycleParts {
  readonly kernel: Kernel;
  readonly behaviour: Behaviour;
  readonly operations: Operations;
  readonly resources: PersistentResources;
}

/** Creates the lifecycle. */
export function createLifecycle({ kernel, behaviour, operations, resources }: LifecycleParts): Lifecycle {
  type Event = { resource: string; operation: string };
  const settle = (event: Event, failure: Status | undefined): void => {
    const resource = resources.all.get(event.resource);
    if (failure || !resource) {
      const error = failure ?? status("ABORTED", `"${event.resource}" was deleted meanwhile.`);
      operations.finish(event.operation, { error });
      return;
    }
    const value: JsonObject = persistentResourceJson(resource, behaviour.values);
    operations.finish(event.operation, { type: "PersistentResource", value });
  };
  const injected = (event: Event): Status | undefined => operations.failureOf(event.operation);

  const planCreated = kernel.agenda.define<Event>("persistentResource.created", (event) => {
    const resource = resources.all.get(event.resource);
    if (!resource) return;
    const failure = injected(event) ?? resources.hold(resource, currentSizes(resource));
    const errorState = operations.get(event.operation)?.fault.errorState === true;
    if (!failure) {
      resources.become(resource, "RUNNING");
    } else if (errorState || behaviour.values.failedPersistentResource === "error-state") {
      resources.become(resource, "ERROR", failure);
    } else {
      resources.remove(resource);
    }
    settle(event, failure);
  });

  const planDeleted = kernel.agenda.define<Event & { from: PersistentResourceState }>(
    "persistentResource.deleted",
    (event) => {
      const resource = resources.all.get(event.resource);
      const failure = injected(event);
      if (failure && resource) {
        resources.become(resource, event.from, failure);
        operations.finish(event.operation, { error: failure });
        return;
      }
      if (resource) {
        resources.letGo(resource);
        resources.remove(resource);
      }
      operations.finish(event.operation, { type: "", value: {} });
    },
  );

  const planUpdated = kernel.agenda.define<Event & { sizes: [string, number][] | null }>(
    "persistentResource.updated",
    (event) => {
      const resource = resources.all.get(event.resource);
      if (!resource) return;
      const failure = injected(event) ?? (event.sizes ? resources.hold(resource, new Map(event.sizes)) : undefined);
      resources.charge(resource, currentSizes(resource));
      resources.become(resource, "RUNNING");
      settle(event, failure);
    },
  );

  const planRebooted = kernel.agenda.define<Event>("persistentResource.rebooted", (event) => {
    const resource = resources.all.get(event.resource);
    if (!resource) return;
    const sizes = new Map(resource.pools.map(({ id, replicas, autoscaling }) => [id, autoscaling?.min ?? replicas]));
    const failure = injected(event) ?? resources.hold(resource, sizes);
    resources.become(resource, failure ? "ERROR" : "RUNNING", failure);
    settle(event, failure);
  });

  return {
    created: ({ at, operation }, { name }) => planCreated(at, { resource: name, operation }),
    deleted: ({ at, operation }, { name }, from) => planDeleted(at, { resource: name, operation, from }),
    updated: ({ at, operation }, { name }, sizes) =>
      planUpdated(at, { resource: name, operation, sizes: sizes ? [...sizes] : null }),
    rebooted: ({ at, operation }, { name }) => planRebooted(at, { resource: name, operation }),
  };
}
