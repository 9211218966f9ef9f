/**
 * A storm: every Spot machine of three regions is taken at once, and 500 signals say so within a minute. Each of 40
 * endpoints is moved by one deploy, and no region is sent more submissions a minute than the fleet allows.
 *
 * The world runs ten times as fast as life while the signals arrive: its minutes, which submissions are counted by, last six
 * seconds. A claim is good for 20 s of real time whatever the speed; faster worlds would only blur which minute a call is in.
 */
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { createRandom } from "../../infra/local/clock/random.ts";
import { startHome, type TestHome } from "./home.ts";

const regions = ["us-central1", "europe-west4", "asia-southeast1"] as const;
const endpoints = Array.from({ length: 40 }, (_, index) => ({
  name: `model-${String(index).padStart(2, "0")}`,
  region: regions[index % regions.length] ?? regions[0],
}));
const signals = 500;
/** Fewer than a region's endpoints, so that some have to wait for the next minute. */
const submissionsPerMinute = 10;
const minute = 60_000;
/** Google's own limit. */
const most = 60;

const fleet = `
version: 1
project: demo
location: us-central1
limits: { submissionsPerMinute: ${submissionsPerMinute} }
spotModels:${endpoints
  .map(
    ({ name, region }) => `
  - name: ${name}
    endpoint: ${name}-serving
    location: ${region}
    model: llama-${region}
    grace: 20s
    ladder:
      - { machineType: g2-standard-12, acceleratorType: NVIDIA_L4, acceleratorCount: 1, provisioning: spot }
      - { machineType: n1-standard-8, acceleratorType: NVIDIA_TESLA_T4, acceleratorCount: 1, provisioning: spot }`,
  )
  .join("")}
`;

interface Submission {
  readonly name: string;
  readonly region: string;
  readonly kind: string;
  /** World time, ms. */
  readonly at: number;
}

let home: TestHome;
beforeAll(async () => {
  home = await startHome(fleet, "2026-11-24T09:00:00Z", 240);
}, 60_000);
afterAll(() => home?.stop());

const control = async (path: string, body: object) => {
  const { status, json } = await home.call("POST", path, body);
  expect(status, JSON.stringify(json)).toBe(200);
  return json;
};
const worldNow = async () => Number((await home.call("GET", "/clock")).json["nowMs"]);

/** Every long-running operation that Vertex accepted for our endpoints. A read each, which counts against a quota, too. */
async function submissions(): Promise<readonly Submission[]> {
  const lists = await Promise.all(
    endpoints.map(async ({ name, region }) => {
      const path = `/v1/projects/demo/locations/${region}/endpoints/${name}-serving/operations?pageSize=100`;
      const operations = ((await home.call("GET", path)).json["operations"] ?? []) as {
        metadata: { "@type": string; genericMetadata: { createTime: string } };
      }[];
      return operations.map(({ metadata }) => ({
        name,
        region,
        kind: /(\w+)OperationMetadata$/.exec(metadata["@type"])?.[1] ?? "",
        at: Date.parse(metadata.genericMetadata.createTime),
      }));
    }),
  );
  return lists.flat().filter(({ kind }) => kind === "DeployModel" || kind === "UndeployModel");
}

/** Most of these instants that lie within one minute. */
function mostInAMinute(times: readonly number[]): number {
  const sorted = times.toSorted((a, b) => a - b);
  return Math.max(0, ...sorted.map((start) => sorted.filter((at) => at >= start && at < start + minute).length));
}

async function everythingServes(): Promise<void> {
  await vi.waitFor(
    async () => {
      const { targets } = await home.status();
      const others = targets.filter(({ phase }) => phase !== "serving");
      expect(others.map(({ name, phase, decision }) => `${name} ${phase}: ${decision?.why}`)).toEqual([]);
    },
    { timeout: 120_000, interval: 500 },
  );
}

it("500 signals for 40 endpoints in three regions: one deploy each, within the submissions a minute", async () => {
  await everythingServes();
  await control("/behaviour", { requestQuotas: "on" });
  await control("/clock", { speed: 10 });
  const before = await worldNow();
  await control("/market", {
    action: "exhaust",
    place: { machineType: "g2-standard-12", provisioning: "SPOT" },
    preempt: true,
  });

  const random = createRandom(2_026);
  const told = new Map<string, number>();
  const published: Promise<string>[] = [];
  for (let sent = 0; sent < signals; sent += 1) {
    // Evenly over the minute, some at a time.
    const now = await vi.waitFor(
      async () => {
        const world = await worldNow();
        expect(world).toBeGreaterThanOrEqual(before + Math.floor(sent / 10) * ((minute * 10) / signals));
        return world;
      },
      { timeout: 20_000, interval: 20 },
    );
    // Everybody is named once, in any order; the rest falls on anybody.
    const index = sent < endpoints.length ? (sent * 7) % endpoints.length : Math.floor(random() * endpoints.length);
    const name = endpoints[index]?.name ?? "";
    if (!told.has(name)) told.set(name, now);
    published.push(home.publish("signals", { type: "preempted", target: name }));
  }
  await Promise.all(published);

  const deploys = async () =>
    (await submissions())
      .filter(({ kind, at }) => kind === "DeployModel" && at >= before)
      .toSorted((a, b) => a.at - b.at);
  await expect.poll(async () => (await deploys()).length, { timeout: 90_000, interval: 3_000 }).toBe(endpoints.length);
  await control("/clock", { speed: 240 });
  await everythingServes();
  const all = (await submissions()).filter(({ at }) => at >= before);

  const order = await deploys();
  expect(order.map(({ name }) => name).toSorted(), "each endpoint decided once").toEqual(
    endpoints.map(({ name }) => name),
  );
  const delays = order.map(({ name, at }) => (at - (told.get(name) ?? before)) / 1_000);
  for (const region of regions) {
    const here = all.filter((submission) => submission.region === region).map(({ at }) => at);
    const busiest = mostInAMinute(here);
    const deployed = order.filter((submission) => submission.region === region);
    console.log(
      `${region}: ${deployed.length} deploys in order ${deployed.map(({ name }) => name.slice(6)).join(" ")}; at most ${busiest} submissions in any minute (the fleet allows ${submissionsPerMinute}, Google ${most})`,
    );
    expect(busiest).toBeLessThanOrEqual(most);
    // A call follows its claim by up to a second or so, ten of the world's: the minutes of claims and calls differ by that.
    expect(mostInAMinute(deployed.map(({ at }) => at))).toBeLessThanOrEqual(submissionsPerMinute + 3);
  }
  const sorted = delays.toSorted((a, b) => a - b);
  const at = (share: number) => Math.round(sorted[Math.floor(share * (sorted.length - 1))] ?? 0);
  console.log(
    `from the first signal to the deploy, world time: least ${at(0)} s, median ${at(0.5)} s, most ${at(1)} s`,
  );
  const linesWith = (text: string) => home.lines.filter((line) => line.includes(text)).length;
  expect(linesWith("'Job or LRO submission requests'"), "Vertex never said that it was too much").toBe(0);
  expect(linesWith("limits.submissionsPerMinute"), "some had to wait").toBeGreaterThan(0);
}, 300_000);
