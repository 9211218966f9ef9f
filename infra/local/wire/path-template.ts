/** Path templates of `google.api.http`: `/v1/{name=projects/*}/things/*:verb`. */
import { ApiError } from "./service.ts";

/** A compiled template. */
export interface PathTemplate {
  /** The part after the last colon, e.g. `deployModel`; empty when there is none. */
  readonly customVerb: string;
  /** Captured field paths (proto names, dotted) and values; undefined when the path is another one. */
  match(segments: readonly string[]): [fieldPath: string, value: string][] | undefined;
}

/** Compiles a template. Throws Error on one that google.api.http would not allow. */
export function compilePathTemplate(template: string): PathTemplate {
  const [, path = template, customVerb = ""] = /^(.*?)(?::(\w+))?$/.exec(template) ?? [];
  const captures: string[] = [];
  const source = path.replace(/\{([\w.]+)(?:=([^}]*))?\}|\*\*|\*|[^{}*]+/g, (token, field?: string, pattern = "*") => {
    if (field === undefined) return segmentPattern(token);
    captures.push(field);
    return `(${pattern.split("/").map(segmentPattern).join("/")})`;
  });
  const expression = new RegExp(`^${source}$`);
  return {
    customVerb,
    match(segments) {
      const found = expression.exec(`/${segments.join("/")}`);
      return found ? captures.map((field, index) => [field, decoded(found[index + 1] ?? "")]) : undefined;
    },
  };
}

/** The segments of a request path, still percent-encoded, with a custom verb taken off its end when it is one of `verbs`. */
export function splitPath(path: string, verbs: ReadonlySet<string>): { segments: string[]; customVerb: string } {
  const colon = path.lastIndexOf(":");
  const verb = colon > path.lastIndexOf("/") ? path.slice(colon + 1) : "";
  const customVerb = verbs.has(verb) ? verb : "";
  const bare = customVerb === "" ? path : path.slice(0, colon);
  return { segments: bare.replace(/^\//, "").split("/"), customVerb };
}

function segmentPattern(token: string): string {
  if (token === "**") return ".+";
  if (token === "*") return "[^/]+";
  return token.replace(/[.+?^$()[\]\\|]/g, "\\$&");
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new ApiError("INVALID_ARGUMENT", `The path part "${text}" is not valid percent-encoding.`);
  }
}
