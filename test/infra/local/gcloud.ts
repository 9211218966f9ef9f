/** Whether this machine has gcloud; a suite that cannot run without it says so instead of passing in silence. */
import { spawnSync } from "node:child_process";

/** For `describe.skipIf`: true only where there is no such command. One that is there and broken fails the suite. */
export function missingGcloud(suite: string): boolean {
  const missing = (spawnSync("gcloud", ["--version"]).error as NodeJS.ErrnoException | undefined)?.code === "ENOENT";
  if (missing) console.warn(`SKIPPED: ${suite}: no gcloud on this machine`);
  return missing;
}
