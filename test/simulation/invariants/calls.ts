/** What must be true of every changing call at the moment when the service takes it, whoever made it and however late. */
import type { JsonObject } from "../../../infra/local/wire/service.ts";
import type { Fleet } from "../../../shared/fleet/fleet.ts";
import type { ChangeKind } from "../../../shared/operations/operation.ts";
import { hour, minute, second } from "../../../shared/time/clock.ts";
import type { DeployedModel, Endpoint } from "../../../shared/vertex/vertex.ts";
import { poolsOf, resourceOf } from "../scenario.ts";
import type { Story } from "../story.ts";
import type { Cloud } from "../world/cloud.ts";
import type { Memory } from "../world/memory.ts";
import type { Attempt, CallWatcher } from "../world/writer-port.ts";
import type { Deletes } from "./deletes.ts";
import type { Foreign } from "./foreign.ts";
import type { Rebuilds } from "./rebuilds.ts";

/** What is watched with. */
export interface CallRulesParts {
  readonly cloud: Cloud;
  readonly memory: Memory;
  readonly story: Story;
  readonly now: () => number;
  readonly fleet: () => Fleet;
  /** When the fleet last became another one. */
  readonly appliedAt: () => number;
  readonly deletes: Deletes;
  readonly foreign: Foreign;
  /** Whether things with the common schedule may be on at a time. */
  readonly isOn: (at: number) => boolean;
  readonly rebuilds: Rebuilds;
}

/** An operation of ours that the service has accepted. */
export interface Accepted {
  readonly kind: ChangeKind;
  readonly at: number;
  /** Undefined: the call was synchronous. */
  readonly operation: string | undefined;
}

const kinds: { readonly [method: string]: ChangeKind } = {
  CreatePersistentResource: "create",
  DeletePersistentResource: "delete",
  UpdatePersistentResource: "resize",
  RebootPersistentResource: "reboot",
  DeployModel: "deploy",
  UndeployModel: "undeploy",
  MutateDeployedModel: "mutate",
  UpdateEndpoint: "traffic",
  CreateCustomJob: "job",
};

/** After this an operation that the service still shows as running may be given up (its effect is there). */
const longestOperation = hour;

/** What has changed within this time may have been decided on before. */
const longKept = 10 * minute;

function sharesOf(endpoint: Endpoint | undefined): Readonly<Record<string, number>> {
  return endpoint?.trafficSplit ?? {};
}

/** Watches the calls. */
export class CallRules implements CallWatcher {
  readonly #parts: CallRulesParts;
  readonly #ours = new Map<string, Accepted>();
  readonly #deployed = new Set<string>();
  /** Labels of the jobs that were submitted for events: a job may have been deleted since. */
  readonly #submitted = new Set<string>();
  #before: Endpoint | undefined;

  constructor(parts: CallRulesParts) {
    this.#parts = parts;
  }

  /** The newest operation of ours on a resource. */
  newest(resource: string): Accepted | undefined {
    return this.#ours.get(resource);
  }

