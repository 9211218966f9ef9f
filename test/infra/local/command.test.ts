import { once } from "node:events";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { StatusReport } from "../../../shared/status/report.ts";
import { freePorts } from "../../free-ports.ts";
import { interruptedCommand, type LocalProcess, refusedCommand, startCommand } from "./command.ts";

const location = "/v1/projects/demo/locations/us-central1";
const pool = `${location}/persistentResources/pool`;
const spec = { resourcePools: [{ machineSpec: { machineType: "n1-standard-8" }, replicaCount: "2" }] };
const deployFault = { match: { method: "DeployModel" }, count: 2, effect: { kind: "quota" } };

interface Operation {
  readonly name: string;
  readonly done?: boolean;
}

let folder: string;
const running: LocalProcess[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tidekeeper-local-"));
});
afterAll(async () => {
  await Promise.all(running.map((each) => each.interrupt()));
  await rm(folder, { recursive: true, force: true });
});

async function local(...args: string[]): Promise<LocalProcess> {
  const started = await startCommand("--no-functions", ...args);
  running.push(started);
  return started;
}

async function file(name: string, content: unknown): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
}

async function accepts(port: number, host = "127.0.0.1"): Promise<boolean> {
  const socket = connect(port, host);
  return once(socket, "connect")
    .then(
      () => true,
      () => false,
    )
    .finally(() => socket.destroy());
}

test("Ctrl-C while it starts: it stops in order, and leaves nothing behind", async () => {
  const temporary = join(folder, "temporary");
  await mkdir(temporary);
  const { code, printed } = await interruptedCommand(temporary, "--fleet", "fleet.example.yaml");
  expect({ code, printed }).toEqual({ code: 0, printed: "" });
  expect((await readdir(temporary)).filter((name) => name.startsWith("tidekeeper-"))).toEqual([]);
});

test("killed: its functions end with it, and their ports are free again", async () => {
  const state = join(folder, "killed");
  const { grpcPort, kill } = await startCommand("--state", state, "--fleet", "fleet.example.yaml");
  // The two doors of the cloud, and five functions after them.
  const ports = Array.from({ length: 7 }, (_, index) => grpcPort - 1 + index);
  const taken = async () => (await Promise.all(ports.map((port) => accepts(port)))).filter(Boolean).length;
  expect(await taken()).toBe(7);
  await kill();
  await expect.poll(taken, { timeout: 10_000 }).toBe(0);
});

/** Every address of this machine but the one that is listened on; those of one link would need its name, too. */
const otherAddresses = Object.values(networkInterfaces())
  .flatMap((each) => each ?? [])
  .map(({ address }) => address)
  .filter((address) => address !== "127.0.0.1" && !address.startsWith("fe80:"))
  // On Linux every 127.x.y.z is this machine, also where it has no network at all.
  .concat("127.0.0.2");

test("nobody is asked who they are, so nothing listens on another address than 127.0.0.1", async () => {
  const home = await startCommand("--fleet", "fleet.example.yaml");
  running.push(home);
  const ports = Array.from({ length: 7 }, (_, index) => home.grpcPort - 1 + index);
  const reached = ports.flatMap((port) =>
    otherAddresses.map(async (host) => ((await accepts(port, host)) ? [`${host} port ${port}`] : [])),
  );
  expect((await Promise.all(reached)).flat()).toEqual([]);
  await home.interrupt();
});

describe("where a port is taken", () => {
  test.each([
    ["of REST", 0, "The REST door"],
    ["of gRPC", 1, "The gRPC door"],
    ["of a function", 4, "The function redeploy"],
  ])("%s, that is all that is told", async (_whose, offset, who) => {
    const port = await freePorts(8);
    const server = createServer().listen(port + offset, "127.0.0.1");
    await once(server, "listening");
    const { code, told } = await refusedCommand("--port", String(port), "--fleet", "fleet.example.yaml");
    server.close();
    expect(told).toMatch(
      new RegExp(`^error: ${who} cannot listen on port ${port + offset}; is it taken\\?.*\nnext: add --port .*\n$`),
    );
    expect(code).toBe(1);
  });
});

