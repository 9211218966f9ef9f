/** `tidekeeper publish EVENT`, and `hold`, `release`, `wake` as short forms of it. */
import { text } from "node:stream/consumers";
import type { Command } from "commander";
import { eventTypes, largestEvent, parseForeignJson } from "../../shared/events/schema.ts";
import { defaultTtl } from "../../shared/state/requests.ts";
import { formatDuration } from "../../shared/time/duration.ts";
import { type CommonOptions, common, Failure, WrongUse } from "./command.ts";
import { readText } from "./fleet-file.ts";
import { withHome } from "./home.ts";
import { interruption } from "./interruption.ts";
import { instant, print, printJson, remark } from "./output.ts";
import { type Published, publishEvent } from "./publishing.ts";
import { userName } from "./user.ts";
import { readDuration, readWait, usualWait } from "./waiting.ts";

interface WaitOptions extends CommonOptions {
  readonly wait?: string | true;
  readonly by?: string;
}

interface EventOptions extends WaitOptions {
  readonly target?: string;
  readonly pool?: string;
  readonly replicas?: string;
  readonly delta?: string;
  readonly ttl?: string;
  readonly reason?: string;
  readonly id?: string;
}

const exampleJob =
  '{"type":"job","target":"notebooks","customJob":{"displayName":"nightly","jobSpec":{"workerPoolSpecs":[...]}}}';

/** Registers the commands. */
export function register(program: Command): void {
  const publish = program
    .command("publish")
    .argument("<event>", `a type (${eventTypes.join(", ")}), the event as JSON, @FILE, or - for standard input`)
    .option("--target <name>", "target, with a type")
    .option("--pool <id>", "resource pool; may be left out where there is one")
    .option("--replicas <n>", "the size wanted")
    .option("--delta <n>", "or a change to the newest size asked for, e.g. +2")
    .option(
      "--ttl <duration>",
      `how long it is wanted, e.g. 4h; default ${formatDuration(defaultTtl.scale)}, a wake or reboot ${formatDuration(defaultTtl.wake)}`,
    )
    .option("--reason <text>", "why; shown in reasons")
    .option("--id <id>", "your id for it: a second event with it is not carried out again")
    .summary("publish an event, as any other system would")
    .description(
      "Checks the event as the functions will, and publishes it to the fleet's events topic.\n" +
        `A job comes as JSON, with a CustomJob as Vertex AI takes it:\n  ${exampleJob}`,
    )
    .action(async (written: string, options: EventOptions) => {
      await send(complete(await readEvent(written, options)), options);
    });
  common(waiting(publish), [
    "publish scale --target research --replicas 4 --ttl 2h",
    `publish '{"type":"scale","target":"research","delta":2}' --wait`,
    "publish @job.json",
  ]);

  for (const [type, summary] of shortForms) {
    const command = program
      .command(type)
      .argument("<target>", "the fleet's name of the target, or its full resource name")
      .option("--reason <text>", "why; shown in reasons")
      .summary(summary)
      .description(`Publishes a ${type} event: ${summary}.`)
      .action(async (target: string, options: WaitOptions & { readonly for?: string; readonly reason?: string }) => {
        const { for: ttl, reason, by: source } = options;
        if (ttl !== undefined) readDuration("--for", ttl);
        await send({ type, target, ...given({ ttl, reason, source }) }, options);
      });
    // A release ends things at once: it lasts for no time.
    if (type !== "release") {
      command.option("--for <duration>", `how long it is wanted, e.g. 4h; default ${formatDuration(defaultTtl[type])}`);
    }
    common(waiting(command), [
      `${type} research${type === "release" ? "" : " --for 4h"} --reason "demo at nine" --wait`,
    ]);
  }
}

const shortForms = [
  ["hold", "change nothing about a target for a while"],
  ["release", "end holds, wakes, drift and doubt whether it is idle: back to the fleet's own rules"],
  ["wake", "be on, whatever the schedule says"],
] as const;

function waiting(command: Command): Command {
  return command
    .option("--by <name>", `who asks, as shown in reasons; default: you, ${userName()}`)
    .option(
      "--wait [duration]",
      `tell each answer until the final one, for ${usualWait} at most by default; exit code 1 unless it is \`done\``,
    );
}

async function readEvent(written: string, options: EventOptions): Promise<{ readonly [key: string]: unknown }> {
  const { target, pool, replicas, delta, ttl, reason, id, by: source } = options;
  const keys = given({ target, pool, replicas, delta: delta?.replace(/^\+/, ""), ttl, reason, id, source });
  if (/^[a-z]+$/.test(written)) return { type: written, ...keys };
  const json = written === "-" ? await text(process.stdin) : await jsonOf(written);
  const event = parseForeignJson(Buffer.from(json), largestEvent);
  for (const [key, value] of Object.entries(keys)) {
    if (event[key] === undefined || String(event[key]) === value) continue;
    throw new WrongUse(
      `--${key === "source" ? "by" : key} is ${JSON.stringify(value)}, but the event as JSON says ${JSON.stringify(event[key])}`,
      "say it in one place",
    );
  }
  return { ...event, ...keys };
}

/** @throws WrongUse when the event lacks what the command line could have given. */
function complete(event: { readonly [key: string]: unknown }): object {
  const { type, target, customJob } = event;
  // What has no type that is known is answered with those that are.
  if (!eventTypes.some((known) => known === type)) return event;
  if (target === undefined) throw new WrongUse(`the ${type} event names no target`, "add --target NAME");
  if (type === "job" && customJob === undefined) {
    throw new WrongUse("the job event has no customJob", `publish a file with @FILE that holds ${exampleJob}`);
  }
  return event;
}

async function jsonOf(written: string): Promise<string> {
  return written.startsWith("@")
    ? readText(written.slice(1), "name a file that holds an event as JSON, e.g. @job.json")
    : written;
}

/** The values that were given. */
function given(values: { readonly [key: string]: string | undefined }): { readonly [key: string]: string } {
  return Object.fromEntries(
    Object.entries(values).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

async function publishAndFollow(event: object, { wait, json }: WaitOptions): Promise<Published> {
  if (wait === undefined) return withHome((home) => publishEvent(home, event));
  const lasts = readWait(wait === true ? usualWait : wait);
  const { signal, dispose } = interruption();
  try {
    const following = { lasts, signal, told: json ? () => {} : remark };
    return await withHome((home) => publishEvent(home, event, following));
  } finally {
    dispose();
  }
}

async function send(event: object, options: WaitOptions): Promise<void> {
  const published = await publishAndFollow(event, options);
  if (options.json) printJson(published);
  else print(line(published));
  const { outcome } = published;
  if (outcome !== undefined && outcome.phase !== "done") {
    throw new Failure(
      `${published.id} ended ${outcome.phase}: ${outcome.why}`,
      "correct it and publish it under a new id",
      { answered: true },
    );
  }
}

function line({ id, messageId, outcome, repeated }: Published): string {
  if (outcome === undefined) return `published ${id} as message ${messageId}; its outcome will name this id`;
  if (repeated) {
    return `${id} was published before and is not carried out again; as answered at ${instant(outcome.at)}: ${outcome.phase}: ${outcome.what}: ${outcome.why}`;
  }
  return `${id} ${outcome.phase}: ${outcome.what}: ${outcome.why}`;
}
