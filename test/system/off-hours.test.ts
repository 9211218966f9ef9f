/** Flow 1: at the end of the window the pool's restore record is saved and it is deleted; at the start it is rebuilt equal. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openStore } from "../../shared/state/open.ts";
import { runTidekeeper } from "../infra/cli/tidekeeper.ts";
import { startHome, type TestHome } from "./home.ts";

const fleet = `
version: 1
project: demo
location: us-central1
schedules:
  office: { zone: Europe/Berlin, up: [mon-fri 08:00-20:00] }
persistentResources:
  - name: research
    schedule: office
    spec:
      displayName: Research pool
      labels: { team: research }
      resourcePools:
        - { id: workers, machineType: g2-standard-12, acceleratorType: NVIDIA_L4, acceleratorCount: 1, replicas: 2, disk: { type: pd-ssd, sizeGb: 200 } }
  - name: untouched
    spec: { resourcePools: [{ id: main, machineType: n1-standard-8, replicas: 1 }] }
`;
const research = "/v1/projects/demo/locations/us-central1/persistentResources/research";

/** What must be equal after a night: everything but times, state and counters. */
function essence(resource: Record<string, unknown>): unknown {
  const { name, displayName, labels, resourcePools } = resource;
  return { name, displayName, labels, resourcePools };
}

describe("off-hours", () => {
  let home: TestHome;
  beforeAll(async () => {
    // A Tuesday, 09:20 in Berlin: hours before the bell, however slow the machine.
    home = await startHome(fleet, "2026-11-24T08:20:00Z");
  }, 60_000);
  afterAll(() => home?.stop());

  it("creates what is on, deletes it after the window with its record saved, and rebuilds it equal in the morning", async () => {
    await home.phase("research", "up");
    await home.phase("untouched", "up");
    const before = (await home.call("GET", research)).json;
    // 19:55, so that the bell at 20:00 finds a tick on either side.
    const { at } = await home.status();
    await home.advance((Date.parse("2026-11-24T18:55:00Z") - at) / 60_000);

    const asleep = await home.phase("research", "asleep");
    expect((await home.call("GET", research)).status).toBe(404);
    expect(asleep.decision?.why).toContain("08:00");
    const told = await home.outcome(({ phase, target }) => phase === "asleep" && target === "research", "says asleep");
    expect(told.why).toMatch(/window|schedule/);

    const store = await openStore(home.local.environment["TIDEKEEPER_STORE"] ?? "");
    const [record] = await store.list("restores");
    await store.close();
    expect(record?.value.resource).toMatchObject({ displayName: "Research pool", labels: { team: "research" } });
    expect(record?.value.replicas).toEqual({ workers: 2 });
    // It survives a lost store: the outcome and the log carry it too.
    expect(told.restore).toEqual(record?.value);
    const logged = () => home.lines.some((line) => line.includes('"restore":{') && line.includes("Research pool"));
    await expect.poll(logged, { timeout: 10_000 }).toBe(true);

    await home.advance((Date.parse("2026-11-25T06:20:00Z") - (await home.status()).at) / 60_000);
    await home.phase("research", "up");
    const after = (await home.call("GET", research)).json;
    expect(essence(after)).toEqual(essence(before));
    expect(after["createTime"]).not.toBe(before["createTime"]);
    expect((await home.target("untouched")).history.some(({ action }) => action.startsWith("delete"))).toBe(false);
  }, 120_000);

  it("restores what is asleep before it leaves the fleet, and never touches it again", async () => {
    await home.advance((Date.parse("2026-11-25T18:55:00Z") - (await home.status()).at) / 60_000);
    await home.phase("research", "asleep");
    const folder = await mkdtemp(join(tmpdir(), "tidekeeper-smaller-"));
    const smaller = join(folder, "smaller.yaml");
    await writeFile(smaller, fleet.replace(/ {2}- name: research.*?(?= {2}- name: untouched)/s, ""));
    const { code, out, err } = await runTidekeeper(["apply", smaller, "--yes"], home.local.environment);
    await rm(folder, { recursive: true });
    expect(code, err).toBe(0);
    expect(out).toMatch(/research +release +not in the file any more, and asleep: restored first/);
    expect(err).toMatch(/research is restored before it leaves the fleet.*\n(.*\n)*research done: /);
    expect(out).toContain("applied as version 2: 0 targets new, 1 kept, 1 released");
    expect((await home.call("GET", research)).json).toMatchObject({ state: "RUNNING" });
    await home.advance(24 * 60);
    await home.phase("untouched", "up");
    expect((await home.call("GET", research)).json).toMatchObject({ state: "RUNNING" });
  }, 120_000);
});
