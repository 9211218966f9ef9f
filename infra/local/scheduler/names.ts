/** Resource names of Cloud Scheduler and the errors about them. */
import { ApiError } from "../wire/service.ts";

const jobName = /^projects\/[^/]+\/locations\/[a-z0-9-]+\/jobs\/[A-Za-z0-9_-]{1,500}$/;

/** Checks a job's name. Throws INVALID_ARGUMENT. Source: the comment on Job.name in job.proto */
export function checkJobName(name: string): string {
  if (jobName.test(name)) return name;
  throw new ApiError(
    "INVALID_ARGUMENT",
    `Job name must be formatted: "projects/<PROJECT_ID>/locations/<LOCATION_ID>/jobs/<JOB_ID>", but is "${name}".`,
  );
}

/** The error for a job that is not there. */
export function jobNotFound(): ApiError {
  return new ApiError("NOT_FOUND", "Job not found.");
}
