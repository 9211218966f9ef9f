/** Makes the topology's topics, subscriptions and schedules exist on the local cloud, through the real admin clients. */
import type { ClientOptions } from "google-gax";
import type { Topology } from "../topology.ts";

/** Where the local cloud is and what shall be set up there. */
export interface SetupOptions {
  readonly topology: Topology;
  readonly project: string;
  readonly location: string;
  /** First word of every name. */
  readonly prefix: string;
  /** gRPC port on 127.0.0.1. */
  readonly grpcPort: number;
  /** Port of each function's process on 127.0.0.1, by function name; one that is missing gets no push subscription. */
  readonly functionPorts: Readonly<Record<string, number>>;
  /** Replaces every schedule's cron, e.g. `*\/5 * * * *` for a world that runs fast. */
  readonly cron?: string;
  /** Minimum push back-off in wire seconds instead of the topology's: a laptop's user does not wait ten seconds. */
  readonly minimumBackoffSeconds?: number;
}

const alreadyExists = 6;

async function create(made: Promise<unknown>): Promise<void> {
  try {
    await made;
  } catch (error) {
    if ((error as { code?: number }).code !== alreadyExists) throw error;
  }
}

/**
 * Creates what is missing and leaves what exists.
 * @throws the admin client's error when the local cloud refuses something.
 */
export async function setUp(options: SetupOptions): Promise<void> {
  const { topology, project, prefix } = options;
  const [{ v1: pubsub }, { CloudSchedulerClient }, { grpc }] = await Promise.all([
    import("@google-cloud/pubsub"),
    import("@google-cloud/scheduler"),
    import("google-gax"),
  ]);
  const client: ClientOptions = {
    apiEndpoint: "127.0.0.1",
    servicePath: "127.0.0.1",
    port: options.grpcPort,
    sslCreds: grpc.credentials.createInsecure(),
    universeDomain: "googleapis.com",
    projectId: project,
  };
  const publisher = new pubsub.PublisherClient(client);
  const subscriber = new pubsub.SubscriberClient(client);
  const scheduler = new CloudSchedulerClient(client);
  const topicName = (name: string) => `projects/${project}/topics/${prefix}-${name}`;
  const { delivery } = topology;
  try {
    await Promise.all(topology.topics.map(({ name }) => create(publisher.createTopic({ name: topicName(name) }))));
    await Promise.all(
      topology.subscriptions.map((subscription) => {
        const port = subscription.function === undefined ? undefined : options.functionPorts[subscription.function];
        const pushed = subscription.function !== undefined;
        if (pushed && port === undefined) return undefined;
        return create(
          subscriber.createSubscription({
            name: `projects/${project}/subscriptions/${prefix}-${subscription.name}`,
            topic: topicName(subscription.topic),
            ackDeadlineSeconds: delivery.ackDeadlineSeconds,
            messageRetentionDuration: { seconds: delivery.messageRetentionSeconds },
            ...(pushed
              ? {
                  // functions-framework takes the topic's name from this path.
                  pushConfig: { pushEndpoint: `http://127.0.0.1:${port}/${topicName(subscription.topic)}` },
                  retryPolicy: {
                    minimumBackoff: { seconds: options.minimumBackoffSeconds ?? delivery.minimumBackoffSeconds },
                    maximumBackoff: { seconds: delivery.maximumBackoffSeconds },
                  },
                  deadLetterPolicy: {
                    deadLetterTopic: topicName(delivery.deadLetterTopic),
                    maxDeliveryAttempts: delivery.maxDeliveryAttempts,
                  },
                }
              : {}),
          }),
        );
      }),
    );
    const parent = `projects/${project}/locations/${options.location}`;
    await Promise.all(
      topology.schedules.map((schedule) =>
        create(
          scheduler.createJob({
            parent,
            job: {
              name: `${parent}/jobs/${prefix}-${schedule.name}`,
              schedule: options.cron ?? schedule.cron,
              timeZone: schedule.zone,
              pubsubTarget: { topicName: topicName(schedule.topic), attributes: { ...schedule.attributes } },
            },
          }),
        ),
      ),
    );
  } finally {
    await Promise.all([publisher.close(), subscriber.close(), scheduler.close()]);
  }
}
