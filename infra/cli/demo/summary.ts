/** What a demo came to: the numbers, as data and as lines. */
import type { Outcome } from "../../../shared/outcomes/outcome.ts";
import type { Millis } from "../../../shared/time/clock.ts";
import { formatDuration } from "../../../shared/time/duration.ts";
import { columns, count, instant } from "../output.ts";
import { type Amount, sum, type TargetBill } from "./bill.ts";
import { type SentEvent, unanswered, wronglyAnswered } from "./ledger.ts";
import type { Complaint } from "./verdict.ts";

/** What is summed up. */
export interface Result {
  readonly from: Millis;
  readonly to: Millis;
  readonly bills: readonly TargetBill[];
  readonly events: readonly SentEvent[];
  readonly notices: readonly Outcome[];
  readonly complaints: readonly Complaint[];
  readonly deadLetters: readonly string[];
  readonly jobs: {
    readonly submitted: number;
    readonly asEvents: number;
    readonly ended: Readonly<Record<string, number>>;
  };
  readonly preempted: number;
  /** What the functions' log has of errors. */
  readonly errors: { readonly count: number; readonly first: readonly string[] };
  /** What the demo itself could not do. */
  readonly problems: readonly string[];
}

/** How a model came back after its capacity was lost. */
interface Recovered {
  readonly target: string;
  /** World time, ISO 8601. */
  readonly at: string;
  readonly seconds: number;
  /** `redeployed` on another rung or anew, or `restarted` by the platform itself. */
  readonly by: "redeployed" | "restarted";
  readonly what: string;
}

/** The numbers; this is what `--json` prints. */
export interface Summary {
  readonly from: string;
  readonly to: string;
  readonly baseline: string;
  readonly nodeHours: { readonly used: number; readonly baseline: number; readonly avoided: number };
  /** Of the targets whose every machine has a price; absent where none has. */
  readonly money?: { readonly used: number; readonly baseline: number; readonly avoided: number };
  /** Targets without a price for every machine: they are in no sum of money. */
  readonly unpriced: readonly string[];
  readonly targets: readonly {
    readonly name: string;
    readonly used: Amount;
    readonly baseline: Amount;
    readonly sleeps: number;
    readonly wakes: number;
  }[];
  readonly preemptedReplicas: number;
  readonly losses: number;
  readonly recoveries: readonly Recovered[];
  readonly returnsToSpot: number;
  readonly jobs: Result["jobs"];
  readonly events: {
    readonly sent: number;
    readonly answered: Readonly<Record<string, number>>;
    readonly unanswered: readonly string[];
    readonly wrong: readonly string[];
  };
  readonly alerts: readonly string[];
  readonly deadLetters: readonly string[];
  readonly functionErrors: Result["errors"];
  readonly problems: readonly string[];
  readonly complaints: readonly Complaint[];
  /** Every event was answered rightly, and the fleet is as it should be. */
  readonly ok: boolean;
}

const baseline = "everything all the time, at the size that the fleet file gives; models on demand";

function tally(words: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const word of words) counts[word] = (counts[word] ?? 0) + 1;
  return counts;
}

function recoveriesOf(notices: readonly Outcome[]): readonly Recovered[] {
  return notices
    .filter(({ phase }) => phase === "redeployed")
    .map(({ target = "", at, details, what }) => ({
      target,
      at: instant(at),
      seconds: Number(details?.["seconds"] ?? 0),
      by: Number(details?.["attempts"] ?? 0) > 0 ? ("redeployed" as const) : ("restarted" as const),
      what,
    }));
}

function difference(used: Amount, base: Amount): { used: number; baseline: number; avoided: number } {
  return { used: used.nodeHours, baseline: base.nodeHours, avoided: base.nodeHours - used.nodeHours };
}

/** Works the numbers out. */
export function summarise(result: Result): Summary {
  const { bills, events, notices } = result;
  const priced = bills.filter(({ used, baseline }) => used.money !== undefined && baseline.money !== undefined);
  const usedMoney = sum(priced.map(({ used }) => used)).money ?? 0;
  const baseMoney = sum(priced.map(({ baseline }) => baseline)).money ?? 0;
  const of = (phase: Outcome["phase"], target?: string) =>
    notices.filter((notice) => notice.phase === phase && (target === undefined || notice.target === target)).length;
  const open = unanswered(events).map(({ id }) => id);
  const wrong = wronglyAnswered(events).map(({ id, answer }) => `${id} was ${answer?.phase}: ${answer?.why}`);
  return {
    from: instant(result.from),
    to: instant(result.to),
    baseline,
    nodeHours: difference(sum(bills.map(({ used }) => used)), sum(bills.map((bill) => bill.baseline))),
    ...(priced.length === 0 ? {} : { money: { used: usedMoney, baseline: baseMoney, avoided: baseMoney - usedMoney } }),
    unpriced: bills.filter((bill) => !priced.includes(bill)).map(({ name }) => name),
    targets: bills.map(({ name, used, baseline }) => ({
      name,
      used,
      baseline,
      sleeps: of("asleep", name),
      wakes: of("awake", name),
    })),
    preemptedReplicas: result.preempted,
    losses: of("preempted"),
    recoveries: recoveriesOf(notices),
    returnsToSpot: of("returned"),
    jobs: result.jobs,
    events: {
      sent: events.length,
      answered: tally(events.flatMap(({ answer }) => (answer?.final ? [answer.phase] : []))),
      unanswered: open,
      wrong,
    },
    alerts: notices.filter(({ phase }) => phase === "alert").map(({ target, why }) => `${target}: ${why}`),
    deadLetters: result.deadLetters,
    functionErrors: result.errors,
    problems: result.problems,
    complaints: result.complaints,
    ok: open.length === 0 && wrong.length === 0 && result.complaints.length === 0 && result.problems.length === 0,
  };
}

