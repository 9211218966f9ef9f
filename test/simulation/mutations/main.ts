/**
 * Proves that the simulation bites: plants each bug of the list into a copy of the tree and runs seeds until one breaks a
 * rule.
 */
import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs, promisify } from "node:util";
import type { Find } from "./hunt.ts";
import { type Mutation, mutations } from "./list.ts";
import { misfits } from "./misfits.ts";

const root = resolve(import.meta.dirname, "../../..");
const run = promisify(execFile);

/** Makes a copy of what the simulation runs on, with the bug in it. */
async function plant({ patches }: Mutation): Promise<string> {
  const copy = await mkdtemp(join(tmpdir(), "tidekeeper-mutation-"));
  for (const folder of ["shared", "infra/local", "test/shared/state", "test/simulation"]) {
    await cp(join(root, folder), join(copy, folder), { recursive: true });
  }
  await cp(join(root, "package.json"), join(copy, "package.json"));
  await symlink(join(root, "node_modules"), join(copy, "node_modules"));
  for (const { file, find, replace } of patches) {
    const text = await readFile(join(copy, file), "utf8");
    await writeFile(
      join(copy, file),
      text.replace(find, () => replace),
    );
  }
  return copy;
}

async function hunt(mutation: Mutation, seeds: string, hours: string): Promise<Find> {
  const copy = await plant(mutation);
  try {
    const { stdout } = await run(process.execPath, [join(copy, "test/simulation/mutations/hunt.ts"), seeds, hours]);
    return JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as Find;
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

const usage = `npm run simulate:mutations -- [--seeds N] [--hours H] [--only TEXT]
  --seeds N    seeds that each bug gets at the most; default 1000
  --hours H    hours of trouble in each, world time; default 4
  --only TEXT  only the bugs whose name has it
Exit code 0: every bug was caught.`;
const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "1000" },
    hours: { type: "string", default: "4" },
    only: { type: "string", default: "" },
    help: { type: "boolean", short: "h", default: false },
  },
});
if (values.help) {
  console.log(usage);
  process.exit(0);
}
const waiting = mutations.filter(({ name }) => name.includes(values.only));
const unfit = await misfits(root, mutations);
if (unfit.length > 0) throw new Error(`some patches fit no more; bring list.ts up to date:\n${unfit.join("\n")}`);
const missed: string[] = [];
await Promise.all(
  Array.from({ length: availableParallelism() }, async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const { seeds, invariant, text = "" } = await hunt(next, values.seeds, values.hours);
      if (invariant === undefined) missed.push(next.name);
      const result = invariant === undefined ? "NOT CAUGHT" : `caught by "${invariant}"`;
      console.log(`${result} after ${seeds} seeds: ${next.name}${text === "" ? "" : `\n    ${text.slice(0, 160)}`}`);
    }
  }),
);
console.log(missed.length === 0 ? "every bug was caught" : `not caught: ${missed.join("; ")}`);
process.exitCode = missed.length === 0 ? 0 : 1;
