/** Which clock a process goes by: real time, or the world time of a local cloud. */
import { z } from "zod";
import { type Clock, second, systemClock, worldClock } from "./clock.ts";

const readingSchema = z.object({ nowMs: z.number(), realMs: z.number(), speed: z.number().min(0) });

/** A laptop whose cores are all busy answers late; a wake-up has 60 s in all. */
const patience = 15 * second;

/** The local cloud's clock cannot be read: nothing answers at its address, or something else does. */
export class ClockUnreadable extends Error {
  override readonly name = "ClockUnreadable";
}

/** Why `fetch` got no answer: it hides that in the cause, which has no message where several addresses were tried. */
export function whyUnanswered(error: unknown): string {
  const { message, cause } = error as Error & { readonly cause?: NodeJS.ErrnoException };
  return cause?.message || cause?.code || message;
}

/**
 * A function that reads the clock anew; call it once per wake-up, since a local world may jump between two.
 * @param url the local cloud's `/clock`; undefined for real time.
 * @throws ClockUnreadable when the local cloud does not answer with a clock.
 */
export function openClock(url: string | undefined): () => Promise<Clock> {
  if (url === undefined) return () => Promise.resolve(systemClock);
  const where = `at ${URL.parse(url)?.host ?? url} (TIDEKEEPER_CLOCK)`;
  return async () => {
    const response = await fetch(url, { signal: AbortSignal.timeout(patience) }).catch((cause: unknown) => {
      throw new ClockUnreadable(`nothing answers ${where}: ${whyUnanswered(cause)}`, { cause });
    });
    const reading = readingSchema.safeParse(await response.json().catch(() => undefined));
    if (!reading.success) {
      throw new ClockUnreadable(`what answers ${where} is no local cloud's clock: HTTP ${response.status}`);
    }
    const { nowMs, realMs, speed } = reading.data;
    return worldClock({ world: nowMs, real: realMs, speed });
  };
}
