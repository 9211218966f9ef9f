/** Every shape in which a preemption may be heard of, and what is made of it. */
import { describe, expect, it } from "vitest";
import type { Envelope } from "../../../../shared/events/envelope.ts";
import { openEnvelope } from "../../../../shared/events/envelope.ts";
import { normaliseSignal } from "../../../../shared/events/signals/normalise.ts";
import type { Signal } from "../../../../shared/events/signals/signal.ts";
import { fc } from "../../../properties.ts";
import { incident, preemptedLogEntry, preemptedOperation, undeployLogEntry } from "./samples.ts";

function envelope(body: unknown, attributes: Record<string, string> = {}, messageId = "m1"): Envelope {
  const data = Buffer.from(typeof body === "string" ? body : body === undefined ? "" : JSON.stringify(body));
  const type = "google.cloud.pubsub.topic.v1.messagePublished";
  return { messageId, publishedAt: 0, attributes, data, type };
}

function only(body: unknown, attributes?: Record<string, string>, messageId?: string): Signal {
  const result = normaliseSignal(envelope(body, attributes, messageId));
  if ("rejected" in result) throw new Error(result.rejected);
  expect(result.signals).toHaveLength(1);
  const [signal] = result.signals;
  if (signal === undefined) throw new Error("none");
  return signal;
}

const endpoint = { project: "demo", location: "us-central1", collection: "endpoints", id: "1001" };
const endpointName = "projects/demo/locations/us-central1/endpoints/1001";

describe("what is understood", () => {
  it.each<[string, unknown, Record<string, string>, Partial<Signal>]>([
    [
      "a Monitoring incident, with labels",
      incident,
      {},
      {
        source: "monitoring-incident",
        dedupeKey: "incident/0.opqiw61fsv7p/open",
        at: 1763460000_000,
        endpoint: { ...endpoint, project: "12345" },
        deployedModelId: "4242",
        target: "chat",
        state: "open",
        text: 'alert "Spot replicas gone" is open: replicas is below the threshold of 1 with a value of 0.',
      },
    ],
    [
      "an incident whose condition aggregated the labels away",
      {
        incident: { incident_id: "i", state: "OPEN", scoping_project_id: "demo", resource: { type: "x", labels: {} } },
      },
      {},
      { dedupeKey: "incident/i/open", project: "demo", state: "open" },
    ],
    [
      "a closed incident whose numbers are text",
      { incident: { ...incident.incident, state: "Closed", ended_at: "1763460600" } },
      {},
      { dedupeKey: "incident/0.opqiw61fsv7p/closed", at: 1763460600_000, state: "closed" },
    ],
    [
      "a preempted instance in a log sink's entry",
      preemptedLogEntry,
      {},
      {
        source: "audit-log",
        project: "demo",
        location: "us-central1",
        instance: "vm-1",
        at: Date.parse("2026-11-18T10:00:00.123Z"),
        dedupeKey: "log/projects/demo/logs/cloudaudit.googleapis.com%2Fsystem_event/-abc1/2026-11-18T10:00:00.123456Z",
      },
    ],
    [
      "the smallest log entry that says it: method and resource",
      {
        protoPayload: {
          methodName: "compute.instances.preempted",
          resourceName: "projects/p/zones/europe-west4-a/instances/i",
        },
      },
      {},
      { project: "p", location: "europe-west4", instance: "i", dedupeKey: "log/m1" },
    ],
    [
      "an undeploy by hand in the console",
      undeployLogEntry,
      {},
      { source: "audit-log", endpoint, deployedModelId: "4242", project: "demo" },
    ],
    [
      "a CloudEvent in structured form around an entry",
      { specversion: "1.0", type: "google.cloud.audit.log.v1.written", id: "1", data: undeployLogEntry },
      {},
      { source: "audit-log", endpoint },
    ],
    [
      "a Compute Engine operation, its time with an offset",
      preemptedOperation,
      {},
      {
        source: "compute-operation",
        project: "example-project",
        location: "us-central1",
        instance: "tjnepf1",
        at: Date.parse("2019-03-25T20:09:53.235Z"),
        dedupeKey: "operation/example-project/us-central1-c/systemevent-1553544593235-584f0c99f5e89-f67cff7e-c0e27d8d",
      },
    ],
    [
      "a plain message that names the target",
      { type: "preempted", target: "chat", deployedModelId: "42", id: "e-1", reason: "seen in the log" },
      {},
      { source: "message", target: "chat", deployedModelId: "42", dedupeKey: "message/e-1" },
    ],
    ["a plain message that names the endpoint", { type: "preempted", endpoint: endpointName }, {}, { endpoint }],
    ["attributes alone", undefined, { type: "preempted", target: "chat" }, { source: "message", target: "chat" }],
    [
      "a line of gcloud's --message",
      "preempted chat\n",
      {},
      { source: "text", target: "chat", dedupeKey: "message/m1" },
    ],
    ["an endpoint's name alone", endpointName, {}, { source: "text", endpoint }],
    [
      "a Scheduler job that names its target and itself",
      { customData: Buffer.from('{"target":"chat"}').toString("base64") },
      { jobName: "look", scheduleTime: "2026-11-18T10:00:00Z" },
      { source: "scheduler", target: "chat", dedupeKey: "schedule/look/2026-11-18T10:00:00Z" },
    ],
    [
      "a Scheduler job without identity: every model is looked at",
      { customData: Buffer.from("hello").toString("base64") },
      {},
      { source: "scheduler", dedupeKey: "message/m1" },
    ],
  ])("%s", (_, body, attributes, expected) => {
    expect(only(body, attributes)).toMatchObject(expected);
  });

  it("reads every operation of a list", () => {
    const other = { ...preemptedOperation, name: "systemevent-2" };
    const list = { kind: "compute#operationList", items: [preemptedOperation, { operationType: "stop" }, other] };
    const result = normaliseSignal(envelope(list));
    const keys = "signals" in result ? result.signals.map(({ dedupeKey }) => dedupeKey) : [];
    const place = "operation/example-project/us-central1-c";
    expect(keys).toEqual([`${place}/${preemptedOperation.name}`, `${place}/systemevent-2`]);
  });

  it("finds nothing to look at in an audit entry of another call, and does not refuse it: log sinks are broad", () => {
    const protoPayload = { methodName: "storage.objects.get", resourceName: "projects/_/buckets/b" };
    expect(normaliseSignal(envelope({ insertId: "1", protoPayload }))).toEqual({ signals: [] });
  });

  it("gives an entry the same key from a log sink and from Eventarc, whatever the message is called", () => {
    const event = {
      specversion: "1.0",
      id: "projects/demo/logs/x",
      type: "google.cloud.audit.log.v1.written",
      source: "//cloudaudit.googleapis.com/projects/demo/logs/activity",
      time: "2026-11-18T10:00:00Z",
      data: undeployLogEntry,
    };
    const direct = normaliseSignal(openEnvelope(event));
    const sunk = only(undeployLogEntry, {}, "m2");
    expect("signals" in direct && direct.signals[0]?.dedupeKey).toBe(sunk.dedupeKey);
  });

  it("gives a repeated notification of one incident the same key, and its closing another", () => {
    const closed = { incident: { ...incident.incident, state: "closed" } };
    expect(only(incident, {}, "m1").dedupeKey).toBe(only(incident, {}, "m2").dedupeKey);
    expect(only(closed).dedupeKey).not.toBe(only(incident).dedupeKey);
  });
});

