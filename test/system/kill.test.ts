/**
 * Many instances, and none of them lives long: four processes each of `scale` and `reconcile` take 500 events, three in ten
 * of them twice and in any order, while 50 processes are killed at random moments. Every event has one final answer, nothing
 * was done twice, nothing was lost.
 *
 * The same on both homes: SQLite with our Pub/Sub, and Google's own emulators of Firestore and Pub/Sub, which must be there
 * where CI is.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PubSub } from "@google-cloud/pubsub";
import { describe, expect, it, vi } from "vitest";
import { createRandom } from "../../infra/local/clock/random.ts";
import { type LocalCloud, startLocalCloud } from "../../infra/local/server.ts";
import { setUp } from "../../infra/local/setup.ts";
import { topology } from "../../infra/topology.ts";
import { parseFleet } from "../../shared/fleet/parse.ts";
import type { Outcome } from "../../shared/outcomes/outcome.ts";
import { applyFleet } from "../../shared/state/apply.ts";
import { openStore } from "../../shared/state/open.ts";
import { systemClock } from "../../shared/time/clock.ts";
import { missingEmulator, startEmulator } from "../emulators/emulator.ts";
import { type Instances, startInstances } from "./instances.ts";

const events = 500;
const duplicates = 0.3;
const kills = 50;
const processes = 4;
/** Real milliseconds over which events are published and processes killed. */
const storm = 35_000;
const seed = 4_711;

const names = (kind: string) => Array.from({ length: 6 }, (_, index) => `${kind}-${index}`);
const [sized, counted, worked] = [names("sized"), names("counted"), names("worked")];
const startSize = 50;
const fleetText = `
version: 1
project: demo
location: us-central1
limits: { submissionsPerMinute: 60 }
persistentResources:${[...sized, ...counted, ...worked]
  .map(
    (name) => `
  - name: ${name}
    scale: { pools: { main: { min: 1, max: 200 } } }
    spec: { resourcePools: [{ id: main, machineType: n1-standard-8, replicas: ${startSize} }] }`,
  )
  .join("")}
`;

type Event = Readonly<Record<string, unknown>> & {
  readonly id: string;
  readonly type: string;
  readonly target: string;
};

/** The events, all different, in the order of their making. */
function makeEvents(random: () => number): readonly Event[] {
  const one = (of: readonly string[]) => of[Math.floor(random() * of.length)] ?? "";
  return Array.from({ length: events }, (_, index): Event => {
    const id = `e${index}`;
    const dice = random();
    if (dice < 0.4) return { id, type: "scale", target: one(counted), delta: random() < 0.5 ? -1 : 1 };
    if (dice < 0.7) return { id, type: "scale", target: one(sized), replicas: 1 + Math.floor(random() * 100) };
    if (dice < 0.82) {
      const workerPoolSpecs = [
        {
          machineSpec: { machineType: "n1-standard-8" },
          replicaCount: "1",
          containerSpec: { imageUri: "us-docker.pkg.dev/demo/training/run:1" },
        },
      ];
      const customJob = { displayName: id, labels: { "local-run-seconds": "60" }, jobSpec: { workerPoolSpecs } };
      return { id, type: "job", target: one(worked), customJob };
    }
    if (dice < 0.94) return { id, type: "wake", target: one(sized) };
    return { id, type: "scale", target: "nobody", replicas: 1 };
  });
}

function shuffled<T>(items: readonly T[], random: () => number): readonly T[] {
  return items
    .map((item) => ({ item, at: random() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ item }) => item);
}

