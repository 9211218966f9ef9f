/**
 * Submits a custom job to a persistent resource. Two submissions are two jobs, so it is never sent again; a label made
 * from the event id tells whether it was sent.
 */
import { createHash } from "node:crypto";
import { minute } from "../time/clock.ts";
import { locationName, parseName } from "../vertex/names.ts";
import type { JsonObject } from "../vertex/vertex.ts";
import type { OperationKind } from "./kind.ts";
import { idOf, refuseOtherIncarnation } from "./persistent-resource-view.ts";

/** The label of a job submitted for an event. Values are 63 lower-case characters at most, so the id is hashed. */
export function jobLabel(eventId: string): { readonly key: string; readonly value: string } {
  return { key: "tidekeeper-event", value: createHash("sha256").update(eventId).digest("hex").slice(0, 40) };
}

export const job: OperationKind<"job"> = {
  kind: "job",
  metadata: undefined,
  repeatable: false,
  limit: 10 * minute,
  refuse: refuseOtherIncarnation,
  send: async (writer, { resource, eventId, customJob }, limits) => {
    const { project = "", location = "", id = "" } = parseName(resource) ?? {};
    const { key, value } = jobLabel(eventId);
    const name = await writer.createCustomJob(
      {
        parent: locationName(project, location),
        customJob: {
          ...customJob,
          labels: { ...(customJob["labels"] as JsonObject | undefined), [key]: value },
          jobSpec: { ...(customJob["jobSpec"] as JsonObject | undefined), persistentResourceId: id },
        },
      },
      limits,
    );
    return { sent: "done", note: `submitted as ${name}` };
  },
  recognise: (_change, _held, { jobs }) => {
    if (jobs === undefined || jobs.look !== "present") {
      return { seen: "unknown", why: jobs?.look === "unknown" ? jobs.why : "the jobs were not looked up" };
    }
    const [found] = jobs.value.items;
    if (found !== undefined) return { seen: "effect", note: `submitted as ${found.name}`, ours: true };
    if (!jobs.value.complete) return { seen: "unknown", why: "the list of jobs ended early" };
    return { seen: "nothing", note: "no job carries the event's label" };
  },
  describe: ({ resource, customJob }) => `submit job ${String(customJob["displayName"] ?? "")} to ${idOf(resource)}`,
};
