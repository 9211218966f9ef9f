/**
 * JSON Schema of the fleet file, for editors. Run it to renew the file in the repository:
 * `node shared/fleet/json-schema.ts > fleet.schema.json`.
 */
import { z } from "zod";
import { fleetFile } from "./schema.ts";

/** The schema as text, as it stands in fleet.schema.json. */
export function fleetJsonSchema(): string {
  const schema = z.toJSONSchema(fleetFile, { io: "input", unrepresentable: "any", reused: "inline" });
  const titled = {
    $schema: schema.$schema,
    title: "Tidekeeper fleet file",
    description: "What Tidekeeper may touch, and what should be true of it, when.",
    ...schema,
  };
  return `${JSON.stringify(titled, undefined, 2)}\n`;
}

if (import.meta.main) process.stdout.write(fleetJsonSchema());
