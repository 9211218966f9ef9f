/** What `doctor` looks at: everything that must be so for Tidekeeper to work, each with the next step where it is not. */
import type { PubSub } from "@google-cloud/pubsub";
import { pubsubReason } from "../../shared/events/pubsub-reason.ts";
import type { Fleet } from "../../shared/fleet/fleet.ts";
import type { Home } from "../../shared/home.ts";
import { recallFleet } from "../../shared/state/recall.ts";
import { isOverdue } from "../../shared/status/overdue.ts";
import { type Millis, second } from "../../shared/time/clock.ts";
import { formatDuration } from "../../shared/time/duration.ts";
import { ClockUnreadable, whyUnanswered } from "../../shared/time/open-clock.ts";
import { VertexError } from "../../shared/vertex/errors.ts";
import { topology } from "../topology.ts";
import { Failure } from "./command.ts";
import { explainError } from "./explain-error.ts";
import { mustReach, mustReachStore, mustReachVertex, startLocal } from "./reach.ts";

/** What one check found. */
export interface Finding {
  readonly check: string;
  readonly ok: boolean;
  readonly found: string;
  /** What to do where it is not as it must be, or might be better. */
  readonly next?: string;
}

/** Longest that a check is waited for, wire time. */
const longest: Millis = 15 * second;

type Checked = Finding & { readonly fleet?: Fleet };

/** What one check does, and what is to be done where it fails without saying so itself. */
interface Check {
  readonly check: string;
  readonly next: string;
  readonly run: () => Promise<Omit<Checked, "check">>;
}

/**
 * Runs every check, side by side; one that cannot be made is a finding, too.
 * @param told told of each finding as it comes.
 */
export async function examine(home: Home, told: (finding: Finding) => void): Promise<readonly Finding[]> {
  const find = async (check: Check): Promise<Checked> => {
    const checked = await attempt(check);
    const { fleet: _, ...finding } = checked;
    told(finding);
    return checked;
  };
  const recalled = find({
    check: "store",
    next: "check TIDEKEEPER_STORE, the network and your credentials",
    run: () => checkStore(home),
  });
  const findings = await Promise.all([
    recalled,
    ...generalChecks(home).map(find),
    recalled.then(({ fleet }) => Promise.all(fleet === undefined ? [] : fleetChecks(home, fleet).map(find))),
  ]);
  return findings.flat().map(({ fleet: _, ...finding }) => finding);
}

function generalChecks(home: Home): readonly Check[] {
  return [
    { check: "clock", next: "check this machine's network", run: () => checkClock(home) },
    {
      check: "topics",
      next: "check the network, and that you may look at topics and subscriptions",
      run: () => checkTopics(home),
    },
  ];
}

function fleetChecks(home: Home, fleet: Fleet): readonly Check[] {
  const locations = [...new Set(fleet.targets.map(({ location }) => location))].sort();
  const refused =
    home.settings.local === undefined
      ? "enable aiplatform.googleapis.com, and check your credentials"
      : startLocal("TIDEKEEPER_VERTEX_REST");
  return [
    { check: "permissions", next: refused, run: () => checkPermissions(home, fleet) },
    ...locations.map((location) => ({
      check: `Vertex AI in ${location}`,
      next: refused,
      run: () => checkLocation(home, location),
    })),
    ...locations.map((location) => ({
      check: `tick in ${location}`,
      next: "look at the schedule and at the tick function's log",
      run: () => checkTick(home, location),
    })),
  ];
}

async function attempt({ check, next, run }: Check): Promise<Checked> {
  try {
    const checked = await inTime(run());
    return { check, ...checked, ...(checked.ok || checked.next !== undefined ? {} : { next }) };
  } catch (error) {
    return { check, ok: false, found: pubsubReason(error), next: nextAfter(error) ?? next };
  }
}

/** What the error itself says is to be done. */
function nextAfter(error: unknown): string | undefined {
  if (error instanceof Failure || error instanceof ClockUnreadable) return explainError(error).next;
  if (error instanceof VertexError && error.class === "unavailable") return "check the network";
  return undefined;
}

/** @throws Error when it lasts too long; it may go on, and nobody waits for it. */
function inTime<T>(running: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`no answer within ${longest / second} s`)), longest);
  return Promise.race([running, late]).finally(() => clearTimeout(timer));
}

async function checkStore({ store, settings }: Home): Promise<Omit<Checked, "check">> {
  await mustReachStore(settings);
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
  const response = await fetch(url, { method: "HEAD", signal: AbortSignal.timeout(10 * second) }).catch((cause) => {
    throw new Error(`nothing answers at ${url}: ${whyUnanswered(cause)}`, { cause });
  });
  const theirs = Date.parse(response.headers.get("date") ?? "");
  if (Number.isNaN(theirs)) return { ok: false, found: `${url} does not say what time it is` };
  // The header has whole seconds, and is written between the question and the answer.
  const skew = Math.max(0, theirs - wire(), asked - second - theirs);
  const found = `${(skew / second).toFixed(1)} s off at most`;
  return skew <= mostSkew ? { ok: true, found } : { ok: false, found, next: "make this machine keep time (NTP)" };
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
      : {
          ok: false,
          found: `missing: ${missing.join(", ")}`,
          next: "create them: Terraform does, and so does `tidekeeper local`",
        };
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

async function checkPermissions({ reader, settings }: Home, fleet: Fleet): Promise<Omit<Finding, "check">> {
  await mustReachVertex(settings);
  const kinds = new Set(fleet.targets.map(({ kind }) => kind));
  const asked = [...kinds].flatMap((kind) => permissions[kind]);
  const granted = await reader.testPermissions(asked);
  const missing = asked.filter((permission) => !granted.includes(permission));
  return missing.length === 0
    ? { ok: true, found: `all ${asked.length} that the fleet takes, for the caller of this command` }
    : {
        ok: false,
        found: `missing for the caller of this command: ${missing.join(", ")}`,
        next: "ask for them on the project",
      };
}

async function checkLocation({ reader, settings }: Home, location: string): Promise<Omit<Finding, "check">> {
  await mustReachVertex(settings);
  const [resources, endpoints] = await Promise.all([
    reader.listPersistentResources(location),
    reader.listEndpoints(location),
  ]);
  return { ok: true, found: `${resources.items.length} persistent resources, ${endpoints.items.length} endpoints` };
}

async function checkTick({ store, clock }: Home, location: string): Promise<Omit<Finding, "check">> {
  const seen = (await store.get("observations", location))?.value;
  if (seen === undefined) return { ok: false, found: "it has never looked" };
  const time = await clock();
  return { ok: !isOverdue(seen, time), found: `last looked ${formatDuration(time.now() - seen.takenAt)} ago` };
}
