/** Tells whether the planted bugs still fit the code: a bug that cannot be planted proves nothing. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Mutation } from "./list.ts";

/** @returns a sentence for each patch whose text does not stand exactly once in its file. */
export async function misfits(root: string, mutations: readonly Mutation[]): Promise<readonly string[]> {
  const found = await Promise.all(
    mutations.flatMap(({ name, patches }) =>
      patches.map(async ({ file, find }) => {
        const text = await readFile(join(root, file), "utf8").catch(() => "");
        const times = text.split(find).length - 1;
        return times === 1 ? [] : [`"${name}": in ${file} this stands ${times} times instead of once: ${find}`];
      }),
    ),
  );
  return found.flat();
}
