/** Runs seeds until one breaks a rule; prints what it found as JSON. Started in a copy of the tree that holds a bug. */
import { runSeed } from "../run-seed.ts";

/** What a hunt found. */
export interface Find {
  /** Seeds run. */
  readonly seeds: number;
  /** The rule that was broken; absent when none was. */
  readonly invariant?: string;
  readonly text?: string;
}

async function hunt(most: number, hours: number): Promise<Find> {
  for (let seed = 1; seed <= most; seed += 1) {
    const { violation } = await runSeed(seed, { hours });
    if (violation !== undefined) return { seeds: seed, invariant: violation.invariant, text: violation.text };
  }
  return { seeds: most };
}

const [most = "200", hours = "6"] = process.argv.slice(2);
console.log(JSON.stringify(await hunt(Number(most), Number(hours))));