function hours(number: number): string {
  return number.toFixed(1);
}

function money(amount: number | undefined): string {
  return amount === undefined ? "unknown" : amount.toFixed(2);
}

function listed(counts: Readonly<Record<string, number>>): string {
  const parts = Object.entries(counts).map(([word, number]) => `${number} ${word}`);
  return parts.join(", ") || "none";
}

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
}

function recoveryLine(recoveries: readonly Recovered[], by: Recovered["by"]): string {
  const times = recoveries.filter((recovery) => recovery.by === by).map(({ seconds }) => seconds * 1000);
  const [only = 0] = times;
  if (times.length <= 1) return times.length === 0 ? "none" : `once, in ${formatDuration(only)}`;
  return `${times.length} times, in ${formatDuration(median(times))} (median), ${formatDuration(Math.max(...times))} at most`;
}

function part(amount: number, whole: number): string {
  return whole > 0 ? ` (${Math.round((100 * amount) / whole)} %)` : "";
}

/** The lines that a person reads. `bold` and `bad` paint headings and what is wrong. */
export function summaryLines(
  summary: Summary,
  { bold, good, bad }: Readonly<Record<"bold" | "good" | "bad", (text: string) => string>>,
): readonly string[] {
  const { nodeHours, money: paid, targets, recoveries, events, jobs, functionErrors } = summary;
  const table = [
    ["", "node-hours", "always on", "money", "always on", "sleeps", "wakes"],
    ...targets.map(({ name, used, baseline, sleeps, wakes }) => [
      name,
      hours(used.nodeHours),
      hours(baseline.nodeHours),
      money(used.money),
      money(baseline.money),
      String(sleeps),
      String(wakes),
    ]),
  ];
  const failing = [
    ...events.unanswered.map((id) => `not answered: ${id}`),
    ...events.wrong,
    ...summary.complaints.map(({ target, what }) => `${target}: ${what}`),
    ...summary.problems,
  ];
  return [
    bold(`${summary.from} to ${summary.to}`),
    columns(rightAligned(table)),
    `always on: ${summary.baseline}`,
    "",
    columns([
      [
        "node-hours",
        `${hours(nodeHours.used)} used, ${hours(nodeHours.avoided)} avoided${part(nodeHours.avoided, nodeHours.baseline)}`,
      ],
      ["money", paid === undefined ? "unknown: the fleet file names no prices" : moneyLine(paid, summary.unpriced)],
      [
        "Spot",
        `${count(summary.preemptedReplicas, "replica")} preempted, capacity lost ${count(summary.losses, "time")}`,
      ],
      ["  redeployed", recoveryLine(recoveries, "redeployed")],
      ["  by itself", recoveryLine(recoveries, "restarted")],
      ["  back to Spot", count(summary.returnsToSpot, "time")],
      [
        "jobs",
        `${jobs.submitted} submitted, ${jobs.asEvents} sent as events to a sleeping pool; ${listed(jobs.ended)}`,
      ],
      [
        "events",
        `${events.sent} sent, those jobs included; ${listed(events.answered)}; ${events.unanswered.length} unanswered`,
      ],
      ["alerts", counted(summary.alerts)],
      ["dead letters", counted(summary.deadLetters)],
      ["functions", `${count(functionErrors.count, "error")} logged${underneath(functionErrors.first)}`],
    ]),
    "",
    ...(summary.ok
      ? [good("Every event was answered, and the fleet is as it should be.")]
      : [bad("Not as it should be:"), ...failing.map((line) => `  ${line}`)]),
  ];
}

/** Texts below the line that they belong to. */
function underneath(texts: readonly string[]): string {
  return texts.map((text) => `\n    ${text}`).join("");
}

function counted(texts: readonly string[]): string {
  return `${texts.length}${underneath(texts)}`;
}

function moneyLine(paid: NonNullable<Summary["money"]>, unpriced: readonly string[]): string {
  const missing = unpriced.length === 0 ? "" : `; unknown for ${unpriced.join(", ")}`;
  return `${money(paid.used)} spent, ${money(paid.avoided)} avoided${part(paid.avoided, paid.baseline)}${missing}`;
}

/** Numbers under one another by their last digit; the first column is text. */
function rightAligned(rows: readonly (readonly string[])[]): readonly (readonly string[])[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) => row.map((cell, column) => (column === 0 ? cell : cell.padStart(widths[column] ?? 0))));
}
