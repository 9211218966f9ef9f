/** A whole home on this machine: the local cloud, the store, the fleet applied, the functions running. */
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Fleet } from "../../../shared/fleet/fleet.ts";
import { applyFleet } from "../../../shared/state/apply.ts";
import { openStore } from "../../../shared/state/open.ts";
import { type LocalCloud, startLocalCloud } from "../../local/server.ts";
import { setUp } from "../../local/setup.ts";
import { topology } from "../../topology.ts";
import { type RunningFunctions, startFunctions } from "./functions.ts";
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

/**
 * Starts a home.
 * @throws Error when a port is taken or a part does not come up; what had started is stopped first.
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
    const cloud = await startLocalCloud({
      restPort: port,
      grpcPort: port === 0 ? 0 : port + 1,
      ...(options.from === undefined ? {} : { from: options.from }),
      speed: options.speed,
      ...(options.seed === undefined ? {} : { seed: options.seed }),
      ...(options.stateDir === undefined ? {} : { stateFile: join(folder, "cloud.json") }),
    });
    stops.push(() => cloud.close());
    const rest = `http://127.0.0.1:${cloud.restPort}`;
    const grpc = `127.0.0.1:${cloud.grpcPort}`;
    const storeUrl = `sqlite:${join(folder, "store.sqlite")}`;
    const environment: Record<string, string> = {
      ...cloud.environment(project),
      GOOGLE_CLOUD_PROJECT: project,
      TIDEKEEPER_PROJECT: project,
      TIDEKEEPER_PREFIX: prefix,
      TIDEKEEPER_STORE: storeUrl,
      TIDEKEEPER_VERTEX_REST: rest,
      TIDEKEEPER_VERTEX_GRPC: grpc,
      TIDEKEEPER_CLOCK: `${rest}/clock`,
    };
    const home = { cloud, project, prefix, environment, stop };
    if (fleet === undefined || !options.functions) {
      await setUp({ topology, project, prefix, location: "us-central1", grpcPort: cloud.grpcPort, functionPorts: {} });
      if (fleet !== undefined) await seed(rest, fleet);
      return { ...home, addresses: { rest, grpc } };
    }
    const store = await openStore(storeUrl);
    const applied = await applyFleet(store, fleet, { by: "tidekeeper local", now: cloud.clock.now() });
    await store.close();
    await seed(rest, fleet);
    environment["TIDEKEEPER_STORE_ID"] = applied.storeId;
    // The status page has its promised port; the others follow it.
    const ordered = [...topology.functions].sort((a, b) => Number(b.name === "status") - Number(a.name === "status"));
    const ports = Object.fromEntries(ordered.map(({ name }, index) => [name, cloud.restPort + 2 + index]));
    const functions = await startFunctions(
      ordered.map(({ name, signature }) => ({ name, signature, port: ports[name] ?? 0, environment })),
      options.onLine,
    );
    stops.push(() => functions.stop());
    await setUp({
      topology,
      project,
      prefix,
      location: "us-central1",
      grpcPort: cloud.grpcPort,
      functionPorts: ports,
      cron: options.cron,
      minimumBackoffSeconds: 1,
    });
    return { ...home, functions, addresses: { rest, grpc, status: `http://127.0.0.1:${ports["status"]}/` } };
  } catch (error) {
    await stop();
    throw error;
  }
}
