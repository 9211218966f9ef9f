/** What every method of EndpointService stands on. */
import { notFound, otherOperations } from "../api/errors.ts";
import { parseResource } from "../api/names.ts";
import type { Operations } from "../operations/store.ts";
import type { Known } from "./deploy-validation.ts";
import type { Endpoint } from "./record.ts";
import type { EndpointParts, Endpoints } from "./store.ts";

/** Parts of the model that endpoints need. */
export interface ContextParts extends EndpointParts {
  readonly operations: Operations;
  readonly endpoints: Endpoints;
  readonly known: Known;
}

/** The parts, with the questions every method asks. */
export interface EndpointContext extends ContextParts {
  /** The endpoint of a request; NOT_FOUND when there is none. */
  find(name: string, field: string): Endpoint;
  /** Refuses an endpoint on which an operation runs: FAILED_PRECONDITION. */
  demandIdle(endpoint: Endpoint): void;
}

/** Creates the context. */
export function createEndpointContext(parts: ContextParts): EndpointContext {
  return {
    ...parts,
    find(name, field) {
      const parsed = parseResource("Endpoint", name, field);
      const endpoint = parts.endpoints.all.get(parsed.name);
      if (!endpoint) throw notFound("Endpoint", parsed.name);
      return endpoint;
    },
    demandIdle({ name }) {
      const running = parts.operations.running(name);
      if (running.length > 0) throw otherOperations("Endpoint", name, running);
    },
  };
}
