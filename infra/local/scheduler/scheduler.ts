/** google.cloud.scheduler.v1.CloudScheduler of the local cloud, on the world's clock. */
import type { WorldClock } from "../clock/clock.ts";
import type { WireClock } from "../clock/wire-clock.ts";
import { applyMask } from "../wire/field-mask.ts";
import { isObject } from "../wire/json.ts";
import { pageByName } from "../wire/paging.ts";
import { textOf } from "../wire/read.ts";
import { ApiError, type JsonObject, type ServiceImplementation } from "../wire/service.ts";
import { timestamp } from "../wire/times.ts";
import type { AttemptOptions } from "./attempt.ts";
import { withDefaults } from "./job.ts";
import { checkJobName, jobNotFound } from "./names.ts";
import { JobRunner } from "./runner.ts";

/** Jobs a page. */
const largestPage = 500;

const updatable = [
  "description",
  "pubsubTarget",
  "appEngineHttpTarget",
  "httpTarget",
  "schedule",
  "timeZone",
  "retryConfig",
  "attemptDeadline",
];

/** Options of {@link createScheduler}. */
export interface SchedulerOptions {
  /** Cron and retries run on it. */
  readonly clock: WorldClock;
  /** Attempt deadlines run on it. */
  readonly wire: WireClock;
  /** Delivers to a Pub/Sub topic; throws ApiError when it cannot. */
  readonly publish: AttemptOptions["publish"];
}

/** A running Cloud Scheduler. */
export interface Scheduler {
  readonly services: readonly ServiceImplementation[];
  /** All jobs. */
  snapshot(): JsonObject[];
  /** Replaces all jobs; firings missed since the snapshot are not made up for. */
  restore(jobs: readonly JsonObject[]): void;
  /** Ends all jobs. */
  close(): void;
}

/** Creates a Cloud Scheduler without jobs. */
export function createScheduler(options: SchedulerOptions): Scheduler {
  const jobs = new Map<string, JobRunner>();
  let unnamed = 10_000_000_000_000_000_000n;

  /** An id for a job whose creator gave none: the service makes a long number. */
  const newId = (): string => {
    unnamed += 1n;
    return String(unnamed);
  };

  const job = (name: string): JobRunner => {
    const runner = jobs.get(checkJobName(name));
    if (runner === undefined) throw jobNotFound();
    return runner;
  };
  const touched = (given: JsonObject): JsonObject => ({ ...given, userUpdateTime: timestamp(options.clock.now()) });
  const setState = (name: string, from: string, to: string): JsonObject => {
    const runner = job(name);
    if (runner.json["state"] !== from) {
      throw new ApiError("FAILED_PRECONDITION", `Job must be ${from}; it is ${String(runner.json["state"])}.`);
    }
    runner.update({ ...runner.json, state: to });
    return runner.json;
  };
  const close = () => {
    for (const runner of jobs.values()) runner.stop();
    jobs.clear();
  };

  const service: ServiceImplementation = {
    names: ["google.cloud.scheduler.v1.CloudScheduler"],
    unary: {
      CreateJob: (request) => {
        const given = isObject(request["job"]) ? request["job"] : {};
        const parent = textOf(request, "parent");
        const name = textOf(given, "name") || `${parent}/jobs/${newId()}`;
        if (!checkJobName(name).startsWith(`${parent}/jobs/`)) {
          throw new ApiError("INVALID_ARGUMENT", `The job's name "${name}" does not lie under its parent "${parent}".`);
        }
        if (jobs.has(name)) throw new ApiError("ALREADY_EXISTS", `Job ${name} already exists.`);
        const runner = new JobRunner(touched({ ...withDefaults(given), name, state: "ENABLED" }), options);
        jobs.set(name, runner);
        return runner.json;
      },
      GetJob: (request) => job(textOf(request, "name")).json,
      ListJobs: (request) => {
        const prefix = `${textOf(request, "parent")}/jobs/`;
        const { items, ...next } = pageByName(
          [...jobs.values()].filter(({ name }) => name.startsWith(prefix)),
          request,
          largestPage,
        );
        return { jobs: items.map(({ json }) => json), ...next };
      },
      UpdateJob: (request) => {
        const given = isObject(request["job"]) ? request["job"] : {};
        const runner = job(textOf(given, "name"));
        // Without a mask, every field that is set is replaced.
        const mask =
          textOf(request, "updateMask") ||
          Object.keys(given)
            .filter((key) => updatable.includes(key))
            .join(",");
        const masked = applyMask(withoutOtherTargets(runner.json, given), given, mask, updatable);
        runner.update(touched(withDefaults(masked)));
        return runner.json;
      },
      DeleteJob: (request) => {
        const runner = job(textOf(request, "name"));
        runner.stop();
        jobs.delete(runner.name);
        return {};
      },
      PauseJob: (request) => setState(textOf(request, "name"), "ENABLED", "PAUSED"),
      ResumeJob: (request) => setState(textOf(request, "name"), "PAUSED", "ENABLED"),
      RunJob: (request) => {
        const runner = job(textOf(request, "name"));
        runner.run();
        return runner.json;
      },
    },
  };

  return {
    services: [service],
    snapshot: () => [...jobs.values()].map(({ json }) => json),
    restore: (saved) => {
      close();
      for (const json of saved) jobs.set(textOf(json, "name"), new JobRunner(json, options));
    },
    close,
  };
}

/** The targets are a oneof: setting one clears the others. */
function withoutOtherTargets(job: JsonObject, given: JsonObject): JsonObject {
  const targets = ["pubsubTarget", "appEngineHttpTarget", "httpTarget"];
  if (!targets.some((target) => given[target] !== undefined)) return job;
  return Object.fromEntries(Object.entries(job).filter(([key]) => !targets.includes(key) || given[key] !== undefined));
}
