/** A demo from its first line to its last: set the stage, let the time pass, wait for rest, sum up, clean up. */
import { setTimeout as delay } from "node:timers/promises";
import type { PubSub } from "@google-cloud/pubsub";
import type { Fleet } from "../../../shared/fleet/fleet.ts";
import type { StatusReport } from "../../../shared/status/report.ts";
import { day, hour, type Millis } from "../../../shared/time/clock.ts";
import { exitCodes, Failure } from "../command.ts";
import { aborted, interruption } from "../interruption.ts";
import { paint, print, printJson, remark } from "../output.ts";
import { billOf } from "./bill.ts";
import { type Driver, drive } from "./driver.ts";
import { makeExisting, withSpecs } from "./existing.ts";
import { lagOf, nextSpeed } from "./governor.ts";
import { jobEnds } from "./job-ends.ts";
import { createLedger, unanswered, unheardSince } from "./ledger.ts";
import { newsOf } from "./news.ts";
import { planWorkload } from "./plan/workload.ts";
import { openScreen, type Screen } from "./screen.ts";
import { buildStage, type Stage } from "./stage.ts";
import { followStatus } from "./status-feed.ts";
import { type Summary, summarise, summaryLines } from "./summary.ts";
import { type RecordedTrace, replay } from "./trace.ts";
import { complaints } from "./verdict.ts";
import type { NewsItem } from "./view.ts";
import { listen } from "./watcher.ts";

/** What a demo is asked for. */
export interface DemoRun {
  readonly fleet: Fleet;
  readonly days: number;
  readonly once: boolean;
  readonly port: number;
  /** World seconds per real second, at most. */
  readonly speed: number;
  readonly seed: number;
  readonly from: Millis;
  readonly trace?: RecordedTrace;
  readonly json: boolean;
}

/** So long before its end the plan has nothing new: what was begun comes to its end, and the fleet to rest. */
const calmBefore = 3 * hour;
/** How much longer than the plan is waited for rest. World time. */
const settleWithin = 4 * hour;
/** Pause between two looks at where the world is; the screen is redrawn as often. Real milliseconds. */
const frame = 250;
/** So many frames are waited for the functions' first look, half a minute; what is slower still goes on without. */
const patience = 120;
/** The view shows the last few; nobody scrolls back in it. */
const newsKept = 40;

/**
 * Runs a demo.
 * @throws Failure when, with `once`, an event was not answered or the fleet is not as it should be, or when it was
 * interrupted before the summary.
 */
export async function runDemo(options: DemoRun): Promise<void> {
  const { signal, dispose } = interruption();
  const screen = openScreen(options.json);
  let stage: Stage | undefined;
  let summary: Summary | undefined;
  let broken = false;
  try {
    screen.announce("starting the local cloud, the functions and the fleet ...");
    stage = await buildStage(options);
    if (!signal.aborted) summary = await live(options, stage, screen, signal);
    screen.close();
    if (summary !== undefined) await present(options, stage, summary, signal);
  } catch (error) {
    // Ctrl-C reaches the functions too: one that was still starting then "fails to start".
    if (!signal.aborted) {
      broken = true;
      throw error;
    }
  } finally {
    screen.close();
    if (summary === undefined && signal.aborted) remark("stopped before the end; nothing of it is left running");
    const keep = broken || summary?.ok === false;
    await stage?.close(keep);
    if (keep && stage !== undefined) remark(`the functions' log is ${stage.log.path}`);
    dispose();
  }
  if (summary === undefined && options.once) {
    throw new Failure("interrupted before the summary", "run it again and let it end");
  }
  if (summary?.ok !== false || !options.once) return;
  // In JSON the summary has said why, and there is to be one value only.
  if (options.json) process.exitCode = exitCodes.failed;
  else throw new Failure("the demo did not end as it should", "the summary above says what; the log says more");
}

