/** What a custom job must be. Source: proto comments, persistent-resource-train documentation. */
import type { JsonObject } from "../../wire/service.ts";
import { status } from "../api/errors.ts";
import type { Fields } from "../api/fields.ts";
import { machineOf } from "../capacity/place.ts";
import type { PersistentResource, Pool } from "../persistent-resources/record.ts";
import type { Demand, Job } from "./record.ts";

/** Label that says how many seconds of world time a job runs. */
const runSecondsLabel = "local-run-seconds";
/** Label that says how a job ends: `succeeded` (default) or `failed`. */
const resultLabel = "local-result";

/** Longest run without an own timeout: seven days. */
const defaultTimeout = 7 * 24 * 3600 * 1000;

/** What a create request says about the job itself. */
export type NewJob = Pick<
  Job,
  "displayName" | "labels" | "jobSpec" | "demands" | "spot" | "runMilliseconds" | "end"
> & {
  encryptionSpec: JsonObject | null;
  resourceId: string | undefined;
  network: string | undefined;
};

/** Reads a CustomJob. @param defaultSeconds - how long it runs when no label says so. */
export function readNewJob(job: Fields, defaultSeconds: number): NewJob {
  const spec = job.requiredMessage("jobSpec");
  const labels = { ...job.labels() };
  const scheduling = spec.message("scheduling");
  const timeout = scheduling?.duration("timeout") || defaultTimeout;
  const label = labels[runSecondsLabel];
  if (label !== undefined && !/^\d{1,9}$/.test(label)) job.wrong("labels", `${runSecondsLabel} must be whole seconds.`);
  const wanted = Number(label ?? defaultSeconds) * 1000;
  const pools = spec.messages("workerPoolSpecs");
  if (job.has("jobSpec") && pools.length === 0) spec.wrong("workerPoolSpecs", "Required field is not set.");
  return {
    displayName: job.requiredString("displayName"),
    labels,
    jobSpec: spec.json,
    encryptionSpec: job.message("encryptionSpec")?.json ?? null,
    resourceId: spec.string("persistentResourceId"),
    network: spec.string("network"),
    demands: pools.map(readWorkerPool).filter(({ replicas }) => replicas > 0),
    spot: scheduling?.string("strategy") === "SPOT",
    runMilliseconds: Math.min(wanted, timeout),
    end: endOf(wanted > timeout, labels[resultLabel]),
  };
}

function endOf(timedOut: boolean, result: string | undefined): Job["end"] {
  if (timedOut) {
    const error = status("DEADLINE_EXCEEDED", "The job has run longer than scheduling.timeout.");
    return { state: "JOB_STATE_FAILED", error };
  }
  if (result !== "failed") return { state: "JOB_STATE_SUCCEEDED", error: null };
  const error = status("INTERNAL", "The replica workerpool0-0 exited with a non-zero status of 1.");
  return { state: "JOB_STATE_FAILED", error };
}

function readWorkerPool(pool: Fields): Demand {
  const spec = pool.requiredMessage("machineSpec");
  if (pool.has("machineSpec")) spec.requiredString("machineType");
  const container = pool.message("containerSpec");
  const python = pool.message("pythonPackageSpec");
  if (!container === !python) pool.wrong("task", "Exactly one of container_spec and python_package_spec must be set.");
  container?.requiredString("imageUri");
  const disk = pool.message("diskSpec");
  const replicas = pool.integer("replicaCount") ?? 1;
  if (replicas < 0) pool.wrong("replicaCount", "Must not be negative.");
  return {
    machine: machineOf(spec.json),
    machineSpec: spec.json,
    disk: { type: disk?.string("bootDiskType") ?? "pd-ssd", sizeGb: disk?.integer("bootDiskSizeGb") || 100 },
    replicas,
  };
}

/** Whether a pool has exactly the machine and disk a worker pool asks for. */
export function fits(demand: Demand, pool: Pool): boolean {
  const [a, b] = [demand.machine, pool.machine];
  return (
    a.type === b.type &&
    a.acceleratorType === b.acceleratorType &&
    a.acceleratorCount === b.acceleratorCount &&
    demand.disk.type === pool.disk.type &&
    demand.disk.sizeGb === pool.disk.sizeGb
  );
}

/** Why a job can never run on a resource; undefined when it can. */
export function mismatch(job: NewJob, resource: PersistentResource): string | undefined {
  for (const { machine, disk, replicas } of job.demands) {
    const pools = resource.pools.filter((pool) => fits({ machine, disk, replicas, machineSpec: {} }, pool));
    const most = Math.max(0, ...pools.map((pool) => pool.autoscaling?.max ?? pool.replicas));
    const asked = `${machine.type} ${machine.acceleratorType} with ${disk.type} ${disk.sizeGb} GB`.replace("  ", " ");
    if (pools.length === 0) return `no resource pool of "${resource.name}" has exactly the machine ${asked}`;
    if (replicas > most)
      return `"${resource.name}" has at most ${most} replicas of ${asked}, the job asks for ${replicas}`;
  }
  if ((job.network ?? "") !== (resource.given["network"] ?? "") && job.network !== undefined) {
    return `the job's network "${job.network}" is not that of "${resource.name}"`;
  }
  return undefined;
}
