/** What a seed is about: a small fleet with a schedule of its own, and how the service behaves in that world. */
import type { BehaviourChange } from "../../infra/local/vertex/behaviour/behaviour.ts";
import type { Fleet, PersistentResourcePolicy, SpotModelPolicy } from "../../shared/fleet/fleet.ts";
import { parseFleet } from "../../shared/fleet/parse.ts";
import { hour, minute } from "../../shared/time/clock.ts";
import type { Dice } from "./dice.ts";
import { location, parent, project } from "./world/cloud.ts";

/** The pool whose size is asked for by changes alone; nobody else touches it, so its size must come out exactly. */
export const elastic = {
  name: "elastic",
  pool: "workers",
  base: 20,
  resource: `${parent}/persistentResources/elastic`,
};

/** Of every pool of every fleet here: one machine, so that jobs fit. */
export const machineType = "n1-standard-8";

/** Other machines, for pools that may be rebuilt on them. No job fits them. */
export const otherMachineType = "n1-standard-16";

/** One seed's world. */
export interface Scenario {
  readonly start: number;
  readonly behaviour: BehaviourChange;
  readonly tickEvery: number;
  /** Whether things with the common schedule may be on at a time. */
  isOn(at: number): boolean;
  /** The next boundary of the schedule after a time. */
  nextBoundary(at: number): number;
  /** The fleet; `limits` as drawn anew by a later apply. */
  fleet(variant: FleetVariant): Fleet;
  readonly variant: FleetVariant;
}

/** What a later apply may change. */
export interface FleetVariant {
  readonly cyclesPerDay: number;
  /** A target that is left out. */
  readonly without?: string;
  /** How often somebody has edited the Spot models: their floor goes up and down, their display name is new each time. */
  readonly edits: number;
}

interface Shift {
  readonly on: number;
  readonly off: number;
  readonly offset: number;
}

function clockText(hours: number): string {
  return `${String(((hours % 24) + 24) % 24).padStart(2, "0")}:00`;
}

function windowsOf({ on, off, offset }: Shift): readonly string[] {
  const cycle = on + off;
  return Array.from({ length: 24 / cycle }, (_, index) => {
    const from = offset + index * cycle;
    return `daily ${clockText(from)}-${clockText(from + on)}`;
  });
}

const pool = (replicas: number) => ({ resourcePools: [{ id: "workers", machineType, replicas }] });
const l4 = { machineType: "g2-standard-12", acceleratorType: "NVIDIA_L4", acceleratorCount: 1 };
const t4 = { machineType: "n1-standard-8", acceleratorType: "NVIDIA_TESLA_T4", acceleratorCount: 1 };

/** A target as it stands in the file. */
type Target = { readonly name: string; readonly [field: string]: unknown };

function poolTargets(dice: Dice): readonly Target[] {
  const onBusy = () => ({
    action: dice.pick(["wait", "wait", "shrink", "shrink", "cancel", "skip"]),
    maxWait: dice.pick(["20m", "40m"]),
    // biome-ignore lint/suspicious/noThenProperty: a key of the fleet file.
    then: dice.pick(["skip", "cancel"]),
  });
  const busy = () => {
    const { action, ...rest } = onBusy();
    return action === "wait" || action === "shrink" ? { action, ...rest } : { action };
  };
  const others = { resourcePools: [{ id: "workers", machineType: otherMachineType, replicas: 2 }] };
  const restore = { alternatives: [others] };
  const scale = { strategy: dice.pick(["patch", "patch", "replace"]), pools: { workers: { min: 1, max: 6 } } };
  return [
    { name: "office", schedule: "shift", onBusy: busy(), scale, restore, spec: pool(3) },
    {
      name: "both",
      schedule: "shift",
      idle: dice.pick(["15m", "10m", "auto"]),
      onBusy: busy(),
      scale: { ...scale, strategy: "patch" },
      restore,
      spec: pool(2),
    },
    { name: "adhoc", idle: dice.pick(["10m", "20m"]), spec: pool(1) },
    {
      name: "adopted",
      schedule: "shift",
      onBusy: busy(),
      scale: { strategy: "patch", pools: { workers: { min: 1, max: 5 } } },
      restore,
    },
    { name: elastic.name, scale: { pools: { workers: { min: 1, max: 60 } } }, spec: pool(elastic.base) },
  ];
}

function modelTargets(dice: Dice): readonly Target[] {
  const ladder = [
    { ...l4, provisioning: "spot" },
    { ...t4, provisioning: "spot" },
    { ...l4, provisioning: "on-demand" },
  ];
  const returning = { returnToSpot: { stableFor: "20m", minSaving: 0.3, cooldown: "30m" } };
  return [
    {
      name: "chat",
      endpoint: "serving",
      model: "chat-model",
      ladder,
      share: 50,
      grace: "3m",
      ...(dice.chance(0.5) ? returning : {}),
      ...(dice.chance(0.3) ? { schedule: "shift" } : {}),
    },
    { name: "search", endpoint: "serving", model: "search-model", ladder: ladder.slice(dice.whole(0, 1)), share: 50 },
    {
      name: "vision",
      endpoint: "vision",
      model: "vision-model",
      ladder: [{ ...l4, provisioning: "spot", minReplicas: 2, maxReplicas: 2, requiredReplicas: 1 }, ladder[2]],
      schedule: "shift",
    },
  ];
}

