/** The topology file, typed: what both homes (the local cloud, Google Cloud) set up. */
import topologyJson from "./topology.json" with { type: "json" };

export interface Topology {
  readonly topics: readonly { readonly name: string; readonly purpose: string }[];
  readonly delivery: {
    readonly ackDeadlineSeconds: number;
    readonly messageRetentionSeconds: number;
    readonly minimumBackoffSeconds: number;
    readonly maximumBackoffSeconds: number;
    readonly maxDeliveryAttempts: number;
    readonly deadLetterTopic: string;
  };
  /** With `function`: pushed to it; without: for people and programs to pull. */
  readonly subscriptions: readonly { readonly name: string; readonly topic: string; readonly function?: string }[];
  readonly functions: readonly {
    readonly name: string;
    readonly signature: string;
    readonly memoryMb: number;
    readonly timeoutSeconds: number;
  }[];
  readonly schedules: readonly {
    readonly name: string;
    readonly topic: string;
    readonly cron: string;
    readonly zone: string;
    readonly attributes: Readonly<Record<string, string>>;
  }[];
}

export const topology: Topology = topologyJson;
