/** A Vertex AI under test, called in-process or through a real client; the same questions either way. */
import { createManualClock, type ManualClock } from "../../../../infra/local/clock/manual-clock.ts";
import { createRandom } from "../../../../infra/local/clock/random.ts";
import type { BehaviourChange } from "../../../../infra/local/vertex/behaviour/behaviour.ts";
import type { FaultInput } from "../../../../infra/local/vertex/behaviour/fault-rules.ts";
import type { MarketInput } from "../../../../infra/local/vertex/capacity/market-actions.ts";
import { createVertex, type Vertex } from "../../../../infra/local/vertex/vertex.ts";
import { ApiError, codes, type Json, type JsonObject } from "../../../../infra/local/wire/service.ts";

export type Version = "v1" | "v1beta1";
/** `Service.Method`, e.g. `EndpointService.GetEndpoint`; `Operations.` for google.longrunning. */
export type MethodName = `${string}Service.${string}` | `Operations.${string}`;

/** How a call reaches the model. Rejects with {@link Refusal}. */
export type Transport = (method: MethodName, request: JsonObject, version: Version) => Promise<JsonObject>;

/** What a refused call says. */
export class Refusal extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

export const start = Date.UTC(2026, 10, 2, 8);

/** A world of its own on a clock that the test moves. */
export interface World {
  readonly clock: ManualClock;
  readonly vertex: Vertex;
}

export function createWorld(options: { seed?: number; behaviour?: BehaviourChange; from?: number } = {}): World {
  const clock = createManualClock(options.from ?? start);
  const random = createRandom(options.seed ?? 7);
  return { clock, vertex: createVertex({ clock, random, behaviour: options.behaviour ?? {} }) };
}

/** The transport that calls handlers directly. */
export function inProcess({ vertex }: World): Transport {
  return async (method, request, version) => {
    const [service = "", name = ""] = method.split(".");
    const fullService =
      service === "Operations" ? "google.longrunning.Operations" : `google.cloud.aiplatform.${version}.${service}`;
    const handler = vertex.services.find(({ names }) => names.includes(fullService))?.unary[name];
    if (!handler) throw new Refusal(codes.UNIMPLEMENTED, `The local cloud does not implement ${fullService}.${name}.`);
    const call = { method: `${fullService}.${name}`, version, headers: {}, signal: new AbortController().signal };
    try {
      return await handler(request, call);
    } catch (error) {
      if (error instanceof ApiError) throw new Refusal(codes[error.code], error.message);
      throw error;
    }
  };
}

/** A service as cases see it: one project of one world, every answer written down. */
export class Service {
  readonly location: string;
  readonly transcript: Json[] = [];
  readonly world: World;
  readonly #transport: Transport;

  constructor(world: World, transport: Transport, project = "demo", region = "us-central1") {
    this.world = world;
    this.location = `projects/${project}/locations/${region}`;
    this.#transport = transport;
  }

  async call(method: MethodName, request: JsonObject, version: Version = "v1"): Promise<JsonObject> {
    try {
      const answer = await this.#transport(method, request, version);
      this.transcript.push({ method, version, answer });
      return answer;
    } catch (error) {
      if (error instanceof Refusal) {
        this.transcript.push({ method, version, code: error.code, message: error.message });
      }
      throw error;
    }
  }

  /** The refusal of a call; throws when it was accepted. */
  async refused(method: MethodName, request: JsonObject, version: Version = "v1"): Promise<Refusal> {
    try {
      await this.call(method, request, version);
    } catch (error) {
      if (error instanceof Refusal) return error;
      throw error;
    }
    throw new Error(`${method} was accepted`);
  }

  /** Lets world time pass. */
  async pass(seconds: number): Promise<void> {
    await this.world.clock.advance(seconds * 1000);
  }

  /** Lets time pass until an operation has ended; gives it. */
  async settle(operation: JsonObject): Promise<JsonObject> {
    for (let minutes = 0; minutes < 600; minutes++) {
      const now = await this.#transport("Operations.GetOperation", { name: operation["name"] ?? "" }, "v1");
      if (now["done"] === true) {
        this.transcript.push({ settled: now });
        return now;
      }
      await this.pass(60);
    }
    throw new Error(`${operation["name"]} has not ended in ten hours`);
  }

  /** Starts an operation and lets it end well; gives its response. */
  async done(method: MethodName, request: JsonObject, version: Version = "v1"): Promise<JsonObject> {
    const ended = await this.settle(await this.call(method, request, version));
    if (!("response" in ended)) throw new Error(`${method} failed: ${JSON.stringify(ended["error"])}`);
    return ended["response"] as JsonObject;
  }

  behaviour(change: BehaviourChange): void {
    this.world.vertex.model.behaviour.change(change);
  }

  market(action: MarketInput): JsonObject {
    return this.world.vertex.model.market.act(action as Json);
  }

  fault(rule: FaultInput): void {
    this.world.vertex.model.faults.add(rule);
  }

  billing(): JsonObject[] {
    const project = this.location.split("/")[1];
    return this.world.vertex.model.billing(project)["lines"] as JsonObject[];
  }
}

/** A service in a fresh world, called in-process. */
export function freshService(options: Parameters<typeof createWorld>[0] = {}): Service {
  const world = createWorld(options);
  return new Service(world, inProcess(world));
}
