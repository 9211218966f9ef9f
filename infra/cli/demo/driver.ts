/** Lets a plan happen: publishes events and signals, submits jobs, takes Spot machines away, each at its world time. */
import type { PubSub } from "@google-cloud/pubsub";
import { formatDuration } from "../../../shared/time/duration.ts";
import { parseName } from "../../../shared/vertex/names.ts";
import type { JsonObject } from "../../../shared/vertex/vertex.ts";
import type { LocalCloud } from "../../local/server.ts";
import type { Ledger } from "./ledger.ts";
import type { EventToSend, FalseAlarm, Happening, JobToRun, Outage, Recovery } from "./plan/happening.ts";

/** What a driver works with. */
export interface DriverParts {
  readonly cloud: LocalCloud;
  /** `http://127.0.0.1:PORT` of the REST door. */
  readonly rest: string;
  readonly pubsub: PubSub;
  /** First word of the topics' names. */
  readonly prefix: string;
  readonly ledger: Ledger;
  /** Is told what happened; `target` where it is about one. */
  readonly tell: (about: string, what: string) => void;
  /** Something that should have happened did not. */
  readonly problem: (what: string) => void;
}

/** A plan under way. */
export interface Driver {
  /** Jobs by the way they went. */
  readonly jobs: { readonly submitted: number; readonly asEvents: number };
  /** Replicas taken away so far. */
  readonly preempted: number;
  /** Nothing more is begun; resolves when what was begun has ended. */
  stop(): Promise<void>;
}

/** The Vertex AI URL of a location, or below it. */
function below(rest: string, resource: string, collection: string): string {
  const { project = "", location = "" } = parseName(resource) ?? {};
  return `${rest}/v1/projects/${project}/locations/${location}/${collection}`;
}

/** Starts a plan on the world's clock. */
export function drive(plan: readonly Happening[], parts: DriverParts): Driver {
  const { cloud, rest, pubsub, prefix, ledger, tell, problem } = parts;
  const counts = { submitted: 0, asEvents: 0, preempted: 0 };
  const underWay = new Set<Promise<void>>();
  // Order matters: a change of size must not overtake the one before it.
  const events = pubsub.topic(`${prefix}-events`, { batching: { maxMilliseconds: 1 } });
  const signals = pubsub.topic(`${prefix}-signals`, { batching: { maxMilliseconds: 1 } });

  const sendEvent = async ({ event, copies, refused }: Pick<EventToSend, "event" | "copies" | "refused">) => {
    ledger.sent({ event, refused }, cloud.clock.now());
    for (let copy = 0; copy < copies; copy += 1) await events.publishMessage({ json: event });
  };
  const event = async (happening: EventToSend) => {
    const { source, reason, target } = happening.event;
    const twice = happening.copies > 1 ? ", published twice" : "";
    tell(target, `${source} asks: ${wordsOf(happening.event)} ("${reason}")${twice}`);
    await sendEvent(happening);
  };

  /** @returns whether Vertex AI took the job. */
  const submit = async ({ policy, customJob }: JobToRun): Promise<boolean> => {
    const resource = await fetch(`${rest}/v1/${policy.resource}`);
    if (!resource.ok || ((await resource.json()) as JsonObject)["state"] !== "RUNNING") return false;
    const jobSpec = { ...customJob.jobSpec, persistentResourceId: parseName(policy.resource)?.id };
    const answer = await fetch(below(rest, policy.resource, "customJobs"), {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ ...customJob, jobSpec }),
    });
    if (answer.ok) return true;
    const why = await answer.text();
    // It can have gone between the look and the call; anything else is a job that was planned wrongly.
    if (answer.status !== 404 && answer.status !== 400) throw new Error(`${answer.status} ${why}`);
    return false;
  };
  const job = async (happening: JobToRun) => {
    const { policy, id, runs, customJob } = happening;
    const what = `job ${customJob.displayName} (${formatDuration(runs)})`;
    if (await submit(happening)) {
      counts.submitted += 1;
      tell(policy.name, `${what} submitted`);
      return;
    }
    counts.asEvents += 1;
    tell(policy.name, `${what} sent as an event: it is not up`);
    await sendEvent({
      copies: 1,
      refused: false,
      event: { type: "job", id, target: policy.name, ttl: "8h", source: "queue", customJob: { ...customJob } },
    });
  };

  const outage = async ({ place, until, signals: names }: Outage) => {
    const { preempted } = cloud.vertex.model.market.act({ action: "exhaust", place, preempt: true });
    counts.preempted += Number(preempted);
    const machine = [place.machineType, place.acceleratorType].filter((part) => part !== "").join(" ");
    const lost = Number(preempted) === 0 ? "none in use" : `${preempted} preempted`;
    const told = Number(preempted) === 0 ? "" : names.length === 0 ? ", no signal" : ", signal sent";
    tell("", `no Spot ${machine} in ${place.region} for ${formatDuration(until - cloud.clock.now())}: ${lost}${told}`);
    if (Number(preempted) === 0) return;
    for (const target of names)
      await signals.publishMessage({ json: { type: "preempted", target, reason: "STOCKOUT" } });
  };
  const falseAlarm = async ({ target }: FalseAlarm) => {
    tell(target, "a signal says that it was preempted, which it was not");
    await signals.publishMessage({ json: { type: "preempted", target, reason: "a false alarm" } });
  };
  const recovery = async ({ place }: Recovery) => {
    cloud.vertex.model.market.act({ action: "restore", place });
  };

  const perform = (happening: Happening): Promise<void> => {
    switch (happening.do) {
      case "event":
        return event(happening);
      case "job":
        return job(happening);
      case "false-alarm":
        return falseAlarm(happening);
      case "outage":
        return outage(happening);
      case "recovery":
        return recovery(happening);
    }
  };
  const begin = (happening: Happening) => {
    const running = perform(happening)
      .catch((error: unknown) => problem(`${happening.do} at ${new Date(happening.at).toISOString()}: ${error}`))
      .finally(() => underWay.delete(running));
    underWay.add(running);
  };
  const cancels = plan.map((happening) => cloud.clock.at(happening.at, () => begin(happening)));
  return {
    get jobs() {
      return { submitted: counts.submitted, asEvents: counts.asEvents };
    },
    get preempted() {
      return counts.preempted;
    },
    async stop() {
      for (const cancel of cancels) cancel();
      await Promise.all(underWay);
      await Promise.all([events.flush(), signals.flush()]);
    },
  };
}

function wordsOf(event: EventToSend["event"]): string {
  if (event.type !== "scale") return event.type;
  const { delta, replicas, pool = "" } = event;
  const size = delta === undefined ? `to ${replicas}` : `by ${Number(delta) > 0 ? "+" : ""}${delta}`;
  return `scale ${pool} ${size}`.replace("  ", " ");
}
