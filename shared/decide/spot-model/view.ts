/** What an endpoint shows of a Spot model: which deployed models are ours, what they can serve, and who holds the traffic. */
import type { Rung, SpotModelPolicy } from "../../fleet/fleet.ts";
import type { DeployedModel, Endpoint } from "../../vertex/vertex.ts";
import type { Sibling, SpotModelCase } from "../decision.ts";
import type { SpotModelMemory } from "../memory.ts";
import { rungOf } from "./ladder.ts";
import { isEmptySplit, shareOf, type TrafficSplit } from "./traffic.ts";

/** Replicas that can serve. Zero and unset are the same bytes: zero is believed only beside a `lastUpdateTime`. */
export type Capacity =
  | { readonly state: "ready" | "short"; readonly available: number }
  | { readonly state: "lost"; readonly available: number; readonly fault?: string }
  | { readonly state: "unknown" };

/** A deployed model of ours as the endpoint shows it. */
export interface Seen {
  readonly id: string;
  readonly deployed: DeployedModel;
  /** undefined where the fleet file no longer has such a rung. */
  readonly rung: Rung | undefined;
  readonly capacity: Capacity;
  /** Percent of the traffic. */
  readonly share: number;
}

export interface View {
  readonly etag: string | undefined;
  readonly split: TrafficSplit;
  readonly emptySplit: boolean;
  /** Every deployed model of ours, by id. */
  readonly ours: ReadonlyMap<string, Seen>;
  /** Ids of everything deployed, whoever did it. */
  readonly ids: ReadonlySet<string>;
  /** The fleet's other models here, as the endpoint shows them. */
  readonly siblings: readonly SeenSibling[];
  readonly strangers: readonly DeployedModel[];
  /** Percent that other people's models hold. */
  readonly strangersShare: number;
}

/** Another Spot model of the fleet as the endpoint shows it. */
interface SeenSibling {
  readonly sibling: Sibling;
  /** Its deployed models that are there. */
  readonly deployed: readonly string[];
  /** The one that serves, or may: nothing shows that it lost its capacity. */
  readonly servingId?: string;
  /** Percent of the traffic. */
  readonly share: number;
}

/** Texts of `DeployedModel.status.message` that mean the container, not capacity (reference: spot.md C3). */
const containerFault = /model server (?:exited|never became ready|terminated|crashed)|container .*(?:exited|crash)/i;

/**
 * The replicas below which capacity counts as lost: what the operation needed to succeed. A size asked for beyond the
 * fleet's floor does not raise it, and neither does a floor that the fleet has raised since: that is set first.
 */
export function floorOf(deployed: DeployedModel, rung: Rung | undefined): number {
  const { requiredReplicaCount, minReplicaCount } = deployed.dedicatedResources ?? {};
  const shown = requiredReplicaCount || minReplicaCount || 1;
  return Math.max(1, Math.min(rung?.requiredReplicas ?? rung?.minReplicas ?? shown, shown));
}

/** @param had the most replicas that it has had, where that is known. */
function capacityOf(deployed: DeployedModel, rung?: Rung, had = Number.POSITIVE_INFINITY): Capacity {
  const { availableReplicaCount: available = 0, lastUpdateTime, message } = deployed.status ?? {};
  if (available === 0 && lastUpdateTime === undefined) return { state: "unknown" };
  if (available < Math.min(floorOf(deployed, rung), had)) {
    return message !== undefined && available === 0 && containerFault.test(message)
      ? { state: "lost", available, fault: message }
      : { state: "lost", available };
  }
  const wanted = deployed.dedicatedResources?.minReplicaCount ?? rung?.minReplicas ?? 1;
  return { state: available < wanted ? "short" : "ready", available };
}

/** A model's name without its project, which is shown by number or by id; and its version, where it has one. */
function partsOf(model = ""): { readonly place: string; readonly version: string | undefined } {
  const [name = "", version] = model.split("@");
  return { place: name.split("/").slice(2).join("/"), version };
}

