import { expect, it } from "vitest";
import { preview } from "../../../shared/decide/preview.ts";
import type { SpotModelPolicy } from "../../../shared/fleet/fleet.ts";
import { endpointName } from "../../../shared/vertex/names.ts";
import { policy } from "./cases.ts";
import { at, schedule, weekly } from "./schedules.ts";

const chat: SpotModelPolicy = {
  kind: "spotModel",
  name: "chat",
  key: "chat",
  project: "demo",
  location: "us-central1",
  schedule: schedule("America/New_York", ["mon-fri 09:00-17:00"]),
  endpoint: endpointName("demo", "us-central1", "1"),
  model: "m",
  displayName: "chat",
  ladder: [],
  grace: 0,
  share: 0,
};

it("lists what the schedules of a fleet will do, in order, each in its zone", () => {
  const windows = [weekly("mon-fri 08:00-20:00", { "pool-1": 2 }), weekly("mon-fri 12:00-14:00", { "pool-1": 6 })];
  const train = { ...policy, schedule: schedule("Europe/Berlin", windows) };
  const free = { ...policy, name: "always" };
  const { schedule: _none, ...always } = free;
  const steps = preview({ targets: [train, chat, always] }, at("2026-11-20T00:00:00Z"), at("2026-11-21T00:00:00Z"));
  expect(steps.map(({ local, target, does, replicas }) => [local, target, does, replicas])).toEqual([
    ["Fri 2026-11-20 08:00 Europe/Berlin", "train", "create", { "pool-1": 2 }],
    ["Fri 2026-11-20 12:00 Europe/Berlin", "train", "resize", { "pool-1": 6 }],
    ["Fri 2026-11-20 14:00 Europe/Berlin", "train", "resize", { "pool-1": 2 }],
    ["Fri 2026-11-20 09:00 America/New_York", "chat", "deploy", {}],
    ["Fri 2026-11-20 20:00 Europe/Berlin", "train", "delete", {}],
    ["Fri 2026-11-20 17:00 America/New_York", "chat", "undeploy", {}],
  ]);
  expect(steps.map(({ at: when, startsAt }) => (when - startsAt) / 60_000)).toEqual([12, 0, 0, 0, 0, 0]);
});
