/** The life of a custom job: QUEUED -> PENDING -> RUNNING -> SUCCEEDED | FAILED, or CANCELLING -> CANCELLED. */
import { type Status, status } from "../api/errors.ts";
import { locationOf } from "../api/names.ts";
import type { Behaviour } from "../behaviour/behaviour.ts";
import type { Quotas } from "../capacity/quota.ts";
import { type Collection, createCollection } from "../kernel/collection.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { createTable } from "../kernel/slices.ts";
import type { PersistentResources } from "../persistent-resources/store.ts";
import type { JobMachines } from "./machines.ts";
import { isOver, type Job, type JobState } from "./record.ts";

/** What runs the jobs stands on. */
export interface RunnerParts {
  readonly kernel: Kernel;
  readonly behaviour: Behaviour;
  readonly resources: PersistentResources;
  readonly machines: JobMachines;
  readonly quotas: Quotas;
}

/** Runs jobs. */
export interface JobRunner {
  readonly all: Collection<Job>;
  /** Keeps a new job and starts it as soon as it has machines; jobs of a resource in order, a smaller one may pass. */
  submit(job: Omit<Job, "seq">): Job;
  /** Begins to cancel a job that is not over. */
  cancel(job: Job): void;
}

const cancelled = status("CANCELLED", "The job was cancelled.");

/** Creates a runner without jobs. */
export function createJobRunner({ kernel, behaviour, resources, machines, quotas }: RunnerParts): JobRunner {
  const all = createCollection<Job>(kernel.slices, "customJobs", ({ name }) => [locationOf(name).name]);
  /** Names of the jobs that are not over, by persistent resource, in order of submission. */
  const onResource = createTable<string[]>(kernel.slices, "jobsOnResources");
  const { agenda, clock, chance } = kernel;
  type Event = { job: string };

  const become = (job: Job, state: JobState, error: Status | null = null): void => {
    job.state = state;
    job.error = error;
    job.updateTime = clock.now();
  };
  const due = (timing: "startJob" | "cancelJob" | "retryJobCapacity"): number =>
    clock.now() + chance.duration(behaviour.values.timings[timing]);

  const end = (job: Job, state: JobState, error: Status | null): void => {
    if (job.next !== null) agenda.drop(job.next);
    job.next = null;
    job.endTime = clock.now();
    become(job, state, error);
    machines.give(job);
    quotas.release(job.name);
    if (job.resource === null) return;
    const rest = (onResource.get(job.resource) ?? []).filter((name) => name !== job.name);
    if (rest.length > 0) onResource.set(job.resource, rest);
    else onResource.delete(job.resource);
    startWaiting(job.resource);
  };
  const at = (kind: string, action: (job: Job) => void) => {
    const plan = agenda.define<Event>(`job.${kind}`, (event) => {
      const job = all.get(event.job);
      if (!job) return;
      job.next = null;
      action(job);
    });
    return (time: number, job: Job): void => {
      job.next = plan(time, { job: job.name });
    };
  };
  const planEnd = at("ended", (job) => end(job, job.end.state, job.end.error));
  const planCancelled = at("cancelled", (job) => end(job, "JOB_STATE_CANCELLED", cancelled));
  const planStart = at("started", (job) => {
    job.startTime = clock.now();
    become(job, "JOB_STATE_RUNNING");
    machines.bill(job);
    planEnd(clock.now() + job.runMilliseconds, job);
  });
  const planRetry = at("capacityRetried", (job) => start(job));

  const start = (job: Job): void => {
    if (machines.take(job)) {
      become(job, "JOB_STATE_PENDING");
      planStart(due("startJob"), job);
    } else if (job.resource === null) {
      planRetry(due("retryJobCapacity"), job);
    }
  };
  const unfinished = (resource: string): Job[] =>
    (onResource.get(resource) ?? []).flatMap((name) => all.get(name) ?? []);
  const startWaiting = (resource: string): void => {
    for (const job of unfinished(resource)) if (job.state === "JOB_STATE_QUEUED") start(job);
  };
  const cancel = (job: Job): void => {
    if (isOver(job.state) || job.state === "JOB_STATE_CANCELLING") return;
    if (job.next !== null) agenda.drop(job.next);
    become(job, "JOB_STATE_CANCELLING");
    planCancelled(due("cancelJob"), job);
  };

  resources.onChange(({ name }, change) => {
    switch (change) {
      case "available":
        startWaiting(name);
        return;
      case "stopping":
        unfinished(name).forEach(cancel);
        return;
      case "gone":
        // A job still being cancelled must not touch the pools of a later resource of the same name.
        for (const job of unfinished(name)) end(job, "JOB_STATE_CANCELLED", cancelled);
        return;
      case "rebooting":
        for (const job of unfinished(name)) {
          if (job.state === "JOB_STATE_QUEUED") continue;
          if (job.state === "JOB_STATE_CANCELLING") end(job, "JOB_STATE_CANCELLED", cancelled);
          else end(job, "JOB_STATE_FAILED", status("UNAVAILABLE", `"${name}" was rebooted while the job ran on it.`));
        }
        return;
    }
  });

  return {
    all,
    submit(draft) {
      const job = all.add(draft);
      if (job.resource !== null) onResource.set(job.resource, [...(onResource.get(job.resource) ?? []), job.name]);
      start(job);
      return job;
    },
    cancel,
  };
}