describe("a world outlives its process", () => {
  test("--state: stopped by Ctrl-C while a resource is being created, it goes on where it stood", async () => {
    const state = join(folder, "state");
    const first = await local("--state", state, "--speed", "0", "--from", "2026-11-23T08:00:00Z");
    const created = await first.call<Operation>(
      "POST",
      `${location}/persistentResources?persistentResourceId=pool`,
      spec,
    );
    await first.call("PUT", "/v1/projects/demo/topics/kept");
    expect(await first.call("GET", pool)).toMatchObject({ state: "PROVISIONING" });
    expect(await first.interrupt()).toBe(0);

    const second = await local("--state", state, "--speed", "0");
    expect(await second.call("GET", "/clock")).toMatchObject({ now: "2026-11-23T08:00:00.000Z" });
    expect(await second.call("GET", pool)).toMatchObject({ state: "PROVISIONING" });
    expect(await second.call("GET", "/v1/projects/demo/topics/kept")).toMatchObject({
      name: "projects/demo/topics/kept",
    });
    expect(await second.call("GET", `/v1/${created.name}`)).not.toHaveProperty("done");
    await second.call("POST", "/clock", { advanceSeconds: 900 });
    expect(await second.call("GET", `/v1/${created.name}`)).toMatchObject({
      done: true,
      response: { state: "RUNNING" },
    });
    expect(await second.call("GET", pool)).toMatchObject({ state: "RUNNING", startTime: expect.any(String) });
  });

  test("--state: a fleet is applied anew at the time of the world that goes on, not of the machine", async () => {
    const args = ["--state", join(folder, "applied"), "--speed", "0", "--fleet", "fleet.example.yaml"];
    const first = await startCommand(...args, "--from", "2046-11-23T08:00:00Z");
    await first.interrupt();
    const second = await startCommand(...args);
    const { fleet } = (await (await fetch(`${second.addresses.status}?format=json`)).json()) as StatusReport;
    expect(fleet?.version).toBe(2);
    // The world waits a little for what is deployed on it.
    expect(new Date(fleet?.appliedAt ?? 0).toISOString()).toMatch(/^2046-11-23T08:0/);
    await second.interrupt();
  });

  test("--state: a folder in use is refused, until the one who uses it has ended, however it did", async () => {
    const state = ["--state", join(folder, "shared"), "--no-functions"];
    const first = await startCommand(...state);
    const { code, told } = await refusedCommand(...state);
    expect(told).toMatch(/^error: .*shared is in use by another local world\nnext: .*--state/);
    expect(code).toBe(1);
    await first.kill();
    const second = await startCommand(...state);
    expect(await second.interrupt()).toBe(0);
  });

  test("/state: what one process gave, another takes, the future included", async () => {
    const given = await local("--speed", "0", "--from", "2026-11-23T08:00:00Z");
    await given.call("POST", `${location}/persistentResources?persistentResourceId=pool`, spec);
    const state = await given.call("GET", "/state");

    const taken = await local("--speed", "0", "--from", "2026-11-23T08:00:00Z");
    expect(await taken.call("GET", pool)).toMatchObject({ error: { code: 404 } });
    expect(await taken.call("POST", "/state", state)).toEqual({});
    for (const world of [given, taken]) await world.call("POST", "/clock", { advanceSeconds: 900 });
    expect(await taken.call("GET", pool)).toMatchObject({ state: "RUNNING" });
    expect(await taken.call("GET", pool)).toEqual(await given.call("GET", pool));
  });
});

