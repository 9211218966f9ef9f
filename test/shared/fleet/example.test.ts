import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { fleetJsonSchema } from "../../../shared/fleet/json-schema.ts";
import { parseFleet } from "../../../shared/fleet/parse.ts";
import { priceOf } from "../../../shared/fleet/prices.ts";

const text = readFileSync("fleet.example.yaml", "utf8");

/** Every key of every object in a JSON Schema, and whether each has a description. */
function keysOf(schema: unknown): readonly { readonly key: string; readonly described: boolean }[] {
  if (Array.isArray(schema)) return schema.flatMap(keysOf);
  if (typeof schema !== "object" || schema === null) return [];
  const { properties } = schema as { properties?: { readonly [key: string]: object } };
  const own = Object.entries(properties ?? {}).map(([key, value]) => ({ key, described: "description" in value }));
  return [...own, ...Object.values(schema).flatMap(keysOf)];
}

describe("The example fleet", () => {
  test("is accepted without a warning", () => {
    expect(parseFleet(text, "fleet.example.yaml").warnings).toEqual([]);
  });

  test("shows every key that the schema knows", () => {
    const missing = keysOf(JSON.parse(fleetJsonSchema())).filter(({ key }) => !new RegExp(`\\b${key}:`).test(text));
    expect([...new Set(missing.map(({ key }) => key))]).toEqual([]);
  });

  test("is accepted with its commented-out lines put in", () => {
    const spec = text.replace(/^ {6}# (?=[a-zA-Z]+: )/gm, "      ").replace(/^ {6}# (?=- )/gm, "      ");
    expect(spec).not.toBe(text);
    const { fleet } = parseFleet(spec, "fleet.example.yaml");
    expect(fleet.targets.find(({ name }) => name === "batch")).toMatchObject({
      spec: {
        network: "projects/123456789/global/networks/default",
        reservedIpRanges: ["vertex-range"],
        pscInterfaceConfig: { networkAttachment: "projects/demo/regions/europe-west4/networkAttachments/vertex" },
        encryptionSpec: { kmsKeyName: "projects/demo/locations/europe-west4/keyRings/r/cryptoKeys/k" },
        resourceRuntimeSpec: {
          serviceAccountSpec: {
            enableCustomServiceAccount: true,
            serviceAccount: "trainer@demo.iam.gserviceaccount.com",
          },
          raySpec: { imageUri: "europe-docker.pkg.dev/demo/ray/ray:2.47", headNodeResourcePoolId: "cpu" },
        },
      },
    });
  });

  test("has a price for every machine, so that savings are known", () => {
    const { fleet } = parseFleet(text, "fleet.example.yaml");
    const unknown = fleet.targets.flatMap((target) => {
      const machines =
        target.kind === "spotModel"
          ? target.ladder
          : (target.spec?.resourcePools ?? []).map(({ machineSpec }) => ({
              ...machineSpec,
              provisioning: "on-demand" as const,
            }));
      return machines.filter((machine) => priceOf(fleet, { ...machine, location: target.location }) === undefined);
    });
    expect(unknown).toEqual([]);
  });
});

describe("The JSON Schema", () => {
  test("in the repository is current: `node shared/fleet/json-schema.ts > fleet.schema.json`", () => {
    expect(readFileSync("fleet.schema.json", "utf8")).toBe(fleetJsonSchema());
  });

  test("describes every key, for editors", () => {
    expect(keysOf(JSON.parse(fleetJsonSchema())).filter(({ described }) => !described)).toEqual([]);
  });
});
