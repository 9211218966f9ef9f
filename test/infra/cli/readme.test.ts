/** The events that the README shows, against the fleet that it tells people to run. */
import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { checkEvent } from "../../../shared/events/schema.ts";
import type { TargetPolicy } from "../../../shared/fleet/fleet.ts";
import { parseFleet } from "../../../shared/fleet/parse.ts";
import type { JsonObject } from "../../../shared/vertex/vertex.ts";

const page = await readFile("README.md", "utf8");
const { fleet } = parseFleet(await readFile("fleet.example.yaml", "utf8"), "fleet.example.yaml");
const blocks = [...page.matchAll(/^```json\n(.*?)^```/gms)].map(([, text = ""]) => text);
const inline = [...page.matchAll(/'(\{"type":.*?\})'/g)].map(([, text = ""]) => text);
const events = [...blocks, ...inline].map((text) => JSON.parse(text) as JsonObject & { readonly type: string });

function targetOf(event: JsonObject): TargetPolicy | undefined {
  return fleet.targets.find(({ name }) => name === event["target"]);
}

test.each(events.map((event) => [event.type, event] as const))(
  "a %s event can be published as it stands",
  (_type, event) => {
    expect(checkEvent(event)).toMatchObject({ type: event.type });
    expect(targetOf(event)).toBeDefined();
  },
);

test("the job fits a pool of its target", () => {
  const job = events.find(({ type }) => type === "job") ?? {};
  const policy = targetOf(job);
  const { customJob } = checkEvent(job) as { readonly customJob?: { readonly jobSpec: JsonObject } };
  const [{ machineSpec } = {}] = (customJob?.jobSpec["workerPoolSpecs"] ?? []) as { readonly machineSpec?: object }[];
  const machines =
    policy?.kind === "persistentResource" ? policy.spec?.resourcePools.map((pool) => pool.machineSpec) : [];
  expect(machines).toContainEqual(machineSpec);
});

test("there are as many as one finds by eye", () =>
  expect(events.map(({ type }) => type)).toEqual(["job", "scale", "scale"]));
