import { once } from "node:events";
import { mkdtemp, writeFile } from "node:fs/promises";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { runTidekeeper } from "./tidekeeper.ts";

let faulty: string;

beforeAll(async () => {
  faulty = join(await mkdtemp(join(tmpdir(), "tidekeeper-usage-")), "faulty.yaml");
  await writeFile(faulty, "version: 1\nproject: demo\nlocatoin: us-central1\nlimits: { cyclesPerDay: 0 }\n");
});

const commands = [
  "plan",
  "apply",
  "status",
  "explain",
  "publish",
  "hold",
  "release",
  "wake",
  "pause",
  "resume",
  "preview",
  "dead-letters",
  "doctor",
];

describe("Help", () => {
  test("of the program names every command and the exit codes", async () => {
    const { code, out } = await runTidekeeper(["--help"], {});
    expect(code).toBe(0);
    for (const command of commands) expect(out).toMatch(new RegExp(`^  ${command} `, "m"));
    expect(out).toContain("0 done, 1 something failed, 2 wrong use, 130 Ctrl-C");
  });

  test("of every command has examples and --json", async () => {
    const helps = await Promise.all(commands.map((command) => runTidekeeper([command, "--help"], {})));
    for (const [index, { code, out }] of helps.entries()) {
      expect(code).toBe(0);
      expect(out).toContain(`$ tidekeeper ${commands[index]}`);
      expect(out).toContain("--json");
    }
  });

  test.each([
    ["demo", /--from <time> .*\(default: 2026-11-23T04:00:00Z, a Monday/, /default: \d{13}/],
    ["release", /--reason/, /--for/],
  ])("of %s promises only what it takes", async (command, promised, not) => {
    const out = (await runTidekeeper([command, "--help"], {})).out.replaceAll(/\s+/g, " ");
    expect(out).toMatch(promised);
    expect(out).not.toMatch(not);
  });
});

describe("When nobody reads the output any more, it is left out and all else is as usual", () => {
  const preview = ["preview", "fleet.example.yaml", "--from", "2026-12-23"];
  test.each([
    ["help", ["--help"], 0],
    ["help of a command", ["help", "plan"], 0],
    ["the version", ["-V"], 0],
    ["many lines", preview, 0],
    ["JSON", [...preview, "--json"], 0],
    ["an error as JSON", ["plan", "missing.yaml", "--json"], 2],
  ])("%s", async (_, args, code) => {
    const there = await runTidekeeper(args, {});
    const gone = await runTidekeeper(args, {}, "gone");
    expect(gone).toEqual({ ...there, out: "" });
    expect(gone.code).toBe(code);
  });
});

describe("Wrong use ends with 2 and says what to do, without a stack", () => {
  test.each([
    ["no command", [], /Usage: tidekeeper/],
    ["a misspelt command", ["plna", "fleet.yaml"], /Did you mean plan/],
    ["no file", ["plan"], /missing required argument 'file'/],
    ["an unknown option", ["status", "--jsno"], /unknown option '--jsno'/],
    ["a file that is not there", ["plan", "missing.yaml"], /missing\.yaml cannot be read: there is no such file/],
    [
      "no environment",
      ["status"],
      /^error: TIDEKEEPER_PROJECT and TIDEKEEPER_STORE are not set\nnext: set .* sqlite:FILE; .*`tidekeeper local`/,
    ],
    ["records without a recovery", ["apply", "fleet.example.yaml", "--asleep", "x"], /add --recover/],
    [
      "a time that is none",
      ["preview", "fleet.example.yaml", "--from", "tomorrow"],
      /--from is "tomorrow", which is no time/,
    ],
    [
      "an end before the start",
      ["preview", "fleet.example.yaml", "--from", "2026-12-24", "--to", "2026-12-23"],
      /not after/,
    ],
    [
      "an end that is neither time nor duration",
      ["preview", "fleet.example.yaml", "--from", "2026-12-24", "--to", "3parsec"],
      /--to is "3parsec", which is no time and no duration\nnext: .*or a duration after --from, 7d/,
    ],
    ["no target", ["explain"], /missing required argument 'target'\nnext: run `tidekeeper explain --help`/],
    [
      "no letter",
      ["dead-letters", "show"],
      /missing required argument 'id'\nnext: run `tidekeeper dead-letters show --help`/,
    ],
    ["an event without a target", ["publish", "wake"], /names no target\nnext: add --target NAME/],
    [
      "a job without its CustomJob",
      ["publish", "job", "--target", "research"],
      /no customJob\nnext: publish a file with @FILE that holds .*"displayName".*"jobSpec"/,
    ],
    ["an event's file that is not there", ["publish", "@none.json"], /there is no such file\nnext: .*@job\.json/],
    ["a directory for a file", ["plan", "infra"], /infra cannot be read: it is a directory\nnext: name a fleet file/],
    [
      "records that are not there",
      ["apply", "fleet.example.yaml", "--recover", "x", "--asleep", "none.jsonl"],
      /there is no such file\nnext: .*--asleep records\.jsonl/,
    ],
    [
      "switches that are not there",
      ["local", "--behaviour", "none.json"],
      /there is no such file\nnext: give --behaviour a \.json or \.yaml file, or the JSON itself/,
    ],
    ["a port that is none", ["local", "--port", "abc"], /--port is "abc", .*\nnext: write --port 9090, for instance/],
    [
      "a speed that is none",
      ["local", "--speed", "fast"],
      /--speed is "fast", which is no number from 0 to 100000\nnext: write --speed 600, for instance/,
    ],
    ["a demo's speed that is none", ["demo", "--speed", "fast"], /next: write --speed 720, for instance/],
    ["a duration that is none", ["wake", "research", "--wait", "soon"], /"soon" is no duration/],
  ])("%s", async (_, args, message) => {
    const { code, err } = await runTidekeeper(args, {});
    expect(err).toMatch(message);
    expect(err).not.toMatch(/^\s+at /m);
    expect(code).toBe(2);
  });

  test("a store that is none", async () => {
    const { code, err } = await runTidekeeper(["status"], { TIDEKEEPER_PROJECT: "demo", TIDEKEEPER_STORE: "mysql:x" });
    expect(err).toContain("write sqlite:FILE");
    expect(code).toBe(2);
  });

  test("a fleet of another project than the environment's", async () => {
    const environment = { TIDEKEEPER_PROJECT: "other", TIDEKEEPER_STORE: "sqlite::memory:" };
    const { code, err } = await runTidekeeper(["plan", "fleet.example.yaml"], environment);
    expect(err).toContain("the fleet is for project demo, but TIDEKEEPER_PROJECT is other");
    expect(code).toBe(2);
  });
});

describe("Without Google credentials", () => {
  const nowhere = { HOME: "/nonexistent", TIDEKEEPER_PROJECT: "demo" };
  const login = "run `gcloud auth application-default login`";

  test.each([
    ["the store cannot be read", ["status"], "firestore:demo", "the store firestore:demo cannot be read"],
    ["the dead letters cannot be read", ["dead-letters", "list"], "sqlite::memory:", "the dead letters cannot be read"],
    [
      "nothing is published",
      ["wake", "chat"],
      "sqlite::memory:",
      "the event was not published to tidekeeper-events of project demo",
    ],
  ])("%s", async (_, args, store, failing) => {
    const { code, err } = await runTidekeeper(args, { ...nowhere, TIDEKEEPER_STORE: store });
    expect(err).toBe(`error: ${failing}: no Google credentials\nnext: ${login}\n`);
    expect(code).toBe(1);
  });

  test("a credentials' file that is not there is named", async () => {
    const environment = { ...nowhere, TIDEKEEPER_STORE: "firestore:demo", GOOGLE_APPLICATION_CREDENTIALS: "/no.json" };
    const { code, err } = await runTidekeeper(["status"], environment);
    expect(err).toMatch(
      /no Google credentials: .*\/no\.json.*\nnext: correct GOOGLE_APPLICATION_CREDENTIALS, or unset/,
    );
    expect(code).toBe(1);
  });
});

describe("Where nothing answers, that is told within seconds, with the address and the variable that names it", () => {
  let port: number;
  let environment: Readonly<Record<string, string>>;
  const start = (variable: string) => `next: is \`tidekeeper local\` running? It prints what ${variable} must be\n`;
  const silent = (variable: string) => `nothing answers at 127.0.0.1:${port} (${variable})`;

  beforeAll(async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    port = (server.address() as AddressInfo).port;
    server.close();
    environment = {
      TIDEKEEPER_PROJECT: "demo",
      TIDEKEEPER_STORE: "sqlite::memory:",
      TIDEKEEPER_VERTEX_REST: `http://127.0.0.1:${port}`,
      TIDEKEEPER_VERTEX_GRPC: `127.0.0.1:${port}`,
      TIDEKEEPER_CLOCK: `http://127.0.0.1:${port}/clock`,
      PUBSUB_EMULATOR_HOST: `127.0.0.1:${port}`,
    };
  });

  test.each([
    ["status", ["status"]],
    ["plan", ["plan", "fleet.example.yaml"]],
    ["preview without --from", ["preview", "fleet.example.yaml"]],
  ])("the clock: %s", async (_, args) => {
    const { code, err } = await runTidekeeper(args, environment);
    expect(err).toContain(`error: ${silent("TIDEKEEPER_CLOCK")}`);
    expect(err).toContain(start("TIDEKEEPER_CLOCK"));
    expect(code).toBe(1);
  });

  test.each([
    ["publish", ["publish", "wake", "--target", "chat"], "the event was not published to tidekeeper-events of"],
    ["dead-letters", ["dead-letters", "list"], "the dead letters cannot be read"],
  ])("Pub/Sub: %s", async (_, args, failing) => {
    const { code, err } = await runTidekeeper(args, environment);
    expect(err).toContain(`error: ${failing}`);
    expect(err).toContain(silent("PUBSUB_EMULATOR_HOST"));
    expect(err).toContain(start("PUBSUB_EMULATOR_HOST"));
    expect(err.split("\n")).toHaveLength(3);
    expect(code).toBe(1);
  });

  test("a Firestore emulator", async () => {
    const { code, err } = await runTidekeeper(["status"], {
      ...environment,
      TIDEKEEPER_STORE: "firestore:demo",
      FIRESTORE_EMULATOR_HOST: `127.0.0.1:${port}`,
    });
    expect(err).toContain(`error: the store firestore:demo cannot be read: ${silent("FIRESTORE_EMULATOR_HOST")}`);
    expect(err).toContain("next: is the Firestore emulator running?");
    expect(code).toBe(1);
  });

  test("doctor: each check by itself", async () => {
    const { code, out } = await runTidekeeper(["doctor"], environment);
    const lines = out.split("\n").filter(Boolean);
    expect(lines).toHaveLength(3);
    expect(lines).toContainEqual(expect.stringMatching(/^!! {2}store +no fleet has been applied/));
    const clock = lines.find((line) => /^!! {2}clock /.test(line));
    expect(clock).toContain(silent("TIDEKEEPER_CLOCK"));
    expect(clock).not.toContain("NTP");
    const topics = lines.find((line) => /^!! {2}topics /.test(line));
    expect(topics).toContain(silent("PUBSUB_EMULATOR_HOST"));
    expect(topics).toContain("is `tidekeeper local` running?");
    expect(code).toBe(1);
  });

  test("another server at the clock's address is told as such", async () => {
    const other = createHttpServer((_, response) => response.writeHead(404).end("no")).listen(0, "127.0.0.1");
    await once(other, "listening");
    const address = `127.0.0.1:${(other.address() as AddressInfo).port}`;
    try {
      const { code, err } = await runTidekeeper(["status"], {
        ...environment,
        TIDEKEEPER_CLOCK: `http://${address}/clock`,
      });
      expect(err).toContain(`what answers at ${address} (TIDEKEEPER_CLOCK) is no local cloud's clock: HTTP 404`);
      expect(code).toBe(1);
    } finally {
      other.close();
    }
  });
});

