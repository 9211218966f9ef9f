import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { userName } from "../../../infra/cli/user.ts";
import { setUp } from "../../../infra/local/setup.ts";
import { topology } from "../../../infra/topology.ts";
import { openWorkplace, runAtTerminal, runTidekeeper, type Workplace } from "./tidekeeper.ts";

const pool = (name: string) => `
  - name: ${name}
    schedule: office
    scale: { pools: { main: { min: 1, max: 4 } } }
    spec:
      resourcePools: [{ id: main, machineType: n1-standard-8, replicas: 2 }]`;

const fleet = (...names: readonly string[]) => `
version: 1
project: demo
location: us-central1
schedules:
  office: { zone: Europe/Berlin, up: ["mon-fri 08:00-20:00"] }
persistentResources:${names.map(pool).join("")}
spotModels:
  - name: chat
    endpoint: chat-serving
    model: llama
    ladder: [{ machineType: g2-standard-12, acceleratorType: NVIDIA_L4, acceleratorCount: 1 }]
`;

interface PlanJson {
  readonly appliedVersion: number;
  readonly created: readonly string[];
  readonly released: readonly { readonly name: string; readonly asleep: boolean }[];
  readonly paused: boolean;
  readonly targets: readonly { readonly name: string; readonly change?: string; readonly why: string }[];
}

interface AppliedJson {
  readonly version: number;
  readonly storeId: string;
}

let place: Workplace;
let two: string;
let one: string;
let applied: AppliedJson;

// One story: each test goes on where the one before ended. Monday, nine in the morning in Berlin.
beforeAll(async () => {
  place = await openWorkplace("2026-11-23T08:00:00Z");
  two = await place.file("two.yaml", fleet("research", "batch"));
  one = await place.file("one.yaml", fleet("research"));
  const at = { location: "us-central1", rest: place.rest, functionPorts: {} };
  await setUp({ topology, project: "demo", prefix: "tidekeeper", ...at });
});

afterAll(async () => {
  await place.close();
});

