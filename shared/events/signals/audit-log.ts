/**
 * An audit log entry: through a log sink (LogEntry) or through Eventarc (LogEntryData), which have the same fields.
 * Long-running calls write two entries, first and last; both are worth a look.
 */
import { z } from "zod";
import { endpointOf, instantOf, known, type Recognise } from "./signal.ts";

const schema = z.looseObject({
  insertId: z.string().min(1).optional(),
  logName: z.string().optional(),
  timestamp: z.string().optional(),
  protoPayload: z.looseObject({
    methodName: z.string().min(1),
    resourceName: z.string().min(1),
    status: z.looseObject({ message: z.string().optional() }).nullish(),
    request: z.looseObject({ deployedModelId: z.string().optional() }).nullish().catch(undefined),
  }),
});

/** Calls that change what an endpoint serves: `v1`, `v1beta1`, or `ui` for somebody in the console. */
const endpointChange =
  /\bEndpointService\.(?:DeployModel|UndeployModel|MutateDeployedModel|UpdateEndpoint|DeleteEndpoint)$/;
const preempted = "compute.instances.preempted";

/** `projects/P/zones/Z/instances/I` */
const instanceName = /^projects\/([^/]+)\/zones\/([^/]+)\/instances\/([^/]+)$/;

/** Recognises preempted instances of one's own and changes to endpoints; other calls say nothing about a Spot model. */
export const auditLog: Recognise = (body, { messageId }) => {
  const parsed = schema.safeParse(body);
  if (!parsed.success) return undefined;
  const { insertId, logName, timestamp, protoPayload } = parsed.data;
  const { methodName, resourceName, status, request } = protoPayload;
  const common = {
    source: "audit-log" as const,
    dedupeKey: insertId === undefined ? `log/${messageId}` : `log/${logName ?? ""}/${insertId}/${timestamp ?? ""}`,
    at: instantOf(timestamp),
    text: `${methodName} on ${resourceName}${status?.message ? `: ${status.message.slice(0, 300)}` : ""}`,
  };
  if (methodName === preempted) {
    const [, project, zone, instance] = instanceName.exec(resourceName) ?? [];
    if (project === undefined || zone === undefined || instance === undefined) return undefined;
    return known({ ...common, project, location: regionOf(zone), instance });
  }
  const endpoint = endpointOf(resourceName);
  if (!endpointChange.test(methodName) || endpoint === undefined) return undefined;
  const { project, location } = endpoint;
  return known({ ...common, endpoint, project, location, deployedModelId: request?.deployedModelId });
};

/** The region of a zone: `us-central1-c` is in `us-central1`. */
export function regionOf(zone: string): string {
  return zone.replace(/-[a-z]$/, "");
}
