/** The status page: why each thing was or was not done, and what happens next. One file, which loads nothing else. */
import { createHash } from "node:crypto";
import { targetCard } from "./card.ts";
import { ago, escapeHtml, time } from "./html.ts";
import { describeOverdue } from "./overdue.ts";
import { refreshScript } from "./refresh.ts";
import type { StatusReport } from "./report.ts";
import { style } from "./style.ts";

function hashed(text: string): string {
  return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
}

/** Everything from outside is escaped; should something slip through all the same, no browser runs it. */
const policy = `default-src 'none'; connect-src 'self'; base-uri 'none'; form-action 'none'; script-src ${hashed(refreshScript)}; style-src ${hashed(style)}`;

function banner(html: string): string {
  return `<p class="banner">${html}</p>`;
}

function head({ fleet, at, overdue = [] }: StatusReport): string {
  if (fleet === undefined) return "<p>No fleet has been applied yet: <code>tidekeeper apply fleet.yaml</code></p>";
  const { version, appliedAt, appliedBy, paused } = fleet;
  return [
    `<p>Fleet version ${version}, applied ${time(appliedAt)} by ${escapeHtml(appliedBy)}. World time ${time(at)}.</p>`,
    ...(paused === undefined
      ? []
      : [
          banner(
            `Paused ${ago(paused.at, at)} by ${escapeHtml(paused.by)}${
              paused.note === undefined ? "" : `: ${escapeHtml(paused.note)}`
            }; nothing is started until <code>tidekeeper resume</code>.`,
          ),
        ]),
    ...overdue.map((location) => banner(escapeHtml(describeOverdue(location, at)))),
  ].join("\n");
}

function locationItem({ location, takenAt, outageSince }: StatusReport["locations"][number], now: number): string {
  const outage =
    outageSince === undefined
      ? ""
      : `; everything turned idle at once ${ago(outageSince, now)}, so nothing is deleted for looking idle`;
  return `<li>${escapeHtml(location)}: looked at ${ago(takenAt, now)}${outage}</li>`;
}

/** Renders the page. Everything from outside is escaped. */
export function statusPage(report: StatusReport): string {
  const { at } = report;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<noscript><meta http-equiv="refresh" content="5"></noscript><title>Tidekeeper</title>
<style>${style}</style><script>${refreshScript}</script></head><body>
<h1>Tidekeeper</h1>
<p class="banner" id="stale" role="status" hidden>This page could not be read again: it shows what was so at ${time(at)}. Reload it; you may have to sign in again.</p>
${head(report)}
<main>
${report.targets.map((target) => targetCard(target, at)).join("\n")}
</main>
<footer><ul>${report.locations.map((seen) => locationItem(seen, at)).join("")}<li>Outcomes waiting to be published: ${report.owed}</li></ul><p><a id="json" href="?format=json">This page as JSON</a></p></footer>
</body></html>
`;
}