describe("From the first plan to a shrunk fleet", () => {
  const asking = [["status"], ["explain", "research"], ["pause"], ["resume"], ["hold", "research"]];
  test.each(asking)("%s: there is no store yet, which is told, and none is made", async (...args) => {
    const file = place.environment["TIDEKEEPER_STORE"]?.replace("sqlite:", "") ?? "";
    const { code, err } = await place.run(...args);
    expect(err).toBe(
      `error: there is no file ${file}, which TIDEKEEPER_STORE names\nnext: correct TIDEKEEPER_STORE, or make a new store there with \`tidekeeper apply FILE\`\n`,
    );
    expect(code).toBe(1);
    expect(existsSync(file)).toBe(false);
  });

  test("doctor tells that there is no store yet among the rest, and makes none", async () => {
    const findings = await place.json<readonly object[]>("doctor");
    expect(findings).toContainEqual(
      expect.objectContaining({ check: "store", ok: false, found: expect.stringContaining("there is no file ") }),
    );
    expect(findings).toContainEqual(expect.objectContaining({ check: "clock", ok: true }));
    expect(await readdir(place.folder)).toEqual(["one.yaml", "two.yaml"]);
  });

  test("plan shows what would be done now and why, target by target", async () => {
    const plan = await place.json<PlanJson>("plan", two);
    expect(plan).toMatchObject({
      appliedVersion: 0,
      created: ["research", "batch", "chat"],
      released: [],
      paused: false,
    });
    expect(plan.targets).toMatchObject([
      {
        name: "research",
        change: expect.stringContaining("create research"),
        why: expect.stringContaining("mon-fri 08:00-20:00"),
      },
      { name: "batch", change: expect.stringContaining("create batch") },
      { name: "chat", why: expect.stringContaining("does not exist") },
    ]);
    expect(plan.targets[2]).not.toHaveProperty("change");
  });

  test("plan changes nothing: it does not even make the store", async () => {
    expect(await readdir(place.folder)).toEqual(["one.yaml", "two.yaml"]);
  });

  test("apply asks first, and where nobody can be asked it does nothing", async () => {
    const { code, out, err } = await place.run("apply", two);
    expect(out).toContain("2 of 3 would be changed at the next look");
    expect(err).toContain("add --yes");
    expect(code).toBe(2);
    expect((await place.json<PlanJson>("plan", two)).appliedVersion).toBe(0);
  });

  test("status says that nothing is applied, and what to do", async () => {
    const { code, err } = await place.run("status");
    expect(err).toContain("no fleet has been applied");
    expect(err).toContain("tidekeeper apply FILE");
    expect(code).toBe(1);
  });

  test.runIf(process.platform === "linux").each([
    ["Ctrl-C", "\u0003"],
    ["Ctrl-D", "\u0004"],
    ["anything but yes", "n\n"],
  ])("apply that is answered with %s does nothing, and says so", async (_, typed) => {
    const question = { prompt: "Only `yes` does: ", typed };
    const { code, out } = await runAtTerminal(["apply", two], place.environment, question);
    expect(out).toContain("not applied; nothing was changed");
    expect(out).not.toContain("fault of Tidekeeper");
    expect(code).toBe(1);
    expect((await place.json<PlanJson>("plan", two)).appliedVersion).toBe(0);
  });

  test("apply whose output nobody reads writes the fleet all the same", async () => {
    const other = await openWorkplace("2026-11-23T08:00:00Z");
    try {
      const file = await other.file("fleet.yaml", fleet("research"));
      const run = await runTidekeeper(["apply", file, "--yes"], other.environment, "gone");
      expect(run).toEqual({ code: 0, out: "", err: "" });
      expect((await other.json<PlanJson>("plan", file)).appliedVersion).toBe(1);
    } finally {
      await other.close();
    }
  });

  test("apply --yes makes the store's id and prints it", async () => {
    const { code, out } = await place.run("apply", two, "--yes", "--by", "ci");
    expect(code).toBe(0);
    expect(out).toContain("applied as version 1: 3 targets new, 0 kept, 0 released");
    const id = /TIDEKEEPER_STORE_ID=([0-9a-f-]{36})/.exec(out)?.[1];
    applied = { version: 1, storeId: id ?? "" };
    expect(id).toBeDefined();
  });

  test("status names who applied it, and every target", async () => {
    const { code, out } = await place.run("status");
    expect(out).toMatch(/version 1, applied 2026-11-23T08:\d\dZ by ci/);
    expect(out).toMatch(/research +unknown +us-central1 +not looked at yet/);
    expect(code).toBe(0);
  });

  test("explain decides as the functions would", async () => {
    const { code, out } = await place.run("explain", "research");
    expect(out).toContain("create research");
    expect(out).toContain("nothing has been decided yet");
    expect(code).toBe(0);
    const unknown = await place.run("explain", "reserch");
    expect(unknown.err).toContain('the nearest is "research"');
    expect(unknown.code).toBe(2);
    expect((await place.run("explain", "gpus")).err).toContain("next: known: research, batch, chat");
  });

  test("pause shows in status and plan, and resume ends it", async () => {
    await place.run("pause", "--note", "migration", "--by", "ops");
    expect((await place.run("status")).out).toMatch(/PAUSED since 2026-11-23T08:\d\dZ by ops: migration/);
    expect((await place.run("plan", two)).out).toContain("the fleet is paused");
    const explained = (await place.run("explain", "research")).out;
    expect(explained).toMatch(/^research is unknown: paused since .* by ops: migration; nothing is started until/);
    expect(explained).toContain("but for the pause: create research with 1 pool");
    const again = await place.run("pause", "--note", "again", "--by", "ann");
    expect(again.out).toMatch(/paused already since 2026-11-23T08:\d\dZ by ops: migration/);
    expect(again.err).toContain('the note "again" was not taken');
    expect(again.code).toBe(0);
    expect(await place.run("resume")).toMatchObject({ code: 0, out: "version 1 goes on\n" });
    expect(await place.run("resume")).toMatchObject({ code: 0, out: "version 1 was not paused\n" });
    expect(await place.json("resume")).toEqual({ paused: null, version: 1, already: true });
    expect((await place.json<PlanJson>("plan", two)).paused).toBe(false);
  });

  test("applying a smaller fleet releases what it no longer names, and keeps the store's id", async () => {
    const plan = await place.json<PlanJson>("plan", one);
    expect(plan.released).toMatchObject([{ name: "batch", asleep: false }]);
    expect(await place.json<AppliedJson>("apply", one, "--yes")).toMatchObject({
      version: 2,
      storeId: applied.storeId,
    });
    const released = /^batch +(is )?released +(us-central1 +released )?since 2026-11-23T08:\d\dZ: it is left as it is/m;
    expect((await place.run("status")).out).toMatch(released);
    const explained = await place.run("explain", "batch");
    expect(explained.out).toMatch(released);
    expect(explained.code).toBe(0);
    expect(await place.json("explain", "batch")).toMatchObject({ target: { phase: "released" } });
  });

  test("a store that is not lost is not recovered", async () => {
    const { code, err } = await place.run("apply", one, "--yes", "--recover", "another-id");
    expect(err).toContain("the store is not lost: it holds version 2");
    expect(code).toBe(1);
  });
});

