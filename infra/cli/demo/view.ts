/** The live view: a screenful of text made of what is known at one moment. Pure; how it gets on the screen is screen.ts. */
import type { StatusReport, TargetStatus } from "../../../shared/status/report.ts";
import type { Millis } from "../../../shared/time/clock.ts";
import { formatDuration } from "../../../shared/time/duration.ts";
import { count } from "../output.ts";
import { sum, type TargetBill } from "./bill.ts";

/** Something that happened, in a line. */
export interface NewsItem {
  readonly at: Millis;
  /** A target's name, or "" where it is about none. */
  readonly about: string;
  readonly what: string;
  readonly tone: "plain" | "good" | "bad" | "busy";
}

/** What is shown. */
export interface Scene {
  readonly now: Millis;
  readonly from: Millis;
  readonly until: Millis;
  readonly speed: number;
  readonly status: StatusReport | undefined;
  readonly bills: readonly TargetBill[];
  /** Oldest first. */
  readonly news: readonly NewsItem[];
  /** Address of the status page. */
  readonly page: string;
  /** What it is doing besides living through the time, e.g. waiting for the fleet to come to rest. */
  readonly note?: string;
}

/** How text is painted; a test, and a terminal without colour, give it back as it is. */
export interface Paints {
  phase(phase: string, text: string): string;
  tone(tone: NewsItem["tone"], text: string): string;
  bold(text: string): string;
  faint(text: string): string;
}

/** Cuts text to a width, with a sign that there was more. */
export function cut(text: string, width: number): string {
  if (text.length <= width) return text;
  return width <= 1 ? "…".slice(0, Math.max(0, width)) : `${text.slice(0, width - 1).trimEnd()}…`;
}

