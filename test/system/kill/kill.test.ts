/**
 * Many instances, and none of them lives long: four processes each of `scale` and `reconcile` take 500 events, three in ten
 * of them twice and in any order, while 50 processes are killed at random moments. Every event has one final answer, nothing
 * was done twice, nothing was lost.
 *
 * The same on both homes: SQLite with our Pub/Sub, and Google's own emulators of Firestore and Pub/Sub, which must be there
 * where CI is.
 */
import { PubSub } from "@google-cloud/pubsub";
import { describe, expect, it, vi } from "vitest";
import { createRandom } from "../../../infra/local/clock/random.ts";
import { type LocalCloud, startLocalCloud } from "../../../infra/local/server.ts";
import { setUp } from "../../../infra/local/setup.ts";
import { topology } from "../../../infra/topology.ts";
import { parseFleet } from "../../../shared/fleet/parse.ts";
import type { Outcome } from "../../../shared/outcomes/outcome.ts";
import { applyFleet } from "../../../shared/state/apply.ts";
import { openStore } from "../../../shared/state/open.ts";
import { systemClock } from "../../../shared/time/clock.ts";
import { missingEmulator } from "../../emulators/emulator.ts";
import { autopsy } from "./autopsy.ts";
import { type Backing, googles, ours } from "./backing.ts";
import { expectJobsOnce, expectNothingLost, expectOperationsOnce, shownBy } from "./checks.ts";
import { type Event, fleetText, makeEvents, shuffled } from "./events.ts";
import { type Instances, startInstances } from "./instances.ts";

const events = 500;
const duplicates = 0.3;
const kills = 50;
const processes = 4;
/** Real milliseconds over which events are published and processes killed. */
const storm = 35_000;
const seed = 4_711;

const { fleet } = parseFleet(fleetText, "kill.yaml");

/** What the test holds while it runs. */
interface Crowd {
  readonly scale: Instances;
  readonly reconcile: Instances;
  publish(event: Event): void;
  /** What pushes of an event to scale were answered with. */
  answersTo(eventId: string): readonly number[];
  /** Final answers told so far, by event. */
  finals(): ReadonlyMap<string, readonly Outcome[]>;
}

type Stops = (() => Promise<unknown>)[];

/** Starts the functions, their topics, and somebody who listens. @param stops is given what ends each of them. */
async function gather(backing: Backing, cloud: LocalCloud, stops: Stops, lines: string[]): Promise<Crowd> {
  const vertex = `http://127.0.0.1:${cloud.restPort}`;
  const store = await openStore(backing.store);
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
  const pushed = new Map<string, number[]>();
  const onAnswer = (name: string, body: Buffer, status: number) => {
    if (name !== "scale") return;
    const { message } = JSON.parse(body.toString()) as { readonly message: { readonly data: string } };
    const { id } = JSON.parse(Buffer.from(message.data, "base64").toString()) as { readonly id: string };
    pushed.set(id, [...(pushed.get(id) ?? []), status]);
  };
  const start = async (name: string, count: number): Promise<Instances> => {
    const onLine = (from: string, line: string) => lines.push(`${from} ${line}`);
    const instances = await startInstances({ name, signature: "cloudevent", count, environment, onLine, onAnswer });
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
  const heartbeat = setInterval(() => void topic("ticks").publishMessage({ attributes: { type: "tick" } }), 2_000);
  stops.push(async () => clearInterval(heartbeat));
  return {
    scale,
    reconcile,
    publish: (event) => void topic("events").publishMessage({ data: Buffer.from(JSON.stringify(event)) }),
    answersTo: (eventId) => pushed.get(eventId) ?? [],
    finals: () => {
      const final = [...told.values()].filter((outcome) => outcome.final);
      return Map.groupBy(final, ({ eventId }) => eventId);
    },
  };
}

/** Publishes the events over the storm's time and kills processes meanwhile; all are up again at its end. */
async function rage({ scale, reconcile, publish }: Crowd, sent: readonly Event[], random: () => number): Promise<void> {
  const begun = systemClock.wire();
  let killed = 0;
  for (const [index, event] of sent.entries()) {
    await vi.waitFor(() => expect(systemClock.wire() - begun).toBeGreaterThanOrEqual((index * storm) / sent.length), {
      timeout: storm,
      interval: 10,
    });
    publish(event);
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
}

async function run(backing: Backing, cloud: LocalCloud): Promise<void> {
  const shown = shownBy(`http://127.0.0.1:${cloud.restPort}`);
  const stops: Stops = [];
  const lines: string[] = [];
  try {
    const crowd = await gather(backing, cloud, stops, lines);
    // Everything is up before the first event.
    await vi.waitFor(
      async () => {
        const states = await shown.states();
        expect(states.filter((state) => state === "RUNNING")).toHaveLength(fleet.targets.length);
      },
      { timeout: 120_000, interval: 250 },
    );

    const random = createRandom(seed);
    const made = makeEvents(events, random);
    const again = made.filter(() => random() < duplicates);
    const begun = systemClock.wire();
    await rage(crowd, shuffled([...made, ...again], random), random);
    await vi.waitFor(
      () => {
        const unanswered = made.filter(({ id }) => !crowd.finals().has(id));
        const words = unanswered.map(
          ({ id, type, target }) => `${id} ${type} ${target}, pushed: ${crowd.answersTo(id).join(" ") || "never"}`,
        );
        expect(words).toEqual([]);
      },
      { timeout: 220_000, interval: 500 },
    );
    const took = (systemClock.wire() - begun) / 1_000;

    const answers = crowd.finals();
    expect(made.filter(({ id }) => answers.get(id)?.length !== 1).map(({ id }) => answers.get(id))).toEqual([]);
    await expectNothingLost(shown, made);
    const jobs = await expectJobsOnce(shown, made, answers);
    const names = fleet.targets.map(({ name }) => name);
    const changes = await expectOperationsOnce(shown, names);
    const byPhase = Object.entries(Object.groupBy([...answers.values()].flat(), ({ phase }) => phase));
    console.log(
      `${events} events, ${again.length} of them twice, ${kills} kills of ${processes + processes} processes (seed ${seed}): ` +
        `${answers.size} final outcomes (${byPhase.map(([phase, all]) => `${all?.length} ${phase}`).join(", ")}), ` +
        `${changes} operations and ${jobs} jobs, none twice, none lost, ${took.toFixed(0)} s`,
    );
  } catch (error) {
    console.log(await autopsy(backing.store, lines));
    throw error;
  } finally {
    for (const stop of stops.reverse()) await stop();
  }
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