/** Draws between two and four of the targets; a world without any of a kind shows nothing about it. */
function drawTargets(dice: Dice): { readonly pools: readonly Target[]; readonly models: readonly Target[] } {
  const [pools, models] = [poolTargets(dice), modelTargets(dice)];
  const kind = dice.pick(["pools", "pools", "models", "both"]);
  const few = <T>(all: readonly T[], most: number) => {
    const left = [...all];
    return Array.from({ length: dice.whole(1, most) }, () => left.splice(dice.whole(0, left.length - 1), 1)).flat();
  };
  return {
    pools: kind === "models" ? [] : few(pools, kind === "both" ? 1 : 3),
    models: kind === "pools" ? [] : few(models, kind === "both" ? 1 : 2),
  };
}

function drawBehaviour(dice: Dice): BehaviourChange {
  return {
    unknownModels: "accept",
    updatePersistentResource: dice.pick(["works", "works", "works", "refuses", "no-effect"]),
    updatePersistentResourceByName: { [elastic.resource]: "works" },
    notFoundAfterCreateSeconds: dice.pick([0, 0, 20, 40]),
    failedPersistentResource: dice.pick(["error-state", "gone"]),
    usedReplicaCount: dice.pick(["filled", "filled", "unfilled"]),
    deployedModelStatus: dice.pick(["filled", "filled", "filled", "absent"]),
    deployingModels: dice.pick(["hidden", "shown"]),
    duplicateIds: dice.pick(["refuse", "accept"]),
    spotFinalState: dice.pick(["zero", "gone"]),
    failedDeployHoldsQuotaSeconds: 600,
  };
}

/** Draws a scenario. */
export function drawScenario(dice: Dice): Scenario {
  const [on, off] = dice.pick([
    [2, 2],
    [3, 3],
    [2, 1],
    [4, 2],
    [1, 2],
  ] as const);
  const shift: Shift = { on, off, offset: dice.whole(0, on + off - 1) };
  const targets = drawTargets(dice);
  const hoursInto = (at: number) => (((at / hour - shift.offset) % (on + off)) + (on + off)) % (on + off);
  const parsed = new Map<string, Fleet>();
  const fleet = ({ cyclesPerDay, without, edits }: FleetVariant): Fleet => {
    const kept = <T extends { readonly name: string }>(all: readonly T[]) => all.filter(({ name }) => name !== without);
    const edited =
      edits === 0 ? () => ({}) : (name: string) => ({ displayName: `${name}-${edits}`, minReplicas: 1 + (edits % 2) });
    const file = {
      version: 1,
      project,
      location,
      limits: { cyclesPerDay, deploysPerHour: 6 },
      prices: [
        { ...l4, onDemand: 1, spot: 0.4 },
        { ...t4, onDemand: 0.73, spot: 0.26 },
      ],
      schedules: { shift: { zone: "UTC", up: windowsOf(shift) } },
      persistentResources: kept(targets.pools),
      spotModels: kept(targets.models).map((model) => ({ ...model, ...edited(model.name) })),
    };
    const text = JSON.stringify(file);
    const known = parsed.get(text) ?? parseFleet(text, "simulated.json").fleet;
    parsed.set(text, known);
    return known;
  };
  return {
    start: Date.UTC(2026, 10, 2, dice.whole(0, 23), dice.whole(0, 59)),
    behaviour: drawBehaviour(dice),
    tickEvery: dice.pick([3, 5, 5, 8]) * minute,
    isOn: (at) => hoursInto(at) < on,
    nextBoundary: (at) => {
      const into = hoursInto(at);
      return Math.round(at + ((into < on ? on : on + off) - into) * hour);
    },
    fleet,
    variant: { cyclesPerDay: dice.pick([2, 4, 6, 8]), edits: 0 },
  };
}

/** The persistent resources of a fleet. */
export function poolsOf(fleet: Fleet): readonly PersistentResourcePolicy[] {
  return fleet.targets.filter((target) => target.kind === "persistentResource");
}

/** The Spot models of a fleet. */
export function modelsOf(fleet: Fleet): readonly SpotModelPolicy[] {
  return fleet.targets.filter((target) => target.kind === "spotModel");
}

/** The Vertex resource of a target. */
export function resourceOf(target: Fleet["targets"][number]): string {
  return target.kind === "persistentResource" ? target.resource : target.endpoint;
}