describe("what is refused, with the reason and the way to say it", () => {
  it.each<[string, unknown, Record<string, string>, RegExp]>([
    ["broken JSON", '{"type":', {}, /not JSON/],
    ["an array", "[1,2]", {}, /not an object/],
    ["a prototype-pollution key", '{"type":"preempted","target":"a","__proto__":{"x":1}}', {}, /"__proto__"/],
    ["a megabyte of nonsense", `{"a":"${"x".repeat(1_000_000)}"}`, {}, /more than 524288/],
    ["a sentence", "the chat model went away", {}, /no line of text/],
    ["nothing at all", undefined, {}, /none/],
    ["a preemption of nobody", { type: "preempted" }, {}, /keys type/],
    ["an endpoint that is no name", { type: "preempted", endpoint: "chat" }, {}, /no known shape/],
    ["a deployed model id that cannot be", { type: "preempted", target: "a", deployedModelId: "x" }, {}, /known shape/],
    ["a container's log line", { insertId: "1", textPayload: "Model server started" }, {}, /log line is no signal/],
    ["another operation", { ...preemptedOperation, operationType: "stop" }, {}, /no known shape/],
    ["an incident without state", { incident: { incident_id: "1" } }, {}, /no known shape/],
  ])("%s", (_, body, attributes, why) => {
    const result = normaliseSignal(envelope(body, attributes));
    expect("rejected" in result && result.rejected).toMatch(why);
    expect("rejected" in result && result.rejected).toContain('publish {"type":"preempted"');
  });

  it("answers anything at all without throwing", () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string(), fc.jsonValue()), (body) => {
        const result = normaliseSignal(envelope(body));
        return "rejected" in result || result.signals.every(({ dedupeKey }) => dedupeKey.length > 0);
      }),
      { numRuns: 500 },
    );
  });
});
