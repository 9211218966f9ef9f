/** Reads the status page's JSON again and again, as a dashboard would. */
import { setTimeout as delay } from "node:timers/promises";
import type { StatusReport } from "../../../shared/status/report.ts";

/** A reading under way. */
export interface StatusFeed {
  /** The newest report; undefined before the first. */
  readonly latest: StatusReport | undefined;
  /** Why the newest try failed; undefined when it did not. */
  readonly failure: string | undefined;
  /** Resolves when the last request has ended. */
  stop(): Promise<void>;
}

/** Pause between an answer and the next question: about four reports a second. */
const pause = 220;

/** How long an answer is waited for; the function may be starting. */
const patience = 10_000;

/**
 * Starts reading.
 * @param status address of the status page.
 * @param onReport is given each report.
 */
export function followStatus(status: string, onReport: (report: StatusReport) => void): StatusFeed {
  const stopping = new AbortController();
  const { signal } = stopping;
  const url = new URL("?format=json", status);
  let latest: StatusReport | undefined;
  let failure: string | undefined;
  const read = async () => {
    while (!signal.aborted) {
      try {
        const response = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(patience)]) });
        if (!response.ok) throw new Error(`${url} answered ${response.status}`);
        latest = (await response.json()) as StatusReport;
        failure = undefined;
        onReport(latest);
      } catch (error) {
        if (!signal.aborted) failure = error instanceof Error ? error.message : String(error);
      }
      await delay(pause, undefined, { signal }).catch(() => undefined);
    }
  };
  const reading = read();
  return {
    get latest() {
      return latest;
    },
    get failure() {
      return failure;
    },
    async stop() {
      stopping.abort();
      await reading;
    },
  };
}
