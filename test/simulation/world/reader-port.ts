/** Vertex AI as one process reads it: errors, answers that lag, lists that end early. */
import { minute, second } from "../../../shared/time/clock.ts";
import { classify } from "../../../shared/vertex/classify.ts";
import { VertexError } from "../../../shared/vertex/errors.ts";
import { listAll, pageSize } from "../../../shared/vertex/listing.ts";
import { operationStart } from "../../../shared/vertex/operation-times.ts";
import {
  mustRead,
  readCustomJob,
  readEndpoint,
  readOperation,
  readPersistentResource,
} from "../../../shared/vertex/shapes.ts";
import type { JsonObject, Listing, VertexReader } from "../../../shared/vertex/vertex.ts";
import type { Dice } from "../dice.ts";
import { type Cloud, type MethodName, parent, Refused } from "./cloud.ts";
import type { Instance } from "./instance.ts";
import { readError } from "./mishaps.ts";
import type { Weather } from "./weather.ts";

/** How long an answer may lag behind. Active jobs and operations are never shown late: nothing could be decided then. */
const longestLag = 40 * second;
const mayLag = /Get(PersistentResource|Endpoint)$/;
const jobsList: MethodName = "JobService.ListCustomJobs";
const activeStates = ["QUEUED", "PENDING", "RUNNING", "CANCELLING", "PAUSED", "UPDATING"];

/** What the port is made of. */
export interface ReaderPortParts {
  readonly instance: Instance;
  readonly cloud: Cloud;
  readonly dice: Dice;
  readonly weather: Weather;
  /** Older answers by call, shared by everybody: a lag is the service's. */
  readonly answers: Map<string, { readonly at: number; readonly answer: JsonObject }>;
  readonly now: () => number;
  /** Times at which somebody of ours has looked at the jobs. */
  readonly looks: number[];
  /** Which lists end early, until when, and what part of them is shown; shared by everybody: it is the service's trouble. */
  readonly short: Map<MethodName, { readonly until: number; readonly shown: number }>;
  /** Until when a search by a label finds nothing, whatever there is; shared by everybody. */
  readonly hidden: Map<string, number>;
}

/** Opens the port. */
export function openReaderPort(parts: ReaderPortParts): VertexReader {
  const { instance, cloud, dice, weather, answers, now, looks, short, hidden } = parts;

  function serve(method: MethodName, request: object): JsonObject {
    if (dice.chance(weather.rates.readFails)) throw readError(dice);
    if (method === jobsList) looks.push(now());
    if (!mayLag.test(method)) return cloud.call(method, request, "v1beta1");
    const key = `${method} ${JSON.stringify(request)}`;
    const older = answers.get(key);
    if (older !== undefined && now() - older.at < longestLag && dice.chance(weather.rates.readLags))
      return older.answer;
    const answer = cloud.call(method, request, "v1beta1");
    answers.set(key, { at: now(), answer });
    return answer;
  }

  async function ask(method: MethodName, request: object): Promise<JsonObject | undefined> {
    await instance.pass(`${method} asked`);
    try {
      return serve(method, request);
    } catch (thrown) {
      if (!(thrown instanceof Refused)) throw thrown;
      const error = classify(thrown, method);
      if (error.class === "gone") return undefined;
      throw error;
    } finally {
      await instance.pass(`${method} answered`);
    }
  }

  const get = async <T>(method: MethodName, read: (body: JsonObject) => T | undefined, name: string) => {
    const body = await ask(method, { name });
    return body && mustRead(read, body, name);
  };

  const list = async <T>(
    method: MethodName,
    key: string,
    read: (item: JsonObject) => T | undefined,
    request: object,
  ): Promise<Listing<T>> => {
    const whole = await listAll((pageToken) => ask(method, { ...request, pageSize, pageToken }), key, read);
    if (dice.chance(weather.rates.listShort)) {
      // Sometimes for longer than anybody waits for certainty.
      const until = now() + dice.between(0, dice.chance(0.3) ? 90 : 15) * minute;
      short.set(method, { until, shown: dice.chance(0.7) ? 0 : dice.next() });
    }
    const { until = 0, shown = 1 } = short.get(method) ?? {};
    if (!weather.stormy || now() > until) return whole;
    return { items: whole.items.slice(0, Math.floor(shown * whole.items.length)), complete: false };
  };
  const listJobs = (filter: string) => list(jobsList, "customJobs", readCustomJob, { parent, filter });

  return {
    getPersistentResource: (name) =>
      get("PersistentResourceService.GetPersistentResource", readPersistentResource, name),
    getPersistentResourceVerbatim: (name) => ask("PersistentResourceService.GetPersistentResource", { name }),
    listPersistentResources: () =>
      list("PersistentResourceService.ListPersistentResources", "persistentResources", readPersistentResource, {
        parent,
      }),
    listActiveCustomJobs: () => listJobs(activeStates.map((state) => `state="JOB_STATE_${state}"`).join(" OR ")),
    listCustomJobsLabelled: async (_location, { key, value }) => {
      const until =
        hidden.get(value) ?? (dice.chance(weather.rates.labelHidden) ? now() + dice.between(0, 40) * minute : 0);
      hidden.set(value, until);
      const found = await listJobs(`labels.${key}=${value}`);
      return weather.stormy && now() < until ? { ...found, items: [] } : found;
    },
    getEndpoint: (name) => get("EndpointService.GetEndpoint", readEndpoint, name),
    listEndpoints: () => list("EndpointService.ListEndpoints", "endpoints", readEndpoint, { parent }),
    getOperation: (name) => get("Operations.GetOperation", readOperation, name),
    listOperations: async (name) => {
      const { items, complete } = await list("Operations.ListOperations", "operations", readOperation, { name });
      return { items: items.toSorted((a, b) => operationStart(b) - operationStart(a)), complete };
    },
    testPermissions: async (asked) => {
      await instance.pass("testing permissions");
      if (dice.chance(weather.rates.readFails)) {
        throw new VertexError("simulated: permissions cannot be tested", {
          class: "unavailable",
          code: 14,
          refused: false,
        });
      }
      return asked;
    },
  };
}
