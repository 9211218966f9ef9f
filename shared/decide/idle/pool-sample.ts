/** One look at a persistent resource and its location's jobs, told as busy, idle or unknown. Unknown is never idle. */
import type { CustomJob, Listing, PersistentResource } from "../../vertex/vertex.ts";
import type { Look } from "../decision.ts";
import type { Sizes } from "../schedule/windows.ts";

/** What one look showed. */
export type PoolSample =
  | { readonly sample: "busy"; readonly createTime: string; readonly why: string; readonly jobs: number }
  /** `counted`: the replica counters confirm it; otherwise only the job list says so. */
  | { readonly sample: "idle"; readonly createTime: string; readonly counted: boolean }
  /** It exists, but it is not RUNNING: neither idle nor in use. */
  | { readonly sample: "unready"; readonly createTime: string; readonly why: string }
  | { readonly sample: "absent" }
  | { readonly sample: "unknown"; readonly why: string };

/** What a look showed, in half a sentence. */
export function describeSample(sample: PoolSample): string {
  switch (sample.sample) {
    case "absent":
      return "it is absent";
    case "idle":
      return "no job on it";
    case "busy":
    case "unready":
    case "unknown":
      return sample.why;
  }
}

/** The last part of a resource name. */
export function lastPart(name: string): string {
  return name.slice(name.lastIndexOf("/") + 1);
}

/** A count as this wire gives it: int64 as text, zero omitted; undefined for anything that is no count. */
function count(text: unknown): number | undefined {
  if (text === undefined) return 0;
  if (typeof text !== "string" && typeof text !== "number") return undefined;
  return /^\d{1,9}$/.test(String(text)) ? Number(text) : undefined;
}

/** Replicas in use, by pool id (or position, where a pool has none); undefined where a counter cannot be read. */
export function usedReplicas(resource: PersistentResource): Sizes | undefined {
  const used: Record<string, number> = {};
  for (const [index, pool] of resource.resourcePools.entries()) {
    const inUse = count(pool.usedReplicaCount);
    if (inUse === undefined) return undefined;
    used[pool.id ?? String(index)] = inUse;
  }
  return used;
}

/** Whether jobs hold or want the resource; a list that is short, or a job that does not say where it runs, is unknown. */
function jobsOn(
  resourceId: string,
  jobs: Look<Listing<CustomJob>>,
): { readonly known: true; readonly jobs: readonly CustomJob[] } | { readonly known: false; readonly why: string } {
  if (jobs.look !== "present") {
    return {
      known: false,
      why: jobs.look === "unknown" ? `the jobs cannot be listed: ${jobs.why}` : "no list of jobs",
    };
  }
  const { items, complete } = jobs.value;
  const mine = items.filter((job) => job.jobSpec?.persistentResourceId === resourceId);
  if (mine.length > 0) return { known: true, jobs: mine };
  if (!complete) return { known: false, why: "the list of jobs ended early" };
  const vague = items.find((job) => job.jobSpec === undefined);
  if (vague) return { known: false, why: `job ${lastPart(vague.name)} does not say where it runs` };
  return { known: true, jobs: [] };
}

function plural(many: number, one: string): string {
  return `${many} ${one}${many === 1 ? "" : "s"}`;
}

/**
 * Tells what one look showed.
 * @param counterSeen whether a used-replica counter above zero was ever seen in this location: only then is an absent
 * counter zero; until then the job list alone speaks, and `counted` is false.
 */
export function samplePool(
  look: Look<PersistentResource>,
  jobs: Look<Listing<CustomJob>>,
  counterSeen: boolean,
): PoolSample {
  if (look.look === "absent") return { sample: "absent" };
  if (look.look === "unknown") return { sample: "unknown", why: look.why };
  const resource = look.value;
  const { createTime, state } = resource;
  if (createTime === undefined) return { sample: "unknown", why: "the resource shows no createTime" };
  if (state === undefined) return { sample: "unknown", why: "the resource shows no state" };
  if (!Array.isArray(resource.resourcePools) || resource.resourcePools.length === 0) {
    return { sample: "unknown", why: "the resource shows no resource pool" };
  }
  const used = usedReplicas(resource);
  if (used === undefined) return { sample: "unknown", why: "a used-replica counter cannot be read" };
  const inUse = Object.values(used).reduce((sum, one) => sum + one, 0);
  const active = jobsOn(lastPart(resource.name), jobs);
  const running = active.known ? active.jobs.length : 0;
  if (running > 0) {
    const [first] = active.known ? active.jobs : [];
    const name = first?.displayName ?? lastPart(first?.name ?? "");
    return { sample: "busy", createTime, jobs: running, why: `${plural(running, "job")} (${name}) on it` };
  }
  if (inUse > 0) return { sample: "busy", createTime, jobs: 0, why: `${plural(inUse, "replica")} in use` };
  if (!active.known) return { sample: "unknown", why: active.why };
  if (state !== "RUNNING") return { sample: "unready", createTime, why: `it is ${state}` };
  return { sample: "idle", createTime, counted: counterSeen };
}
