import { describe, expect, test } from "vitest";
import type { Happening } from "../../../../../infra/cli/demo/plan/happening.ts";
import { onTimes } from "../../../../../infra/cli/demo/plan/on-times.ts";
import { drawDown } from "../../../../../infra/cli/demo/plan/spot.ts";
import { planWorkload } from "../../../../../infra/cli/demo/plan/workload.ts";
import { createRandom } from "../../../../../infra/local/clock/random.ts";
import { parseEvent } from "../../../../../shared/events/schema.ts";
import type { Fleet } from "../../../../../shared/fleet/fleet.ts";
import { day, hour, minute } from "../../../../../shared/time/clock.ts";
import { exampleFleet, fleetOf, monday } from "../fleets.ts";

const calm = monday + 21 * hour;

function plan(fleet: Fleet = exampleFleet, { seed = 1, spot = true, until = calm } = {}): readonly Happening[] {
  return planWorkload({ targets: fleet.targets, seed, spot, from: monday, calm: until });
}

function of<K extends Happening["do"]>(happenings: readonly Happening[], kind: K) {
  return happenings.filter((one): one is Extract<Happening, { do: K }> => one.do === kind);
}

function target(name: string) {
  const found = exampleFleet.targets.find((policy) => policy.name === name);
  if (found === undefined) throw new Error(`no target ${name}`);
  return found;
}

describe("A plan", () => {
  test("is the same for the same seed, and another for another", () => {
    expect(plan()).toEqual(plan());
    expect(plan(exampleFleet, { seed: 2 })).not.toEqual(plan());
  });

  test("is in order of time, and has nothing new once the calm has begun", () => {
    const times = plan().map(({ at }) => at);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    for (const happening of plan()) {
      expect(happening.at).toBeGreaterThanOrEqual(monday);
      if (happening.do === "recovery") expect(happening.at).toBeLessThanOrEqual(calm);
      else expect(happening.at).toBeLessThan(calm);
    }
  });

  test("goes on for as many days as it is asked for", () => {
    const week = plan(exampleFleet, { until: monday + 7 * day - 3 * hour });
    for (let number = 0; number < 5; number += 1) {
      const jobs = of(week, "job").filter(({ at }) => at >= monday + number * day && at < monday + (number + 1) * day);
      expect(new Set(jobs.map(({ policy }) => policy.name))).toEqual(
        new Set(["research", "notebooks", "finetune", "batch"]),
      );
    }
  });

  test("needs nothing of a fleet: one target alone has its story", () => {
    const alone = plan(
      fleetOf(`
version: 1
project: demo
location: us-central1
persistentResources:
  - name: only
    spec: { resourcePools: [{ id: p, machineType: n1-standard-8, replicas: 1 }] }
`),
    );
    expect(of(alone, "job").length).toBeGreaterThan(5);
    expect(of(alone, "event").map(({ refused }) => refused)).toEqual([true]);
    expect(of(alone, "outage")).toEqual([]);
  });
});

describe("Jobs", () => {
  const jobs = of(plan(), "job");

  test("match machine and disk of a pool exactly, as Vertex AI asks, and say how long they run", () => {
    const job = jobs.find(({ policy }) => policy.name === "research")?.customJob;
    expect(job).toMatchObject({
      labels: { "local-run-seconds": expect.stringMatching(/^\d+$/) },
      jobSpec: {
        workerPoolSpecs: [
          {
            machineSpec: { machineType: "g2-standard-12", acceleratorType: "NVIDIA_L4", acceleratorCount: 1 },
            replicaCount: "1",
            diskSpec: { bootDiskType: "pd-ssd", bootDiskSizeGb: 200 },
          },
        ],
      },
    });
  });

  test.each(["research", "finetune"])("one of %s runs over the bell, for less than the fleet waits", (name) => {
    const policy = target(name);
    if (policy.kind !== "persistentResource") throw new Error("a persistent resource");
    const bell = onTimes(policy, monday, calm).at(0)?.bell ?? 0;
    const over = jobs.filter((job) => job.policy.name === name && job.at < bell && job.at + job.runs > bell);
    expect(over.length).toBeGreaterThan(0);
    for (const { at, runs } of over) expect(at + runs - bell).toBeLessThan(policy.onBusy.maxWait);
  });

  test("leave gaps between bursts that are longer than the idle rule waits", () => {
    const times = jobs.filter(({ policy }) => policy.name === "notebooks").map(({ at }) => at);
    const gaps = times.slice(1).map((at, index) => at - (times[index] ?? at));
    expect(gaps.filter((gap) => gap > 15 * minute + hour).length).toBeGreaterThanOrEqual(2);
    expect(gaps.filter((gap) => gap < 15 * minute).length).toBeGreaterThanOrEqual(2);
  });

  test("of a scheduled pool are sent only while it may be on", () => {
    for (const name of ["research", "finetune"]) {
      const times = onTimes(target(name), monday, calm);
      for (const { at } of jobs.filter(({ policy }) => policy.name === name)) {
        expect(times.some(({ start, end }) => at >= start && at < end)).toBe(true);
      }
    }
  });

  test.each([
    ["a resource that is only adopted: its machines are not known", "onBusy: skip"],
    [
      "a Ray cluster: it takes Ray's jobs",
      "spec: { ray: { imageUri: i/ray, headNodeResourcePoolId: p }, resourcePools: [{ id: p, machineType: n1-standard-8, replicas: 1 }] }",
    ],
  ])("are not sent to %s", (_why, lines) => {
    const fleet = fleetOf(
      `version: 1\nproject: demo\nlocation: us-central1\npersistentResources:\n  - name: only\n    ${lines}\n`,
    );
    expect(of(plan(fleet), "job")).toEqual([]);
  });
});