/** Whether a model of this name is the one the fleet means: no version in the fleet means any version. */
function sameModel(policy: SpotModelPolicy, deployed: DeployedModel): boolean {
  const [wanted, shown] = [partsOf(policy.model), partsOf(deployed.model)];
  return wanted.place === shown.place && (wanted.version === undefined || wanted.version === shown.version);
}

/** Whether it certainly is another model than the fleet's: a version that is not shown, or an alias, says nothing. */
export function isOtherModel(policy: SpotModelPolicy, deployed: DeployedModel): boolean {
  if (deployed.model === undefined || sameModel(policy, deployed)) return false;
  const [wanted, shown] = [partsOf(policy.model), partsOf(deployed.model)];
  const known = [wanted, shown].every(({ version }) => version !== undefined && /^\d+$/.test(version));
  return wanted.place !== shown.place || known;
}

/**
 * A deployed model that an empty memory may take for its own: our display name and our model. Of several, the one that
 * holds the most traffic.
 */
export function adoptable(
  policy: SpotModelPolicy,
  endpoint: Endpoint,
  siblings: readonly Sibling[],
): DeployedModel | undefined {
  const taken = new Set(siblings.flatMap(({ ids }) => ids));
  const share = (deployed: DeployedModel) => endpoint.trafficSplit?.[deployed.id] ?? 0;
  return (endpoint.deployedModels ?? [])
    .filter(({ id }) => !taken.has(id))
    .filter((deployed) => deployed.displayName === policy.displayName && sameModel(policy, deployed))
    .sort((a, b) => share(b) - share(a))[0];
}

function seenSibling(sibling: Sibling, endpoint: Endpoint): SeenSibling {
  const deployed = (endpoint.deployedModels ?? []).filter(({ id }) => sibling.ids.includes(id));
  const serving = deployed.find(({ id }) => id === sibling.servingId);
  const may = serving !== undefined && capacityOf(serving).state !== "lost";
  return {
    sibling,
    deployed: deployed.map(({ id }) => id),
    ...(may ? { servingId: serving.id } : {}),
    share: shareOf(endpoint.trafficSplit ?? {}, sibling.ids),
  };
}

/**
 * Sorts what the endpoint shows into ours, that of the fleet's other models here, and other people's. Ours is what we
 * deployed, under the display name that we gave it then.
 */
export function viewOf(
  { policy, siblings }: Pick<SpotModelCase, "policy" | "siblings">,
  memory: SpotModelMemory,
  endpoint: Endpoint,
): View {
  const split = endpoint.trafficSplit ?? {};
  const ids = new Set(memory.ours);
  const theirs = new Set(siblings.flatMap((sibling) => sibling.ids));
  const ours = new Map<string, Seen>();
  const strangers: DeployedModel[] = [];
  for (const deployed of endpoint.deployedModels ?? []) {
    if (theirs.has(deployed.id)) continue;
    const name = memory.names?.[deployed.id] ?? policy.displayName;
    if (!ids.has(deployed.id) || (deployed.displayName ?? name) !== name) {
      strangers.push(deployed);
      continue;
    }
    const { id } = deployed;
    const known = [memory.serving, memory.successor].find((one) => one?.deployedModelId === id);
    const rung = rungOf(policy, deployed, known?.rungId);
    const capacity = capacityOf(deployed, rung, known === memory.serving ? memory.serving?.had : undefined);
    ours.set(id, { id, deployed, rung, capacity, share: shareOf(split, [id]) });
  }
  return {
    etag: endpoint.etag,
    split,
    emptySplit: isEmptySplit(split),
    ours,
    ids: new Set((endpoint.deployedModels ?? []).map(({ id }) => id)),
    siblings: siblings.map((sibling) => seenSibling(sibling, endpoint)),
    strangers,
    // An id of ours that the platform removed keeps its entry ours; every other entry is somebody else's.
    strangersShare: shareOf(
      split,
      Object.keys(split).filter((id) => !ids.has(id) && !theirs.has(id)),
    ),
  };
}

/** Whether the replicas can take, or keep, traffic. */
export function serves(capacity: Capacity): capacity is Extract<Capacity, { state: "ready" | "short" }> {
  return capacity.state === "ready" || capacity.state === "short";
}
