/** Cloud Monitoring's Pub/Sub notification, version 1.2. Labels are missing where the condition aggregates them away. */
import { z } from "zod";
import { second } from "../../time/clock.ts";
import { known, type Recognise } from "./signal.ts";

/** Seconds since the epoch; numbers may arrive as text, and `ended_at` is null while the incident is open. */
const epochSeconds = z.coerce.number().int().positive().nullish().catch(undefined);
const labels = z.record(z.string(), z.string()).nullish().catch(undefined);

const schema = z.looseObject({
  incident: z.looseObject({
    incident_id: z.string().min(1),
    state: z
      .string()
      .transform((state) => state.toLowerCase())
      .pipe(z.enum(["open", "closed"])),
    scoping_project_id: z.string().optional(),
    started_at: epochSeconds,
    ended_at: epochSeconds,
    summary: z.string().nullish(),
    policy_name: z.string().nullish(),
    resource: z.looseObject({ labels }).nullish(),
    metric: z.looseObject({ labels }).nullish(),
    policy_user_labels: labels,
  }),
});

/** Recognises an incident; the alerting policy may name the target in its user label `target`. */
export const monitoringIncident: Recognise = (body) => {
  const parsed = schema.safeParse(body);
  if (!parsed.success) return undefined;
  const { incident } = parsed.data;
  const { incident_id: id, state } = incident;
  const resource = incident.resource?.labels ?? {};
  const project = resource["resource_container"] ?? resource["project_id"] ?? incident.scoping_project_id;
  const location = resource["location"];
  const endpointId = resource["endpoint_id"];
  const seconds = state === "closed" ? incident.ended_at : incident.started_at;
  const endpoint =
    project !== undefined && location !== undefined && endpointId !== undefined
      ? { project, location, collection: "endpoints", id: endpointId }
      : undefined;
  return known({
    source: "monitoring-incident" as const,
    dedupeKey: `incident/${id}/${state}`,
    at: seconds ? seconds * second : undefined,
    endpoint,
    deployedModelId: incident.metric?.labels?.["deployed_model_id"],
    target: incident.policy_user_labels?.["target"],
    project,
    location,
    state,
    text: `alert "${incident.policy_name ?? id}" is ${state}${incident.summary ? `: ${incident.summary.slice(0, 300)}` : ""}`,
  });
};
