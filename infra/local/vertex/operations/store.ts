/** Long-running operations: started, advanced, ended; found by their numeric id under any parent. */
import type { JsonObject } from "../../wire/service.ts";
import { timestamp } from "../../wire/times.ts";
import type { ModelCall, Version } from "../api/dispatch.ts";
import type { Status } from "../api/errors.ts";
import { message } from "../api/json.ts";
import { idOf, locationOf } from "../api/names.ts";
import type { Behaviour } from "../behaviour/behaviour.ts";
import type { OperationFault } from "../behaviour/faults.ts";
import type { Timing } from "../behaviour/timings.ts";
import { type Collection, createCollection } from "../kernel/collection.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { createTable } from "../kernel/slices.ts";

/** How an operation ended. `type` is a message of its API version, or "" for google.protobuf.Empty. */
type Outcome = { error: Status } | { type: string; value: JsonObject };

/** An operation as kept. */
export type Operation = {
  /** Full name, nested under its resource. */
  name: string;
  seq: number;
  id: string;
  /** The resource it changes. */
  target: string;
  /** Message name of its metadata. */
  metadata: string;
  version: Version;
  createTime: number;
  updateTime: number;
  /** What its metadata says from when on. */
  progress: { at: number; fields: JsonObject }[];
  outcome: Outcome | null;
  /** Its caller has deleted it: it goes on, but is not shown. */
  deleted: boolean;
  fault: OperationFault;
};

/** What a new operation is. */
interface Launch {
  readonly target: string;
  readonly metadata: string;
  readonly timing: Timing;
  /** Metadata fields by the share of the duration that has passed. */
  readonly progress?: readonly (readonly [share: number, fields: JsonObject])[];
}

/** The operations of the world. */
export interface Operations {
  /**
   * Starts an operation; gives its JSON, and calls `plan` with when its effect is due, unless a fault keeps it from
   * ever happening.
   */
  launch(
    call: ModelCall,
    what: Launch,
    plan: (due: { at: number; from: number; operation: string }) => void,
  ): JsonObject;
  /** Ends an operation (one with an injected failure ends as its caller made it); nothing for one that must not end. */
  finish(name: string, outcome: Outcome): void;
  /** Replaces what the metadata will say. */
  advance(name: string, progress: Operation["progress"]): void;
  get(name: string): Operation | undefined;
  /** Finds it by its id, whatever parent the name has, or none. */
  find(name: string): Operation | undefined;
  /** The error a fault wants this operation to end with. */
  failureOf(name: string): Status | undefined;
  /** Ids of the operations that run on a resource. */
  running(target: string): readonly string[];
  remove(operation: Operation): void;
  /** Calls back once, when the operation ends (not kept in snapshots). */
  whenDone(name: string, action: () => void): () => void;
  json(operation: Operation): JsonObject;
  readonly all: Collection<Operation>;
}

/** Creates an empty store. */
export function createOperations(kernel: Kernel, behaviour: Behaviour): Operations {
  const { clock, chance } = kernel;
  const all = createCollection<Operation>(kernel.slices, "operations", ({ name, target, id }) => [
    locationOf(name).name,
    target,
    flatName(name, id),
  ]);
  const open = createTable<string[]>(kernel.slices, "runningOperations");
  const waiting = new Map<string, Set<() => void>>();

  const close = ({ id, target }: Operation): void => {
    const rest = (open.get(target) ?? []).filter((other) => other !== id);
    if (rest.length > 0) open.set(target, rest);
    else open.delete(target);
  };

  return {
    all,
    launch(call, what, plan) {
      const from = clock.now();
      const duration = chance.duration(behaviour.values.timings[what.timing]) * (call.fault.factor ?? 1);
      const id = chance.id(19);
      const operation = all.add({
        name: `${what.target}/operations/${id}`,
        id,
        target: what.target,
        metadata: what.metadata,
        version: call.version,
        createTime: from,
        updateTime: from,
        progress: (what.progress ?? []).map(([share, fields]) => ({ at: from + share * duration, fields })),
        outcome: null,
        deleted: false,
        fault: call.fault,
      });
      open.set(what.target, [...(open.get(what.target) ?? []), id]);
      if (call.fault.stuck !== "without-effect") {
        plan({ at: Math.round(from + duration), from, operation: operation.name });
      }
      return operationJson(operation, from);
    },
    finish(name, outcome) {
      const operation = all.get(name);
      if (!operation || operation.outcome || operation.fault.stuck) return;
      operation.outcome = outcome;
      operation.updateTime = clock.now();
      operation.progress = operation.progress.filter(({ at }) => at <= clock.now());
      close(operation);
      for (const action of waiting.get(name) ?? []) action();
      waiting.delete(name);
      if (operation.deleted) all.remove(name);
    },
    advance(name, progress) {
      const operation = all.get(name);
      if (operation) operation.progress = progress;
    },
    get: (name) => all.get(name),
    find: (name) => all.get(name) ?? all.under(flatName(name, idOf(name)))[0],
    failureOf: (name) => all.get(name)?.fault.failure,
    running: (target) => open.get(target) ?? [],
    remove(operation) {
      operation.deleted = true;
      if (operation.outcome) all.remove(operation.name);
    },
    whenDone(name, action) {
      const actions = waiting.get(name) ?? new Set();
      waiting.set(name, actions.add(action));
      return () => actions.delete(action);
    },
    json: (operation) => operationJson(operation, clock.now()),
  };
}

/** The name an operation would have directly under its location. */
function flatName(name: string, id: string): string {
  return `${locationOf(name).name}/operations/${id}`;
}

function operationJson(operation: Operation, now: number): JsonObject {
  const { outcome, version } = operation;
  const typeUrl = (type: string): string => `type.googleapis.com/google.cloud.aiplatform.${version}.${type}`;
  const passed = operation.progress.filter(({ at }) => at <= now);
  const updateTime = Math.max(operation.updateTime, ...passed.map(({ at }) => Math.round(at)));
  const json = message({
    name: operation.name,
    metadata: {
      "@type": typeUrl(operation.metadata),
      genericMetadata: { createTime: timestamp(operation.createTime), updateTime: timestamp(updateTime) },
      ...passed.at(-1)?.fields,
    },
    done: outcome !== null,
  });
  if (outcome && "error" in outcome) json["error"] = outcome.error;
  else if (outcome?.type) json["response"] = { "@type": typeUrl(outcome.type), ...outcome.value };
  else if (outcome) json["response"] = { "@type": "type.googleapis.com/google.protobuf.Empty" };
  return json;
}
