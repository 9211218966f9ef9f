/** google.longrunning.Operations for every resource of the model. */
import type { JsonObject } from "../../wire/service.ts";
import type { Method, ModelService } from "../api/dispatch.ts";
import { invalidField, notFound } from "../api/errors.ts";
import { type Fields, readFields } from "../api/fields.ts";
import { compileFilter, type FilterSchema, textField } from "../api/filter.ts";
import { message } from "../api/json.ts";
import { page } from "../api/paging.ts";
import type { Kernel } from "../kernel/kernel.ts";
import type { Operation, Operations } from "./store.ts";

/** Ends a running operation early; false when that kind cannot be cancelled (cancelling is best effort). */
type Canceller = (operation: Operation) => boolean;

/** What the service stands on. */
export interface OperationsServiceParts {
  readonly kernel: Kernel;
  readonly operations: Operations;
  readonly cancel: Canceller;
}

const filters: FilterSchema<Operation> = {
  fields: {
    done: textField(["=", "!=", ":"], ({ outcome }) => String(outcome !== null)),
    name: textField(["=", "!=", ":"], ({ name }) => name),
  },
  labels: () => ({}),
};

/** Creates the service. Ids are numeric and unique, so any parent in the right location finds them. */
export function createOperationsService({ kernel, operations, cancel }: OperationsServiceParts): ModelService {
  const find = (request: Fields): Operation => {
    const name = request.requiredString("name");
    request.check();
    if (!/^projects\/[^/]+\/locations\/[^/]+\/(.+\/)?operations\/[^/]+$/.test(name)) {
      throw invalidField("name", `"${name}" is not the name of an operation.`);
    }
    const operation = operations.find(name);
    if (!operation || operation.deleted) throw notFound("Operation", name);
    return operation;
  };

  const wait: Method = (json, { signal }) => {
    const request = readFields(json);
    const operation = find(request);
    const timeout = request.duration("timeout");
    request.check();
    if (operation.outcome) return operations.json(operation);
    return new Promise<JsonObject>((resolve) => {
      const answer = (): void => {
        stopWaiting();
        stopTimer();
        signal.removeEventListener("abort", answer);
        resolve(operations.json(operation));
      };
      const stopWaiting = operations.whenDone(operation.name, answer);
      const stopTimer =
        timeout === undefined ? () => {} : kernel.clock.at(kernel.clock.now() + Math.max(0, timeout), answer);
      signal.addEventListener("abort", answer);
    });
  };

  return {
    names: ["google.longrunning.Operations"],
    submissions: [],
    methods: {
      GetOperation: (json) => operations.json(find(readFields(json))),
      ListOperations(json) {
        const request = readFields(json);
        const parent = request.requiredString("name").replace(/\/operations$/, "");
        request.check();
        const passes = compileFilter(request.string("filter"), filters);
        const found = page(operations.all, parent, request, { matches: (one) => !one.deleted && passes(one) });
        return message({ operations: found.items.map(operations.json), nextPageToken: found.nextPageToken });
      },
      CancelOperation(json) {
        const operation = find(readFields(json));
        if (!operation.outcome) cancel(operation);
        return {};
      },
      DeleteOperation(json) {
        operations.remove(find(readFields(json)));
        return {};
      },
      WaitOperation: wait,
    },
  };
}
