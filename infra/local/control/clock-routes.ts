/** `/clock`: reading and moving the world's time. */
import type { WorldClock } from "../clock/clock.ts";
import type { ScaledClock } from "../clock/scaled-clock.ts";
import type { WireClock } from "../clock/wire-clock.ts";
import { isObject } from "../wire/json.ts";
import { ApiError, type Json, type JsonObject } from "../wire/service.ts";
import { timestamp } from "../wire/times.ts";
import type { ControlRoute } from "./route.ts";

/** The routes over a clock; one that is moved by its owner can only be read. */
export function clockRoutes(clock: WorldClock | ScaledClock, wire: WireClock): ControlRoute[] {
  const read = (): JsonObject => ({
    now: timestamp(clock.now()),
    nowMs: clock.now(),
    realMs: wire.now(),
    speed: "setSpeed" in clock ? clock.speed : 0,
  });
  return [
    { method: "GET", path: "/clock", about: "the world's time and speed", handle: read },
    {
      method: "POST",
      path: "/clock",
      about: 'changes them: {"speed": 60} or {"advanceSeconds": 3600}; the world only goes forward',
      handle: (body) => {
        if (!("setSpeed" in clock)) {
          throw new ApiError("FAILED_PRECONDITION", "This cloud's clock is moved by the program that started it.");
        }
        const { speed, advance } = readChange(body);
        if (speed !== undefined) clock.setSpeed(speed);
        if (advance !== undefined) clock.jump(advance * 1000);
        return read();
      },
    },
  ];
}

function readChange(body: Json): { speed: number | undefined; advance: number | undefined } {
  const { speed, advanceSeconds, ...unknown } = isObject(body) ? body : {};
  const [extra] = Object.keys(unknown);
  if (extra !== undefined || (speed === undefined && advanceSeconds === undefined)) {
    const what = extra === undefined ? "neither was given" : `"${extra}" is not one of them`;
    throw new ApiError("INVALID_ARGUMENT", `POST /clock takes {"speed": number, "advanceSeconds": number}: ${what}.`);
  }
  return { speed: notNegative("speed", speed), advance: notNegative("advanceSeconds", advanceSeconds) };
}

function notNegative(name: string, value: Json | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value === "number" && Number.isFinite(value) && value >= 0) return value;
  throw new ApiError("INVALID_ARGUMENT", `POST /clock: ${name} must be 0 or more, but is ${JSON.stringify(value)}.`);
}
