/** One world for a state folder: two would write over each other's. */
import { join } from "node:path";
import { Failure } from "../command.ts";

/**
 * Takes a state folder for this process, until what is returned is called or the process ends, however it ends: the lock is
 * the operating system's, on a file of SQLite.
 * @throws Failure when another process has it.
 */
export async function takeFolder(folder: string): Promise<() => void> {
  const { DatabaseSync } = await import("node:sqlite");
  const lock = new DatabaseSync(join(folder, "in-use.sqlite"));
  try {
    lock.exec("BEGIN EXCLUSIVE");
  } catch (cause) {
    lock.close();
    throw new Failure(
      `${folder} is in use by another local world`,
      "stop that one with Ctrl-C where it runs, or name another folder with --state",
      { cause },
    );
  }
  return () => lock.close();
}