describe("the world's conditions from the command line", () => {
  test("switches, faults and market from files, a trace beside the file that names it", async () => {
    const trace = {
      zone: "a",
      region: "us-central1",
      machineType: "g2-standard-12",
      gapSeconds: 600,
      runs: [
        [3, 2],
        [0, 1],
      ],
    };
    await file("trace.json", { traces: [trace] });
    const behaviour = await file(
      "behaviour.yaml",
      "requestQuotas: on # as the real one\ntimings: { deployModel: [60, 60] }\n",
    );
    const faults = await file("faults.json", [deployFault]);
    const market = await file("market.json", [
      { action: "quota", quota: "custom_model_training_nvidia_l4_gpus", limit: 8 },
      { action: "replay", trace: "trace.json", loop: true },
    ]);
    const args = ["--speed", "0", "--behaviour", behaviour, "--faults", faults, "--market", market];
    const world = await local(...args, "--state", join(folder, "conditions"));
    expect(await world.call("GET", "/behaviour")).toMatchObject({
      requestQuotas: "on",
      timings: { deployModel: [60, 60], undeployModel: [60, 180] },
    });
    expect(await world.call("GET", "/faults")).toMatchObject({ faults: [deployFault] });
    expect(await world.call("GET", "/market")).toMatchObject({
      quotas: [{ limit: 8 }],
      replays: [{ place: { region: "us-central1", machineType: "g2-standard-12", provisioning: "SPOT" }, loop: true }],
    });
    await world.interrupt();

    const again = await local(...args, "--state", join(folder, "conditions"));
    const { faults: rules } = await again.call<{ faults: unknown[] }>("GET", "/faults");
    expect(rules, "started again, the rules are there once").toHaveLength(1);
  });

  test("as JSON on the command line; --replay alone is enough for a trace", async () => {
    const trace = await file("alone.json", {
      traces: [{ zone: "a", region: "us-east4", machineType: "a3-highgpu-1g", gapSeconds: 60, runs: [[1, 9]] }],
    });
    const world = await local("--speed", "0", "--faults", JSON.stringify(deployFault), "--replay", trace);
    expect(await world.call("GET", "/faults")).toMatchObject({ faults: [{ ...deployFault, id: "1" }] });
    expect(await world.call("GET", "/market")).toMatchObject({ replays: [{ place: { region: "us-east4" } }] });
  });

  const twoSeries = {
    traces: ["V100", "K80"].map((accelerator) => ({
      zone: "a",
      region: "us-west1",
      machineType: "n1",
      accelerator,
      gapSeconds: 60,
      runs: [[1, 2]],
    })),
  };
  test.each([
    [
      "an unknown switch",
      ["--behaviour", { requestQuota: "on" }],
      /^error: --behaviour: requestQuota: "requestQuota" is no key here \(the nearest is "requestQuotas"\)\n/,
    ],
    [
      "a switch's bad value",
      ["--behaviour", { requestQuotas: "yes" }],
      /: requestQuotas: "yes" is none of the words allowed here \(known: off, on\)\n/,
    ],
    [
      "an unknown time",
      ["--behaviour", { timings: { deployModl: [1, 2] } }],
      /: timings\.deployModl: .* \(the nearest is "deployModel"\)\n/,
    ],
    [
      "a span that is none",
      ["--behaviour", { timings: { deployModel: [5, 1], stockout: [1] } }],
      /: timings\.deployModel: a span is \[from, to\] .* \(it is \[5,1\]\); timings\.stockout: has too few items: \[1\] \(write 2\)\n/,
    ],
    [
      "a fault's unknown key",
      ["--faults", [{ match: { metod: "x" }, effect: { kind: "slow" } }]],
      /^error: --faults: \[0\]\.match\.metod: "metod" is no key here \(the nearest is "method"\)\n/,
    ],
    [
      "an unknown kind of fault, without a list",
      ["--faults", { effect: { kind: "eror" } }],
      /^error: --faults: effect\.kind: "eror" is none of the words allowed here \(the nearest is "error"\)\n/,
    ],
    [
      "a fault without its effect",
      ["--faults", { count: 0 }],
      /: count: 0 is too small \(write at least 1\); effect: is missing \(add the key "effect"\)\n/,
    ],
    [
      "an unknown market action",
      ["--market", { action: "exhaustt" }],
      /: \[0\]\.action: .* \(the nearest is "exhaust"\)\n/,
    ],
    [
      "a time without a zone",
      ["--market", { action: "replay", start: "2026-11-23T05:00:00", trace: {} }],
      /\[0\]\.start: "2026-11-23T05:00:00" is no time with a zone/,
    ],
    ["broken JSON", ["--faults", "{"], /--faults: .*JSON/],
    ["a file that is not there", ["--faults", "no-such.json"], /no-such\.json cannot be read: there is no such file/],
    [
      "a trace whose series overrule each other",
      ["--market", { action: "replay", trace: twoSeries }],
      /several series for us-west1.*"accelerator"/,
    ],
    [
      "an accelerator that the trace has not",
      ["--market", { action: "replay", trace: twoSeries, accelerator: "T4" }],
      /it has: V100, K80/,
    ],
  ])("%s is wrong use, and the key is named", async (_what, [option, value], told) => {
    const written = typeof value === "string" ? value : JSON.stringify(value);
    const refused = await refusedCommand("--no-functions", String(option), written);
    expect(refused.told).toMatch(told);
    expect(refused.told.split("\n"), "what, the next step, and no more").toHaveLength(3);
    expect(refused.code).toBe(2);
  });
});
