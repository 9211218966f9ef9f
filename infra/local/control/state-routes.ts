/** `/state`: everything the local cloud remembers, to keep and to bring back. */
import { ApiError, type Json } from "../wire/service.ts";
import type { ControlRoute } from "./route.ts";

/** The routes; `restore` throws Error for what is no state. */
export function stateRoutes(snapshot: () => Json, restore: (state: Json) => void): ControlRoute[] {
  return [
    { method: "GET", path: "/state", about: "the whole state: Vertex AI, Pub/Sub, schedules, time", handle: snapshot },
    {
      method: "POST",
      path: "/state",
      about: "replaces the whole state by one that GET /state gave, not from later than now",
      handle: (body) => {
        try {
          restore(body);
        } catch (error) {
          throw new ApiError("INVALID_ARGUMENT", error instanceof Error ? error.message : String(error));
        }
        return {};
      },
    },
  ];
}
