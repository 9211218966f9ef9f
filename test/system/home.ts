/** A whole home for the system tests: real processes, real clients, a world that the test moves. */
import { PubSub } from "@google-cloud/pubsub";
import { expect, vi } from "vitest";
import { type LocalHome, startLocal } from "../../infra/cli/local/start.ts";
import { parseFleet } from "../../shared/fleet/parse.ts";
import type { Outcome } from "../../shared/outcomes/outcome.ts";
import type { StatusReport, TargetStatus } from "../../shared/status/report.ts";
import { freePorts } from "../free-ports.ts";

/** A test's home and the ways to look at it and to move it. */
export interface TestHome {
  readonly local: LocalHome;
  readonly pubsub: PubSub;
  /** Every outcome told so far, once each, in order of arrival. */
  readonly outcomes: readonly Outcome[];
  /** Lines that the functions printed. */
  readonly lines: readonly string[];
  /** REST call to the local cloud; answers the JSON, whatever the status. */
  call(method: string, path: string, body?: unknown): Promise<{ status: number; json: Record<string, unknown> }>;
  /** Moves the world ahead. */
  advance(minutes: number): Promise<void>;
  /** Publishes to one of our topics with the Node client. */
  publish(topic: string, data: unknown, attributes?: Record<string, string>): Promise<string>;
  status(): Promise<StatusReport>;
  target(name: string): Promise<TargetStatus>;
  /** Waits until a target's phase is one of these. */
  phase(name: string, ...phases: string[]): Promise<TargetStatus>;
  /** Waits for an outcome, in wire time. */
  outcome(matches: (outcome: Outcome) => boolean, what: string): Promise<Outcome>;
  stop(): Promise<void>;
}

/** How long a condition is waited for: generous, for machines with two busy cores. Wire time. */
const patience = { timeout: 45_000, interval: 100 };

/**
 * Starts a home.
 * @param fleetText YAML of the fleet.
 * @param from world time at the start.
 */
export async function startHome(fleetText: string, from: string, speed = 240): Promise<TestHome> {
  const { fleet } = parseFleet(fleetText, "test.yaml");
  const lines: string[] = [];
  const local = await startLocal({
    fleet,
    port: await freePorts(8),
    speed,
    from: Date.parse(from),
    seed: 7,
    functions: true,
    cron: "* * * * *",
    onLine: (name, line) => lines.push(`${name} ${line}`),
  });
  const [host = "", port = ""] = local.addresses.grpc.split(":");
  process.env["METADATA_SERVER_DETECTION"] = "none";
  const pubsub = new PubSub({ projectId: local.project, apiEndpoint: `${host}:${port}`, emulatorMode: true });
  const outcomes: Outcome[] = [];
  const seen = new Set<string>();
  const subscription = pubsub.subscription(`${local.prefix}-outcomes`);
  subscription.on("message", (message) => {
    const outcome = JSON.parse(message.data.toString()) as Outcome;
    message.ack();
    if (seen.has(outcome.id)) return;
    seen.add(outcome.id);
    outcomes.push(outcome);
  });
  subscription.on("error", () => {
    // The stream ends with the cloud.
  });

  const call: TestHome["call"] = async (method, path, body) => {
    const response = await fetch(`${local.addresses.rest}${path}`, {
      method,
      headers: { "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, json: (await response.json()) as Record<string, unknown> };
  };
  const status = async () => (await (await fetch(`${local.addresses.status}?format=json`)).json()) as StatusReport;
  const target = async (name: string) => {
    const found = (await status()).targets.find((one) => one.name === name);
    if (found === undefined) throw new Error(`the status page does not name ${name}`);
    return found;
  };
  return {
    local,
    pubsub,
    outcomes,
    lines,
    call,
    status,
    target,
    advance: async (minutes) => {
      await call("POST", "/clock", { advanceSeconds: minutes * 60 });
    },
    publish: (topic, data, attributes = {}) =>
      pubsub.topic(`${local.prefix}-${topic}`).publishMessage({
        ...(data === undefined
          ? {}
          : {
              data: Buffer.isBuffer(data) ? data : Buffer.from(typeof data === "string" ? data : JSON.stringify(data)),
            }),
        attributes,
      }),
    phase: (name, ...phases) =>
      vi.waitFor(async () => {
        const found = await target(name);
        expect(phases, `${name} is ${found.phase}: ${found.decision?.why}`).toContain(found.phase);
        return found;
      }, patience),
    outcome: (matches, what) =>
      vi.waitFor(() => {
        const found = outcomes.find(matches);
        if (found === undefined) {
          const told = outcomes.map(({ id, why }) => `${id}: ${why}`).join("\n");
          throw new Error(`no outcome that ${what}; told so far:\n${told}`);
        }
        return found;
      }, patience),
    stop: async () => {
      await subscription.close().catch(() => undefined);
      await pubsub.close().catch(() => undefined);
      await local.stop();
    },
  };
}
