/** Restores what is asleep before it leaves the fleet: the functions do it, woken as by anybody else. */
import { randomUUID } from "node:crypto";
import type { Home } from "../../shared/home.ts";
import type { Millis } from "../../shared/time/clock.ts";
import { Failure } from "./command.ts";
import { Interrupted, interruption } from "./interruption.ts";
import { remark } from "./output.ts";
import type { Plan } from "./planning.ts";
import { type Following, publishEvent } from "./publishing.ts";

/** Longer than any apply waits: it must not fall asleep again before it has been let go. */
const wakeLasts = "24h";

/** How it is restored. */
export interface Restoring {
  /** Who applies. */
  readonly by: string;
  /** How long to wait, real time. */
  readonly lasts: Millis;
}

interface Wake {
  readonly name: string;
  readonly id: string;
}

async function restore(
  home: Home,
  { name, id }: Wake,
  { by, lasts, signal }: Restoring & Pick<Following, "signal">,
): Promise<void> {
  const event = { type: "wake", id, target: name, ttl: wakeLasts, source: by, reason: "it leaves the fleet" };
  const next = "mend that and apply again, or add --leave-asleep: then it stays deleted until somebody rebuilds it";
  remark(`${name} is restored before it leaves the fleet; this takes as long as Vertex AI does`);
  const following = { lasts, signal, told: (line: string) => remark(`${name} ${line}`) };
  const { outcome } = await publishEvent(home, event, following).catch((error: unknown) => {
    if (error instanceof Interrupted || !(error instanceof Failure)) throw error;
    throw new Failure(`not applied, ${name} was not restored: ${error.message}`, next, { cause: error });
  });
  if (outcome?.phase === "done") remark(`${name} done: ${outcome.why}`);
  else throw new Failure(`not applied, ${name} was not restored: ${outcome?.phase}: ${outcome?.why}`, next);
}

/**
 * Wakes the targets that leave the fleet and are asleep, and waits until they are up.
 * @throws Failure when one cannot be restored, or not in time, or when nobody waits for it any more; the fleet has not been
 * applied.
 */
export async function restoreLeaving(home: Home, { released, paused }: Plan, restoring: Restoring): Promise<void> {
  const wakes = released.filter(({ asleep }) => asleep).map(({ name }) => ({ name, id: `cli-${randomUUID()}` }));
  if (wakes.length === 0) return;
  if (paused) {
    throw new Failure(
      `not applied: the fleet is paused, so ${wakes.map(({ name }) => name).join(", ")} cannot be restored`,
      "run `tidekeeper resume` first, or add --leave-asleep",
    );
  }
  const { signal, dispose } = interruption();
  try {
    await Promise.all(wakes.map((wake) => restore(home, wake, { ...restoring, signal })));
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    const each = wakes.map(({ name, id }) => `${name} (${id})`).join(", ");
    throw new Interrupted(
      `not applied; the waking goes on all the same, for ${wakeLasts}: ${each}`,
      "apply again, now or when they are up; `tidekeeper release TARGET` ends a wake",
      { cause: error },
    );
  } finally {
    dispose();
  }
}
