/** What must become true once faults have ended: the world is as the fleet says, nothing is held, nothing is owed. */
import type { PersistentResourcePolicy, SpotModelPolicy } from "../../../shared/fleet/fleet.ts";
import type { TargetDocument } from "../../../shared/state/documents.ts";
import type { DeltaAsked } from "../people/askers.ts";
import type { Operators } from "../people/operators.ts";
import { elastic, type Scenario } from "../scenario.ts";
import type { Cloud } from "../world/cloud.ts";
import type { Memory } from "../world/memory.ts";
import type { Deletes } from "./deletes.ts";

/** What is looked at. */
export interface LivenessParts {
  readonly cloud: Cloud;
  readonly memory: Memory;
  readonly scenario: Scenario;
  readonly operators: Operators;
  readonly deletes: Deletes;
  readonly deltas: readonly DeltaAsked[];
  readonly now: () => number;
}

/** Something that is not as the fleet says. */
export interface Problem {
  readonly about: string;
  readonly text: string;
}

type Memo<K extends TargetDocument["kind"]> = Extract<TargetDocument["memory"], { kind: K }>;

function poolProblem(
  parts: LivenessParts,
  policy: PersistentResourcePolicy,
  memory: Memo<"persistentResource">,
): string | undefined {
  const { cloud, scenario, deletes, operators, now } = parts;
  const shown = cloud.resource(policy.resource);
  const on = policy.schedule === undefined || scenario.isOn(now());
  const mayBeDeleted = deletes.recent(policy.resource) < operators.cyclesPerDay;
  // Jobs that wait on a broken one are somebody's: it is left to people, who have been told.
  const stuck = shown?.state === "ERROR" && (!mayBeDeleted || cloud.hasJobs(policy.resource));
  if (stuck) return undefined;
  if (memory.drift !== undefined) return `it is drifted (${memory.drift.what}), and nobody touches it any more`;
  if (policy.name === elastic.name) {
    const wanted = elastic.base + parts.deltas.reduce((sum, { delta }) => sum + delta, 0);
    const size = Number(shown?.resourcePools[0]?.replicaCount ?? 0);
    return size === wanted ? undefined : `it has ${size} replicas, and the changes asked for come to ${wanted}`;
  }
  if (on) {
    if (shown?.state === "RUNNING" || memory.sleep?.cause === "idle") return undefined;
    if (policy.spec === undefined && memory.sleep === undefined && shown === undefined) return undefined;
    return `it should be on, and is ${shown?.state ?? "absent"}`;
  }
  if (shown === undefined || memory.draining?.skipped === true) return undefined;
  if (!mayBeDeleted) return undefined;
  return `it should be off, and is ${shown.state}`;
}

function modelProblem(parts: LivenessParts, policy: SpotModelPolicy, memo: Memo<"spotModel">): string | undefined {
  const { cloud, scenario, memory, now } = parts;
  const endpoint = cloud.endpoint(policy.endpoint);
  if (endpoint === undefined) return undefined;
  const ours = (endpoint.deployedModels ?? []).filter(({ id }) => memo.ours.includes(id));
  const share = (id: string) => endpoint.trafficSplit?.[id] ?? 0;
  const models = memory
    .peekAll("targets")
    .flatMap(([, target]) => (target.memory.kind === "spotModel" ? target.memory.ours : []));
  const strangers = (endpoint.deployedModels ?? []).some(({ id }) => !models.includes(id));
  if (policy.schedule !== undefined && !scenario.isOn(now())) {
    // What shares a split with a stranger stays, for the stranger's share is not ours to change.
    const left = ours.filter(({ id }) => !strangers || share(id) === 0);
    return left.length === 0 ? undefined : `it should be off, and ${left.map(({ id }) => id).join(", ")} is deployed`;
  }
  const benched = policy.ladder.every(({ id }) =>
    memo.bench.some((entry) => entry.rungId === id && entry.until > now()),
  );
  const { serving } = memo;
  const seen = ours.find(({ id }) => id === serving?.deployedModelId);
  if (seen === undefined) return benched ? undefined : "nothing of ours serves";
  const available = seen.status?.availableReplicaCount ?? (scenario.behaviour.deployedModelStatus === "absent" ? 1 : 0);
  if (available < 1) return benched ? undefined : `${seen.id} serves with no replica`;
  // Where only models of the fleet are, none holds what another is owed; nothing at all is owed where a person said so.
  if (share(seen.id) === 0 && !strangers && memo.share !== 0) return `${seen.id} serves without any traffic`;
  const elsewhere = ours.filter(({ id }) => id !== seen.id);
  if (elsewhere.length > 0) return `besides ${seen.id} there is ${elsewhere.map(({ id }) => id).join(", ")} of ours`;
  return undefined;
}

/** Everything that is not as it should be now. */
export function problems(parts: LivenessParts): readonly Problem[] {
  const { memory, operators } = parts;
  const found: Problem[] = [];
  for (const [resource, slot] of memory.peekAll("slots")) {
    if (slot.state !== "empty")
      found.push({ about: resource, text: `its slot holds a ${slot.change.kind} (${slot.state})` });
  }
  for (const [id] of memory.peekAll("outbox")) found.push({ about: id, text: `outcome ${id} has not been published` });
  for (const policy of operators.fleet.targets) {
    const document = memory.peek("targets", policy.key);
    const about = policy.key.replace(/#.*/, "");
    if (document === undefined) {
      found.push({ about, text: `the store does not know ${policy.name}` });
      continue;
    }
    const open = document.requests.filter(({ answered, expiresAt }) => answered !== "final" && expiresAt < parts.now());
    for (const { eventId } of open) found.push({ about, text: `request ${eventId} is past its time and open` });
    const { memory: memo } = document;
    const text =
      policy.kind === "persistentResource" && memo.kind === "persistentResource"
        ? poolProblem(parts, policy, memo)
        : policy.kind === "spotModel" && memo.kind === "spotModel"
          ? modelProblem(parts, policy, memo)
          : "the fleet and the store disagree about what it is";
    if (text !== undefined) found.push({ about, text: `${policy.name}: ${text}` });
  }
  return found;
}