/** Lets the plan happen. @returns undefined when it was interrupted. */
async function live(
  { fleet, from, days, seed, speed, trace }: DemoRun,
  { home, clock, pubsub, log }: Stage,
  screen: Screen,
  signal: AbortSignal,
): Promise<Summary | undefined> {
  const until = from + days * day;
  const calm = until - calmBefore;
  const ledger = createLedger();
  const news: NewsItem[] = [];
  const problems: string[] = [];
  const deadLetters: string[] = [];
  const { cloud, addresses, prefix } = home;
  const page = addresses.status ?? "";

  const tell = (item: NewsItem) => {
    news.push(item);
    news.splice(0, news.length - newsKept);
    screen.tell(item);
  };
  const problem = (what: string) => {
    problems.push(what);
    tell({ at: clock.now(), about: "", what, tone: "bad" });
  };
  const stopListening = listen(pubsub, prefix, {
    outcome(outcome) {
      if (!ledger.heard(outcome)) return;
      const item = newsOf(outcome);
      if (item !== undefined) tell(item);
    },
    deadLetter: (reason) => deadLetters.push(reason),
    problem,
  });

  let pace: number | undefined;
  const feed = followStatus(page, (report) => {
    if (pace === undefined) return;
    pace = nextSpeed(speed, pace, lagOf(report, unheardSince(ledger.events)));
    clock.setSpeed(pace);
  });
  const targets = withSpecs(fleet);
  const bills = () => billOf({ ...fleet, targets }, cloud.vertex.model.billing(home.project), clock.now() - from);
  const show = (note?: string) =>
    screen.show({
      now: clock.now(),
      from,
      until,
      speed: pace ?? 1,
      status: feed.latest,
      bills: bills(),
      news,
      page,
      ...(note === undefined ? {} : { note }),
    });
  const pass = async (over: () => boolean, note?: string) => {
    while (!signal.aborted && !over()) {
      show(note);
      await delay(frame, undefined, { signal }).catch(() => undefined);
    }
    if (!signal.aborted) show(note);
  };

  let driver: Driver | undefined;
  try {
    await makeExisting(addresses.rest, fleet);
    const plan = planWorkload({ targets, seed, spot: trace === undefined, from, calm });
    driver = drive(plan, {
      cloud,
      rest: addresses.rest,
      pubsub,
      prefix,
      ledger,
      tell: (about, what) => tell({ at: clock.now(), about, what, tone: "plain" }),
      problem,
    });
    if (trace !== undefined) {
      const regions = replay(cloud, trace, fleet.targets);
      tell({ at: clock.now(), about: "", what: `a recorded trace decides in ${regions.join(", ")}`, tone: "plain" });
    }
    await firstLook(pubsub, prefix);
    const awake = () => lookedAtAll(feed.latest) && unanswered(ledger.events).length === 0;
    await pass(within(awake, patience), "the functions load their clients and take their first look");
    pace = speed;
    clock.setSpeed(pace);
    await pass(() => clock.now() >= calm);
    if (trace !== undefined) cloud.vertex.model.market.act({ action: "stop-replay" });
    await pass(() => clock.now() >= until);
    const wrong = () => (feed.latest === undefined ? [] : complaints(fleet, feed.latest, bills()));
    const atRest = () => feed.latest !== undefined && unanswered(ledger.events).length === 0 && wrong().length === 0;
    await pass(() => atRest() || clock.now() >= until + settleWithin, "waiting for the fleet to come to rest");
    if (signal.aborted) return undefined;
    clock.setSpeed(1);
    if (feed.failure !== undefined) problem(`the status page: ${feed.failure}`);
    return summarise({
      from,
      to: clock.now(),
      bills: bills(),
      events: ledger.events,
      notices: ledger.notices,
      complaints: wrong(),
      deadLetters,
      jobs: { ...driver.jobs, ended: await jobEnds(addresses.rest, fleet) },
      preempted: driver.preempted,
      errors: log.errors,
      problems,
    });
  } finally {
    await driver?.stop();
    await feed.stop();
    await stopListening();
  }
}

/** The schedule's first tick would come minutes of world time later, and the world still goes slowly. */
async function firstLook(pubsub: PubSub, prefix: string): Promise<void> {
  await pubsub.topic(`${prefix}-ticks`).publishMessage({ data: Buffer.from("tick"), attributes: { type: "tick" } });
}

function lookedAtAll(report: StatusReport | undefined): boolean {
  return (
    report?.targets.every(({ decision, operation }) => decision !== undefined && operation?.state !== "claimed") ??
    false
  );
}

/** Whether it is so, or has been asked so often that no more is waited for it. */
function within(isSo: () => boolean, times: number): () => boolean {
  let asked = 0;
  return () => {
    asked += 1;
    return isSo() || asked > times;
  };
}

/** Says what it came to, and keeps the status page up until Ctrl-C unless it shall end. */
async function present({ json, once }: DemoRun, stage: Stage, summary: Summary, signal: AbortSignal): Promise<void> {
  if (json) printJson(summary);
  else {
    print();
    const paints = {
      bold: (text: string) => paint("bold", text),
      good: (text: string) => paint("green", text),
      bad: (text: string) => paint("red", text),
    };
    for (const line of summaryLines(summary, paints)) print(line);
  }
  if (once) return;
  const say = json ? remark : print;
  say("");
  say(
    `The world goes on in real time, and the status page stays up: ${stage.home.addresses.status}  (Ctrl-C stops it)`,
  );
  await aborted(signal);
}
