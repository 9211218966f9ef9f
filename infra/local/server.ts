/** The local cloud, whole: Vertex AI, Pub/Sub, Cloud Scheduler and permission tests behind one REST and one gRPC port. */
import type { WorldClock } from "./clock/clock.ts";
import { createRandom } from "./clock/random.ts";
import { createScaledClock, type ScaledClock } from "./clock/scaled-clock.ts";
import { createWireClock } from "./clock/wire-clock.ts";
import { applyConditions, type Conditions } from "./conditions.ts";
import { clockRoutes } from "./control/clock-routes.ts";
import { indexRoutes } from "./control/index-routes.ts";
import type { ControlRoute } from "./control/route.ts";
import { type CloudState, parseState, readStateFile, writeStateFile } from "./control/state-file.ts";
import { stateRoutes } from "./control/state-routes.ts";
import { environmentOf } from "./environment.ts";
import { createIam } from "./iam/iam.ts";
import { createPubsub, type Pubsub } from "./pubsub/pubsub.ts";
import { createScheduler } from "./scheduler/scheduler.ts";
import { createVertex, type Vertex } from "./vertex/vertex.ts";
import { loadDescriptors } from "./wire/descriptors.ts";
import { startDoors } from "./wire/doors.ts";

/** Options of {@link startLocalCloud}. */
export interface LocalCloudOptions {
  /** Address to listen on. Default 127.0.0.1: nothing here asks who is calling. */
  readonly host?: string;
  /** 0 = any free port. */
  readonly restPort: number;
  /** 0 = any free port. */
  readonly grpcPort: number;
  /** World time at the start in milliseconds since the epoch; a later one in the state file wins. Default: the real time. */
  readonly from?: number;
  /** World seconds per real second. Default 1. */
  readonly speed?: number;
  /** The same seed makes the same dice. Default 1. */
  readonly seed?: number;
  /** Another clock instead of `from` and `speed`; whoever gives it moves it. */
  readonly clock?: WorldClock;
  /** Answers UNAUTHENTICATED to calls without a bearer token. Default false. */
  readonly requireBearerToken?: boolean;
  /** What the world is like from the start; overrules what the state file says of the same. */
  readonly conditions?: Conditions;
  /** Read at the start when it exists, written by {@link LocalCloud.close}. */
  readonly stateFile?: string;
}

/** A running local cloud. */
export interface LocalCloud {
  readonly restPort: number;
  readonly grpcPort: number;
  readonly clock: WorldClock | ScaledClock;
  readonly vertex: Vertex;
  readonly pubsub: Pubsub;
  /** Environment variables that point gcloud and the Pub/Sub clients here; `project` is gcloud's default project. */
  environment(project?: string): Record<string, string>;
  /** Everything it remembers. */
  snapshot(): CloudState;
  /** Replaces everything by a snapshot, whose time must not lie ahead of the clock. Throws Error. */
  restore(state: CloudState): void;
  /** Writes the state file, if there is one, and stops everything. Once is enough. */
  close(): Promise<void>;
}

/**
 * Starts a local cloud. Rejects, leaving nothing running, when a port is taken, the state file cannot be read or the
 * conditions cannot be met.
 */
export async function startLocalCloud(options: LocalCloudOptions): Promise<LocalCloud> {
  const { host = "127.0.0.1", stateFile } = options;
  const saved = stateFile === undefined ? undefined : readStateFile(stateFile);
  const wire = createWireClock();
  const from = Math.max(options.from ?? wire.now(), saved?.now ?? 0);
  const scaled = options.clock === undefined ? createScaledClock({ from, speed: options.speed ?? 1 }) : undefined;
  const clock = options.clock ?? scaled ?? wire;

  const vertex = createVertex({ clock, random: createRandom(options.seed ?? 1) });
  const pubsub = createPubsub({ wire });
  const scheduler = createScheduler({ clock, wire, publish: pubsub.publishInternally });
  const iam = createIam();
  const parts = [vertex, pubsub, scheduler, iam];

  const snapshot = (): CloudState => ({
    format: 1,
    now: clock.now(),
    vertex: vertex.snapshot(),
    // Kept apart from what goes on changing.
    ...structuredClone({ scheduler: scheduler.snapshot(), iam: iam.snapshot(), pubsub: pubsub.snapshot() }),
  });
  const restore = (state: unknown) => {
    const { vertex: model, now, ...rest } = parseState(structuredClone(state), "The given state");
    if (now > clock.now()) {
      const [then, today] = [now, clock.now()].map((time) => new Date(time).toISOString());
      throw new Error(`The state is of ${then}, but the world's clock stands at ${today}: move the clock ahead first.`);
    }
    vertex.restore(model);
    pubsub.restore(rest.pubsub);
    scheduler.restore(rest.scheduler);
    iam.restore(rest.iam);
  };
  const stop = () => {
    scheduler.close();
    pubsub.close();
    scaled?.stop();
    wire.stop();
  };

  const services = parts.flatMap((part) => part.services);
  const routes: ControlRoute[] = [
    ...clockRoutes(clock, wire),
    ...stateRoutes(snapshot, restore),
    ...vertex.routes,
    ...iam.routes,
  ];
  const index = indexRoutes({ services, routes, descriptors: loadDescriptors() });
  try {
    if (saved !== undefined) restore(saved);
    applyConditions(vertex.model, options.conditions ?? {});
    const doors = await startDoors({
      services,
      host,
      restPort: options.restPort,
      grpcPort: options.grpcPort,
      extraRoutes: [...index, ...routes],
      requireBearerToken: options.requireBearerToken ?? false,
    });
    const { restPort, grpcPort } = doors;
    let closing: Promise<void> | undefined;
    const close = async () => {
      const state = snapshot();
      await doors.close();
      stop();
      if (stateFile !== undefined) writeStateFile(stateFile, state);
    };
    return {
      restPort,
      grpcPort,
      clock,
      vertex,
      pubsub,
      snapshot,
      restore,
      environment: (project = "demo") => environmentOf({ host, restPort, grpcPort, project }),
      close: () => {
        closing ??= close();
        return closing;
      },
    };
  } catch (error) {
    stop();
    throw error;
  }
}
