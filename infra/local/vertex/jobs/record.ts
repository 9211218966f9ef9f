/** A custom job as kept, and as the service shows it. */
import type { JsonObject } from "../../wire/service.ts";
import { timestamp } from "../../wire/times.ts";
import type { Status } from "../api/errors.ts";
import { message } from "../api/json.ts";
import type { Machine, Place } from "../capacity/place.ts";

/** States a job of this model can be in. */
export type JobState =
  | "JOB_STATE_QUEUED"
  | "JOB_STATE_PENDING"
  | "JOB_STATE_RUNNING"
  | "JOB_STATE_SUCCEEDED"
  | "JOB_STATE_FAILED"
  | "JOB_STATE_CANCELLING"
  | "JOB_STATE_CANCELLED";

/** One worker pool's machines. */
export type Demand = {
  machine: Machine;
  machineSpec: JsonObject;
  disk: { type: string; sizeGb: number };
  replicas: number;
};

/** A custom job. */
export type Job = {
  name: string;
  seq: number;
  displayName: string;
  labels: Record<string, string>;
  jobSpec: JsonObject;
  encryptionSpec: JsonObject | null;
  /** Full name of the persistent resource it runs on. */
  resource: string | null;
  demands: Demand[];
  /** Machines held: pool ids of the persistent resource, or places of its own. */
  held: ({ pool: string; replicas: number } | { place: Place; machine: Machine; replicas: number })[];
  spot: boolean;
  runMilliseconds: number;
  /** How the job ends when nothing interferes. */
  end: { state: "JOB_STATE_SUCCEEDED" | "JOB_STATE_FAILED"; error: Status | null };
  state: JobState;
  error: Status | null;
  createTime: number;
  startTime: number | null;
  endTime: number | null;
  updateTime: number;
  /** The happening that moves it on. */
  next: number | null;
};

/** States that a job does not leave. */
export function isOver(state: JobState): boolean {
  return state === "JOB_STATE_SUCCEEDED" || state === "JOB_STATE_FAILED" || state === "JOB_STATE_CANCELLED";
}

/** The job as proto3 JSON. */
export function jobJson(job: Job): JsonObject {
  const time = (at: number | null): string | undefined => (at === null ? undefined : timestamp(at));
  return message({
    name: job.name,
    displayName: job.displayName,
    jobSpec: job.jobSpec,
    state: job.state,
    createTime: timestamp(job.createTime),
    startTime: time(job.startTime),
    endTime: time(job.endTime),
    updateTime: timestamp(job.updateTime),
    error: job.error ?? undefined,
    labels: job.labels,
    encryptionSpec: job.encryptionSpec ?? undefined,
  });
}
