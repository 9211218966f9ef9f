/** How the jobs of a demo ended, as Vertex AI lists them. */
import { z } from "zod";
import type { Fleet } from "../../../shared/fleet/fleet.ts";
import { locationName } from "../../../shared/vertex/names.ts";

const listing = z.object({
  customJobs: z.array(z.object({ state: z.string() })).default([]),
  nextPageToken: z.string().default(""),
});

/**
 * Counts the fleet's custom jobs by how they ended: `succeeded`, `cancelled`, `running` and so on.
 * @param rest `http://127.0.0.1:PORT` of the REST door.
 */
export async function jobEnds(rest: string, fleet: Fleet): Promise<Readonly<Record<string, number>>> {
  const counts: Record<string, number> = {};
  const places = new Set(fleet.targets.map(({ project, location }) => locationName(project, location)));
  for (const place of places) {
    let page = "";
    do {
      const url = `${rest}/v1/${place}/customJobs?pageSize=100${page === "" ? "" : `&pageToken=${encodeURIComponent(page)}`}`;
      const { customJobs, nextPageToken } = listing.parse(await (await fetch(url)).json());
      for (const { state } of customJobs) {
        const word = state.replace("JOB_STATE_", "").toLowerCase();
        counts[word] = (counts[word] ?? 0) + 1;
      }
      page = nextPageToken;
    } while (page !== "");
  }
  return counts;
}
