/** A Compute Engine operation as the API answers it (not as it is logged): `compute.instances.preempted` by the system. */
import { z } from "zod";
import { regionOf } from "./audit-log.ts";
import { instantOf, known, type Recognise } from "./signal.ts";

const schema = z.looseObject({
  operationType: z.literal("compute.instances.preempted"),
  name: z.string().min(1),
  targetLink: z.string(),
  statusMessage: z.string().optional(),
  // With a numeric offset from UTC.
  endTime: z.string().optional(),
  insertTime: z.string().optional(),
});

/** Recognises a preemption of an instance of one's own. */
export const computeOperation: Recognise = (body) => {
  const parsed = schema.safeParse(body);
  if (!parsed.success) return undefined;
  const { name, targetLink, statusMessage, endTime, insertTime } = parsed.data;
  const [, project, zone, instance] = /projects\/([^/]+)\/zones\/([^/]+)\/instances\/([^/?]+)/.exec(targetLink) ?? [];
  if (project === undefined || zone === undefined || instance === undefined) return undefined;
  return known({
    source: "compute-operation" as const,
    dedupeKey: `operation/${project}/${zone}/${name}`,
    at: instantOf(endTime ?? insertTime),
    project,
    location: regionOf(zone),
    instance,
    text: `${instance} in ${zone}: ${statusMessage ?? "Instance was preempted."}`,
  });
};
