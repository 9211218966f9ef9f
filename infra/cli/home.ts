/** Where a command works: the store, Vertex AI and Pub/Sub that the environment names. */
import type { Fleet } from "../../shared/fleet/fleet.ts";
import type { Home } from "../../shared/home.ts";
import { readSettings, type Settings } from "../../shared/settings.ts";
import type { RecalledFleet } from "../../shared/state/recall.ts";
import type { WhenMissing } from "../../shared/state/store-file.ts";
import { Failure, WrongUse } from "./command.ts";
import { mustReachStore } from "./reach.ts";

/** Options of {@link withHome}. */
interface HomeOptions {
  /** Gives project and prefix where the environment does not. */
  readonly fleet?: Fleet;
  /** What is done where the store's file is not there; by default it is an error: only `apply` begins a store. */
  readonly missing?: (settings: Settings) => WhenMissing;
}

/**
 * Opens the home, works in it and closes it, whatever happens.
 * @throws WrongUse when the environment does not say where Tidekeeper runs; Failure when the store cannot be reached, or is
 * not there.
 */
export async function withHome<T>(
  work: (home: Home) => Promise<T>,
  { fleet, missing = () => "refuse" }: HomeOptions = {},
): Promise<T> {
  const settings = settingsFor(fleet);
  const whenMissing = missing(settings);
  await mustReachStore(settings, whenMissing);
  return inHome(settings, whenMissing, work);
}

/**
 * As {@link withHome}, whether the store can be reached or not, and with an empty one for one that is not there.
 * @throws WrongUse when the environment does not say where Tidekeeper runs.
 */
export async function withAnyHome<T>(work: (home: Home) => Promise<T>): Promise<T> {
  return inHome(settingsFor(undefined), "stand-in", work);
}

async function inHome<T>(settings: Settings, missing: WhenMissing, work: (home: Home) => Promise<T>): Promise<T> {
  // Loaded when it is needed: help and wrong use answer at once.
  const { makeHome } = await import("../../shared/home.ts");
  const home = await makeHome(settings, missing);
  try {
    return await work(home);
  } finally {
    await home.close();
  }
}

function settingsFor(fleet: Fleet | undefined): Settings {
  const known = fleet === undefined ? {} : { TIDEKEEPER_PROJECT: fleet.project, TIDEKEEPER_PREFIX: fleet.namePrefix };
  let settings: Settings;
  try {
    settings = readSettings({ ...known, ...process.env });
  } catch (error) {
    const [what = "", next = ""] = (error as Error).message.split(". ");
    throw new WrongUse(what, `${next.charAt(0).toLowerCase()}${next.slice(1)}` || "set the variables", {
      cause: error,
    });
  }
  if (fleet !== undefined && settings.project !== fleet.project) {
    throw new WrongUse(
      `the fleet is for project ${fleet.project}, but TIDEKEEPER_PROJECT is ${settings.project}`,
      "name one and the same project in both",
    );
  }
  return settings;
}

/**
 * The applied fleet.
 * @throws Failure when there is none, or when it is not ours to use.
 */
export async function appliedFleet(home: Home): Promise<RecalledFleet> {
  const { recallFleet } = await import("../../shared/state/recall.ts");
  const recalled = await recallFleet(home.store, home.settings.storeId);
  if ("refused" in recalled) throw failureOf(recalled);
  return recalled;
}

function failureOf({ refused }: { readonly refused: string }): Failure {
  const [what = refused, ...next] = refused.split("; ");
  return new Failure(what, next.join("; ") || "run `tidekeeper doctor`");
}

/**
 * Makes sure that the store is the one that the environment names by its id, where it does.
 * @throws Failure when it is another, or lost.
 */
export async function mustBeTheStore(home: Home): Promise<void> {
  const { wrongStore } = await import("../../shared/state/recall.ts");
  const refusal = wrongStore((await home.store.get("fleet", "head"))?.value, home.settings.storeId);
  if (refusal !== undefined) throw failureOf(refusal);
}
