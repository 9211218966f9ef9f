/** What every call goes through, whoever serves it: project names, request quotas, faults. */
import { isObject } from "../../wire/json.ts";
import type { Call, Json, JsonObject, ServiceImplementation } from "../../wire/service.ts";
import type { Behaviour } from "../behaviour/behaviour.ts";
import type { CallFaults, Faults, OperationFault } from "../behaviour/faults.ts";
import type { RequestQuotas } from "../behaviour/request-quota.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { createTable } from "../kernel/slices.ts";
import { type Location, parseLocation, projectNumber } from "./names.ts";

/** The API versions served. */
export type Version = "v1" | "v1beta1";

/** What a method of the model may know of the call. */
export interface ModelCall {
  readonly version: Version;
  /** What is to go wrong with the operation this call starts. */
  readonly fault: OperationFault;
  readonly signal: AbortSignal;
}

/** A method of the model. */
export type Method = (request: JsonObject, call: ModelCall) => JsonObject | Promise<JsonObject>;

/** A service of the model. */
export interface ModelService {
  /** Full names, one a version. */
  readonly names: readonly string[];
  readonly methods: Readonly<Record<string, Method>>;
  /** Methods that draw on the quota for long-running operations and jobs. */
  readonly submissions: readonly string[];
}

/** The full names of an AI Platform service in both versions. */
export function bothVersions(service: string): readonly string[] {
  return [`google.cloud.aiplatform.v1.${service}`, `google.cloud.aiplatform.v1beta1.${service}`];
}

/** What the way in is made of. */
export interface DispatchParts {
  readonly kernel: Kernel;
  readonly behaviour: Behaviour;
  readonly faults: Faults;
  readonly quotas: RequestQuotas;
}

/** Creates the way in: turns a service of the model into one that the doors can serve. */
export function createDispatch({ kernel, behaviour, faults, quotas }: DispatchParts) {
  const projects = createTable<string>(kernel.slices, "projects");
  const lagging = createTable<{ at: number; answer: JsonObject }>(kernel.slices, "laggingAnswers");

  const canonical = (request: JsonObject): JsonObject => {
    const project = locationIn(namesIn(request))?.project;
    if (project === undefined) return structuredClone(request);
    const known = projects.get(project);
    if (known !== undefined) return renamed(request, project, known);
    projects.set(projectNumber(project), project);
    return structuredClone(request);
  };

  const answered = (answer: JsonObject, location: Location | undefined): JsonObject => {
    if (behaviour.values.projectNames === "given" || !location) return structuredClone(answer);
    return renamed(answer, location.project, projectNumber(location.project));
  };

  const lagged = (key: string, lag: NonNullable<CallFaults["lag"]>, fresh: () => JsonObject): JsonObject => {
    const kept = lagging.get(`${lag.rule} ${key}`);
    const now = kernel.clock.now();
    if (kept && now - kept.at < lag.milliseconds) return kept.answer;
    const answer = fresh();
    lagging.set(`${lag.rule} ${key}`, { at: now, answer: structuredClone(answer) });
    return answer;
  };

  const serve = (service: ModelService, name: string, method: Method) => {
    return (given: JsonObject, { version, signal }: Call): JsonObject | Promise<JsonObject> => {
      const request = canonical(given);
      const names = namesIn(request);
      const location = locationIn(names);
      if (location) quotas.count(service.submissions.includes(name) ? "submissions" : "crud", location);
      const met = faults.meet({ method: name, location, names });
      if (met.refusal) throw met.refusal;
      const call: ModelCall = { version: version === "v1beta1" ? "v1beta1" : "v1", fault: met.operation, signal };
      const finish = (answer: JsonObject): JsonObject => {
        if (met.lostAnswer) throw met.lostAnswer;
        return answered(met.listItems === undefined ? answer : shortened(answer, met.listItems), location);
      };
      const { lag } = met;
      const answer =
        lag && /^(Get|List)/.test(name)
          ? lagged(`${name} ${JSON.stringify(request)}`, lag, () => method(request, call) as JsonObject)
          : method(request, call);
      if (met.delay > 0)
        return later(kernel, met.delay)
          .then(() => answer)
          .then(finish);
      return answer instanceof Promise ? answer.then(finish) : finish(answer);
    };
  };

  return (service: ModelService): ServiceImplementation => ({
    names: service.names,
    unary: Object.fromEntries(
      Object.entries(service.methods).map(([name, method]) => [name, serve(service, name, method)]),
    ),
  });
}

function later(kernel: Kernel, milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    kernel.clock.at(kernel.clock.now() + milliseconds, resolve);
  });
}

/** Resource names at the top of a request and of the message it carries; for a create also the name to be. */
function namesIn(request: JsonObject): string[] {
  const names: string[] = [];
  for (const [key, value] of Object.entries(request)) {
    if (typeof value === "string" && value.startsWith("projects/")) names.push(value);
    else if (typeof value === "string" && /^[a-z]\w*Id$/i.test(key) && request["parent"] !== undefined) {
      names.push(`${request["parent"]}/${key.slice(0, -2)}s/${value}`);
    } else if (isObject(value) && typeof value["name"] === "string" && value["name"].startsWith("projects/")) {
      names.push(value["name"]);
    }
  }
  return names;
}

function locationIn(names: readonly string[]): Location | undefined {
  const [project, region] = /^projects\/([^/]+)\/locations\/([^/]+)/.exec(names[0] ?? "")?.slice(1) ?? [];
  return project && region ? parseLocation(`projects/${project}/locations/${region}`, "name") : undefined;
}

function renamed(json: JsonObject, from: string, to: string): JsonObject {
  const prefix = `projects/${from}/locations/`;
  const walk = (value: Json): Json => {
    if (typeof value === "string") {
      return value.startsWith(prefix) ? `projects/${to}/locations/${value.slice(prefix.length)}` : value;
    }
    if (Array.isArray(value)) return value.map(walk);
    return isObject(value) ? walkObject(value) : value;
  };
  const walkObject = (value: JsonObject): JsonObject =>
    Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, walk(inner)]));
  return walkObject(json);
}

/** A list as it looks when the service loses its end: fewer items, no word of a next page. */
function shortened(answer: JsonObject, items: number): JsonObject {
  const entries = Object.entries(answer).filter(([key]) => key !== "nextPageToken");
  return Object.fromEntries(entries.map(([key, value]) => [key, Array.isArray(value) ? value.slice(0, items) : value]));
}
