/** How rungs of a ladder are told apart. */
import type { Rung } from "./fleet.ts";

/** Names a rung in benches, logs and outcomes, e.g. `g2-standard-12/NVIDIA_L4x1/spot@us-central1`. */
export function rungId(
  rung: Pick<Rung, "machineType" | "acceleratorType" | "acceleratorCount" | "provisioning" | "reservation">,
  location: string,
): string {
  const accelerator =
    rung.acceleratorType === undefined ? [] : [`${rung.acceleratorType}x${rung.acceleratorCount ?? 1}`];
  const reservation = rung.reservation?.split("/").at(-1);
  const provisioning = reservation === undefined ? rung.provisioning : `${rung.provisioning}:${reservation}`;
  return `${[rung.machineType, ...accelerator, provisioning].join("/")}@${location}`;
}
