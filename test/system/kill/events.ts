/** The fleet of the kill test, and what 500 senders ask of it. */

const names = (kind: string) => Array.from({ length: 6 }, (_, index) => `${kind}-${index}`);
const [sized, worked] = [names("sized"), names("worked")];
/** Targets whose every event is a delta: their size is a sum. */
export const counted = names("counted");
/** Replicas of each before the first event. */
export const startSize = 50;
export const fleetText = `
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

/** An event as it is published. */
export type Event = Readonly<Record<string, unknown>> & {
  readonly id: string;
  readonly type: string;
  readonly target: string;
};

/** So many events, all different, in the order of their making. */
export function makeEvents(count: number, random: () => number): readonly Event[] {
  const one = (of: readonly string[]) => of[Math.floor(random() * of.length)] ?? "";
  return Array.from({ length: count }, (_, index): Event => {
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

/** The same in another order. */
export function shuffled<T>(items: readonly T[], random: () => number): readonly T[] {
  return items
    .map((item) => ({ item, at: random() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ item }) => item);
}
