/**
 * The filter language of subscriptions: `attributes:k`, `attributes.k = "v"`, `!=`, `hasPrefix(attributes.k, "v")`,
 * AND, OR, NOT (or `-`), parentheses. Source: cloud.google.com/pubsub/docs/subscription-message-filter
 * Google's own emulator accepts filters and ignores them; the real service and this one honour them.
 */
import { ApiError } from "../wire/service.ts";

/** Whether a message with these attributes is delivered. */
export type Filter = (attributes: Readonly<Record<string, string>>) => boolean;

const maxBytes = 256;
const tokenPattern = /\s*(?:("(?:[^"\\]|\\.)*")|([A-Za-z_][A-Za-z0-9_-]*)|(!=|[=:.(),-]))/y;

/** Compiles a filter; an empty one lets everything through. Throws INVALID_ARGUMENT saying where it cannot be read. */
export function compileFilter(text: string): Filter {
  if (text.trim() === "") return () => true;
  if (Buffer.byteLength(text) > maxBytes) throw invalid(`it has more than ${maxBytes} bytes`);
  const parser = new Parser(tokenize(text));
  const filter = parser.expression();
  parser.end();
  return filter;
}

function tokenize(text: string): string[] {
  const tokens: string[] = [];
  tokenPattern.lastIndex = 0;
  const trimmed = text.trimEnd();
  while (tokenPattern.lastIndex < trimmed.length) {
    const at = tokenPattern.lastIndex;
    const match = tokenPattern.exec(trimmed);
    if (match === null) throw invalid(`character ${at + 1} cannot be read`);
    tokens.push(match[0].trimStart());
  }
  return tokens;
}

class Parser {
  readonly #tokens: readonly string[];
  #at = 0;

  constructor(tokens: readonly string[]) {
    this.#tokens = tokens;
  }

  expression(): Filter {
    const parts = [this.#term()];
    const joiner = this.#tokens[this.#at];
    if (joiner !== "AND" && joiner !== "OR") return parts[0] ?? (() => true);
    while (this.#take(joiner)) parts.push(this.#term());
    const next = this.#tokens[this.#at];
    if (next === "AND" || next === "OR") throw invalid("AND and OR need parentheses between them");
    return joiner === "AND"
      ? (attributes) => parts.every((part) => part(attributes))
      : (attributes) => parts.some((part) => part(attributes));
  }

  end(): void {
    const rest = this.#tokens[this.#at];
    if (rest !== undefined) throw invalid(`${rest} is one too many`);
  }

  #term(): Filter {
    if (this.#take("NOT") || this.#take("-")) {
      const inner = this.#term();
      return (attributes) => !inner(attributes);
    }
    if (this.#take("(")) {
      const inner = this.expression();
      this.#expect(")");
      return inner;
    }
    if (this.#take("hasPrefix")) return this.#prefix();
    this.#expect("attributes");
    if (this.#take(":")) {
      const key = this.#key();
      return (attributes) => Object.hasOwn(attributes, key);
    }
    this.#expect(".");
    const key = this.#key();
    const wanted = !this.#take("!=");
    if (wanted) this.#expect("=");
    const value = this.#text();
    return (attributes) => (Object.hasOwn(attributes, key) && attributes[key] === value) === wanted;
  }

  #prefix(): Filter {
    this.#expect("(");
    this.#expect("attributes");
    this.#expect(".");
    const key = this.#key();
    this.#expect(",");
    const prefix = this.#text();
    this.#expect(")");
    return (attributes) => Object.hasOwn(attributes, key) && attributes[key]?.startsWith(prefix) === true;
  }

  #key(): string {
    const token = this.#tokens[this.#at];
    if (token?.startsWith('"')) return this.#text();
    if (token === undefined || !/^[A-Za-z_]/.test(token))
      throw invalid(`${token ?? "its end"} stands where an attribute's key is expected`);
    this.#at++;
    return token;
  }

  #text(): string {
    const token = this.#tokens[this.#at++];
    if (!token?.startsWith('"'))
      throw invalid(`${token ?? "its end"} stands where a string in double quotes is expected`);
    return token.slice(1, -1).replace(/\\(.)/g, "$1");
  }

  #take(token: string): boolean {
    const taken = this.#tokens[this.#at] === token;
    if (taken) this.#at++;
    return taken;
  }

  #expect(token: string): void {
    if (!this.#take(token)) throw invalid(`${this.#tokens[this.#at] ?? "its end"} stands where ${token} is expected`);
  }
}

function invalid(why: string): ApiError {
  return new ApiError("INVALID_ARGUMENT", `The subscription filter is invalid: ${why}.`);
}
