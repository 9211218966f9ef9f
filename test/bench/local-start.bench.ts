/** How soon `tidekeeper local` is ready, and how much memory it has then. */
import { execFileSync } from "node:child_process";
import { type LocalProcess, startCommand } from "../infra/local/command.ts";
import type { Bench, Measure } from "./bench.ts";

/** Memory that a process has now, in MB (10^6 bytes). */
export function residentMegabytes(pid: number): number {
  return (Number(execFileSync("ps", ["-o", "rss=", "-p", String(pid)], { encoding: "utf8" })) * 1024) / 1e6;
}

async function started(what: string, most: number, args: readonly string[]): Promise<[Measure, LocalProcess]> {
  const start = performance.now();
  const world = await startCommand(...args);
  return [{ what, value: performance.now() - start, unit: "ms", most }, world];
}

export const bench: Bench = {
  about: "tidekeeper local as a process, from its start to its ready line",
  repetitions: 5,
  async run() {
    const [alone, world] = await started("ready, the cloud alone and empty", 2_000, ["--no-functions"]);
    const memory = residentMegabytes(world.pid);
    await world.interrupt();
    const [whole, home] = await started("ready, with the example fleet and its functions", 3_000, [
      "--fleet",
      "fleet.example.yaml",
    ]);
    await home.interrupt();
    return [alone, { what: "memory, the cloud alone and empty", value: memory, unit: "MB", most: 120 }, whole];
  },
};