describe("A store with another id than the environment's", () => {
  const astray = (...args: string[]) =>
    runTidekeeper(args, { ...place.environment, TIDEKEEPER_STORE_ID: "the-right-one" });

  test.each([
    ["plan", () => ["plan", one]],
    ["apply", () => ["apply", one, "--yes"]],
    ["pause", () => ["pause"]],
    ["resume", () => ["resume"]],
    ["status", () => ["status"]],
    ["explain", () => ["explain", "research"]],
  ])("%s: nothing is done", async (_name, args) => {
    const store = await place.openStore();
    const before = await store.get("fleet", "head");
    const { code, err } = await astray(...args());
    expect(err).toMatch(/the store is [0-9a-f-]{36}, and should be the-right-one \(TIDEKEEPER_STORE_ID\)/);
    expect(code).toBe(1);
    expect(await store.get("fleet", "head")).toEqual(before);
    await store.close();
  });

  test("an empty one is only recovered, under the right id, as it is said", async () => {
    const empty = await openWorkplace("2026-11-22T08:00:00Z");
    try {
      const file = await empty.file("fleet.yaml", fleet("research"));
      const environment = { ...empty.environment, TIDEKEEPER_STORE_ID: "the-right-one" };
      const lost = [await runTidekeeper(["apply", file, "--yes"], environment)];
      lost.push(await runTidekeeper(["plan", file], environment), await runTidekeeper(["status"], environment));
      for (const { err, code } of lost) {
        expect(err).toMatch(/there is no file .*\nnext: .* run `tidekeeper apply FILE --recover the-right-one`/);
        expect(code).toBe(1);
      }
      expect(await readdir(empty.folder)).toEqual(["fleet.yaml"]);
      await (await empty.openStore()).close();
      const refused = await runTidekeeper(["apply", file, "--yes"], environment);
      expect(refused.err).toContain("the store is empty");
      expect(refused.err).toContain("run `tidekeeper apply FILE --recover the-right-one`");
      const other = await runTidekeeper(["apply", file, "--yes", "--recover", "other"], environment);
      expect(other.err).toContain("the store to recover should be the-right-one (TIDEKEEPER_STORE_ID), not other");
      expect([refused.code, other.code]).toEqual([1, 1]);
      const recovered = await runTidekeeper(["apply", file, "--yes", "--recover", "the-right-one"], environment);
      expect(recovered.code).toBe(0);
    } finally {
      await empty.close();
    }
  });
});

describe("A lost store", () => {
  test("begins anew under its old id, and remembers from records what is asleep", async () => {
    const name = "projects/demo/locations/us-central1/persistentResources/research";
    const record = {
      schema: 1,
      targetKey: name,
      createTime: "2026-11-20T07:00:00Z",
      savedAt: Date.parse("2026-11-20T19:00:00Z"),
      resource: { name },
      body: { resourcePools: [{ id: "main", machineSpec: { machineType: "n1-standard-8" }, replicaCount: "3" }] },
      replicas: { main: 3 },
    };
    const lost = await openWorkplace("2026-11-22T08:00:00Z");
    try {
      const file = await lost.file("fleet.yaml", fleet("research"));
      const records = await lost.file("records.jsonl", `${JSON.stringify({ jsonPayload: { restore: record } })}\n\n`);
      const run = await lost.json<AppliedJson>("apply", file, "--yes", "--recover", "old-id", "--asleep", records);
      expect(run).toMatchObject({ version: 1, storeId: "old-id" });
      const store = await lost.openStore();
      expect((await store.get("targets", name))?.value.memory).toMatchObject({ sleep: { since: record.savedAt } });
      expect((await store.get("restores", `${name}@${record.createTime}`))?.value).toEqual(record);
      await store.close();

      const renamed = await lost.file("renamed.yaml", fleet("science"));
      const { out } = await lost.run("plan", renamed);
      expect(out).toMatch(/^- +research +release +.*restored first/m);
      expect(out).toMatch(
        /^1 that leaves would be restored first, and nothing of 2 would be changed at the next look$/m,
      );
      const left = await lost.run("apply", renamed, "--leave-asleep");
      expect(left.out).toMatch(/^- +research +release +.*it stays deleted until somebody rebuilds it$/m);
      expect(left.out).toMatch(/^nothing of 2 would be changed at the next look$/m);
    } finally {
      await lost.close();
    }
  });

  test("records that are none are refused by their line", async () => {
    const records = await place.file("bad.jsonl", '\n{"severity":"INFO"}\n');
    const { code, err } = await place.run("apply", one, "--yes", "--recover", "id", "--asleep", records);
    expect(err).toContain(`${records}:2 holds no restore record`);
    expect(code).toBe(2);
  });
});