describe("Events", () => {
  const events = of(plan(), "event");

  test("are all of the form that the functions take, with ids of their own", () => {
    for (const { event } of events) {
      const data = Buffer.from(JSON.stringify(event));
      expect(() =>
        parseEvent({ messageId: "1", publishedAt: undefined, attributes: {}, data, type: "" }),
      ).not.toThrow();
    }
    expect(new Set(events.map(({ event }) => event.id)).size).toBe(events.length);
  });

  test("tell every story: sizes, changes of size, a hold with its release, a wake", () => {
    const told = events.filter(({ refused }) => !refused).map(({ event }) => event);
    expect(new Set(told.map(({ type }) => type))).toEqual(new Set(["scale", "hold", "release", "wake"]));
    expect(told.some((event) => event.type === "scale" && event.replicas !== undefined)).toBe(true);
    expect(told.some((event) => event.type === "scale" && Number(event.delta) > 0)).toBe(true);
    expect(told.some((event) => event.type === "scale" && Number(event.delta) < 0)).toBe(true);
  });

  test("ask for sizes within the fleet's bounds", () => {
    for (const { event } of events) {
      if (event.type !== "scale" || event.replicas === undefined) continue;
      const policy = exampleFleet.targets.find(({ name }) => name === event.target);
      if (policy?.kind !== "persistentResource") continue;
      const bounds = policy.scale.pools[event.pool ?? ""];
      expect(Number(event.replicas)).toBeLessThanOrEqual(bounds?.max ?? 0);
    }
  });

  test("publish a change of size twice, which must count once", () => {
    const twice = events.filter(({ copies }) => copies > 1).map(({ event }) => event);
    expect(twice.length).toBeGreaterThan(0);
    for (const event of twice) expect(event).toMatchObject({ type: "scale", delta: 1 });
  });

  test("name a target that does not exist exactly once, first of all", () => {
    const refused = events.filter((event) => event.refused);
    expect(refused).toHaveLength(1);
    expect(refused[0]?.at).toBe(monday);
    expect(exampleFleet.targets.map(({ name }) => name)).not.toContain(refused[0]?.event.target);
  });

  test("hold a resource over its bell and release it afterwards", () => {
    const hold = events.find(({ event }) => event.type === "hold");
    const release = events.find(({ event }) => event.type === "release");
    expect(release?.event.target).toBe(hold?.event.target);
    const bell = onTimes(target(hold?.event.target ?? ""), monday, calm).at(0)?.bell ?? 0;
    expect(hold?.at).toBeLessThan(bell);
    expect(release?.at).toBeGreaterThan(bell);
  });
});

describe("Spot machines", () => {
  test("run out in every place that a ladder draws on, and are back when the calm begins", () => {
    const outages = of(plan(), "outage");
    const places = new Set(outages.map(({ place }) => JSON.stringify(place)));
    expect(places.size).toBe(3);
    for (const place of places) {
      const last = plan().findLast((one) => "place" in one && JSON.stringify(one.place) === place);
      expect(last?.do).toBe("recovery");
    }
  });

  test("are missed by each model's first choice for long enough that another rung takes over", () => {
    for (const name of ["chat", "embeddings"]) {
      const signalled = of(plan(), "outage").filter(({ signals }) => signals.includes(name));
      expect(signalled.some(({ at, until }) => until - at >= 35 * minute)).toBe(true);
    }
  });

  test("are sometimes missed without anybody saying so: the tick must find it", () => {
    const outages = of(plan(exampleFleet, { until: monday + 7 * day }), "outage");
    expect(outages.some(({ signals }) => signals.length === 0)).toBe(true);
    expect(outages.some(({ signals }) => signals.length > 0)).toBe(true);
  });

  test("are left to a recorded trace where there is one", () => {
    expect(of(plan(exampleFleet, { spot: false }), "outage")).toEqual([]);
  });

  test.each([
    [10, 0.56],
    [20, 0.73],
    [60, 0.89],
  ])("are back within %i minutes as often as was recorded: %f", (within, share) => {
    const random = createRandom(7);
    const drawn = Array.from({ length: 4_000 }, () => drawDown(random));
    expect(drawn.filter((down) => down <= within * minute).length / drawn.length).toBeCloseTo(share, 1);
  });
});