/** Where messages and state are kept. */
interface Backing {
  /** `host:port` of Pub/Sub, for Google's clients. */
  readonly pubsub: string;
  /** Base URL of Pub/Sub's REST. */
  readonly rest: string;
  readonly store: string;
  readonly environment: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

async function ours(cloud: LocalCloud): Promise<Backing> {
  const folder = await mkdtemp(join(tmpdir(), "tidekeeper-kill-"));
  return {
    pubsub: `127.0.0.1:${cloud.grpcPort}`,
    rest: `http://127.0.0.1:${cloud.restPort}`,
    store: `sqlite:${join(folder, "store.sqlite")}`,
    environment: {},
    stop: () => rm(folder, { recursive: true, force: true }),
  };
}

async function googles(): Promise<Backing> {
  const [pubsub, firestore] = await Promise.all([startEmulator("pubsub"), startEmulator("firestore")]);
  vi.stubEnv("FIRESTORE_EMULATOR_HOST", firestore.host);
  return {
    pubsub: pubsub.host,
    rest: `http://${pubsub.host}`,
    store: "firestore:demo",
    environment: { FIRESTORE_EMULATOR_HOST: firestore.host },
    stop: async () => {
      await Promise.all([pubsub.stop(), firestore.stop()]);
    },
  };
}

/** One long-running operation as the REST door shows it. */
interface OperationJson {
  readonly name: string;
  readonly done?: boolean;
  readonly metadata: {
    readonly "@type": string;
    readonly genericMetadata: { readonly createTime: string; readonly updateTime: string };
  };
  readonly response?: { readonly resourcePools?: readonly { readonly replicaCount?: string }[] };
}

async function run(backing: Backing, cloud: LocalCloud): Promise<void> {
  const vertex = `http://127.0.0.1:${cloud.restPort}`;
  const get = async <T>(path: string) => (await (await fetch(`${vertex}${path}`)).json()) as T;
  const parent = "/v1/projects/demo/locations/us-central1";
  const stops: (() => Promise<unknown>)[] = [];
  const lines: string[] = [];
  try {
    const store = await openStore(backing.store);
    const { fleet } = parseFleet(fleetText, "kill.yaml");
    const { storeId } = await applyFleet(store, fleet, { by: "test", now: cloud.clock.now() });
    await store.close();
    const environment = {
      ...cloud.environment("demo"),
      ...backing.environment,
      PUBSUB_EMULATOR_HOST: backing.pubsub,
      TIDEKEEPER_PROJECT: "demo",
      TIDEKEEPER_STORE: backing.store,
      TIDEKEEPER_STORE_ID: storeId,
      TIDEKEEPER_VERTEX_REST: vertex,
      TIDEKEEPER_VERTEX_GRPC: `127.0.0.1:${cloud.grpcPort}`,
      TIDEKEEPER_CLOCK: `${vertex}/clock`,
    };
    const start = async (name: string, count: number): Promise<Instances> => {
      const onLine = (from: string, line: string) => lines.push(`${from} ${line}`);
      const instances = await startInstances({ name, signature: "cloudevent", count, environment, onLine });
      stops.push(() => instances.stop());
      return instances;
    };
    const [scale, reconcile, tick] = await Promise.all([
      start("scale", processes),
      start("reconcile", processes),
      start("tick", 1),
    ]);
    const functionPorts = { scale: scale.port, reconcile: reconcile.port, tick: tick.port };
    // The schedule is the test's: Google's emulator has none. Nobody waits ten minutes for a push after a bad minute.
    const delivery = { ...topology.delivery, maximumBackoffSeconds: 5 };
    const list = { ...topology, delivery, schedules: [] };
    const at = { location: "us-central1", rest: backing.rest, functionPorts, minimumBackoffSeconds: 1 };
    await setUp({ topology: list, project: "demo", prefix: "tidekeeper", ...at });

    const pubsub = new PubSub({ projectId: "demo", apiEndpoint: backing.pubsub, emulatorMode: true });
    stops.push(() => pubsub.close());
    const topic = (name: string) => pubsub.topic(`tidekeeper-${name}`);
    const told = new Map<string, Outcome>();
    const outcomes = pubsub.subscription("tidekeeper-outcomes");
    stops.push(() => outcomes.close());
    outcomes.on("message", (message) => {
      const outcome = JSON.parse(message.data.toString()) as Outcome;
      told.set(outcome.id, outcome);
      message.ack();
    });
    outcomes.on("error", () => {
      // The stream ends with its server.
    });
    const finals = () =>
      Map.groupBy(
        [...told.values()].filter(({ final }) => final),
        ({ eventId }) => eventId,
      );
    const heartbeat = setInterval(() => void topic("ticks").publishMessage({ attributes: { type: "tick" } }), 2_000);
    stops.push(async () => clearInterval(heartbeat));

    const sizeOf = async (name: string) => {
      const { resourcePools } = await get<{ resourcePools?: readonly { replicaCount?: string }[] }>(
        `${parent}/persistentResources/${name}`,
      );
      return Number(resourcePools?.[0]?.replicaCount);
    };
    // Everything is up before the first event.
    await vi.waitFor(
      async () => {
        const { persistentResources = [] } = await get<{ persistentResources?: { state: string }[] }>(
          `${parent}/persistentResources?pageSize=100`,
        );
        expect(persistentResources.filter(({ state }) => state === "RUNNING")).toHaveLength(fleet.targets.length);
      },
      { timeout: 120_000, interval: 250 },
    );

    const random = createRandom(seed);
    const made = makeEvents(random);
    const again = made.filter(() => random() < duplicates);
    const sent = shuffled([...made, ...again], random);
    const begun = systemClock.wire();
    let killed = 0;
    for (let index = 0; index < sent.length; index += 1) {
      await vi.waitFor(() => expect(systemClock.wire() - begun).toBeGreaterThanOrEqual((index * storm) / sent.length), {
        timeout: storm,
        interval: 10,
      });
      void topic("events").publishMessage({ data: Buffer.from(JSON.stringify(sent[index])) });
      const due = Math.floor(((index + 1) * kills) / sent.length);
      const choose = (up: number) => Math.floor(random() * up);
      // Where all but one are down already, the next round makes up for it.
      if (killed < due && (await (random() < 0.6 ? reconcile : scale).kill(choose))) killed += 1;
    }
    for (; killed < kills; killed += 1) {
      const victims = random() < 0.6 ? reconcile : scale;
      await vi.waitFor(async () => expect(await victims.kill(() => 0)).toBe(true), { timeout: 60_000, interval: 50 });
    }
    await Promise.all([scale.whole(), reconcile.whole()]);

    await vi.waitFor(
      () => {
        const unanswered = made.filter(({ id }) => !finals().has(id));
        expect(unanswered.map(({ id, type, target }) => `${id} ${type} ${target}`)).toEqual([]);
      },
      { timeout: 220_000, interval: 500 },
    );
    const took = (systemClock.wire() - begun) / 1_000;

    // One final answer each.
    const answers = finals();
    expect(made.filter(({ id }) => answers.get(id)?.length !== 1).map(({ id }) => answers.get(id))).toEqual([]);
    const byPhase = Object.entries(Object.groupBy([...answers.values()].flat(), ({ phase }) => phase));

    // Nothing lost: the sizes are what was asked for, each delta counted once.
    for (const name of counted) {
      const sum = made
        .filter(({ target }) => target === name)
        .reduce((total, { delta }) => total + Number(delta), startSize);
      await expect.poll(() => sizeOf(name), { timeout: 30_000, interval: 500, message: name }).toBe(sum);
    }

    // Nothing twice: no job twice, and no resource created twice, changed to the size it had, or changed by two at once.
    const { customJobs = [] } = await get<{ customJobs?: { displayName: string }[] }>(
      `${parent}/customJobs?pageSize=1000`,
    );
    const jobs = made.filter(({ type }) => type === "job");
    const submitted = customJobs.map(({ displayName }) => displayName).toSorted();
    const promised = jobs.filter(({ id }) => answers.get(id)?.[0]?.phase === "done").map(({ id }) => id);
    expect(submitted).toEqual([...new Set(submitted)]);
    expect(
      promised.filter((id) => !submitted.includes(id)),
      "told done, but not submitted",
    ).toEqual([]);
    let changes = 0;
    for (const { name } of fleet.targets) {
      const { operations = [] } = await get<{ operations?: OperationJson[] }>(
        `${parent}/persistentResources/${name}/operations?pageSize=1000`,
      );
      const ordered = operations.toSorted((a, b) => createdAt(a) - createdAt(b));
      changes += ordered.length;
      expect(ordered.filter(({ metadata }) => metadata["@type"].includes("CreatePersistentResource"))).toHaveLength(1);
      for (const [index, operation] of ordered.entries()) {
        const before = ordered[index - 1];
        if (before === undefined) continue;
        expect(createdAt(operation), `${name}: two at once`).toBeGreaterThanOrEqual(
          Date.parse(before.metadata.genericMetadata.updateTime),
        );
        expect(sizeAfter(operation), `${name}: the same change twice`).not.toBe(sizeAfter(before));
      }
    }
    console.log(
      `${events} events, ${again.length} of them twice, ${killed} kills of ${processes + processes} processes (seed ${seed}): ` +
        `${answers.size} final outcomes (${byPhase.map(([phase, all]) => `${all?.length} ${phase}`).join(", ")}), ` +
        `${changes} operations and ${submitted.length} jobs, none twice, none lost, ${took.toFixed(0)} s`,
    );
  } catch (error) {
    // What was stored and not told is another fault than what never arrived.
    const store = await openStore(backing.store);
    const [marks, owed, slots, targets] = await Promise.all([
      store.list("events"),
      store.list("outbox"),
      store.list("slots"),
      store.list("targets"),
    ]);
    await store.close();
    const open = marks.filter(({ value }) => !value.outcome.final).map(({ value }) => value.outcome.id);
    console.log(
      `the store has ${marks.length} events, not final: ${open.join(" ")}; owed: ${owed.map(({ id }) => id).join(" ")}`,
    );
    const held = slots.filter(({ value }) => value.state !== "empty").map(({ value }) => value);
    console.log(`held at ${systemClock.wire()}: ${JSON.stringify(held, null, 1)}`);
    const waiting = targets.filter(({ value }) => value.requests.some(({ answered }) => answered !== "final"));
    for (const { value } of waiting) {
      const { name, requests, decisions, memory } = value;
      console.log(JSON.stringify({ name, requests, decisions: decisions.slice(0, 5), attempts: memory.attempts }));
    }
    console.log(`the last lines of the functions:\n${lines.slice(-20).join("\n")}`);
    throw error;
  } finally {
    for (const stop of stops.reverse()) await stop();
  }
}

function createdAt({ metadata }: OperationJson): number {
  return Date.parse(metadata.genericMetadata.createTime);
}

function sizeAfter({ response }: OperationJson): string | undefined {
  return response?.resourcePools?.[0]?.replicaCount;
}

const missing = [missingEmulator("firestore"), missingEmulator("pubsub")].some((why) => why !== undefined);

describe.each([
  { on: "SQLite and our Pub/Sub", skip: false, open: ours },
  { on: "Google's emulators of Firestore and Pub/Sub", skip: missing, open: googles },
])("500 events, 30 % of them twice, 50 kills, on $on", ({ skip, open }) => {
  it.skipIf(skip)(
    "500 final outcomes, nothing twice, nothing lost",
    async () => {
      vi.stubEnv("METADATA_SERVER_DETECTION", "none");
      // A minute of the world a second: an operation takes some seconds.
      const from = Date.parse("2026-11-24T09:00:00Z");
      const timings = { createPersistentResource: [60, 120], updatePersistentResource: [120, 300] } as const;
      const cloud = await startLocalCloud({
        restPort: 0,
        grpcPort: 0,
        from,
        speed: 60,
        seed,
        conditions: { behaviour: { timings } },
      });
      let backing: Backing | undefined;
      try {
        backing = await open(cloud);
        await run(backing, cloud);
      } finally {
        await backing?.stop();
        await cloud.close();
        vi.unstubAllEnvs();
      }
    },
    400_000,
  );
});
