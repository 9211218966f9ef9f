/** Which clock a process goes by: real time, or the world time of a local cloud. */
import { z } from "zod";
import { type Clock, second, systemClock, worldClock } from "./clock.ts";

const readingSchema = z.object({ nowMs: z.number(), realMs: z.number(), speed: z.number().min(0) });

/** A laptop whose cores are all busy answers late; a wake-up has 60 s in all. */
const patience = 20 * second;

/**
 * A function that reads the clock anew; call it once per wake-up, since a local world may jump between two.
 * @param url the local cloud's `/clock`; undefined for real time.
 * @throws Error when the local cloud does not answer with a clock.
 */
export function openClock(url: string | undefined): () => Promise<Clock> {
  if (url === undefined) return () => Promise.resolve(systemClock);
  return async () => {
    const response = await fetch(url, { signal: AbortSignal.timeout(patience) });
    if (!response.ok) throw new Error(`${url} answered ${response.status} instead of the local cloud's clock`);
    const { nowMs, realMs, speed } = readingSchema.parse(await response.json());
    return worldClock({ world: nowMs, real: realMs, speed });
  };
}
