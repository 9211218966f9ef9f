/** What Vertex must show once every event has been answered: nothing lost, nothing twice. */
import { expect } from "vitest";
import type { Outcome } from "../../../shared/outcomes/outcome.ts";
import { counted, type Event, startSize } from "./events.ts";

/** One long-running operation as the REST door shows it. */
interface OperationJson {
  readonly name: string;
  readonly done?: boolean;
  readonly metadata: {
    readonly "@type": string;
    readonly genericMetadata: { readonly createTime: string; readonly updateTime: string };
  };
  readonly response?: { readonly resourcePools?: readonly PoolJson[] };
}

interface PoolJson {
  readonly replicaCount?: string;
}

/** The location's resources by REST. */
export interface Shown {
  states(): Promise<readonly string[]>;
  sizeOf(name: string): Promise<number>;
  jobs(): Promise<readonly string[]>;
  operationsOf(name: string): Promise<readonly OperationJson[]>;
}

/** @param vertex base URL of the local cloud. */
export function shownBy(vertex: string): Shown {
  const parent = `${vertex}/v1/projects/demo/locations/us-central1`;
  const get = async <T>(path: string) => (await (await fetch(`${parent}${path}`)).json()) as T;
  return {
    async states() {
      type Page = { readonly persistentResources?: readonly { readonly state: string }[] };
      const { persistentResources = [] } = await get<Page>("/persistentResources?pageSize=100");
      return persistentResources.map(({ state }) => state);
    },
    async sizeOf(name) {
      const { resourcePools } = await get<{ readonly resourcePools?: readonly PoolJson[] }>(
        `/persistentResources/${name}`,
      );
      return Number(resourcePools?.[0]?.replicaCount);
    },
    async jobs() {
      type Page = { readonly customJobs?: readonly { readonly displayName: string }[] };
      const { customJobs = [] } = await get<Page>("/customJobs?pageSize=1000");
      return customJobs.map(({ displayName }) => displayName).toSorted();
    },
    async operationsOf(name) {
      type Page = { readonly operations?: readonly OperationJson[] };
      const { operations = [] } = await get<Page>(`/persistentResources/${name}/operations?pageSize=1000`);
      return operations.toSorted((a, b) => createdAt(a) - createdAt(b));
    },
  };
}

/** The sizes are what was asked for, each delta counted once. */
export async function expectNothingLost(shown: Shown, made: readonly Event[]): Promise<void> {
  for (const name of counted) {
    const deltas = made.filter(({ target }) => target === name).map(({ delta }) => Number(delta));
    const sum = deltas.reduce((total, delta) => total + delta, startSize);
    await expect.poll(() => shown.sizeOf(name), { timeout: 30_000, interval: 500, message: name }).toBe(sum);
  }
}

/** No job twice, and every job that was promised. @returns how many there are. */
export async function expectJobsOnce(
  shown: Shown,
  made: readonly Event[],
  answers: ReadonlyMap<string, readonly Outcome[]>,
): Promise<number> {
  const submitted = await shown.jobs();
  const promised = made.filter(({ id, type }) => type === "job" && answers.get(id)?.[0]?.phase === "done");
  expect(submitted).toEqual([...new Set(submitted)]);
  const missing = promised.filter(({ id }) => !submitted.includes(id));
  expect(missing, "told done, but not submitted").toEqual([]);
  return submitted.length;
}

/** No resource created twice, changed to the size it had, or changed by two at once. @returns how many operations ran. */
export async function expectOperationsOnce(shown: Shown, names: readonly string[]): Promise<number> {
  let changes = 0;
  for (const name of names) {
    const operations = await shown.operationsOf(name);
    changes += operations.length;
    expect(operations.filter(({ metadata }) => metadata["@type"].includes("CreatePersistentResource"))).toHaveLength(1);
    for (const [index, operation] of operations.entries()) {
      const before = operations[index - 1];
      if (before === undefined) continue;
      expect(createdAt(operation), `${name}: two at once`).toBeGreaterThanOrEqual(
        Date.parse(before.metadata.genericMetadata.updateTime),
      );
      expect(sizeAfter(operation), `${name}: the same change twice`).not.toBe(sizeAfter(before));
    }
  }
  return changes;
}

function createdAt({ metadata }: OperationJson): number {
  return Date.parse(metadata.genericMetadata.createTime);
}

function sizeAfter({ response }: OperationJson): string | undefined {
  return response?.resourcePools?.[0]?.replicaCount;
}
