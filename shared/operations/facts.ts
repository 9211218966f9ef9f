/** Looks up everything that says how a held operation fares; what cannot be read is `unknown`, never a guess. */
import type { Look } from "../decide/decision.ts";
import { look } from "../vertex/look.ts";
import { type EndpointName, type PersistentResourceName, parseName } from "../vertex/names.ts";
import type { Endpoint, PersistentResource, VertexReader } from "../vertex/vertex.ts";
import { jobLabel } from "./job.ts";
import type { Facts } from "./kind.ts";
import { kindOf } from "./kinds.ts";
import type { Change, ChangeKind, Held } from "./operation.ts";

/** The resource that a change is about. */
export function lookAtResource(reader: VertexReader, change: Change): Promise<Look<PersistentResource | Endpoint>> {
  return parseName(change.resource)?.collection === "endpoints"
    ? look(reader.getEndpoint(change.resource as EndpointName))
    : look(reader.getPersistentResource(change.resource as PersistentResourceName));
}

/**
 * Reads the resource; and the operation where its name is known, else those under the resource; for a job, the jobs that
 * carry its label.
 */
export async function gatherFacts(
  reader: VertexReader,
  held: Held & { readonly operationName?: string },
): Promise<Facts> {
  const { change, operationName } = held;
  const listed = operationName === undefined && kindOf<ChangeKind>(change).metadata !== undefined;
  const location = parseName(change.resource)?.location ?? "";
  const [resource, operation, operations, jobs] = await Promise.all([
    lookAtResource(reader, change),
    operationName === undefined ? undefined : look(reader.getOperation(operationName)),
    listed ? look(reader.listOperations(change.resource)) : undefined,
    change.kind === "job" ? look(reader.listCustomJobsLabelled(location, jobLabel(change.eventId))) : undefined,
  ]);
  return { resource, ...(operation && { operation }), ...(operations && { operations }), ...(jobs && { jobs }) };
}
