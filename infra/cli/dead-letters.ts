/** `tidekeeper dead-letters list|show|retry|drop`: what could not be handled, why, and what to do with it. */
import type { Command } from "commander";
import { nearest } from "../../shared/fleet/nearest.ts";
import { type CommonOptions, common, Failure, WrongUse } from "./command.ts";
import type { LetterBox } from "./dead-letters/box.ts";
import { type Letter, payload } from "./dead-letters/letter.ts";
import { withHome } from "./home.ts";
import { columns, count, instant, paint, print, printJson } from "./output.ts";

/** Most letters that are held at once: what a lease of a minute and a terminal take. */
const mostLetters = 1_000;

interface RetryOptions extends CommonOptions {
  readonly as?: string;
}

/** Registers the commands. */
export function register(program: Command): void {
  const letters = program
    .command("dead-letters")
    .summary("list, show, retry or drop what could not be handled")
    .description(
      "Reads the dead letters' subscription; nothing is lost by looking. Without a subcommand it lists them.",
    )
    .allowExcessArguments()
    .action(listUnlessMisspelt);
  common(letters, ["dead-letters", "dead-letters show 1234", "dead-letters retry 1234 1235", "dead-letters drop 1234"]);

  const list = letters
    .command("list")
    .summary("list them, oldest first")
    .description(`Lists up to ${mostLetters} letters, oldest first; they stay where they are.`)
    .action(listLetters);
  common(list, ["dead-letters list", "dead-letters list --json"]);

  const show = letters
    .command("show")
    .argument("<id>", "a letter's id, or the id of the message that it was")
    .summary("show one, whole")
    .description("Shows a letter with its reason, attributes and payload; it stays where it is.")
    .action(showLetter);
  common(show, ["dead-letters show 1234"]);

  const retry = letters
    .command("retry")
    .argument("<id...>", "letters' ids, or the ids of the messages that they were")
    .option("--as <id>", "publish the event under a new id: needed where its own was answered for good")
    .summary("publish them again where they came from")
    .description("Publishes the original data and attributes to the original topic, then removes the letter.")
    .action(retryLetters);
  common(retry, ["dead-letters retry 1234", "dead-letters retry 1234 --as nightly-42-again"]);

  const drop = letters
    .command("drop")
    .argument("<id...>", "letters' ids, or the ids of the messages that they were")
    .summary("remove them for good")
    .description("Acknowledges letters: they are gone.")
    .action(dropLetters);
  common(drop, ["dead-letters drop 1234 1235"]);
}

/** Without a subcommand. @throws WrongUse for a word that is none. */
async function listUnlessMisspelt(options: CommonOptions, command: Command): Promise<void> {
  const [word] = command.args;
  if (word === undefined) return listLetters(options, command);
  const names = command.commands.map((one) => one.name());
  throw new WrongUse(`dead-letters has no subcommand "${word}"`, `the nearest is "${nearest(word, names)}"`);
}

function withBox<T>(work: (box: LetterBox, store: import("../../shared/state/store.ts").Store) => Promise<T>) {
  return withHome(async (home) => {
    const { withLetterBox } = await import("./dead-letters/box.ts");
    return withLetterBox(home, (box) => work(box, home.store));
  });
}

/** A letter as JSON. */
function shown({ data, unopened, at, ...letter }: Letter): object {
  return { ...letter, ...(at === undefined ? {} : { at: new Date(at).toISOString() }), ...payload(data) };
}

async function listLetters(_: CommonOptions, command: Command): Promise<void> {
  const { json } = command.optsWithGlobals<CommonOptions>();
  const letters = await withBox((box) => box.take(mostLetters));
  if (json) {
    printJson(letters.map(shown));
    return;
  }
  if (letters.length === 0) {
    print("no dead letters");
    return;
  }
  print(columns(letters.map((letter) => [letter.id, when(letter), letter.function ?? "?", letter.reason])));
  if (letters.length === mostLetters) print(`these are the first ${mostLetters}; there may be more`);
}

function when({ at }: Letter): string {
  return at === undefined ? "" : instant(at);
}

function isMeant(id: string): (letter: Letter) => boolean {
  return (letter) => letter.id === id || letter.messageId === id;
}

/** Finds letters by id. @throws Failure naming those that are not there. */
async function find(box: LetterBox, ids: readonly string[]): Promise<readonly Letter[]> {
  const isAny = (letters: readonly Letter[]) => ids.every((id) => letters.some(isMeant(id)));
  const letters = await box.take(mostLetters, isAny);
  const missing = ids.filter((id) => !letters.some(isMeant(id)));
  if (missing.length > 0) {
    throw new Failure(
      `there is no dead letter ${missing.join(", ")} among the ${letters.length} that are there`,
      "run `tidekeeper dead-letters list`; somebody else may hold it right now: wait a minute then",
    );
  }
  return [...new Set(ids.flatMap((id) => letters.filter(isMeant(id))))];
}

async function showLetter(id: string, _: CommonOptions, command: Command): Promise<void> {
  const { json } = command.optsWithGlobals<CommonOptions>();
  const [letter] = await withBox((box) => find(box, [id]));
  if (letter === undefined) return;
  if (json) {
    printJson(shown(letter));
    return;
  }
  const { reason, attributes, messageId, topic, data } = letter;
  const content = payload(data);
  print(`${paint("bold", letter.id)}: ${reason}`);
  print(
    columns([
      ["  set aside", `${when(letter)} by ${letter.function ?? "somebody else"}`],
      ["  came from", `topic ${topic ?? "unknown"}${messageId === undefined ? "" : `, message ${messageId}`}`],
      ...(attributes === undefined
        ? [["  attributes", "too long to be kept"]]
        : Object.entries(attributes).map(([key, value]) => [`  ${key}`, value])),
    ]),
  );
  print();
  print("text" in content ? content.text : `(base64) ${content.base64}`);
}

async function retryLetters(ids: readonly string[], _: RetryOptions, command: Command): Promise<void> {
  const { json, as } = command.optsWithGlobals<RetryOptions>();
  if (as !== undefined && ids.length > 1) throw new WrongUse("--as names one event", "retry the letters one by one");
  const { messageToRetry } = await import("./dead-letters/retry.ts");
  const retried = await withBox(async (box, store) => {
    const letters = await find(box, ids);
    // All are checked before the first is published.
    const messages = await Promise.all(
      letters.map(async (letter) => ({ letter, message: await messageToRetry(store, letter, as) })),
    );
    const done: { id: string; topic: string; messageId: string }[] = [];
    for (const { letter, message } of messages) {
      const messageId = await box.publish(message);
      await box.acknowledge(letter);
      done.push({ id: letter.id, topic: message.topic, messageId });
    }
    return done;
  });
  if (json) printJson(retried);
  else
    for (const { id, topic, messageId } of retried) print(`${id} published again to ${topic} as message ${messageId}`);
}

async function dropLetters(ids: readonly string[], _: CommonOptions, command: Command): Promise<void> {
  const { json } = command.optsWithGlobals<CommonOptions>();
  const dropped = await withBox(async (box) => {
    const letters = await find(box, ids);
    for (const letter of letters) await box.acknowledge(letter);
    return letters;
  });
  if (json) printJson(dropped.map(shown));
  else print(`dropped ${count(dropped.length, "letter")}: ${dropped.map(({ id }) => id).join(", ")}`);
}
