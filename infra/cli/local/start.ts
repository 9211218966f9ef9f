/** A whole home on this machine: the local cloud, the store, the fleet applied, the functions running. */
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Fleet } from "../../../shared/fleet/fleet.ts";
import { type Millis, systemClock } from "../../../shared/time/clock.ts";
import type { Conditions } from "../../local/conditions.ts";
import { environmentOf } from "../../local/environment.ts";
import type { LocalCloud } from "../../local/server.ts";
import { setUp } from "../../local/setup.ts";
import { topology } from "../../topology.ts";
import type { RunningFunctions } from "./functions.ts";
import { seed } from "./seed.ts";

export interface LocalOptions {
  /** Absent: the cloud alone, with any project. */
  readonly fleet?: Fleet;
  /** REST on it, gRPC on the next, the status page on the one after, functions from there on. */
  readonly port: number;
  /** World seconds per real second. */
  readonly speed: number;
  /** World time at the start, epoch ms; absent: now. */
  readonly from?: number;
  readonly seed?: number;
  /** Where the store and the cloud's state are kept; absent: a folder that goes away with the process. */
  readonly stateDir?: string;
  readonly functions: boolean;
  /** What the world is like from the start. */
  readonly conditions?: Conditions;
  /** How often the tick runs, in world time. */
  readonly cron: string;
  /** Each line that a function prints. */
  readonly onLine: (name: string, line: string) => void;
}

/** A running local home. */
export interface LocalHome {
  readonly cloud: LocalCloud;
  readonly project: string;
  readonly prefix: string;
  /** `http://127.0.0.1:PORT` of each address people use. */
  readonly addresses: { readonly rest: string; readonly grpc: string; readonly status?: string };
  /** Environment variables that point gcloud, the Node clients and `tidekeeper` at this home. */
  readonly environment: Readonly<Record<string, string>>;
  readonly functions?: RunningFunctions;
  /** Stops everything that was started here, functions first. */
  stop(): Promise<void>;
}

/** The status page has its promised port; the other functions follow it. */
function functionPorts(port: number): Readonly<Record<string, number>> {
  const names = topology.functions.map(({ name }) => name);
  const ordered = ["status", ...names.filter((name) => name !== "status")];
  return Object.fromEntries(ordered.map((name, index) => [name, port + 2 + index]));
}

/** World time at the start: of a world that is kept where it stopped, or later. */
async function startOf(stateFile: string | undefined, from: Millis): Promise<Millis> {
  if (stateFile === undefined) return from;
  const { readStateFile } = await import("../../local/control/state-file.ts");
  return Math.max(from, readStateFile(stateFile)?.now ?? from);
}

/** Applies the fleet to the store. @returns the store's id. */
async function applyTo(storeUrl: string, fleet: Fleet, now: Millis): Promise<string> {
  // Loaded when it is needed: the cloud alone stays small.
  const [{ applyFleet }, { openStore }] = await Promise.all([
    import("../../../shared/state/apply.ts"),
    import("../../../shared/state/open.ts"),
  ]);
  const store = await openStore(storeUrl);
  try {
    // Of a world that goes on with a smaller fleet nobody could restore anything yet: no function runs.
    const options = { by: "tidekeeper local", now, leaveAsleep: true };
    return (await applyFleet(store, fleet, options)).storeId;
  } finally {
    await store.close();
  }
}

/**
 * Starts a home.
 * @throws Failure when its state folder is in use; PortTaken; Error when a part does not come up. What had started is
 * stopped first.
 */
export async function startLocal(options: LocalOptions): Promise<LocalHome> {
  const { fleet, port } = options;
  const project = fleet?.project ?? "demo";
  const prefix = fleet?.namePrefix ?? "tidekeeper";
  const folder = options.stateDir ?? (await mkdtemp(join(tmpdir(), "tidekeeper-")));
  await mkdir(folder, { recursive: true });
  const stops: (() => Promise<unknown>)[] = [];
  const stop = async () => {
    for (const each of stops.splice(0).reverse()) await each();
  };
  if (options.stateDir === undefined) stops.push(() => rm(folder, { recursive: true, force: true }));
  try {
    if (options.stateDir !== undefined) {
      const { takeFolder } = await import("./in-use.ts");
      const giveBack = await takeFolder(folder);
      stops.push(async () => giveBack());
    }
    const stateFile = options.stateDir === undefined ? undefined : join(folder, "cloud.json");
    const from = await startOf(stateFile, options.from ?? systemClock.now());
    const [restPort, grpcPort] = [port, port + 1];
    const rest = `http://127.0.0.1:${restPort}`;
    const environment: Record<string, string> = {
      ...environmentOf({ host: "127.0.0.1", restPort, grpcPort, project }),
      GOOGLE_CLOUD_PROJECT: project,
      TIDEKEEPER_PROJECT: project,
      TIDEKEEPER_PREFIX: prefix,
      TIDEKEEPER_STORE: `sqlite:${join(folder, "store.sqlite")}`,
      TIDEKEEPER_VERTEX_REST: rest,
      TIDEKEEPER_VERTEX_GRPC: `127.0.0.1:${grpcPort}`,
      TIDEKEEPER_CLOCK: `${rest}/clock`,
    };
    const running = fleet !== undefined && options.functions;
    if (running) environment["TIDEKEEPER_STORE_ID"] = await applyTo(environment["TIDEKEEPER_STORE"] ?? "", fleet, from);
    const ports = running ? functionPorts(port) : {};

    // Everything comes up at once: what is pushed to a function that is not there yet is pushed again.
    const startCloud = async () => {
      const { startLocalCloud } = await import("../../local/server.ts");
      const cloud = await startLocalCloud({
        restPort,
        grpcPort,
        // The world stands still until everybody is there: nobody misses its first hour.
        speed: 0,
        from,
        ...(options.seed === undefined ? {} : { seed: options.seed }),
        ...(options.conditions === undefined ? {} : { conditions: options.conditions }),
        ...(stateFile === undefined ? {} : { stateFile }),
      });
      stops.push(() => cloud.close());
      await setUp({
        topology,
        project,
        prefix,
        location: "us-central1",
        rest,
        functionPorts: ports,
        cron: options.cron,
        minimumBackoffSeconds: 1,
      });
      if (fleet !== undefined) await seed(rest, fleet);
      return cloud;
    };
    const startProcesses = async () => {
      if (!running) return undefined;
      const { startFunctions } = await import("./functions.ts");
      const processes = await startFunctions(
        topology.functions.map(({ name, signature }) => ({ name, signature, port: ports[name] ?? 0, environment })),
        options.onLine,
      );
      stops.push(() => processes.stop());
      return processes;
    };
    // The doors first: where every port is taken, theirs is the one that was asked for.
    const starting = [startCloud(), startProcesses()] as const;
    // A part that fails must not leave another one starting behind its back.
    await Promise.allSettled(starting);
    const [cloud, functions] = await Promise.all(starting);
    if ("setSpeed" in cloud.clock) cloud.clock.setSpeed(options.speed);
    const addresses = {
      rest,
      grpc: `127.0.0.1:${grpcPort}`,
      ...(functions === undefined ? {} : { status: `http://127.0.0.1:${ports["status"]}/` }),
    };
    return { cloud, project, prefix, environment, addresses, stop, ...(functions === undefined ? {} : { functions }) };
  } catch (error) {
    await stop();
    throw error;
  }
}
