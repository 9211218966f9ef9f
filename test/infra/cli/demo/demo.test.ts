/** The command itself, as a process of its own. A whole day is lived in test/system; here it is stopped early. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { afterEach, describe, expect, test } from "vitest";
import { freePorts } from "../../../free-ports.ts";

const children: ReturnType<typeof spawn>[] = [];

function demo(environment: Readonly<Record<string, string>>, ...args: string[]) {
  const child = spawn(process.execPath, ["infra/cli/main.ts", "demo", ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...environment },
  });
  children.push(child);
  return child;
}

async function ended(environment: Readonly<Record<string, string>>, ...args: string[]) {
  const child = demo(environment, ...args);
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  return { code: child.exitCode, out, err };
}

async function answers(url: string): Promise<boolean> {
  return fetch(url).then(
    () => true,
    () => false,
  );
}

afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});

describe("tidekeeper demo", () => {
  test("explains itself, with examples", async () => {
    const { code, out } = await ended({}, "--help");
    expect(code).toBe(0);
    expect(out).toContain("$ tidekeeper demo --days 7 --seed 42");
  });

  test.each([
    ["a file that does not exist", ["--fleet", "nowhere.yaml"], /nowhere.yaml cannot be read/],
    ["no days", ["--days", "0"], /--days is "0"/],
    ["a time without a zone", ["--from", "2026-11-23"], /no time with a zone/],
    [
      "a trace that is none",
      ["--trace", "package.json"],
      /^error: package.json is no recorded Spot trace: traces: is missing \(.*\)\nnext: /,
    ],
  ])("refuses %s as wrong use, before anything is started", async (_case, args, why) => {
    const { code, out, err } = await ended({}, ...args);
    expect(err).toMatch(why);
    expect(code).toBe(2);
    expect(out).toBe("");
  });

  test("says that a port is taken, and what to do, and leaves nothing behind", { timeout: 30_000 }, async () => {
    const temporary = await mkdtemp(join(tmpdir(), "tidekeeper-demo-test-"));
    const port = await freePorts(8);
    // As another home has them; to a function, one that accepts connections looks like one that has come up.
    const servers = [0, 1, 2, 3, 4, 5, 6].map((offset) => createServer().listen(port + offset, "127.0.0.1"));
    await Promise.all(servers.map((server) => once(server, "listening")));
    const { code, err } = await ended({ TMPDIR: temporary }, "--port", String(port));
    for (const server of servers) server.close();
    expect(err).toContain(`error: The REST door cannot listen on port ${port}; is it taken?`);
    expect(err).toContain("next: add --port with another one");
    expect(code).toBe(1);
    expect(await readdir(temporary)).toEqual([]);
    await rm(temporary, { recursive: true });
  });

  test("prints plain lines without a terminal, and stops whole when it is asked to", { timeout: 60_000 }, async () => {
    const port = await freePorts(8);
    const child = demo({}, "--once", "--port", String(port));
    const errors = text(child.stderr);
    const lines: string[] = [];
    const reading = createInterface({ input: child.stdout }).on("line", (line) => {
      lines.push(line);
      // The first answer shows that everything is up: cloud, functions, listener.
      if (line.includes("rejected")) child.kill("SIGINT");
    });
    await Promise.all([once(child, "close"), once(reading, "close")]);
    expect(await errors).toContain("interrupted before the summary");
    expect(child.exitCode).toBe(1);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: their absence is what is asked.
    expect(lines.join("\n")).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
    expect(lines.find((line) => line.includes("rejected"))).toMatch(/^2026-11-23T04:0\dZ {2}/);
    for (const offset of [0, 2, 3, 4, 5, 6]) expect(await answers(`http://127.0.0.1:${port + offset}/`)).toBe(false);
  });
});
