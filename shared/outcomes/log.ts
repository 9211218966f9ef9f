/**
 * Log lines as Cloud Logging reads them from a function's output: one JSON object a line. What a log-based metric counts
 * is a field of it, never a part of the message.
 */

/** Cloud Logging's severities, the ones we use. */
type Severity = "DEBUG" | "INFO" | "NOTICE" | "WARNING" | "ERROR" | "CRITICAL";

/** What a line says besides its message. Values must be JSON; an Error is written as its stack. */
export type LogFields = { readonly [field: string]: unknown };

/** Writes one line. */
export type Log = (severity: Severity, message: string, fields?: LogFields) => void;

/** What every line of a log carries. */
export interface LogContext {
  /** Indexed by Cloud Logging: few, short, the same words everywhere. */
  readonly labels?: { readonly [label: string]: string };
  /** Links the line to the request that it belongs to, see {@link traceFields}. */
  readonly trace?: LogFields;
}

/** Cloud Logging cuts entries at 256 kB; a line that is cut is no JSON any more, so we cut first. Characters. */
const longestText = 30_000;

/** Names that the line itself uses; a field of that name would replace it. */
const reserved = new Set(["severity", "message", "time"]);

function shorten(text: string): string {
  return text.length <= longestText ? text : `${text.slice(0, longestText)}… (${text.length} characters)`;
}

/** Makes anything JSON: errors become their stack, what JSON has no word for becomes text. */
function writable(_key: string, value: unknown): unknown {
  if (value instanceof Error) return shorten(value.stack ?? String(value));
  if (typeof value === "bigint") return String(value);
  return typeof value === "string" ? shorten(value) : value;
}

function toJson(entry: LogFields): string {
  const text = JSON.stringify(entry, writable);
  if (text.length <= 6 * longestText) return text;
  const { severity, message } = entry;
  return JSON.stringify({ severity, message, left_out: `fields of ${text.length} characters` }, writable);
}

/**
 * @param write is given each line without its end.
 * @param context what every line carries.
 */
export function createLog(write: (line: string) => void, context: LogContext = {}): Log {
  const { labels, trace } = context;
  const always = { ...trace, ...(labels === undefined ? {} : { "logging.googleapis.com/labels": labels }) };
  return (severity, message, fields = {}) => {
    const own = Object.entries(fields).map(([name, value]) => [reserved.has(name) ? `${name}_` : name, value]);
    const entry = { severity, message, ...always, ...Object.fromEntries(own) };
    try {
      write(toJson(entry));
    } catch (error) {
      // A field that refers to itself: the message must not be lost with it.
      write(JSON.stringify({ severity, message: shorten(message), ...always, unwritable: String(error) }));
    }
  };
}

/**
 * The fields that link a line to its trace in Cloud Trace.
 * @param header the request's `traceparent` (W3C Trace Context).
 * @returns undefined for a header that is none.
 */
export function traceFields(project: string, header: string | undefined): LogFields | undefined {
  const match = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})/.exec(header ?? "");
  const [, trace = "", span, flags = ""] = match ?? [];
  if (!match || /^0+$/.test(trace)) return undefined;
  return {
    "logging.googleapis.com/trace": `projects/${project}/traces/${trace}`,
    "logging.googleapis.com/spanId": span,
    "logging.googleapis.com/trace_sampled": (Number.parseInt(flags, 16) & 1) === 1,
  };
}