/** Resource names without the project and location that all of a fleet's have, and model versions of rungs without theirs. */
export function withoutPlaces(text: string): string {
  return text
    .replaceAll(/projects\/[^/\s]+\/locations\/[^/\s]+\//g, "")
    .replaceAll(/(\/(?:spot|on-demand|flex-start|reservation))@[a-z0-9-]+/g, "$1");
}

function cell(text: string, width: number): string {
  return cut(text, width).padEnd(width);
}

/** `Mon 23 Nov 14:35`, UTC. */
export function moment(at: Millis): string {
  const [, weekday = "", day = "", month = "", time = ""] =
    /^(\w+), (\d+) (\w+) \d+ (\d+:\d+)/.exec(new Date(at).toUTCString()) ?? [];
  return `${weekday} ${day} ${month} ${time}`;
}

/** `14:35`, UTC. */
function timeOfDay(at: Millis): string {
  return new Date(at).toISOString().slice(11, 16);
}

/** What of a target is on: pools with their replicas, or the rung that serves with its replicas. */
export function sizeOf({ kind, rung }: TargetStatus, bill: TargetBill | undefined): string {
  const nodes = Object.entries(bill?.nodes ?? {});
  if (nodes.length === 0) return "-";
  if (kind === "persistentResource") return nodes.map(([pool, replicas]) => `${pool} ${replicas}`).join(" ");
  const replicas = nodes.reduce((total, [, number]) => total + number, 0);
  if (rung === undefined) return count(replicas, "node");
  const [machine = "", ...rest] = rung.split("@")[0]?.split("/") ?? [];
  const bought = rest.at(-1)?.split(":")[0] ?? "";
  const chip = rest.length > 1 ? rest[0]?.replace(/^NVIDIA_(?:TESLA_)?/, "").replace(/x1$/, "") : machine;
  return `${replicas} ${bought} ${chip}`;
}

function whyOf({ decision, operation }: TargetStatus, now: Millis): string {
  if (operation === undefined) return withoutPlaces(decision?.why ?? "not looked at yet");
  const why = withoutPlaces(operation.why);
  return `${operation.kind} ${operation.state} for ${formatDuration(now - operation.since)}: ${why}`;
}

function widest(texts: readonly string[], least: number, most: number): number {
  return Math.min(most, Math.max(least, ...texts.map(({ length }) => length)));
}

function targetRows(scene: Scene, width: number, paints: Paints): readonly string[] {
  const targets = scene.status?.targets ?? [];
  const sizes = targets.map((target) =>
    sizeOf(
      target,
      scene.bills.find(({ name }) => name === target.name),
    ),
  );
  const nameWidth = widest(
    targets.map(({ name }) => name),
    4,
    16,
  );
  const phaseWidth = widest(
    targets.map(({ phase }) => phase),
    10,
    20,
  );
  const sizeWidth = widest(sizes, 9, width >= 110 ? 24 : 16);
  const whyWidth = Math.max(10, width - nameWidth - phaseWidth - sizeWidth - 6);
  return targets.map((target, index) =>
    [
      paints.bold(cell(target.name, nameWidth)),
      paints.phase(target.phase, cell(target.phase, phaseWidth)),
      cell(sizes[index] ?? "", sizeWidth),
      cut(whyOf(target, scene.now), whyWidth),
    ].join("  "),
  );
}

function bar({ now, from, until }: Scene, width: number): string {
  const part = Math.min(1, Math.max(0, (now - from) / (until - from)));
  const percent = `${Math.floor(part * 100)} %`.padStart(5);
  const room = Math.max(4, width - percent.length - 1);
  const full = Math.round(part * room);
  return `${"━".repeat(full)}${"┄".repeat(room - full)} ${percent}`;
}

function billLine(bills: readonly TargetBill[]): string {
  const priced = bills.filter(({ used, baseline }) => used.money !== undefined && baseline.money !== undefined);
  const [used, base] = [sum(bills.map((bill) => bill.used)), sum(bills.map(({ baseline }) => baseline))];
  const [paid, full] = [sum(priced.map((bill) => bill.used)), sum(priced.map(({ baseline }) => baseline))];
  const hours = `${used.nodeHours.toFixed(1)} node-hours so far, always on would be ${base.nodeHours.toFixed(1)}`;
  if (priced.length === 0) return hours;
  return `${hours}; money ${(paid.money ?? 0).toFixed(2)} of ${(full.money ?? 0).toFixed(2)}`;
}

function newsLine({ at, about, what, tone }: NewsItem, aboutWidth: number, width: number, paints: Paints): string {
  const text = cut(what, Math.max(10, width - aboutWidth - 9));
  return `${paints.faint(timeOfDay(at))}  ${cell(about, aboutWidth)}  ${paints.tone(tone, text)}`;
}

/**
 * Renders a scene.
 * @param size of the terminal; nothing is wider, and nothing but a fleet of many targets is higher.
 */
export function render(
  scene: Scene,
  size: { readonly columns: number; readonly rows: number },
  paints: Paints,
): readonly string[] {
  // The last column stays free: some terminals break the line there.
  const width = Math.max(40, size.columns - 1);
  const most = Math.max(1, size.rows - 13);
  const targets = targetRows(scene, width, paints);
  const shown = targets.slice(0, most);
  const hidden = targets.length - shown.length;
  const rest = hidden === 0 ? [] : [paints.faint(`… and ${hidden} more; the status page shows all`)];
  const room = Math.max(2, Math.min(12, size.rows - shown.length - rest.length - 8));
  // What is told arrives a little late: it is shown in the order in which it happened.
  const news = scene.news.toSorted((a, b) => a.at - b.at).slice(-room);
  const abouts = [...(scene.status?.targets ?? []).map(({ name }) => name), ...news.map(({ about }) => about)];
  const aboutWidth = widest(abouts, 4, 16);
  const speed = `${Math.round(scene.speed)} times as fast as life`;
  const title = `Tidekeeper  ${moment(scene.now)} UTC`;
  return [
    `${paints.bold(title)}${paints.faint(cut(`  ${scene.note ?? speed}`, width - title.length))}`,
    bar(scene, width),
    "",
    ...shown,
    ...rest,
    "",
    ...news.map((item) => newsLine(item, aboutWidth, width, paints)),
    ...Array.from({ length: room - news.length }, () => ""),
    "",
    cut(billLine(scene.bills), width),
    paints.faint(cut(`status page ${scene.page}  ·  Ctrl-C stops everything`, width)),
  ];
}
