/** Parses list filters: comparisons joined by AND, OR, NOT and parentheses; OR binds tighter than AND (AIP-160). */
import { invalidField } from "./errors.ts";

/** A parsed filter. */
export type FilterNode =
  | { kind: "and" | "or"; parts: FilterNode[] }
  | { kind: "not"; part: FilterNode }
  | { kind: "compare"; path: string[]; operator: string; value: string };

type Token = { type: "word" | "string" | "operator" | "mark" | "end"; text: string; at: number };

/** Deeper nesting is refused, so that no request can exhaust the stack. */
const deepest = 50;
const pattern =
  /\s*(?:(?<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?<operator>!=|<=|>=|=|<|>|:)|(?<mark>[().-])|(?<word>[^\s"'()=<>!:.,-][^\s"'()=<>!:,]*))/y;

/** Parses a filter; undefined when it is blank. INVALID_ARGUMENT says where it cannot be read. */
export function parseFilter(text: string): FilterNode | undefined {
  const tokens = tokenize(text);
  if (tokens[0]?.type === "end") return undefined;
  const parser = createParser(tokens);
  return parser.parse();
}

function createParser(tokens: readonly Token[]) {
  let at = 0;
  const end: Token = tokens.at(-1) ?? { type: "end", text: "", at: 0 };
  const peek = (): Token => tokens[at] ?? end;
  const take = (): Token => tokens[at++] ?? end;
  const isWord = (text: string): boolean => peek().type === "word" && peek().text === text;
  const isMark = (text: string): boolean => peek().type === "mark" && peek().text === text;

  const conjunction = (depth: number): FilterNode => {
    const parts = [disjunction(depth)];
    while (peek().type !== "end" && !isMark(")")) {
      if (isWord("AND")) take();
      parts.push(disjunction(depth));
    }
    return joined("and", parts);
  };
  const disjunction = (depth: number): FilterNode => {
    const parts = [term(depth)];
    while (isWord("OR")) {
      take();
      parts.push(term(depth));
    }
    return joined("or", parts);
  };
  const term = (depth: number): FilterNode => {
    if (depth > deepest) throw unreadable(peek(), "is nested too deeply");
    if (isWord("NOT") || isMark("-")) {
      take();
      return { kind: "not", part: term(depth + 1) };
    }
    if (isMark("(")) {
      take();
      const inner = conjunction(depth + 1);
      if (!isMark(")")) throw unreadable(peek(), 'stands where ")" is expected');
      take();
      return inner;
    }
    return comparison();
  };
  const comparison = (): FilterNode => {
    const first = take();
    if (first.type !== "word") throw unreadable(first, "stands where a field name is expected");
    const path = first.text.split(".").filter((part) => part !== "");
    if (first.text.endsWith(".") && peek().type === "string") path.push(unquote(take().text));
    const operator = take();
    if (operator.type !== "operator") throw unreadable(operator, "stands where an operator is expected");
    const negative = isMark("-") ? take().text : "";
    const value = take();
    if (value.type !== "word" && value.type !== "string") throw unreadable(value, "stands where a value is expected");
    const text = value.type === "string" ? unquote(value.text) : value.text;
    return { kind: "compare", path, operator: operator.text, value: negative + text };
  };

  return {
    parse(): FilterNode {
      const tree = conjunction(0);
      if (peek().type !== "end") throw unreadable(peek(), "is one too many");
      return tree;
    },
  };
}

function joined(kind: "and" | "or", parts: FilterNode[]): FilterNode {
  const [only] = parts;
  return parts.length === 1 && only ? only : { kind, parts };
}

function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  pattern.lastIndex = 0;
  while (text.slice(pattern.lastIndex).trim() !== "") {
    const start = pattern.lastIndex;
    const groups = pattern.exec(text)?.groups;
    const found = Object.entries(groups ?? {}).find(([, value]) => value !== undefined);
    if (!found?.[1]) {
      throw unreadable({ type: "mark", text: text.slice(start).trim().slice(0, 20), at: start }, "cannot be read");
    }
    tokens.push({ type: found[0] as Token["type"], text: found[1], at: pattern.lastIndex - found[1].length });
  }
  return [...tokens, { type: "end", text: "the end", at: text.length }];
}

function unquote(text: string): string {
  return text.slice(1, -1).replace(/\\(.)/g, "$1");
}

function unreadable(token: Token, problem: string): Error {
  const what = token.type === "end" ? "the end of the filter" : `"${token.text}"`;
  return invalidField("filter", `Invalid filter: ${what} at character ${token.at + 1} ${problem}.`);
}
