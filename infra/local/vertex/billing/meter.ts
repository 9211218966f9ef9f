/** The billing meter: replica time by the service's rules, so that the caller can put a price on it. */
import type { JsonObject } from "../../wire/service.ts";
import { timestamp } from "../../wire/times.ts";
import type { Machine, Place } from "../capacity/place.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { createTable } from "../kernel/slices.ts";

/** What is billed: one kind of machine of one resource. */
export type Billed = {
  /** Full resource name. */
  resource: string;
  /** Part of the resource: a pool's or a deployed model's id, or "". */
  part: string;
  kind: "persistentResource" | "deployedModel" | "deploymentResourcePool" | "customJob";
  place: Place;
  machine: Machine;
};

type Line = Billed & { replicas: number; since: number; first: number; replicaMilliseconds: number };

/** The meter. */
export interface Meter {
  /** From now on so many replicas are billed to what `holder` identifies. */
  set(holder: string, billed: Billed, replicas: number): void;
  /** Every line, as `/billing` answers it, optionally of one project. */
  read(project?: string): JsonObject;
}

/** Creates a meter at zero. */
export function createMeter(kernel: Kernel): Meter {
  const lines = createTable<Line>(kernel.slices, "billing");
  const settle = (line: Line): Line => {
    const now = kernel.clock.now();
    line.replicaMilliseconds += line.replicas * (now - line.since);
    line.since = now;
    return line;
  };
  return {
    set(holder, billed, replicas) {
      const key = [holder, billed.place.provisioning, JSON.stringify(billed.machine)].join(" ");
      const now = kernel.clock.now();
      const line = lines.get(key);
      if (line) settle(line).replicas = replicas;
      else if (replicas > 0) lines.set(key, { ...billed, replicas, since: now, first: now, replicaMilliseconds: 0 });
    },
    read(project) {
      const wanted = [...lines.values()].filter(({ place }) => project === undefined || place.project === project);
      return { time: timestamp(kernel.clock.now()), lines: wanted.map((line) => lineJson(settle(line))) };
    },
  };
}

function lineJson(line: Line): JsonObject {
  const { place, machine } = line;
  return {
    resource: line.resource,
    part: line.part,
    kind: line.kind,
    project: place.project,
    region: place.region,
    machineType: machine.type,
    acceleratorType: machine.acceleratorType,
    acceleratorCount: machine.acceleratorCount,
    provisioning: place.provisioning,
    spot: place.provisioning === "SPOT",
    replicas: line.replicas,
    replicaSeconds: line.replicaMilliseconds / 1000,
    firstBilled: timestamp(line.first),
  };
}
