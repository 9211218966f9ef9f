/** A resource that is up outside its window: deleted when no job runs on it, by every guard; otherwise as onBusy says. */
import { describeSample, type PoolSample } from "../idle/pool-sample.ts";
import { lateness } from "../schedule/schedule.ts";
import { cancelsJobs, whileBusy } from "./busy.ts";
import type { Draft, PersistentResourceDecision } from "./draft.ts";
import type { Identified } from "./identity.ts";
import { mayBeBusy } from "./outage.ts";
import type { Presence } from "./presence.ts";
import { putToSleep, type Sleep } from "./sleep.ts";

/** Since when it should be gone: the boundary, or what excused it after that. */
function due(draft: Draft, resource: Identified, presence: Presence): number {
  const { excusedUntil = 0 } = draft.memory;
  return Math.max(presence.since ?? 0, Date.parse(resource.createTime), Math.min(excusedUntil, draft.now));
}

/** Decides about a resource that is up and may not be. */
export function outsideWindow(
  draft: Draft,
  resource: Identified,
  presence: Presence,
  sample: PoolSample,
): PersistentResourceDecision {
  const { draining } = draft.memory;
  if (draining && presence.since !== undefined && draining.since < presence.since) draft.forget("draining");
  const began = presence.since === undefined ? "" : ` since ${draft.time(presence.since)}`;
  const sleep: Omit<Sleep, "why" | "counted"> = {
    cause: "off-hours",
    rule: presence.rule,
    ...(presence.rebuild === undefined ? {} : { rebuild: presence.rebuild }),
  };
  const whenBusy = (on: { readonly why: string }): PersistentResourceDecision => {
    const busy = whileBusy(draft, resource, presence, on);
    if (busy.answer === "decided") return busy.decision;
    return putToSleep(draft, resource, { ...sleep, why: busy.why, counted: true, cancels: true });
  };
  switch (sample.sample) {
    case "absent":
    case "unknown":
      return draft.finish({
        rule: "unknown",
        why: `Off-hours${began} (${presence.because}), but not deleted: ${describeSample(sample)}`,
        phase: "unknown",
      });
    case "busy":
      return whenBusy(sample);
    case "unready":
    case "idle": {
      const waited = draft.memory.draining;
      if (waited?.skipped) {
        return draft.finish({
          rule: "busy",
          why: `Off-hours${began} (${presence.because}), but it was busy at the bell and onBusy says to leave it up then${presence.until === undefined ? "" : ` until ${draft.timeInZone(presence.until)}`}`,
          phase: "up",
        });
      }
      // Where jobs are cancelled in the end, those that may run are waited for and cancelled like those that are seen.
      const doubt = cancelsJobs(draft.policy.onBusy) ? mayBeBusy(draft, resource) : undefined;
      if (doubt !== undefined) return whenBusy({ why: doubt });
      const late = waited
        ? `, waited for its jobs from ${draft.time(waited.since)}`
        : lateness(due(draft, resource, presence), draft.now);
      return putToSleep(draft, resource, {
        ...sleep,
        counted: sample.sample === "unready" || sample.counted,
        why: `Off-hours${began} (${presence.because})${late}, no job on it`,
      });
    }
  }
}
