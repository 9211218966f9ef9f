import { expect, test } from "vitest";
import { createLog, type LogContext, type LogFields, traceFields } from "../../../shared/outcomes/log.ts";

function logged(fields: LogFields | undefined, message = "hello", context?: LogContext) {
  const lines: string[] = [];
  createLog((line) => lines.push(line), context)("NOTICE", message, fields);
  expect(lines).toHaveLength(1);
  const [line = ""] = lines;
  expect(line).not.toContain("\n");
  return { line, entry: JSON.parse(line) as Record<string, unknown> };
}

const circular: Record<string, unknown> = {};
circular["self"] = circular;

test.each<[string, LogFields | undefined, Record<string, unknown>]>([
  ["a message alone", undefined, {}],
  ["fields beside the message", { target: "a", count: 3 }, { target: "a", count: 3 }],
  [
    "a field that the line itself uses keeps out of its way",
    { severity: "x", message: "y" },
    { severity_: "x", message_: "y" },
  ],
  ["numbers beyond JSON as text", { size: 10n }, { size: "10" }],
  [
    "a field that refers to itself does not lose the message",
    circular,
    { unwritable: expect.stringContaining("circular") },
  ],
  ["undefined fields are left out", { gone: undefined }, {}],
])("%s", (_, fields, expected) => {
  expect(logged(fields).entry).toEqual({ severity: "NOTICE", message: "hello", ...expected });
});

test("lines in a message stay one line", () => {
  expect(logged({}, "one\ntwo\u2028three").entry["message"]).toBe("one\ntwo\u2028three");
});

test("an error is written as its stack", () => {
  expect(logged({ error: new RangeError("too far") }).entry["error"]).toMatch(/^RangeError: too far\n\s+at /);
});

test("what would be cut in the middle by Cloud Logging (256 kB) is shortened before, and says so", () => {
  const { line, entry } = logged({ body: "x".repeat(1_000_000) });
  expect(line.length).toBeLessThan(200_000);
  expect(entry["body"]).toMatch(/… \(1000000 characters\)$/);
  const many = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`f${index}`, "x".repeat(20_000)]));
  const short = logged(many).entry;
  expect(short).toEqual({
    severity: "NOTICE",
    message: "hello",
    left_out: expect.stringMatching(/^fields of 2\d{6} characters$/),
  });
});

test("labels and trace are on every line, where Cloud Logging looks for them", () => {
  const header = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  const trace = traceFields("demo", header);
  const { entry } = logged({}, "hello", { labels: { function: "tick" }, ...(trace === undefined ? {} : { trace }) });
  expect(entry).toEqual({
    severity: "NOTICE",
    message: "hello",
    "logging.googleapis.com/labels": { function: "tick" },
    "logging.googleapis.com/trace": "projects/demo/traces/0af7651916cd43dd8448eb211c80319c",
    "logging.googleapis.com/spanId": "b7ad6b7169203331",
    "logging.googleapis.com/trace_sampled": true,
  });
});

test.each([undefined, "", "nonsense", "00-00000000000000000000000000000000-b7ad6b7169203331-01"])(
  "the header %j is no trace",
  (header) => {
    expect(traceFields("demo", header)).toBeUndefined();
  },
);