describe("A faulty fleet file ends with 1", () => {
  test("each cause on its line, as file:line:column", async () => {
    const { code, err, out } = await runTidekeeper(["plan", faulty, "--offline"], {});
    expect(err).toContain(`${faulty}:3:1 locatoin: "locatoin" is no key here (the nearest is "location")`);
    expect(err).toContain(`${faulty}:4:25 limits.cyclesPerDay: 0 is too small (write at least 1)`);
    expect(out).toBe("");
    expect(code).toBe(1);
  });

  test("as JSON for programs", async () => {
    const { code, out } = await runTidekeeper(["plan", faulty, "--offline", "--json"], {});
    expect(JSON.parse(out)).toMatchObject({
      error: {
        what: expect.any(String),
        issues: [
          { line: 3, column: 1 },
          { line: 4, column: 25 },
        ],
      },
    });
    expect(code).toBe(1);
  });
});

describe("What a file alone can tell needs no environment", () => {
  test("plan --offline", async () => {
    const { code, out } = await runTidekeeper(["plan", "fleet.example.yaml", "--offline"], {});
    expect(out).toBe("fleet.example.yaml is sound: project demo, 6 targets\n");
    expect(code).toBe(0);
  });

  test("preview lists what schedules will do, holidays and all, without control codes in a pipe", async () => {
    const range = ["--from", "2026-12-23T00:00:00Z", "--to", "5d"];
    const { code, out } = await runTidekeeper(["preview", "fleet.example.yaml", ...range], {});
    expect(out.split("\n").filter((line) => line.includes("research"))).toEqual([
      expect.stringMatching(/^Wed 2026-12-23 08:00 Europe\/Berlin {2}research +create .*begun 15m earlier$/),
      expect.stringMatching(/^Wed 2026-12-23 10:00 .* resize +workers=3 /),
      expect.stringMatching(/^Wed 2026-12-23 16:00 .* resize +as the spec says/),
      expect.stringMatching(/^Wed 2026-12-23 20:00 .* delete /),
    ]);
    expect(out).not.toContain("\u001b");
    expect(code).toBe(0);
  });
});
