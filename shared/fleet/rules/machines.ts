/** Machines: an accelerator and its count belong together. */
import type { Draft } from "../draft.ts";
import type { Path } from "../issues.ts";
import type { Report } from "./report.ts";

interface Machine {
  readonly machineType: string;
  readonly acceleratorType?: string;
  readonly acceleratorCount?: number;
}

/** Whether a machine type is a TPU machine (`ct5lp-hightpu-4t` and the like), which Vertex AI has no Spot for. */
export function isTpu(machineType: string): boolean {
  return machineType.startsWith("ct");
}

/** Checks every machine that the file names. */
export function checkMachines(draft: Draft, report: Report): void {
  for (const { path, value } of draft.prices) checkMachine(value, path, report);
  for (const { path, value } of draft.persistentResources) {
    const lists = [
      { pools: value.spec?.resourcePools ?? [], path: [...path, "spec", "resourcePools"] },
      ...value.restore.alternatives.map(({ resourcePools }, index) => ({
        pools: resourcePools,
        path: [...path, "restore", "alternatives", index, "resourcePools"],
      })),
    ];
    for (const list of lists) {
      for (const [index, pool] of list.pools.entries()) checkMachine(pool, [...list.path, index], report);
    }
  }
  for (const { path, value } of draft.spotModels) {
    for (const [index, rung] of value.ladder.entries()) checkMachine(rung, [...path, "ladder", index], report);
  }
}

function checkMachine(machine: Machine, path: Path, report: Report): void {
  if ((machine.acceleratorType === undefined) !== (machine.acceleratorCount === undefined)) {
    const missing = machine.acceleratorType === undefined ? "acceleratorType" : "acceleratorCount";
    report.error(path, `the accelerator has no ${missing}`, `add ${missing}`);
  } else if (isTpu(machine.machineType) && machine.acceleratorType?.startsWith("NVIDIA")) {
    const message = `${machine.machineType} is a TPU machine and takes no ${machine.acceleratorType}`;
    report.error([...path, "acceleratorType"], message, "remove the accelerator, or take another machine type");
  }
}
