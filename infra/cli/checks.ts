/** What `doctor` looks at: everything that must be so for Tidekeeper to work, each with the next step where it is not. */
import type { PubSub } from "@google-cloud/pubsub";
import type { Fleet } from "../../shared/fleet/fleet.ts";
import type { Home } from "../../shared/home.ts";
import { recallFleet } from "../../shared/state/recall.ts";
import { minute, second } from "../../shared/time/clock.ts";
import { formatDuration } from "../../shared/time/duration.ts";
import { look } from "../../shared/vertex/look.ts";
import { topology } from "../topology.ts";
import { Failure } from "./command.ts";
import { mustReach } from "./reach.ts";

/** What one check found. */
export interface Finding {
  readonly check: string;
  readonly ok: boolean;
  readonly found: string;
  /** What to do where it is not as it must be, or might be better. */
  readonly next?: string;
}

/** Runs every check; one that cannot be made is a finding, too. */
export async function examine(home: Home): Promise<readonly Finding[]> {
  const recalled = await attempt("store", "check TIDEKEEPER_STORE and your credentials", () => checkStore(home));
  const fleet = recalled.fleet;
  const findings = await Promise.all([
    attempt("clock", "make this machine keep time (NTP)", () => checkClock(home)),
    attempt("topics", "create them: Terraform does, and so does `tidekeeper local`", () => checkTopics(home)),
    ...(fleet === undefined
      ? []
      : [
          attempt("permissions", "ask for them on the project", () => checkPermissions(home, fleet)),
          ...locationsOf(fleet).map((location) =>
            attempt(`Vertex AI in ${location}`, "enable aiplatform.googleapis.com, and check your credentials", () =>
              checkLocation(home, location),
            ),
          ),
          ...locationsOf(fleet).map((location) =>
            attempt(`tick in ${location}`, "look at the schedule and at the tick function's log", () =>
              checkTick(home, location),
            ),
          ),
        ]),
  ]);
  return [recalled, ...findings].map(({ fleet: _, ...finding }) => finding);
}

type Checked = Finding & { readonly fleet?: Fleet };

async function attempt(check: string, next: string, run: () => Promise<Omit<Checked, "check">>): Promise<Checked> {
  try {
    const checked = await run();
    return { check, ...checked, ...(checked.ok || checked.next !== undefined ? {} : { next }) };
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    return { check, ok: false, found, next: error instanceof Failure ? error.next : next };
  }
}

async function checkStore({ store, settings }: Home): Promise<Omit<Checked, "check">> {
  const recalled = await recallFleet(store, settings.storeId);
  if ("refused" in recalled) {
    const [found = recalled.refused, ...next] = recalled.refused.split("; ");
    return { ok: false, found, ...(next.length === 0 ? {} : { next: next.join("; ") }) };
  }
  const { head, fleet } = recalled;
  const { version, storeId } = head.value;
  return {
    ok: true,
    found: `version ${version} of the fleet, store id ${storeId}`,
    fleet,
    ...(settings.storeId === undefined
      ? { next: `set TIDEKEEPER_STORE_ID=${storeId}, so that a lost store means no action` }
      : {}),
  };
}

/** Claims are good for 20 s of wire time: clocks must agree far better than that. */
const mostSkew = 5 * second;

async function checkClock({ settings, clock }: Home): Promise<Omit<Finding, "check">> {
  const { wire } = await clock();
  const asked = wire();
  const url = settings.local?.rest ?? "https://aiplatform.googleapis.com/";
  const response = await fetch(url, { method: "HEAD", signal: AbortSignal.timeout(10 * second) });
  const theirs = Date.parse(response.headers.get("date") ?? "");
  if (Number.isNaN(theirs)) return { ok: false, found: `${url} does not say what time it is` };
  // The header has whole seconds, and is written between the question and the answer.
  const skew = Math.max(0, theirs - wire(), asked - second - theirs);
  return { ok: skew <= mostSkew, found: `${(skew / second).toFixed(1)} s off at most` };
}

async function checkTopics({ settings }: Home): Promise<Omit<Finding, "check">> {
  await mustReach("Pub/Sub", "Pub/Sub cannot be asked");
  const { PubSub: Client } = await import("@google-cloud/pubsub");
  const client: PubSub = new Client({ projectId: settings.project });
  try {
    const named = (name: string) => `${settings.prefix}-${name}`;
    const topics = topology.topics.map(({ name }) => ({
      name: named(name),
      there: client.topic(named(name)).exists(),
    }));
    const subscriptions = topology.subscriptions.map(({ name }) => ({
      name: `subscription ${named(name)}`,
      there: client.subscription(named(name)).exists(),
    }));
    const all = await Promise.all(
      [...topics, ...subscriptions].map(async ({ name, there }) => ({ name, there: (await there)[0] })),
    );
    const missing = all.filter(({ there }) => !there).map(({ name }) => name);
    return missing.length === 0
      ? { ok: true, found: `${topics.length} topics and ${subscriptions.length} subscriptions of ${settings.prefix}` }
      : { ok: false, found: `missing: ${missing.join(", ")}` };
  } finally {
    await client.close();
  }
}

const permissions = {
  persistentResource: [
    ...["create", "get", "list", "delete", "update"].map((verb) => `aiplatform.persistentResources.${verb}`),
    ...["create", "list"].map((verb) => `aiplatform.customJobs.${verb}`),
  ],
  spotModel: ["get", "list", "update", "deploy", "undeploy"].map((verb) => `aiplatform.endpoints.${verb}`),
} as const;

async function checkPermissions({ reader }: Home, fleet: Fleet): Promise<Omit<Finding, "check">> {
  const kinds = new Set(fleet.targets.map(({ kind }) => kind));
  const asked = [...kinds].flatMap((kind) => permissions[kind]);
  const granted = await reader.testPermissions(asked);
  const missing = asked.filter((permission) => !granted.includes(permission));
  return missing.length === 0
    ? { ok: true, found: `all ${asked.length} that the fleet takes, for the caller of this command` }
    : { ok: false, found: `missing for the caller of this command: ${missing.join(", ")}` };
}

async function checkLocation({ reader }: Home, location: string): Promise<Omit<Finding, "check">> {
  const [resources, endpoints] = await Promise.all([
    look(reader.listPersistentResources(location)),
    look(reader.listEndpoints(location)),
  ]);
  for (const seen of [resources, endpoints]) if (seen.look === "unknown") return { ok: false, found: seen.why };
  const there = [resources, endpoints].map((seen) => (seen.look === "present" ? seen.value.items.length : 0));
  return { ok: true, found: `${there[0]} persistent resources, ${there[1]} endpoints` };
}

/** The tick runs each minute; on a local world that runs fast every five. */
const oldest = 11 * minute;

async function checkTick({ store, clock }: Home, location: string): Promise<Omit<Finding, "check">> {
  const seen = (await store.get("observations", location))?.value;
  if (seen === undefined) return { ok: false, found: "it has never looked" };
  const age = (await clock()).now() - seen.takenAt;
  return { ok: age <= oldest, found: `last looked ${formatDuration(age)} ago` };
}

function locationsOf(fleet: Fleet): readonly string[] {
  return [...new Set(fleet.targets.map(({ location }) => location))].sort();
}
