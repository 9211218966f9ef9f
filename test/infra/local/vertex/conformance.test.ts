/**
 * One table of cases, asked in-process and through the real Node clients over gRPC and REST, v1 and v1beta1.
 * Each transport has a world of its own with the same seed, so that answers must be equal to the letter.
 */
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { behaviourTable } from "./behaviour-table.ts";
import { chapters } from "./cases/all.ts";
import { createWorld, inProcess, Service, type Transport, type World } from "./service.ts";
import { openTransport } from "./transports.ts";

type Subject = { world: World; transport: Transport; close(): Promise<void> };

async function open(kind: "in-process" | "gRPC" | "REST"): Promise<Subject> {
  const world = createWorld();
  if (kind === "in-process") return { world, transport: inProcess(world), close: async () => {} };
  return { world, ...(await openTransport(world, kind)) };
}

const subjects = { "in-process": await open("in-process"), gRPC: await open("gRPC"), REST: await open("REST") };
const empty = createWorld().vertex.snapshot();
afterAll(async () => {
  await Promise.all(Object.values(subjects).map((subject) => subject.close()));
});

describe.each(Object.entries(chapters))("%s", (_chapter, cases) => {
  it.each(cases)("$title", async ({ title, run }) => {
    const transcripts: Record<string, unknown> = {};
    const now = Math.max(...Object.values(subjects).map(({ world }) => world.clock.now()));
    for (const [kind, { world, transport }] of Object.entries(subjects)) {
      world.vertex.restore(empty);
      await world.clock.advanceTo(now);
      const service = new Service(world, transport, title.replace(/[^a-z0-9]+/g, "-").slice(0, 25));
      await run(service);
      transcripts[kind] = service.transcript;
    }
    expect(transcripts["gRPC"]).toEqual(transcripts["in-process"]);
    expect(transcripts["REST"]).toEqual(transcripts["in-process"]);
  });
});

it("infra/local/BEHAVIOUR.md is what the cases say (UPDATE_BEHAVIOUR=1 writes it)", async () => {
  const file = fileURLToPath(new URL("../../../../infra/local/BEHAVIOUR.md", import.meta.url));
  const table = behaviourTable(chapters);
  if (process.env["UPDATE_BEHAVIOUR"] === "1") await writeFile(file, table);
  expect(await readFile(file, "utf8")).toBe(table);
});
