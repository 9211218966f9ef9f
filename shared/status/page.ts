/** The status page: why each thing was or was not done, and what happens next. No script, no foreign file; reloads itself. */

import type { Millis } from "../time/clock.ts";
import { formatDuration } from "../time/duration.ts";
import type { StatusReport, TargetStatus } from "./report.ts";

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character);
}

function time(at: Millis): string {
  const iso = new Date(at).toISOString();
  return `<time datetime="${iso}">${iso.slice(0, 16).replace("T", " ")}Z</time>`;
}

function ago(at: Millis, now: Millis): string {
  const distance = formatDuration(Math.abs(now - at));
  return at > now ? `in ${distance}` : `${distance} ago`;
}

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

function targetCard(target: TargetStatus, now: Millis): string {
  const { decision, operation, released } = target;
  const rows = [
    released && `<p class="why">Released since ${time(released.since)}: ${escapeHtml(released.what)}</p>`,
    decision && `<p class="why">${escapeHtml(decision.why)}</p>`,
    operation &&
      `<p><b>${escapeHtml(operation.kind)}</b> ${operation.state}, attempt ${operation.attempt}, since ${time(operation.since)} (${ago(operation.since, now)})</p>`,
    decision?.next &&
      `<p>Next: ${escapeHtml(decision.next.what)} ${time(decision.next.at)} (${ago(decision.next.at, now)})</p>`,
    target.rung && `<p>Serves on <code>${escapeHtml(target.rung)}</code></p>`,
    target.hold &&
      `<p>Held until ${time(target.hold.until)}${target.hold.note ? `: ${escapeHtml(target.hold.note)}` : ""}</p>`,
    target.drift &&
      `<p>Changed by someone else since ${time(target.drift.since)}: ${escapeHtml(target.drift.what)}</p>`,
    ...target.requests.map(
      (request) =>
        `<p>Request <code>${escapeHtml(request.eventId)}</code> from ${escapeHtml(request.source)}: ${escapeHtml(request.what)}, until ${time(request.expiresAt)} (${escapeHtml(request.answered)})</p>`,
    ),
    ...target.benched.map(
      (entry) =>
        `<p>Benched <code>${escapeHtml(entry.rung)}</code> until ${time(entry.until)}: ${escapeHtml(entry.class)}</p>`,
    ),
  ];
  const history = target.history
    .map(
      (record) =>
        `<li>${time(record.at)} <b>${escapeHtml(record.action)}</b>${record.times > 1 ? ` ×${record.times}` : ""} ${escapeHtml(record.why)}</li>`,
    )
    .join("");
  return `<article id="${escapeHtml(target.name)}">
<h2>${escapeHtml(target.name)} <span class="phase ${tones[target.phase] ?? "work"}">${escapeHtml(target.phase)}</span></h2>
<p class="key">${escapeHtml(target.key)}</p>
${rows.filter(Boolean).join("\n")}
${history === "" ? "" : `<details><summary>Earlier decisions</summary><ol>${history}</ol></details>`}
</article>`;
}

/** Renders the page. Everything from outside is escaped. */
export function statusPage(report: StatusReport): string {
  const { fleet, at } = report;
  const head =
    fleet === undefined
      ? "<p>No fleet has been applied yet: <code>tidekeeper apply fleet.yaml</code></p>"
      : `<p>Fleet version ${fleet.version}, applied ${time(fleet.appliedAt)} by ${escapeHtml(fleet.appliedBy)}. World time ${time(at)}.</p>${
          fleet.paused === undefined
            ? ""
            : `<p class="banner">Paused ${ago(fleet.paused.at, at)} by ${escapeHtml(fleet.paused.by)}${
                fleet.paused.note === undefined ? "" : `: ${escapeHtml(fleet.paused.note)}`
              }; nothing is started until <code>tidekeeper resume</code>.</p>`
        }`;
  const locations = report.locations
    .map(
      ({ location, takenAt, outageSince }) =>
        `<li>${escapeHtml(location)}: looked at ${ago(takenAt, at)}${outageSince === undefined ? "" : `; everything turned idle at once ${ago(outageSince, at)}, so nothing is deleted for looking idle`}</li>`,
    )
    .join("");
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="5"><title>Tidekeeper</title>
<style>
:root { color-scheme: light dark; font: 16px/1.45 system-ui, sans-serif; --line: #8884; --soft: #8881; }
body { max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
h1 { margin: 0; } h2 { margin: 0; font-size: 1.15rem; } p { margin: .3rem 0; }
main { display: grid; grid-template-columns: repeat(auto-fill, minmax(22rem, 1fr)); gap: 1rem; margin: 1rem 0; }
article { border: 1px solid var(--line); border-radius: .6rem; padding: .9rem 1rem; background: var(--soft); overflow-wrap: anywhere; }
.key { opacity: .65; font-size: .8rem; } .why { font-weight: 500; }
.phase { font-size: .8rem; padding: .1rem .55rem; border-radius: 1rem; color: #fff; background: #3367d6; vertical-align: .1em; }
.good { background: #188038; } .rest { background: #5f6368; } .bad { background: #c5221f; }
.banner { background: #c5221f; color: #fff; padding: .5rem .8rem; border-radius: .4rem; }
ol { padding-left: 1.2rem; font-size: .85rem; } footer { font-size: .85rem; opacity: .8; }
</style></head><body>
<h1>Tidekeeper</h1>
${head}
<main>
${report.targets.map((target) => targetCard(target, at)).join("\n")}
</main>
<footer><ul>${locations}<li>Outcomes waiting to be published: ${report.owed}</li></ul><p><a href="?format=json">This page as JSON</a></p></footer>
</body></html>
`;
}
