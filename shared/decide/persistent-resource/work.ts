/** What is done to a resource that is up: resize, run a job, reboot. */
import type { JsonObject } from "../../vertex/vertex.ts";
import type { Action } from "../decision.ts";
import { describeSample, lastPart, type PoolSample } from "../idle/pool-sample.ts";
import { describeAsker, describeWish } from "../words.ts";
import type { Draft, PersistentResourceDecision, RequestFor, Verdict } from "./draft.ts";
import type { Identified } from "./identity.ts";
import { standInOf } from "./machines.ts";
import { mayBeBusy } from "./outage.ts";
import type { Presence } from "./presence.ts";
import { describeGaps, type Gap, sizeGaps, unscalable } from "./sizes.ts";
import { putToSleep } from "./sleep.ts";

/** A wish either leads to a decision now, or waits for a reason. */
export type Progress = { readonly decision: PersistentResourceDecision } | { readonly waits: string } | undefined;

/** Why something that failed is not tried now: half a sentence. */
export function backingOff(draft: Draft, goal: "resize" | "reboot" | "job"): string | undefined {
  const attempts = draft.attemptsAt(goal);
  if (attempts === undefined) return undefined;
  const tried = `${goal} number ${attempts.count} failed (${attempts.class}: ${attempts.note})`;
  if (attempts.parked) return `${tried} and trying has stopped until a release or the next apply`;
  return attempts.nextAt > draft.now ? `${tried}; next try at ${draft.timeInZone(attempts.nextAt)}` : undefined;
}

/** Resizes by patch. @returns undefined when a pool cannot be named, which is what a patch takes. */
export function resizeTo(
  draft: Draft,
  resource: Identified,
  gaps: readonly Gap[],
  verdict: Omit<Verdict, "action">,
): PersistentResourceDecision | undefined {
  const sizes = new Map(gaps.map(({ pool, to }) => [pool, to]));
  const pools: { readonly id: string; readonly replicaCount: number }[] = [];
  for (const pool of resource.resourcePools) {
    if (pool.id === undefined) return undefined;
    pools.push({ id: pool.id, replicaCount: sizes.get(pool.id) ?? Number(pool.replicaCount ?? 0) });
  }
  const served = gaps.flatMap(({ request }) => (request && request.answered !== "final" ? [request.eventId] : []));
  const action: Action = {
    do: "change",
    change: { kind: "resize", resource: draft.policy.resource, createTime: resource.createTime, pools },
    attempt: draft.nextAttempt("resize"),
    eventIds: served,
    secondLook: false,
  };
  return draft.finish({ ...verdict, action });
}

/** Ends scale requests that are fulfilled, or that can never be. */
export function answerScaleRequests(draft: Draft, resource: Identified, presence: Presence): void {
  const gaps = sizeGaps(draft, resource, presence);
  for (const request of draft.wishes("scale")) {
    if (request.answered === "final") continue;
    const { pool } = request.wish;
    const what = describeWish(request.wish);
    const shown = resource.resourcePools.find(({ id }, index) => (id ?? String(index)) === pool);
    if (Number(shown?.replicaCount ?? 0) === request.wish.replicas) {
      draft.answer(request, "done", what, `${pool} has ${request.wish.replicas} replicas`);
      continue;
    }
    const obstacle = unscalable(draft, resource.resourcePools, pool);
    if (obstacle !== undefined) draft.close(request, "rejected", what, `${pool} cannot be resized: ${obstacle}`);
    else if (!gaps.some((gap) => gap.pool === pool)) {
      draft.answer(
        request,
        "done",
        what,
        `${pool} has ${shown?.replicaCount} replicas, as near as the fleet's bounds allow`,
      );
    }
  }
}

function reasonFor(draft: Draft, resource: Identified, gaps: readonly Gap[], presence: Presence): string {
  const asked = gaps.flatMap(({ request }) => (request === undefined ? [] : [describeAsker(request)]));
  if (asked.length > 0) return `Asked for by ${[...new Set(asked)].join(" and ")}`;
  return Object.keys(presence.sizes).length > 0
    ? `Sized as ${presence.because} says`
    : `Sized as ${standInOf(draft.memory, resource.createTime)?.sizes ? "its alternative says" : draft.policy.spec ? "the spec says" : "it was found"}`;
}

