import { describe, expect, test } from "vitest";
import { surveyReader } from "../../../infra/cli/survey.ts";
import { persistentResourceName } from "../../../shared/vertex/names.ts";
import { createReader } from "../../../shared/vertex/reader.ts";
import type { PersistentResource, VertexReader } from "../../../shared/vertex/vertex.ts";

/** Vertex AI at the far side: some resources of a location, in a list that may end early. */
function scripted(ids: readonly string[], complete: boolean) {
  const asked: string[] = [];
  const named = (id: string): PersistentResource => ({
    name: `projects/123/locations/us-central1/persistentResources/${id}`,
    resourcePools: [],
  });
  const reader: VertexReader = {
    ...createReader({ project: "demo", rest: "http://127.0.0.1:1" }),
    async listPersistentResources(location) {
      asked.push(`list ${location}`);
      return { items: ids.slice(0, complete ? ids.length : 1).map(named), complete };
    },
    async getPersistentResource(name) {
      asked.push(`get ${name}`);
      return ids.some((id) => name.endsWith(`/${id}`)) ? named("asked") : undefined;
    },
  };
  return { reader: surveyReader(reader), asked };
}

const name = (id: string) => persistentResourceName("demo", "us-central1", id);

describe("A survey of a whole fleet", () => {
  test("asks once for a location, whatever the number of targets, and finds project ids behind numbers", async () => {
    const ids = Array.from({ length: 500 }, (_, index) => `pool-${index}`);
    const { reader, asked } = scripted(ids, true);
    const found = await Promise.all([...ids, "missing"].map((id) => reader.getPersistentResource(name(id))));
    expect(found.filter((resource) => resource !== undefined)).toHaveLength(500);
    expect(found.at(-1)).toBeUndefined();
    expect(asked).toEqual(["list us-central1"]);
  });

  test("asks for itself what a list that ended early does not show: unknown is not absent", async () => {
    const { reader, asked } = scripted(["first", "second"], false);
    expect(await reader.getPersistentResource(name("first"))).toBeDefined();
    expect(await reader.getPersistentResource(name("second"))).toBeDefined();
    expect(await reader.getPersistentResource(name("missing"))).toBeUndefined();
    expect(asked).toEqual(["list us-central1", `get ${name("second")}`, `get ${name("missing")}`]);
  });
});
