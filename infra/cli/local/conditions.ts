/** Reads the world's conditions from the command line: from files (JSON or YAML), or as JSON itself. */
import { dirname, resolve } from "node:path";
import { type Conditions, ConditionsRefused, readConditions } from "../../local/conditions.ts";
import { WrongUse } from "../command.ts";
import { readText } from "../fleet-file.ts";
import { issueLine, keyHints } from "./condition-issues.ts";

/** What the command was given, option by option: a file's name, or JSON that begins with `{` or `[`. */
export interface ConditionOptions {
  readonly behaviour?: string;
  readonly faults?: string;
  readonly market?: string;
  /** A recorded trace's file: short for a market action that replays it. */
  readonly replay?: string;
}

/**
 * Reads and checks all of them.
 * @throws WrongUse naming the option, the file and every wrong key.
 */
export async function conditionsOf({ behaviour, faults, market, replay }: ConditionOptions): Promise<Conditions> {
  const actions = [
    ...(market === undefined ? [] : await readMarket(market)),
    ...(replay === undefined ? [] : [{ action: "replay", trace: await read("--replay", replay) }]),
  ];
  const marketFrom = market === undefined ? `--replay ${replay}` : origin("--market", market);
  const [behaviourJson, faultsJson] = await Promise.all([
    behaviour === undefined ? undefined : read("--behaviour", behaviour),
    faults === undefined ? undefined : read("--faults", faults),
  ]);
  return {
    ...(behaviour === undefined
      ? {}
      : { behaviour: check("behaviour", behaviourJson, origin("--behaviour", behaviour)) }),
    ...(faults === undefined ? {} : { faults: check("faults", faultsJson, origin("--faults", faults)) }),
    ...(actions.length === 0 ? {} : { market: check("market", actions, marketFrom) }),
  };
}

/** Checks one kind of conditions. @throws WrongUse with each wrong key, its place and what was probably meant. */
function check<Kind extends keyof Conditions>(kind: Kind, json: unknown, where: string): Required<Conditions>[Kind] {
  try {
    return readConditions(kind, json, where, keyHints);
  } catch (cause) {
    if (!(cause instanceof ConditionsRefused)) throw cause;
    // One rule or action may stand without a list around it: then the list is none of what people wrote.
    const alone = kind !== "behaviour" && !Array.isArray(json);
    const issues = alone ? cause.issues.map((issue) => ({ ...issue, path: issue.path.slice(1) })) : cause.issues;
    throw new WrongUse(`${where}: ${issueLine(issues, json)}`, documented, { cause });
  }
}

const documented = "see infra/local/README.md for switches, faults and market";

/** Tells conditions that are refused when the world comes up as wrong use of the command. */
export async function asWrongUse<T>(starting: Promise<T>): Promise<T> {
  try {
    return await starting;
  } catch (cause) {
    if (!(cause instanceof ConditionsRefused)) throw cause;
    throw new WrongUse(cause.message, documented, { cause });
  }
}

/** Market actions; a replay may name its trace's file, seen from the file that it stands in. */
async function readMarket(text: string): Promise<unknown[]> {
  const folder = isJson(text) ? "." : dirname(text);
  return Promise.all(
    [await read("--market", text)].flat().map(async (action) => {
      const trace = (action as { trace?: unknown } | null)?.trace;
      if (typeof trace !== "string") return action;
      return { ...(action as object), trace: await read("--market", resolve(folder, trace)) };
    }),
  );
}

async function read(option: string, text: string): Promise<unknown> {
  const content = isJson(text) ? text : await readText(text, given(option));
  try {
    if (!/\.ya?ml$/.test(text)) return JSON.parse(content);
    const { parse } = await import("yaml");
    return parse(content);
  } catch (cause) {
    const why = (cause as Error).message;
    throw new WrongUse(`${origin(option, text)}: ${why}`, given(option), { cause });
  }
}

/** What an option takes. */
function given(option: string): string {
  return `give ${option} a .json or .yaml file, or the JSON itself`;
}

function isJson(text: string): boolean {
  return /^\s*[{[]/.test(text);
}

function origin(option: string, text: string): string {
  return isJson(text) ? option : `${option} ${text}`;
}
