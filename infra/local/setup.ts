/** Makes the topology's topics, subscriptions and schedules exist on the local cloud, through its REST door. */
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { text } from "node:stream/consumers";
import type { Topology } from "../topology.ts";

/** Where the local cloud is and what shall be set up there. */
export interface SetupOptions {
  readonly topology: Topology;
  readonly project: string;
  readonly location: string;
  /** First word of every name. */
  readonly prefix: string;
  /** `http://127.0.0.1:PORT` of the REST door: Google's clients would take more memory than the local cloud itself. */
  readonly rest: string;
  /** Port of each function's process on 127.0.0.1, by function name; one that is missing gets no push subscription. */
  readonly functionPorts: Readonly<Record<string, number>>;
  /** Replaces every schedule's cron, e.g. `*\/5 * * * *` for a world that runs fast. */
  readonly cron?: string;
  /** Minimum push back-off in wire seconds instead of the topology's: a laptop's user does not wait ten seconds. */
  readonly minimumBackoffSeconds?: number;
}

/**
 * Creates what is missing and leaves what exists.
 * @throws Error with the local cloud's own words when it refuses something.
 */
export async function setUp(options: SetupOptions): Promise<void> {
  const { topology, project, prefix, rest } = options;
  const topicName = (name: string) => `projects/${project}/topics/${prefix}-${name}`;
  const { delivery } = topology;
  const create = (method: "PUT" | "POST", path: string, body: object) => ensure(method, `${rest}/v1/${path}`, body);

  await Promise.all(topology.topics.map(({ name }) => create("PUT", topicName(name), {})));
  await Promise.all(
    topology.subscriptions.map((subscription) => {
      const port = subscription.function === undefined ? undefined : options.functionPorts[subscription.function];
      const pushed = subscription.function !== undefined;
      if (pushed && port === undefined) return undefined;
      return create("PUT", `projects/${project}/subscriptions/${prefix}-${subscription.name}`, {
        topic: topicName(subscription.topic),
        ackDeadlineSeconds: delivery.ackDeadlineSeconds,
        messageRetentionDuration: `${delivery.messageRetentionSeconds}s`,
        ...(pushed
          ? {
              // functions-framework takes the topic's name from this path.
              pushConfig: { pushEndpoint: `http://127.0.0.1:${port}/${topicName(subscription.topic)}` },
              retryPolicy: {
                minimumBackoff: `${options.minimumBackoffSeconds ?? delivery.minimumBackoffSeconds}s`,
                maximumBackoff: `${delivery.maximumBackoffSeconds}s`,
              },
              deadLetterPolicy: {
                deadLetterTopic: topicName(delivery.deadLetterTopic),
                maxDeliveryAttempts: delivery.maxDeliveryAttempts,
              },
            }
          : {}),
      });
    }),
  );
  const parent = `projects/${project}/locations/${options.location}`;
  await Promise.all(
    topology.schedules.map((schedule) =>
      create("POST", `${parent}/jobs`, {
        name: `${parent}/jobs/${prefix}-${schedule.name}`,
        schedule: options.cron ?? schedule.cron,
        timeZone: schedule.zone,
        pubsubTarget: { topicName: topicName(schedule.topic), attributes: { ...schedule.attributes } },
      }),
    ),
  );
}

/** Creates one resource unless it is there. Not by fetch, whose WebAssembly parser takes 8 MB for these few calls. */
async function ensure(method: "PUT" | "POST", url: string, body: object): Promise<void> {
  const call = request(url, { method, headers: { "content-type": "application/json" } });
  const answered = once(call, "response") as Promise<[IncomingMessage]>;
  call.end(JSON.stringify(body));
  const [answer] = await answered;
  const said = await text(answer);
  const { statusCode = 0 } = answer;
  if (statusCode >= 400 && statusCode !== 409) throw new Error(`The local cloud refused to make ${url}: ${said}`);
}
