/** The model's control routes: switches, faults, market, billing, snapshot. */
import { ZodError, z } from "zod";
import type { ControlRoute } from "../control/route.ts";
import { ApiError, type Json } from "../wire/service.ts";
import type { Behaviour } from "./behaviour/behaviour.ts";
import type { Faults } from "./behaviour/faults.ts";
import type { Meter } from "./billing/meter.ts";
import type { Market } from "./capacity/market.ts";
import type { Slices } from "./kernel/slices.ts";

/** What can be controlled. */
export interface Controls {
  readonly behaviour: Behaviour;
  readonly faults: Faults;
  readonly market: Market;
  readonly meter: Meter;
  readonly slices: Slices;
}

/** Creates the routes. */
export function createControlRoutes({ behaviour, faults, market, meter, slices }: Controls): ControlRoute[] {
  const post = (path: string, about: string, act: (body: Json) => unknown): ControlRoute => ({
    method: "POST",
    path,
    about,
    handle: (body) => plain(checked(path, () => act(body))),
  });
  const get = (
    path: string,
    about: string,
    read: (query: Readonly<Record<string, string>>) => unknown,
  ): ControlRoute => ({
    method: "GET",
    path,
    about,
    handle: (_body, query) => plain(read(query)),
  });
  return [
    get("/market", "limits, quotas, machines in use, replays", () => market.state()),
    post("/market", "preempt, exhaust, restore, capacity, quota, replay, stop-replay", (body) => market.act(body)),
    get("/faults", "fault rules in force", () => ({ faults: faults.list() })),
    post("/faults", "add a fault rule, or a list of them", (body) => ({ faults: faults.add(body) })),
    {
      method: "DELETE",
      path: "/faults",
      about: "remove all fault rules, or the one of ?id=",
      handle(_body, query) {
        faults.remove(query["id"]);
        return plain({ faults: faults.list() });
      },
    },
    get("/billing", "billed replica-seconds; ?project= for one project", (query) => meter.read(query["project"])),
    get("/behaviour", "how Vertex AI behaves: switches and timings", () => behaviour.values),
    post("/behaviour", "change some switches", (body) => {
      behaviour.change(body);
      return behaviour.values;
    }),
    get("/snapshot", "the whole state of Vertex AI", () => slices.snapshot()),
    post("/snapshot", "replace the whole state by a snapshot", (body) => {
      slices.restore(body);
      return {};
    }),
  ];
}

function checked<T>(path: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (error instanceof ZodError) {
      throw new ApiError("INVALID_ARGUMENT", `POST ${path} does not understand this: ${z.prettifyError(error)}`);
    }
    if (error instanceof ApiError) throw error;
    throw new ApiError("INVALID_ARGUMENT", error instanceof Error ? error.message : String(error));
  }
}

function plain(value: unknown): Json {
  return JSON.parse(JSON.stringify(value));
}
