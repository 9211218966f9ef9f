/**
 * What was used, and what would have been if everything were on all the time: persistent resources at the size of their
 * spec, models at the least replicas of their on-demand rung. What has no price stays unknown.
 */
import { z } from "zod";
import { deployedModelId } from "../../../shared/decide/spot-model/deployed-model-id.ts";
import type { Fleet, TargetPolicy } from "../../../shared/fleet/fleet.ts";
import { priceOf } from "../../../shared/fleet/prices.ts";
import { hour, type Millis } from "../../../shared/time/clock.ts";
import type { MachineSpec } from "../../../shared/vertex/vertex.ts";

/** Time of machines, and money for it where every machine of it has a price. */
export interface Amount {
  readonly nodeHours: number;
  /** In the fleet's currency. */
  readonly money?: number;
}

/** One target's line. */
export interface TargetBill {
  readonly name: string;
  readonly used: Amount;
  readonly baseline: Amount;
  /** Nodes billed at this moment, by pool id or deployed model id. */
  readonly nodes: { readonly [part: string]: number };
}

const provisioningOf = {
  ON_DEMAND: "on-demand",
  SPOT: "spot",
  FLEX_START: "flex-start",
  RESERVATION: "reservation",
} as const;

const billing = z.object({
  lines: z.array(
    z.object({
      resource: z.string(),
      part: z.string(),
      region: z.string(),
      machineType: z.string(),
      acceleratorType: z.string(),
      acceleratorCount: z.number(),
      provisioning: z.enum(["ON_DEMAND", "SPOT", "FLEX_START", "RESERVATION"]),
      replicas: z.number(),
      replicaSeconds: z.number(),
    }),
  ),
});
type Line = z.infer<typeof billing>["lines"][number];

/** Adds amounts; money is known only where all of it is. */
export function sum(amounts: readonly Amount[]): Amount {
  const nodeHours = amounts.reduce((total, amount) => total + amount.nodeHours, 0);
  const money = amounts.reduce<number | undefined>(
    (total, amount) => (total === undefined || amount.money === undefined ? undefined : total + amount.money),
    0,
  );
  return { nodeHours, ...(money === undefined ? {} : { money }) };
}

function amount(nodeHours: number, price: number | undefined): Amount {
  if (nodeHours === 0) return { nodeHours, money: 0 };
  return { nodeHours, ...(price === undefined ? {} : { money: nodeHours * price }) };
}

function usedOf(fleet: Fleet, line: Line): Amount {
  const { machineType, acceleratorType, acceleratorCount, region: location } = line;
  const price = priceOf(fleet, {
    machineType,
    ...(acceleratorType === "" ? {} : { acceleratorType, acceleratorCount }),
    location,
    provisioning: provisioningOf[line.provisioning],
  });
  return amount(line.replicaSeconds / 3600, price);
}

/** What a target has while it is on all the time: machines and how many of each. */
function alwaysOn(policy: TargetPolicy): readonly { readonly machine: MachineSpec; readonly replicas: number }[] {
  if (policy.kind === "persistentResource") {
    const pools = policy.spec?.resourcePools ?? [];
    return pools.map(({ machineSpec, replicaCount, autoscalingSpec }) => ({
      machine: machineSpec,
      replicas: Number(replicaCount ?? autoscalingSpec?.minReplicaCount ?? 1),
    }));
  }
  const rung = policy.ladder.find(({ provisioning }) => provisioning === "on-demand") ?? policy.ladder[0];
  if (rung === undefined) return [];
  const { machineType, acceleratorType, acceleratorCount, minReplicas } = rung;
  const machine = {
    machineType,
    ...(acceleratorType === undefined ? {} : { acceleratorType }),
    ...(acceleratorCount === undefined ? {} : { acceleratorCount }),
  };
  return [{ machine, replicas: minReplicas }];
}

function baselineOf(fleet: Fleet, policy: TargetPolicy, span: Millis): Amount {
  return sum(
    alwaysOn(policy).map(({ machine, replicas }) =>
      amount(
        (replicas * span) / hour,
        priceOf(fleet, { ...machine, location: policy.location, provisioning: "on-demand" }),
      ),
    ),
  );
}

/** Lines of a target: an endpoint may be shared, so its deployed models are told apart by their ids. */
function linesOf(policy: TargetPolicy, lines: readonly Line[]): readonly Line[] {
  if (policy.kind === "persistentResource") return lines.filter(({ resource }) => resource === policy.resource);
  const ours = deployedModelId(policy.key, 0).slice(0, 5);
  return lines.filter(({ resource, part }) => resource === policy.endpoint && part.startsWith(ours));
}

/**
 * Every target's bill.
 * @param read what the local cloud's `/billing` answers.
 * @param span how long it ran, world time.
 */
export function billOf(fleet: Fleet, read: unknown, span: Millis): readonly TargetBill[] {
  const { lines } = billing.parse(read);
  return fleet.targets.map((policy) => {
    const own = linesOf(policy, lines);
    const nodes: Record<string, number> = {};
    for (const { part, replicas } of own) if (replicas > 0) nodes[part] = (nodes[part] ?? 0) + replicas;
    return {
      name: policy.name,
      used: sum(own.map((line) => usedOf(fleet, line))),
      baseline: baselineOf(fleet, policy, span),
      nodes,
    };
  });
}
