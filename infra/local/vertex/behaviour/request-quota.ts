/** Request quotas: per project, region and minute of world time. Source: the service's quotas page. */
import { ApiError } from "../../wire/service.ts";
import { type Location, projectNumber } from "../api/names.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { createTable } from "../kernel/slices.ts";
import type { Behaviour } from "./behaviour.ts";

/** Which bucket a method draws on. */
export type Bucket = "crud" | "submissions";

const limits = {
  crud: {
    perMinute: 600,
    metric: "Resource management (CRUD) requests",
    id: "aiplatform.googleapis.com/resource_management_requests",
  },
  submissions: {
    perMinute: 60,
    metric: "Job or LRO submission requests",
    id: "aiplatform.googleapis.com/job_or_lro_submission_requests",
  },
} as const satisfies Record<Bucket, { perMinute: number; metric: string; id: string }>;

const minute = 60_000;

/** Counts requests when the switch is on. */
export interface RequestQuotas {
  /** Counts one request; throws RESOURCE_EXHAUSTED above the limit. */
  count(bucket: Bucket, location: Location): void;
}

/** Creates the counters. */
export function createRequestQuotas(kernel: Kernel, behaviour: Behaviour): RequestQuotas {
  const counters = createTable<{ minute: number; count: number }>(kernel.slices, "requestQuotas");
  return {
    count(bucket, location) {
      if (behaviour.values.requestQuotas === "off") return;
      const key = `${bucket} ${location.name}`;
      const now = Math.floor(kernel.clock.now() / minute);
      const counter = counters.get(key);
      const count = counter?.minute === now ? counter.count : 0;
      if (count >= limits[bucket].perMinute) throw requestQuotaError(bucket, location);
      counters.set(key, { minute: now, count: count + 1 });
    },
  };
}

/** The 429 of a request quota. */
export function requestQuotaError(bucket: Bucket, location: Location | undefined): ApiError {
  const { metric, perMinute, id } = limits[bucket];
  const consumer = `project_number:${projectNumber(location?.project ?? "unknown")}`;
  const message = `Quota exceeded for quota metric '${metric}' and limit '${metric} per minute per region' of service 'aiplatform.googleapis.com' for consumer '${consumer}'.`;
  return new ApiError("RESOURCE_EXHAUSTED", message, [
    {
      "@type": "type.googleapis.com/google.rpc.ErrorInfo",
      reason: "RATE_LIMIT_EXCEEDED",
      domain: "googleapis.com",
      metadata: {
        consumer: `projects/${projectNumber(location?.project ?? "unknown")}`,
        service: "aiplatform.googleapis.com",
        quota_metric: id,
        quota_limit_value: String(perMinute),
        quota_location: location?.region ?? "global",
      },
    },
  ]);
}