/** Closes the gap between the sizes wanted and shown, by the target's strategy. */
export function closeGaps(draft: Draft, resource: Identified, presence: Presence, sample: PoolSample): Progress {
  const gaps = sizeGaps(draft, resource, presence);
  if (gaps.length === 0) return undefined;
  const rule = gaps.some(({ request }) => request !== undefined) ? "scale-request" : "size";
  const why = `${reasonFor(draft, resource, gaps, presence)}: ${describeGaps(gaps)}`;
  if (draft.policy.scale.strategy === "replace") {
    if (sample.sample !== "idle") return { waits: `${why}, but it can be replaced only when idle` };
    const doubt = mayBeBusy(draft, resource);
    if (doubt !== undefined) return { waits: `${why}, but it can be replaced only when idle: ${doubt}` };
    const served = gaps.flatMap(({ request }) => (request && request.answered !== "final" ? [request.eventId] : []));
    return {
      decision: putToSleep(draft, resource, {
        cause: "replace",
        rule,
        why: `${why}, by delete and create`,
        eventIds: served,
        counted: sample.counted,
      }),
    };
  }
  const { patchBroken } = draft.memory;
  if (patchBroken) {
    const finding = `this service does not resize by patch (${patchBroken.note}); set scale.strategy: replace for ${draft.policy.name}`;
    for (const { request } of gaps) {
      if (request) draft.close(request, "failed", describeWish(request.wish), finding);
    }
    return { waits: `${why}, but ${finding}` };
  }
  const waits = backingOff(draft, "resize");
  if (waits !== undefined) return { waits: `${why}, but ${waits}` };
  const decision = resizeTo(draft, resource, gaps, { rule, why: `${why} by patch`, phase: "scaling" });
  return decision ? { decision } : { waits: `${why}, but a pool shows no id, and a patch takes one` };
}

/** Submits a job: Vertex queues it where replicas are busy. */
function runJob(draft: Draft, resource: Identified, request: RequestFor<"job">): Progress {
  const waits = backingOff(draft, "job");
  if (waits !== undefined) return { waits: `${describeWish(request.wish)} waits: ${waits}` };
  const { customJob } = request.wish;
  const jobSpec = customJob["jobSpec"];
  if (typeof jobSpec !== "object" || jobSpec === null || Array.isArray(jobSpec)) {
    draft.close(request, "rejected", describeWish(request.wish), "the custom job has no jobSpec");
    return undefined;
  }
  const filled: JsonObject = {
    ...customJob,
    jobSpec: { ...jobSpec, persistentResourceId: lastPart(draft.policy.resource) },
  };
  return {
    decision: draft.finish({
      action: {
        do: "change",
        change: {
          kind: "job",
          resource: draft.policy.resource,
          createTime: resource.createTime,
          eventId: request.eventId,
          customJob: filled,
        },
        attempt: draft.nextAttempt("job"),
        eventIds: [request.eventId],
        secondLook: false,
      },
      rule: "job",
      why: `Asked for by ${describeAsker(request)}, and it is up: ${describeWish(request.wish)}`,
      phase: "up",
    }),
  };
}

function reboot(draft: Draft, resource: Identified, request: RequestFor<"reboot">, sample: PoolSample): Progress {
  if (resource.resourceRuntimeSpec?.["raySpec"] !== undefined) {
    draft.close(request, "rejected", "reboot", "Vertex AI cannot reboot a Ray cluster");
    return undefined;
  }
  if (sample.sample !== "idle") {
    return { waits: `A reboot asked for by ${describeAsker(request)} waits: ${describeSample(sample)}` };
  }
  const doubt = mayBeBusy(draft, resource);
  if (doubt !== undefined) return { waits: `A reboot asked for by ${describeAsker(request)} waits: ${doubt}` };
  const waits = backingOff(draft, "reboot");
  if (waits !== undefined) return { waits: `A reboot waits: ${waits}` };
  return {
    decision: draft.finish({
      action: {
        do: "change",
        change: { kind: "reboot", resource: draft.policy.resource, createTime: resource.createTime },
        attempt: draft.nextAttempt("reboot"),
        eventIds: [request.eventId],
        secondLook: false,
      },
      rule: "reboot",
      why: `Asked for by ${describeAsker(request)}, and no job runs: reboot`,
      phase: "recovering",
    }),
  };
}

/** Serves open requests in the order they were published; the first that can go ahead decides. */
export function serve(
  draft: Draft,
  resource: Identified,
  presence: Presence,
  sample: PoolSample,
): { readonly decision?: PersistentResourceDecision; readonly waiting: readonly string[] } {
  const waiting: string[] = [];
  let sized = false;
  for (const request of draft.requests) {
    if (request.answered === "final") continue;
    let progress: Progress;
    if (request.wish.type === "job") progress = runJob(draft, resource, request as RequestFor<"job">);
    else if (request.wish.type === "reboot") {
      progress = reboot(draft, resource, request as RequestFor<"reboot">, sample);
    } else if (request.wish.type === "scale" && !sized) {
      sized = true;
      progress = closeGaps(draft, resource, presence, sample);
    }
    if (progress === undefined) continue;
    if ("decision" in progress) return { decision: progress.decision, waiting };
    waiting.push(progress.waits);
  }
  return { waiting };
}
