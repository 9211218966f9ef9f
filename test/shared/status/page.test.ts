/** The status page as its reader has it: in words of theirs, safe, and fresh without taking away what they have opened. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { statusPage } from "../../../shared/status/page.ts";
import { hour, minute } from "../../../shared/time/clock.ts";
import { downModel, now, reportOf } from "./sample.ts";

const request = { eventId: "w-1", what: "wake", source: "ci", expiresAt: now + hour } as const;

describe("What it says", () => {
  test.each([
    ["accepted", "wake; accepted, not begun yet, expires"],
    ["started", "wake; under way, expires"],
    ["final", "wake; answered, in force until"],
  ] as const)("of a request that is %s: %s", (answered, words) => {
    const page = statusPage(reportOf([downModel({ requests: [{ ...request, answered }] })]));
    expect(page).toContain(`${words} <time datetime="2026-11-23T13:00:00.000Z">2026-11-23 13:00Z</time>`);
    expect(page).not.toContain("(final)");
  });

  test("since when a target is down, why, and how often it was tried", () => {
    expect(statusPage(reportOf([downModel()]))).toMatch(
      /Down since <time [^>]*>2026-11-23 09:09Z<\/time> \(2h 51m ago\): deployed model 1 on g2 has 0 of 1 replicas; 7 tries/,
    );
  });

  test("that the tick does not run, before anything else about the fleet's targets", () => {
    const overdue = [{ location: "us-central1", takenAt: now - 12 * minute }];
    expect(statusPage(reportOf([downModel()], { overdue }))).toMatch(
      /<p class="banner">us-central1 was last looked at 12m ago: the tick does not run.*<main>/s,
    );
    expect(statusPage(reportOf([downModel()]))).not.toContain("the tick does not run");
  });

  test("nothing from outside that a browser would run, which would not run it either", () => {
    const evil = `<script>alert("1")</script>`;
    const page = statusPage(reportOf([downModel({ name: evil, incident: { since: now, why: evil, attempts: 1 } })]));
    const scripts = [...page.matchAll(/<script>(.*?)<\/script>/gs)].map(([, script = ""]) => script);
    expect(scripts).toHaveLength(1);
    const hash = createHash("sha256")
      .update(scripts[0] ?? "")
      .digest("base64");
    expect(page).toContain(`default-src 'none'`);
    expect(page).toContain(`script-src 'sha256-${hash}';`);
  });

  test("without script it reloads as a whole, and only then", () => {
    const page = statusPage(reportOf([downModel()]));
    expect(page.match(/http-equiv="refresh"/g)).toHaveLength(1);
    expect(page).toContain(`<noscript><meta http-equiv="refresh" content="5"></noscript>`);
  });
});

const chromium = ["/usr/bin/chromium", "/usr/bin/google-chrome"].find((path) => existsSync(path));

interface Answer {
  readonly status: number;
  readonly body: string;
}

/**
 * What a browser has made of a page after twelve seconds, as HTML.
 * @param answer to a request for a path.
 */
async function browsed(answer: (path: string) => Answer): Promise<string> {
  const server = createServer((incoming, response) => {
    const { status, body } = answer(incoming.url ?? "");
    response.writeHead(status, { "content-type": "text/html" }).end(body);
  });
  const profile = await mkdtemp(join(tmpdir(), "tidekeeper-page-"));
  try {
    await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const options = ["--headless", "--no-sandbox", "--disable-gpu", `--user-data-dir=${profile}`, "--dump-dom"];
    const run = promisify(execFile);
    const { stdout } = await run(chromium ?? "", [...options, "--virtual-time-budget=12000", url], { timeout: 60_000 });
    return stdout;
  } finally {
    server.closeAllConnections();
    server.close();
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** As {@link browsed}: `first` is what the page was opened with, and all later answers are `then`. */
async function watched(first: string, then: Answer): Promise<string> {
  let asked = 0;
  return browsed((path) => {
    if (path !== "/") return then;
    asked += 1;
    return asked === 1 ? { status: 200, body: first } : then;
  });
}

// The page's script in a real browser, on machines that have one.
describe.runIf(chromium !== undefined)("What a browser does with it", { timeout: 90_000 }, () => {
  const before = statusPage(reportOf([downModel()])).replace("<details ", "<details open ");
  const after = statusPage(reportOf([downModel({ name: "other", key: "other" }), downModel({ phase: "serving" })]));

  test("it shows what is new, and what the reader has opened stays open", async () => {
    const html = await watched(before, { status: 200, body: after });
    expect(html).toContain(`<span class="phase good">serving</span>`);
    expect(html).toMatch(/<details id="earlier\/[^"]*#chat" open="">/);
    expect(html).toContain(`<details id="earlier/other">`);
    expect(html).toMatch(/id="stale" role="status" hidden=""/);
  });

  test.each([
    ["an error", { status: 503, body: "no" }],
    ["a sign-in page", { status: 200, body: "<title>Sign in</title>" }],
  ])("it says that it is old where the answer is %s", async (_what, answer) => {
    const html = await watched(before, answer);
    expect(html).toContain(`waiting-for-capacity</span>`);
    expect(html).toMatch(/id="stale" role="status">This page could not be read again/);
  });

  test.each([320, 375])("it fits a phone of %i pixels", async (width) => {
    const hold = { until: now + hour, eventId: "h".repeat(60), note: "n".repeat(80) };
    const page = statusPage(reportOf([downModel({ hold }), downModel({ name: "p".repeat(63), key: "k" })]));
    // A browser without a screen has no window as narrow as that, but a frame may be.
    const frame = `<iframe src="/page" width="${width}" height="700" style="border:0" onload="
      document.title = 'needs ' + this.contentDocument.documentElement.scrollWidth"></iframe>`;
    const html = await browsed((path) => ({ status: 200, body: path === "/page" ? page : frame }));
    expect(html).toMatch(/<title>needs \d+<\/title>/);
    expect(Number(/needs (\d+)/.exec(html)?.[1])).toBeLessThanOrEqual(width);
  });
});
