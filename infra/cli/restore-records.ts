/** Restore records as they come out of a log: one JSON value a line, the record itself or an entry that holds it. */
import { z } from "zod";
import { type RestoreRecord, schemaVersion } from "../../shared/state/documents.ts";
import type { JsonObject } from "../../shared/vertex/vertex.ts";
import { WrongUse } from "./command.ts";

const object = z.record(z.string(), z.json()).transform((value) => value as JsonObject);

const record = z.object({
  schema: z.literal(schemaVersion),
  targetKey: z.string().min(1),
  createTime: z.string().min(1),
  savedAt: z.number(),
  resource: object,
  body: object,
  replicas: z.record(z.string(), z.number().int().min(0)),
});

const line = z.union([
  record,
  z.object({ restore: record }).transform(({ restore }) => restore),
  z.object({ jsonPayload: z.object({ restore: record }) }).transform(({ jsonPayload }) => jsonPayload.restore),
]);

/**
 * Reads the records; of several of one target the newest.
 * @param file its name, for messages.
 * @throws WrongUse naming the first line that holds no record.
 */
export function readRestoreRecords(text: string, file: string): readonly RestoreRecord[] {
  const newest = new Map<string, RestoreRecord>();
  for (const [index, written] of text.split("\n").entries()) {
    if (written.trim() === "") continue;
    const found = line.safeParse(parse(written));
    if (!found.success) {
      throw new WrongUse(
        `${file}:${index + 1} holds no restore record`,
        "keep only the log lines with a `restore` field, or the records themselves, one a line",
      );
    }
    const before = newest.get(found.data.targetKey);
    if (before === undefined || before.savedAt < found.data.savedAt) newest.set(found.data.targetKey, found.data);
  }
  return [...newest.values()];
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
