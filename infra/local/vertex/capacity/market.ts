/** The market: who loses machines, which places are empty, and what recorded days looked like. */
import type { Json, JsonObject } from "../../wire/service.ts";
import { timestamp } from "../../wire/times.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { createTable } from "../kernel/slices.ts";
import type { Capacity } from "./capacity.ts";
import { type MarketAction, type MarketInput, marketSchema } from "./market-actions.ts";
import { inPattern, type Place, type PlacePattern } from "./place.ts";
import type { Quotas } from "./quota.ts";
import type { ReplicaSet, Replicas } from "./replicas.ts";
import { regionTraces, type Step } from "./trace.ts";

/** The market of the world. */
export interface Market {
  /** Does one thing to the market; throws a ZodError for what it does not know. Gives what came of it. */
  act(action: Json | MarketInput): JsonObject;
  /** Limits, quotas, usage and replays. */
  state(): JsonObject;
}

type Replay = {
  id: string;
  pattern: PlacePattern;
  steps: Step[];
  seconds: number;
  start: number;
  loop: boolean;
  next: number | null;
};

/** What the market stands on. */
export interface MarketParts {
  readonly kernel: Kernel;
  readonly capacity: Capacity;
  readonly quotas: Quotas;
  readonly replicas: Replicas;
}

/** Creates a market in which everything can be had. */
export function createMarket({ kernel, capacity, quotas, replicas }: MarketParts): Market {
  const { agenda, clock, chance } = kernel;
  const replays = createTable<Replay>(kernel.slices, "replays");

  /** Takes up to `machines` from sets drawn by lot, one machine at a time. */
  const preempt = (sets: readonly ReplicaSet[], machines: number): number => {
    let taken = 0;
    while (taken < machines) {
      const victim = chance.pick(sets.filter(({ held }) => held > 0));
      if (!victim) break;
      taken += replicas.preempt(victim, 1);
    }
    return taken;
  };
  const spotSets = (matches: (place: Place) => boolean): ReplicaSet[] =>
    [...replicas.all.all()].filter(({ billed }) => billed.place.provisioning === "SPOT" && matches(billed.place));
  /** Spot machines beyond what a place has left are preempted; others are never taken away. */
  const enforce = (): number => {
    let taken = 0;
    for (const { pattern, project, machines } of capacity.excess()) {
      taken += preempt(
        spotSets((place) => place.project === project && inPattern(pattern, place)),
        machines,
      );
    }
    return taken;
  };

  const planStep = agenda.define<{ replay: string; step: number; round: number }>("replay.step", (event) => {
    const replay = replays.get(event.replay);
    if (!replay) return;
    const step = replay.steps[event.step];
    if (!step) {
      replays.delete(replay.id);
      capacity.limit(replay.pattern, undefined);
      return;
    }
    capacity.limit(replay.pattern, step.machines);
    enforce();
    const last = event.step === replay.steps.length - 1;
    const round = last && replay.loop ? event.round + 1 : event.round;
    const next = last && replay.loop ? 0 : event.step + 1;
    const second = round * replay.seconds + (replay.steps[next]?.second ?? replay.seconds);
    replay.next = planStep(replay.start + second * 1000, { replay: replay.id, step: next, round });
  });
  const stop = (): number => {
    const count = replays.size;
    for (const { pattern, next } of replays.values()) {
      if (next !== null) agenda.drop(next);
      capacity.limit(pattern, undefined);
    }
    replays.clear();
    return count;
  };
  const start = (action: Extract<MarketAction, { action: "replay" }>): JsonObject => {
    const from = action.start === undefined ? clock.now() : Date.parse(action.start);
    const regions: string[] = [];
    const series = regionTraces(action.trace).filter(
      ({ accelerator }) => action.accelerator === undefined || accelerator === action.accelerator,
    );
    if (series.length === 0) {
      const known = new Set(action.trace.traces.map(({ accelerator }) => accelerator ?? "none"));
      throw new Error(
        `The trace has no series with accelerator "${action.accelerator}"; it has: ${[...known].join(", ")}.`,
      );
    }
    for (const { region, machineType, accelerator, steps, seconds } of series) {
      const target = action.regions === undefined ? region : action.regions[region];
      if (target === undefined) continue;
      if (regions.includes(target)) {
        const hint = `choose one with "accelerator" (one of them is "${accelerator}") or "regions"`;
        throw new Error(`The trace has several series for ${target}, which would overrule each other; ${hint}.`);
      }
      const pattern: PlacePattern = {
        project: action.project,
        region: target,
        machineType: action.machineType === null ? undefined : (action.machineType ?? machineType),
        provisioning: action.provisioning,
      };
      const id = JSON.stringify(pattern);
      const old = replays.get(id);
      if (old?.next) agenda.drop(old.next);
      const offset = (clock.now() - from) / 1000;
      const round = action.loop ? Math.max(0, Math.floor(offset / seconds)) : 0;
      const inRound = offset - round * seconds;
      const step = Math.max(
        0,
        steps.findLastIndex(({ second }) => second <= inRound),
      );
      const replay: Replay = { id, pattern, steps, seconds, start: from, loop: action.loop, next: null };
      replays.set(id, replay);
      const due = Math.max(clock.now(), from + (round * seconds + (steps[step]?.second ?? 0)) * 1000);
      replay.next = planStep(due, { replay: id, step, round });
      regions.push(target);
    }
    return { regions };
  };

  return {
    act(input) {
      const action = marketSchema.parse(input);
      switch (action.action) {
        case "preempt": {
          const sets = [...replicas.all.all()].filter(({ billed, serving }) => {
            if (!inPattern(action.place, billed.place)) return false;
            if (action.endpoint !== undefined && billed.resource !== action.endpoint) return false;
            if (action.deployedModelId !== undefined && billed.part !== action.deployedModelId) return false;
            return serving && (billed.place.provisioning === "SPOT" || action.endpoint !== undefined);
          });
          const most = sets.reduce((sum, { held }) => sum + held, 0);
          return { preempted: preempt(sets, Math.min(action.replicas === "all" ? most : action.replicas, most)) };
        }
        case "exhaust": {
          capacity.limit(action.place, 0);
          return { preempted: action.preempt ? enforce() : 0 };
        }
        case "restore": {
          const all = Object.keys(action.place).length === 0;
          for (const { pattern } of capacity.limits()) {
            const wanted =
              all || Object.entries(action.place).every(([key, value]) => pattern[key as keyof Place] === value);
            if (wanted) capacity.limit(pattern, undefined);
          }
          return {};
        }
        case "capacity":
          capacity.limit(action.place, action.machines ?? undefined);
          return { preempted: enforce() };
        case "quota":
          quotas.limit(action, action.limit ?? undefined);
          return {};
        case "replay":
          return start(action);
        case "stop-replay":
          return { stopped: stop() };
      }
    },
    state: () => ({
      limits: capacity.limits().map(({ pattern, machines }) => ({ place: definedOnly(pattern), machines })),
      usage: capacity.usage().map(({ place, machines }) => ({ place, machines })),
      quotas: quotas.limits().map((limit) => definedOnly(limit)),
      quotaClaims: quotas.claims().map((claim) => ({ ...claim })),
      replays: [...replays.values()].map(({ id, pattern, start: from, seconds, loop }) => ({
        id,
        place: definedOnly(pattern),
        start: timestamp(from),
        seconds,
        loop,
      })),
    }),
  };
}

function definedOnly(values: Record<string, Json | undefined>): JsonObject {
  return Object.fromEntries(Object.entries(values).filter((entry): entry is [string, Json] => entry[1] !== undefined));
}