describe("Events", () => {
  /** What the events topic has got, pulled over the local cloud's REST door. */
  async function received(subscription: string): Promise<readonly unknown[]> {
    const url = `${place.rest}/v1/projects/demo/subscriptions/${subscription}:pull`;
    const response = await fetch(url, { method: "POST", body: JSON.stringify({ maxMessages: 10 }) });
    const { receivedMessages = [] } = (await response.json()) as { receivedMessages?: { message: { data: string } }[] };
    return receivedMessages.map(({ message }) => JSON.parse(Buffer.from(message.data, "base64").toString()) as unknown);
  }

  async function subscribe(subscription: string): Promise<void> {
    const url = `${place.rest}/v1/projects/demo/subscriptions/${subscription}`;
    const body = JSON.stringify({ topic: "projects/demo/topics/tidekeeper-events" });
    const made = await fetch(url, { method: "PUT", body, headers: { "content-type": "application/json" } });
    expect(made.status).toBe(200);
  }

  test.each([
    [
      "by type and options",
      ["publish", "scale", "--target", "research", "--replicas", "3", "--ttl", "2h"],
      { type: "scale", replicas: "3", ttl: "2h" },
    ],
    [
      "as JSON",
      ["publish", '{"type":"scale","target":"research","delta":2,"id":"mine"}'],
      { type: "scale", id: "mine", delta: 2 },
    ],
    ["a hold", ["hold", "research", "--for", "4h", "--reason", "demo"], { type: "hold", ttl: "4h", reason: "demo" }],
  ])("%s arrive on the events topic, each with an id", async (name, args, sent) => {
    const subscription = `probe-${name.replaceAll(" ", "-").toLowerCase()}`;
    await subscribe(subscription);
    const { id } = await place.json<{ readonly id: string }>(...args);
    expect(await received(subscription)).toEqual([{ source: userName(), target: "research", id, ...sent }]);
  });

  test.each([
    [
      "an unknown type",
      ["publish", "scael", "--target", "research"],
      /type "scael" is unknown, the nearest is "scale"/,
    ],
    [
      "an option that contradicts the JSON",
      ["publish", '{"type":"wake","target":"research"}', "--target", "batch"],
      /--target is "batch", but the event as JSON says "research"/,
    ],
    ["a type like no other", ["publish", "nosuch", "--target", "research"], /"nosuch" is unknown\nnext: known types: /],
    [
      "a key like no other",
      ["publish", '{"type":"wake","target":"research","pool":"p"}'],
      /"pool" is no key of a wake event, known: type, id, target, /,
    ],
    ...["x", "2.5", "1e99", "1001"].map((size): [string, string[], RegExp] => [
      `a size of ${size}`,
      ["publish", "scale", "--target", "research", "--replicas", size],
      /error: replicas: must be a whole number from 0 to 1000\n/,
    ]),
    [
      "a job's CustomJob that is none",
      ["publish", '{"type":"job","target":"research","customJob":"x"}'],
      /customJob: must be an object, e\.g\. \{"displayName":"nightly","jobSpec":/,
    ],
    ["a key that reaches into prototypes", ["publish", '{"type":"wake","__proto__":{}}'], /__proto__/],
  ])("%s is refused before it is published", async (_, args, message) => {
    const { code, err } = await place.run(...args);
    expect(err).toMatch(message);
    expect(code).toBe(2);
  });

  test("--wait gives up with what is known so far", async () => {
    const { code, err } = await place.run("wake", "research", "--wait", "1s");
    expect(err).toContain("no final answer");
    expect(err).toContain("it was not even stored");
    expect(code).toBe(1);
  });
});

test("local says what to do where its port is taken", async () => {
  const { code, err } = await place.run("local", "--no-functions", "--port", new URL(place.rest).port);
  expect(err).toMatch(/^error: .*cannot listen on port \d+; is it taken\?.*\nnext: add --port with another one/m);
  expect(code).toBe(1);
});

describe("doctor", () => {
  test("finds what is missing and says what to do about it", async () => {
    const findings =
      await place.json<readonly { check: string; ok: boolean; found: string; next?: string }[]>("doctor");
    expect(Object.fromEntries(findings.map(({ check, ok }) => [check, ok]))).toEqual({
      store: true,
      clock: true,
      topics: false,
      permissions: true,
      "Vertex AI in us-central1": true,
      "tick in us-central1": false,
    });
    expect(findings.filter(({ ok }) => !ok).every(({ next }) => next !== undefined)).toBe(true);
    expect(findings[0]?.next).toContain("TIDEKEEPER_STORE_ID=");
  });

  test("names the permissions that the caller lacks", async () => {
    const body = JSON.stringify({ permissions: ["aiplatform.endpoints.deploy"] });
    await fetch(`${place.rest}/iam/deny`, { method: "POST", body, headers: { "content-type": "application/json" } });
    const { code, out } = await place.run("doctor");
    expect(out).toContain("missing for the caller of this command: aiplatform.endpoints.deploy");
    expect(code).toBe(1);
  });
});