  /** Whether an operation of ours still runs there, and may not be given up. */
  isRunning(resource: string): boolean {
    const newest = this.#ours.get(resource);
    if (newest?.operation === undefined || this.#parts.now() - newest.at > longestOperation) return false;
    const operation = this.#parts.cloud.operation(newest.operation);
    return operation !== undefined && operation.done !== true;
  }

  attempt(attempt: Attempt): void {
    const { method, request, resource } = attempt;
    const { story, memory, cloud, now, fleet, appliedAt, deletes, foreign, rebuilds } = this.#parts;
    const kind = kindOf(method);
    story.tell(resource, `${kind} arrives at Vertex`);
    const broken = (invariant: string, text: string) => story.violate(invariant, resource, text);
    const named = fleet().targets.some((target) => resourceOf(target) === resource);
    if (!named && now() - appliedAt() > minute)
      broken("only the fleet is touched", `${kind} of something that the fleet does not name`);
    const slot = memory.peek("slots", resource);
    if (slot === undefined || slot.state === "empty") {
      broken("no call without a claim", `${kind} arrives, and nothing is claimed`);
      return;
    }
    if (slot.change.kind !== kind)
      broken("no call without a claim", `${kind} arrives, and ${slot.change.kind} is claimed`);
    if (now() > slot.startBy + 60 * second) {
      broken("no late call", `${kind} arrives ${Math.round((now() - slot.startBy) / second)} s after its claim's time`);
    }
    if (this.isRunning(resource)) {
      broken("one operation at a time", `${kind} arrives while our ${this.#ours.get(resource)?.kind} is running`);
    }
    this.#before = resource.includes("/endpoints/") ? cloud.endpoint(resource) : undefined;
    if (kind === "create") rebuilds.creating(attempt);
    if (kind === "delete" && slot.change.kind === "delete") deletes.attempt(slot, slot.change);
    if (kind === "delete" || kind === "resize") foreign.changing(resource, kind);
    if (kind === "resize") this.#withinBounds(resource, request);
    if (kind === "undeploy") {
      const id = String(request["deployedModelId"]);
      const shown = (this.#before?.deployedModels ?? []).some((model) => model.id === id);
      if (shown && !this.#deployed.has(`${resource} ${id}`))
        broken("only ours is undeployed", `${id} is somebody else's`);
      if (this.#servesAlone(slot.targetKey, id))
        broken("what serves alone stays", `${id} has had all of its replicas for long, and is the last one there`);
    }
  }

  /** Whether it should be on, is all that is deployed, and has long had every replica that it is set to. */
  #servesAlone(targetKey: string, id: string): boolean {
    const { fleet, now, isOn } = this.#parts;
    const target = fleet().targets.find(({ key }) => key === targetKey);
    const [model, ...others] = this.#before?.deployedModels ?? [];
    if (target === undefined || model?.id !== id || others.length > 0) return false;
    if (target.schedule !== undefined && !(isOn(now()) && isOn(now() - longKept))) return false;
    const { minReplicaCount = 1, requiredReplicaCount = minReplicaCount } = model.dedicatedResources ?? {};
    const { availableReplicaCount = 0, lastUpdateTime } = model.status ?? {};
    if (lastUpdateTime === undefined || availableReplicaCount < requiredReplicaCount) return false;
    return Date.parse(lastUpdateTime) < now() - longKept;
  }

  accepted({ method, request, resource }: Attempt, answer: JsonObject): void {
    const { cloud, story, now, deletes } = this.#parts;
    const kind = kindOf(method);
    const operation = kind === "traffic" || kind === "job" ? undefined : String(answer["name"]);
    this.#ours.set(resource, { kind, at: now(), operation });
    story.tell(resource, `${kind} is accepted${operation === undefined ? "" : ` as ${operation.split("/").at(-1)}`}`);
    if (kind === "delete") deletes.accepted(resource);
    if (kind === "resize") deletes.resized(resource);
    if (kind === "deploy") {
      const { id } = request["deployedModel"] as unknown as DeployedModel;
      if (this.#deployed.has(`${resource} ${id}`))
        story.violate("nothing twice", resource, `${id} is deployed a second time`);
      this.#deployed.add(`${resource} ${id}`);
    }
    if (resource.includes("/endpoints/")) {
      this.#checkSplit(resource, cloud.endpoint(resource), request["deployedModelId"]);
    }
    if (kind === "job") this.#checkJob(resource, answer);
  }

  #checkSplit(resource: string, after: Endpoint | undefined, undeployed: unknown): void {
    const { story } = this.#parts;
    const [before, now] = [sharesOf(this.#before), sharesOf(after)];
    const sum = (shares: Readonly<Record<string, number>>) =>
      Object.values(shares).reduce((total, share) => total + share, 0);
    // With the last model goes the split.
    const nothingLeft = (after?.deployedModels ?? []).every(({ id }) => id === undeployed);
    if (sum(now) !== 100 && sum(now) !== sum(before) && !nothingLeft) {
      story.violate("a split sums to 100", resource, `${JSON.stringify(before)} became ${JSON.stringify(now)}`);
    }
    for (const [id, share] of Object.entries(before)) {
      if (this.#deployed.has(`${resource} ${id}`) || now[id] === share) continue;
      story.violate(
        "a stranger's share is the stranger's",
        resource,
        `${id} had ${share} %, and now ${now[id] ?? 0} %`,
      );
    }
  }

  #withinBounds(resource: string, request: JsonObject): void {
    const { fleet, story, cloud, deletes } = this.#parts;
    const policy = poolsOf(fleet()).find((pool) => pool.resource === resource);
    const { resourcePools } = request["persistentResource"] as unknown as {
      resourcePools: { id: string; replicaCount: string }[];
    };
    deletes.resizing(
      resource,
      Object.fromEntries(resourcePools.map(({ id, replicaCount }) => [id, Number(replicaCount)])),
    );
    for (const { id, replicaCount } of resourcePools) {
      const bounds = policy?.scale.pools[id];
      const shown = cloud.resource(resource)?.resourcePools.find((pool) => pool.id === id)?.replicaCount;
      if (bounds === undefined || replicaCount === shown) continue;
      if (Number(replicaCount) < bounds.min || Number(replicaCount) > bounds.max) {
        story.violate("within bounds", resource, `${id} to ${replicaCount}, outside ${bounds.min} to ${bounds.max}`);
      }
    }
  }

  #checkJob(resource: string, answer: JsonObject): void {
    const { story } = this.#parts;
    const label = (answer["labels"] as Record<string, string> | undefined)?.["tidekeeper-event"];
    if (label === undefined || this.#submitted.has(label))
      story.violate(
        "nothing twice",
        resource,
        `a job is submitted ${label === undefined ? "without its event's label" : "a second time for one event"}`,
      );
    else this.#submitted.add(label);
  }
}

function kindOf(method: string): ChangeKind {
  const kind = kinds[method.split(".")[1] ?? ""];
  if (kind === undefined) throw new Error(`${method} is no changing call that is known here`);
  return kind;
}
