/** One target on the status page: its state, why, what is under way, what is asked of it, and what was decided before. */
import type { Millis } from "../time/clock.ts";
import { ago, escapeHtml, time } from "./html.ts";
import { describeTries, type Incident } from "./incident.ts";
import type { TargetStatus } from "./report.ts";

/** Phases by how they ought to look: nothing to do, at work, or a person's business. */
const tones: Readonly<Record<string, "good" | "rest" | "work" | "bad">> = {
  up: "good",
  serving: "good",
  asleep: "rest",
  "off-hours": "rest",
  held: "rest",
  released: "rest",
  error: "bad",
  drifted: "bad",
  down: "bad",
  unknown: "bad",
};

type Request = TargetStatus["requests"][number];

/** How far the answer to a request has got, as the one who asked would say it. */
function answer({ answered, expiresAt }: Request): string {
  const end = time(expiresAt);
  switch (answered) {
    case "accepted":
      return `accepted, not begun yet, expires ${end}`;
    case "started":
      return `under way, expires ${end}`;
    case "final":
      return `answered, in force until ${end}`;
  }
}

function requestRow(request: Request): string {
  const { eventId, source, what } = request;
  return `<p>Request <code>${escapeHtml(eventId)}</code> from ${escapeHtml(source)}: ${escapeHtml(what)}; ${answer(request)}</p>`;
}

function incidentRow({ since, why, attempts }: Incident, now: Millis): string {
  const tries = attempts === 0 ? "" : `; ${describeTries(attempts)}`;
  return `<p class="down">Down since ${time(since)} (${ago(since, now)}): ${escapeHtml(why)}${tries}</p>`;
}

function rows(target: TargetStatus, now: Millis): readonly string[] {
  const { decision, operation, released, incident, rung, hold, drift } = target;
  const all: readonly (string | undefined)[] = [
    released && `<p class="why">Released since ${time(released.since)}: ${escapeHtml(released.what)}</p>`,
    decision && `<p class="why">${escapeHtml(decision.why)}</p>`,
    incident && incidentRow(incident, now),
    operation &&
      `<p><b>${escapeHtml(operation.kind)}</b> ${operation.state}, attempt ${operation.attempt}, since ${time(operation.since)} (${ago(operation.since, now)})</p>`,
    decision?.next &&
      `<p>Next: ${escapeHtml(decision.next.what)} ${time(decision.next.at)} (${ago(decision.next.at, now)})</p>`,
    rung && `<p>Serves on <code>${escapeHtml(rung)}</code></p>`,
    hold && `<p>Held until ${time(hold.until)}${hold.note ? `: ${escapeHtml(hold.note)}` : ""}</p>`,
    drift && `<p>Changed by someone else since ${time(drift.since)}: ${escapeHtml(drift.what)}</p>`,
    ...target.requests.map(requestRow),
    ...target.benched.map(
      (entry) =>
        `<p>Set aside: <code>${escapeHtml(entry.rung)}</code> until ${time(entry.until)} (${escapeHtml(entry.class)})</p>`,
    ),
  ];
  return all.filter((row) => row !== undefined);
}

/** What was decided before. Its id is the target's key, by which the page keeps it open when it is drawn anew. */
function earlier({ key, history }: TargetStatus): string {
  if (history.length === 0) return "";
  const records = history.map(
    ({ at, action, times, why }) =>
      `<li>${time(at)} <b>${escapeHtml(action)}</b>${times > 1 ? ` ×${times}` : ""} ${escapeHtml(why)}</li>`,
  );
  const id = escapeHtml(`earlier/${key}`);
  return `<details id="${id}"><summary id="${id}/summary">Earlier decisions</summary><ol>${records.join("")}</ol></details>`;
}

/** Renders a target. */
export function targetCard(target: TargetStatus, now: Millis): string {
  const { name, key, phase } = target;
  return `<article id="${escapeHtml(name)}">
<h2>${escapeHtml(name)} <span class="phase ${tones[phase] ?? "work"}">${escapeHtml(phase)}</span></h2>
<p class="key">${escapeHtml(key)}</p>
${rows(target, now).join("\n")}
${earlier(target)}
</article>`;
}
