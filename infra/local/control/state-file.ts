/** The local cloud's whole state: its form, and keeping it in a file. */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { z } from "zod";

const jsonObject = z.record(z.string(), z.json());

const cloudState = z.object({
  format: z.literal(1),
  /** World time in milliseconds since the epoch. */
  now: z.number(),
  vertex: z.json(),
  scheduler: z.array(jsonObject),
  /** Permissions that are denied. */
  iam: z.array(z.string()),
  pubsub: z.object({
    topics: z.array(jsonObject),
    subscriptions: z.array(
      z.object({
        json: jsonObject,
        messages: z.array(
          z.object({
            attempts: z.number(),
            message: z.object({
              messageId: z.string(),
              publishTime: z.number(),
              data: z.string(),
              attributes: z.record(z.string(), z.string()),
              orderingKey: z.string(),
            }),
          }),
        ),
      }),
    ),
  }),
});

/** Everything that the local cloud remembers. */
export type CloudState = z.infer<typeof cloudState>;

/** Reads a state. `where` names its origin in the error. Throws Error when it is none of this format. */
export function parseState(json: unknown, where: string): CloudState {
  const result = cloudState.safeParse(json);
  if (result.success) return result.data;
  throw new Error(
    `${where} is no state of the local cloud that this version reads; remove it to start empty. ${z.prettifyError(result.error)}`,
  );
}

/** Reads a state file; undefined when there is none. Throws Error when it is broken. */
export function readStateFile(path: string): CloudState | undefined {
  if (!existsSync(path)) return undefined;
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new Error(`${path} cannot be read as JSON; remove it to start empty.`, { cause: error });
  }
  return parseState(json, path);
}

/** Writes a state file whole or not at all. */
export function writeStateFile(path: string, state: CloudState): void {
  mkdirSync(dirname(path), { recursive: true });
  const half = `${path}.half`;
  writeFileSync(half, `${JSON.stringify(state)}\n`);
  renameSync(half, path);
}
