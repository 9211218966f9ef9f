/**
 * A fleet file's text as data, with the place of everything in it. YAML 1.2: dates and `yes` stay text.
 */
import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseAllDocuments, visit } from "yaml";
import { type Finding, type FleetIssue, formatPath, type Path } from "./issues.ts";

/** Longest fleet file read, in characters: ten thousand targets fit. */
const largestFleetFile = 8 * 1024 * 1024;

/** Keys that reach into JavaScript's prototypes. */
const forbiddenKeys = new Set(["__proto__", "prototype", "constructor"]);

/** A fleet file taken apart. */
export interface Source {
  /** Undefined when the text could not be read as one YAML document. */
  readonly data: unknown;
  /** What is wrong with the text itself. */
  readonly issues: readonly FleetIssue[];
  /** Finds the place of a finding in the text: the nearest that exists. */
  locate(finding: Finding): FleetIssue;
}

/**
 * Reads YAML text.
 * @param file name shown in messages.
 */
export function readSource(text: string, file: string): Source {
  const lines = new LineCounter();
  const issue = (offset: number, path: string, message: string, hint: string): FleetIssue => {
    const { line, col } = offset > 0 ? lines.linePos(offset) : { line: 1, col: 1 };
    return { file, line, column: col, path, message, hint };
  };
  const refused = (...issues: FleetIssue[]): Source => ({
    data: undefined,
    issues,
    locate: ({ path, message, hint }) => issue(0, formatPath(path), message, hint),
  });

  if (text.length > largestFleetFile) {
    const message = `the file has ${text.length} characters, more than ${largestFleetFile}`;
    return refused(issue(0, "", message, "split the fleet, one fleet a project"));
  }
  const documents = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false });
  if ("empty" in documents || documents[0]?.contents === null) {
    return refused(issue(0, "", "the file is empty", "start from fleet.example.yaml"));
  }
  const [document, second] = documents;
  if (document === undefined) return refused(issue(0, "", "the file is empty", "start from fleet.example.yaml"));
  if (second !== undefined) {
    const offset = second.range[0];
    return refused(issue(offset, "", "the file holds several documents", "keep one fleet a file, without `---`"));
  }

  const issues: FleetIssue[] = [];
  const broken = document.errors.find((error) => error.code !== "DUPLICATE_KEY");
  if (broken !== undefined) {
    // One broken line makes the parser stumble over the next ones: the first error is the cause.
    return refused(
      issue(broken.pos[0], "", `this is not YAML: ${broken.message.split("\n")[0]}`, hintFor(broken.code)),
    );
  }
  for (const error of document.errors) {
    issues.push(issue(error.pos[0], "", "this key stands here twice", "keep one of the two"));
  }
  for (const warning of document.warnings) {
    issues.push(issue(warning.pos[0], "", warning.message, "write plain text, numbers, lists and keys only"));
  }
  visit(document, {
    Pair(_, pair) {
      if (isScalar(pair.key) && forbiddenKeys.has(String(pair.key.value))) {
        const message = `the key ${JSON.stringify(pair.key.value)} is not allowed anywhere`;
        issues.push(issue(pair.key.range?.[0] ?? 0, "", message, "remove it"));
      }
    },
    Alias(_, alias) {
      if (alias.resolve(document) !== undefined) return;
      const message = `the alias *${alias.source} stands for nothing`;
      issues.push(issue(alias.range?.[0] ?? 0, "", message, `define &${alias.source} further up`));
    },
  });
  if (issues.length > document.errors.length + document.warnings.length) return refused(...issues);

  let data: unknown;
  try {
    data = document.toJS({ maxAliasCount: 1000 });
  } catch (error) {
    const message = `the file's aliases cannot be resolved: ${error instanceof Error ? error.message : "unreadable"}`;
    return refused(issue(0, "", message, "write the repeated parts out"));
  }
  return {
    data,
    issues,
    locate: ({ path, part, message, hint }) => issue(offsetOf(document, path, part), formatPath(path), message, hint),
  };
}

function hintFor(code: string): string {
  if (code === "TAB_AS_INDENT") return "indent with spaces";
  return "mind indentation, colons and quotes; an editor with the YAML schema shows the place";
}

/** Offset of the key or value at a path; of the nearest ancestor that exists where it does not. */
function offsetOf(document: Document, path: Path, part: "key" | "value"): number {
  let node: Node | null = document.contents;
  let offset = node?.range?.[0] ?? 0;
  for (const [index, step] of path.entries()) {
    const here: Node | null | undefined = isAlias(node) ? node.resolve(document) : node;
    const last = index === path.length - 1;
    if (isMap(here)) {
      const pair = here.items.find((item) => isScalar(item.key) && String(item.key.value) === String(step));
      if (pair === undefined || !isScalar(pair.key)) return offset;
      const keyOffset = pair.key.range?.[0] ?? offset;
      if (last && part === "key") return keyOffset;
      node = (pair.value as Node | null) ?? null;
      offset = isScalar(node) && node.source === "" ? keyOffset : (node?.range?.[0] ?? keyOffset);
    } else if (isSeq(here)) {
      const item: unknown = here.items[Number(step)];
      if (item === undefined) return offset;
      node = item as Node;
      offset = node.range?.[0] ?? offset;
    } else return offset;
  }
  return offset;
}
