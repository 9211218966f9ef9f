/** JobService: custom jobs. Its other kinds of jobs are not implemented. */
import type { JsonObject } from "../../wire/service.ts";
import { bothVersions, type Method, type ModelService } from "../api/dispatch.ts";
import { errorOf, failedPrecondition, invalidField, notFound, otherOperations, status } from "../api/errors.ts";
import { type Fields, readFields } from "../api/fields.ts";
import { compileFilter, type FilterSchema, textField, timeField } from "../api/filter.ts";
import { message } from "../api/json.ts";
import { maskPaths, readMasked } from "../api/masks.ts";
import { parseLocation, parseResource, resourceName } from "../api/names.ts";
import { page } from "../api/paging.ts";
import type { Behaviour } from "../behaviour/behaviour.ts";
import { type Quotas, trainingClaim } from "../capacity/quota.ts";
import { trainingQuotaText } from "../capacity/texts.ts";
import type { Kernel } from "../kernel/kernel.ts";
import type { Operations } from "../operations/store.ts";
import type { PersistentResources } from "../persistent-resources/store.ts";
import { ownPlace } from "./machines.ts";
import { isOver, type Job, jobJson } from "./record.ts";
import type { JobRunner } from "./runner.ts";
import { mismatch, type NewJob, readNewJob } from "./validation.ts";

/** What the service stands on. */
export interface JobServiceParts {
  readonly kernel: Kernel;
  readonly behaviour: Behaviour;
  readonly operations: Operations;
  readonly resources: PersistentResources;
  readonly quotas: Quotas;
  readonly runner: JobRunner;
}

const filters: FilterSchema<Job> = {
  fields: {
    display_name: textField(["=", "!=", ":"], ({ displayName }) => displayName),
    state: textField(["=", "!="], ({ state }) => state),
    create_time: timeField(({ createTime }) => createTime),
  },
  labels: ({ labels }) => labels,
};

/** Creates the service. */
export function createJobService(parts: JobServiceParts): ModelService {
  const { kernel, behaviour, operations, resources, quotas, runner } = parts;
  const named = (body: JsonObject): Job => {
    const request = readFields(body);
    const name = request.requiredString("name");
    request.check();
    const parsed = parseResource("CustomJob", name, "name");
    const job = runner.all.get(parsed.name);
    if (!job) throw notFound("CustomJob", parsed.name);
    return job;
  };
  const resourceFor = (job: NewJob, parent: string): string | null => {
    if (job.resourceId === undefined) return null;
    const name = resourceName("PersistentResource", parseLocation(parent, "parent"), job.resourceId);
    const resource = resources.all.get(name);
    if (!resource) throw notFound("PersistentResource", name);
    if (!["RUNNING", "UPDATING", "REBOOTING"].includes(resource.state)) {
      throw failedPrecondition(`The PersistentResource "${name}" is in state ${resource.state} and takes no jobs.`);
    }
    const problem = mismatch(job, resource);
    if (problem) throw invalidField("custom_job.job_spec", `The job cannot run: ${problem}.`);
    return name;
  };
  const chargeOwn = (name: string, job: NewJob): void => {
    const claims = job.demands.map((demand) =>
      trainingClaim(ownPlace({ name, spot: job.spot }, demand), demand.machine, demand.replicas),
    );
    const exceeded = quotas.charge(name, claims);
    if (exceeded.length > 0) throw errorOf(status("RESOURCE_EXHAUSTED", trainingQuotaText(exceeded)));
  };

  const create: Method = (body) => {
    const request: Fields = readFields(body);
    const parent = request.requiredString("parent");
    const wanted = readNewJob(request.requiredMessage("customJob"), behaviour.values.customJobSeconds);
    request.check();
    const location = parseLocation(parent, "parent");
    const name = resourceName("CustomJob", location, kernel.chance.id(19));
    const resource = resourceFor(wanted, parent);
    if (resource === null) chargeOwn(name, wanted);
    const { resourceId: _, network: __, ...kept } = wanted;
    const now = kernel.clock.now();
    const job = runner.submit({
      ...kept,
      name,
      resource,
      held: [],
      state: "JOB_STATE_QUEUED",
      error: null,
      createTime: now,
      startTime: null,
      endTime: null,
      updateTime: now,
      next: null,
    });
    return jobJson(job);
  };

  const planDeleted = kernel.agenda.define<{ job: string; operation: string }>("job.deleted", (event) => {
    const failure = operations.failureOf(event.operation);
    if (!failure) runner.all.remove(event.job);
    operations.finish(event.operation, failure ? { error: failure } : { type: "", value: {} });
  });

  return {
    names: bothVersions("JobService"),
    submissions: ["CreateCustomJob", "DeleteCustomJob"],
    methods: {
      CreateCustomJob: create,
      GetCustomJob: (body) => jobJson(named(body)),
      ListCustomJobs(body) {
        const request = readFields(body);
        const parent = parseLocation(request.requiredString("parent"), "parent").name;
        const paths = maskPaths(body["readMask"], "read_mask");
        const matches = compileFilter(request.string("filter"), filters);
        const { items, nextPageToken } = page(runner.all, parent, request, { matches });
        request.check();
        return message({ customJobs: items.map((job) => readMasked(jobJson(job), paths)), nextPageToken });
      },
      CancelCustomJob(body) {
        const job = named(body);
        if (isOver(job.state)) {
          throw failedPrecondition(`The CustomJob "${job.name}" is in state ${job.state} and cannot be cancelled.`);
        }
        runner.cancel(job);
        return {};
      },
      DeleteCustomJob(body, call) {
        const job = named(body);
        if (!isOver(job.state)) {
          throw failedPrecondition(
            `The CustomJob "${job.name}" is in state ${job.state}; cancel it before deleting it.`,
          );
        }
        const running = operations.running(job.name);
        if (running.length > 0) throw otherOperations("CustomJob", job.name, running);
        const what = { target: job.name, metadata: "DeleteOperationMetadata", timing: "deleteJob" } as const;
        return operations.launch(call, what, ({ at, operation }) => planDeleted(at, { job: job.name, operation }));
      },
    },
  };
}
