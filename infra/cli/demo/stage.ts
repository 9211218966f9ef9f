/** Everything that runs during a demo: the local home, a listener, a driver, a reader of the status page. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { PubSub } from "@google-cloud/pubsub";
import type { Fleet } from "../../../shared/fleet/fleet.ts";
import type { Millis } from "../../../shared/time/clock.ts";
import { PortTaken } from "../../local/wire/port-taken.ts";
import { Failure } from "../command.ts";
import { type LocalHome, startLocal } from "../local/start.ts";
import { type FunctionLog, openFunctionLog } from "./function-log.ts";

/** What to tell of a start that failed. What the functions have printed is kept where it may say why, else nothing is. */
async function notStarted(cause: unknown, { lines, path }: FunctionLog, folder: string): Promise<unknown> {
  const explained = cause instanceof PortTaken || cause instanceof Failure;
  if (explained || lines === 0) await rm(folder, { recursive: true, force: true });
  if (explained) return cause;
  const why = cause instanceof Error ? cause.message : String(cause);
  const next = lines > 0 ? `look at ${path}` : "set TIDEKEEPER_TRACE=1 to see where it arose";
  return new Failure(`the local home did not start: ${why}`, next, { cause });
}

/** What a stage is built for. */
export interface StageOptions {
  readonly fleet: Fleet;
  readonly port: number;
  readonly from: Millis;
  readonly seed: number;
}

/** A running home with what a demo needs around it. */
export interface Stage {
  readonly home: LocalHome;
  readonly clock: AdjustableClock;
  readonly pubsub: PubSub;
  readonly log: FunctionLog;
  /** The folder with the log, the store and the cloud's state. */
  readonly folder: string;
  /** Stops everything. @param keep whether the folder stays. */
  close(keep: boolean): Promise<void>;
}

/** The world's clock, whose speed the demo decides. */
interface AdjustableClock {
  now(): Millis;
  setSpeed(speed: number): void;
}

/** The world's speed while things come up: slow, but what must exist before the first look takes its time to be made. */
const startingSpeed = 30;

/**
 * Starts it, with the world going slowly.
 * @throws PortTaken; Failure when a part does not come up. What had started is stopped.
 */
export async function buildStage({ fleet, port, from, seed }: StageOptions): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), "tidekeeper-demo-"));
  const log = openFunctionLog(join(folder, "functions.log"));
  let home: LocalHome;
  try {
    home = await startLocal({
      fleet,
      port,
      from,
      seed,
      speed: startingSpeed,
      stateDir: folder,
      functions: true,
      cron: "*/5 * * * *",
      onLine: log.line,
    });
  } catch (error) {
    await log.close();
    throw await notStarted(error, log, folder);
  }
  const { clock } = home.cloud;
  // As the printed environment says: the client would look for a metadata server, and say that there is none.
  process.env["METADATA_SERVER_DETECTION"] ??= "none";
  const { PubSub } = await import("@google-cloud/pubsub");
  const pubsub = new PubSub({ projectId: home.project, apiEndpoint: home.addresses.grpc, emulatorMode: true });
  return {
    home,
    clock: { now: () => clock.now(), setSpeed: (speed) => "setSpeed" in clock && clock.setSpeed(speed) },
    pubsub,
    log,
    folder,
    async close(keep) {
      await pubsub.close();
      await home.stop();
      await log.close();
      if (!keep) await rm(folder, { recursive: true, force: true });
    },
  };
}
