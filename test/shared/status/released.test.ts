/** A target that left the fleet: what the status page and its JSON say is true of it from then on. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { applyFleet } from "../../../shared/state/apply.ts";
import type { TargetDocument } from "../../../shared/state/documents.ts";
import { openStore } from "../../../shared/state/open.ts";
import type { Store } from "../../../shared/state/store.ts";
import { statusPage } from "../../../shared/status/page.ts";
import { readStatus } from "../../../shared/status/report.ts";
import { hour } from "../../../shared/time/clock.ts";
import { fleet } from "../state/fleet.ts";
import { monday9 } from "../state/samples.ts";
import { clockAt } from "./clock.ts";

const [gone] = fleet.targets.filter(({ name }) => name === "training");
const key = gone?.key ?? "";
const smaller = { ...fleet, targets: fleet.targets.filter((target) => target !== gone) };
const decision = {
  at: monday9,
  times: 1,
  rule: "off-hours",
  action: "nothing",
  why: "Asleep until the window at 06:49",
};

let store: Store;
beforeEach(async () => {
  store = await openStore("sqlite::memory:");
  await applyFleet(store, fleet, { by: "ann", now: monday9 });
});
afterEach(() => store.close());

async function change(fields: Partial<TargetDocument>): Promise<void> {
  await store.transaction(async (tx) => {
    const document = (await tx.get("targets", key))?.value as TargetDocument;
    tx.put("targets", key, { ...document, ...fields });
  });
}

const sleep = { since: monday9, cause: "off-hours", restoreId: "r", alternative: 0 } as const;
const memory = { kind: "persistentResource", deletes: [], startUps: [] } as const;

test.each([
  {
    was: {
      phase: "asleep",
      memory: { ...memory, sleep, hold: { until: monday9 + hour, eventId: "h" } },
      decisions: [decision],
    },
    what: "it was asleep, so it stays deleted: nobody will rebuild it",
  },
  {
    was: { phase: "up", memory, decisions: [decision] },
    what: "it is left as it is, and nothing is done about it any more",
  },
])("$was.phase: $what", async ({ was, what }) => {
  await change(was);
  await applyFleet(store, smaller, { by: "ann", now: monday9 + hour, leaveAsleep: true });
  const report = await readStatus(store, clockAt(monday9 + 2 * hour));
  const target = report.targets.find((one) => one.key === key);
  expect(target).toMatchObject({ phase: "released", released: { since: monday9 + hour, what }, history: [decision] });
  expect(target).not.toHaveProperty("decision");
  expect(target).not.toHaveProperty("hold");
  expect(statusPage(report)).toMatch(new RegExp(`released</span>[^]*Released since <time [^]*${what}`));

  await applyFleet(store, fleet, { by: "ann", now: monday9 + 2 * hour });
  const { targets } = await readStatus(store, clockAt(monday9 + 2 * hour));
  expect(targets.find((one) => one.key === key)).toMatchObject({ phase: was.phase, decision });
});
