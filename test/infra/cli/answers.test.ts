/** `publish --wait` and its short forms: what becomes of an event is told as it comes, and only that. */
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { setUp } from "../../../infra/local/setup.ts";
import { topology } from "../../../infra/topology.ts";
import { checkEvent } from "../../../shared/events/schema.ts";
import { recallFleet } from "../../../shared/state/recall.ts";
import { storeRequest } from "../../../shared/state/requests.ts";
import type { Store } from "../../../shared/state/store.ts";
import { openClock } from "../../../shared/time/open-clock.ts";
import type { JsonObject } from "../../../shared/vertex/vertex.ts";
import { openWorkplace, type Workplace } from "./tidekeeper.ts";

const fleet = (...names: readonly string[]) => `
version: 1
project: demo
location: us-central1
persistentResources:
${names
  .map(
    (name) => `  - name: ${name}
    scale: { pools: { cpu: { min: 1, max: 4 } } }
    spec: { resourcePools: [{ id: cpu, machineType: n1-standard-8, replicas: 2 }] }`,
  )
  .join("\n")}
`;

let place: Workplace;
let store: Store;

beforeAll(async () => {
  place = await openWorkplace("2026-11-23T08:00:00Z");
  const at = { location: "us-central1", rest: place.rest, functionPorts: {} };
  await setUp({ topology, project: "demo", prefix: "tidekeeper", ...at });
  expect((await place.run("apply", await place.file("fleet.yaml", fleet("research", "batch")), "--yes")).code).toBe(0);
  store = await place.openStore();
  await post("PUT", "", { topic: "projects/demo/topics/tidekeeper-events" });
});

afterAll(async () => {
  await store.close();
  await place.close();
});

async function post(method: string, verb: string, body: object): Promise<unknown> {
  const url = `${place.rest}/v1/projects/demo/subscriptions/probe${verb}`;
  const headers = { "content-type": "application/json" };
  return (await fetch(url, { method, headers, body: JSON.stringify(body) })).json();
}

interface Received {
  readonly ackId: string;
  readonly message: { readonly data: string; readonly messageId: string };
}

/** Takes the next event from its topic and stores it, as the scale function does. */
async function take(): Promise<void> {
  const [received] = await vi.waitFor(
    async () => {
      const { receivedMessages = [] } = (await post("POST", ":pull", { maxMessages: 1 })) as {
        receivedMessages?: readonly Received[];
      };
      expect(receivedMessages).toHaveLength(1);
      return receivedMessages;
    },
    { timeout: 20_000, interval: 50 },
  );
  if (received === undefined) return;
  await post("POST", ":acknowledge", { ackIds: [received.ackId] });
  const { data, messageId } = received.message;
  const event = checkEvent(JSON.parse(Buffer.from(data, "base64").toString()) as JsonObject);
  const recalled = await recallFleet(store);
  if ("refused" in recalled) throw new Error(recalled.refused);
  const clock = await openClock(`${place.rest}/clock`)();
  const envelope = { messageId, publishedAt: undefined };
  await storeRequest(store, { event, envelope }, { fleet: recalled.fleet, clock });
}

/** Runs a command that publishes, with somebody who takes what it publishes. */
async function runTaken(...args: string[]): ReturnType<Workplace["run"]> {
  const running = place.run(...args);
  await take();
  return running;
}

describe("While the fleet is paused", () => {
  test("the wait says so as soon as the event is accepted, and when it gives up", async () => {
    await place.run("pause", "--by", "ops", "--note", "migration");
    const { code, err } = await runTaken("wake", "research", "--wait", "3s");
    const paused = /^paused since 2026-11-23T08:\d\dZ by ops: migration; nothing is started until `tidekeeper resume`$/;
    expect(err).toMatch(/^accepted: wake: /m);
    expect(err.split("\n").filter((line) => paused.test(line))).toHaveLength(1);
    expect(err).toMatch(/^error: no final answer .* so far it is accepted: .*; it is paused since .* by ops/m);
    expect(err).toMatch(/^next: .*`tidekeeper resume`/m);
    expect(code).toBe(1);
    await place.run("resume");
  });
});

describe("An id that was used before", () => {
  const hold = ["publish", "hold", "--target", "research", "--ttl", "2h", "--id", "used-1"];
  const size = ["publish", "scale", "--target", "batch", "--id", "used-2"];
  beforeAll(async () => {
    await runTaken(...hold);
    await runTaken(...size, "--replicas", "3");
  });

  test.each([
    ["of another target", ["publish", "hold", "--target", "batch", "--id", "used-1"], /hold of research \(done at /],
    ["for another wish", ["publish", "wake", "--target", "research", "--id", "used-1"], /hold of research \(done at /],
    ["for another size", [...size, "--replicas", "4"], /scale cpu to 3 of batch \(accepted at /],
  ])("%s: that answer is not taken for this one's, and nothing is published", async (_, args, told) => {
    const { code, out, err } = await place.run(...args, "--wait", "5s");
    expect(err).toMatch(/^error: the id used-\d was used before, for /);
    expect(err).toMatch(told);
    expect(err).toMatch(/nothing was published\nnext: publish it under another id/);
    expect(out).toBe("");
    expect(code).toBe(1);
    expect(await post("POST", ":pull", { maxMessages: 1, returnImmediately: true })).toEqual({});
  });

  test("for the very same: the answer is told as the old one that it is", async () => {
    const { code, out } = await runTaken(...hold, "--wait");
    expect(out).toMatch(/^used-1 was published before and is not carried out again; as answered at .*: done: hold: /);
    expect(code).toBe(0);
    const { err } = await runTaken(...size, "--replicas", "3", "--wait", "2s");
    expect(err).toContain("so far it is accepted: ");
  });
});

describe("Each answer is told as it comes", () => {
  const wish = ["publish", "scale", "--target", "research", "--replicas", "2"];

  test("the id first, before anybody has answered", async () => {
    const { err } = await runTaken(...wish, "--id", "told-1", "--by", "ann", "--wait", "3s");
    expect(err).toMatch(/^published told-1 as message \d+\naccepted: scale cpu to 2: ann asks for it until /);
  });

  test("Ctrl-C ends the waiting, not what was asked for, and says so", async () => {
    const { interrupt, ended } = place.start(...wish, "--id", "told-2", "--wait");
    await take();
    interrupt();
    const { code, err } = await ended;
    expect(err).toMatch(
      /^error: nobody waits any more for told-2, which goes on all the same; so far it is accepted: /m,
    );
    expect(code).toBe(130);
  });

  test("Ctrl-C while an apply restores what leaves: nothing is applied, and the waking is named", async () => {
    const key = "projects/demo/locations/us-central1/persistentResources/batch";
    await store.transaction(async (tx) => {
      const document = (await tx.get("targets", key))?.value;
      if (document?.memory.kind !== "persistentResource") throw new Error("batch is no persistent resource");
      const sleep = { since: 0, cause: "off-hours", incarnation: "t", restoreId: "r", alternative: 0 } as const;
      tx.put("targets", key, { ...document, memory: { ...document.memory, sleep } });
    });
    const { interrupt, ended } = place.start("apply", await place.file("one.yaml", fleet("research")), "--yes");
    await take();
    interrupt();
    const { code, err } = await ended;
    const id = /^batch published (cli-\S+) as message/m.exec(err)?.[1];
    expect(err).toContain(`error: not applied; the waking goes on all the same, for 24h: batch (${id})`);
    expect(code).toBe(130);
    expect((await store.get("fleet", "head"))?.value.version).toBe(1);
  });
});
