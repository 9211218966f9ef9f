/** Restores what is asleep before it leaves the fleet: the functions do it, woken as by anybody else. */
import type { Home } from "../../shared/home.ts";
import type { Millis } from "../../shared/time/clock.ts";
import { Failure } from "./command.ts";
import { remark } from "./output.ts";
import type { Plan } from "./planning.ts";
import { publishEvent } from "./publishing.ts";

/** Longer than any apply waits: it must not fall asleep again before it has been let go. */
const wakeLasts = "24h";

/** How it is restored. */
export interface Restoring {
  /** Who applies. */
  readonly by: string;
  /** How long to wait, real time. */
  readonly lasts: Millis;
}

async function restore(home: Home, name: string, { by, lasts }: Restoring): Promise<void> {
  const event = { type: "wake", target: name, ttl: wakeLasts, source: by, reason: "it leaves the fleet" };
  const next = "mend that and apply again, or add --leave-asleep: then it stays deleted until somebody rebuilds it";
  remark(`${name} is restored before it leaves the fleet; this takes as long as Vertex AI does`);
  const following = { lasts, told: (line: string) => remark(`${name} ${line}`) };
  const { outcome } = await publishEvent(home, event, following).catch((error: unknown) => {
    if (!(error instanceof Failure)) throw error;
    throw new Failure(`not applied, ${name} was not restored: ${error.message}`, next, { cause: error });
  });
  if (outcome?.phase === "done") remark(`${name} done: ${outcome.why}`);
  else throw new Failure(`not applied, ${name} was not restored: ${outcome?.phase}: ${outcome?.why}`, next);
}

/**
 * Wakes the targets that leave the fleet and are asleep, and waits until they are up.
 * @throws Failure when one cannot be restored, or not in time; the fleet has not been applied.
 */
export async function restoreLeaving(home: Home, { released, paused }: Plan, restoring: Restoring): Promise<void> {
  const asleep = released.filter((target) => target.asleep).map(({ name }) => name);
  if (asleep.length === 0) return;
  if (paused) {
    throw new Failure(
      `not applied: the fleet is paused, so ${asleep.join(", ")} cannot be restored`,
      "run `tidekeeper resume` first, or add --leave-asleep",
    );
  }
  await Promise.all(asleep.map((name) => restore(home, name, restoring)));
}
