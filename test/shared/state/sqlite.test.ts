import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, expect, test } from "vitest";
import { makeHome } from "../../../shared/home.ts";
import { readSettings } from "../../../shared/settings.ts";
import { openStore } from "../../../shared/state/open.ts";
import { openSqlite } from "../../../shared/state/sqlite.ts";
import { StoreUnavailable } from "../../../shared/state/store.ts";
import { describeStore } from "./contract.ts";
import { head } from "./samples.ts";

const folder = mkdtempSync(join(tmpdir(), "tidekeeper-store-"));
let made = 0;
const newFile = () => join(folder, `${made++}`, "store.db");
afterAll(() => rmSync(folder, { recursive: true }));

describeStore("SQLite in memory", async () => openSqlite(":memory:"));
describeStore("SQLite in a file", async () => openSqlite(newFile()));

test("what one process committed, the next one reads", async () => {
  const file = newFile();
  const first = openSqlite(file);
  await first.transaction(async (tx) => tx.put("fleet", "head", head(7)));
  await first.close();
  const second = openSqlite(file);
  expect((await second.get("fleet", "head"))?.value.version).toBe(7);
  await second.close();
});

test("4 processes count up one document 50 times each, and none is lost", async () => {
  const file = newFile();
  const script = fileURLToPath(new URL("./increment.ts", import.meta.url));
  const run = promisify(execFile);
  await Promise.all(Array.from({ length: 4 }, () => run(process.execPath, [script, file, "50"])));
  const store = openSqlite(file);
  expect((await store.get("fleet", "head"))?.value.version).toBe(200);
  await store.close();
});

test("a writer that keeps the lock ends in StoreUnavailable, after bounded and jittered tries", async () => {
  const file = newFile();
  const waits: number[] = [];
  const patience = { random: () => 0.5, wait: async (duration: number) => void waits.push(duration) };
  const store = openSqlite(file, { patience });
  const other = new DatabaseSync(file);
  other.exec("PRAGMA busy_timeout = 0; BEGIN IMMEDIATE");
  const writing = store.transaction(async (tx) => tx.put("fleet", "head", head(1)));
  await expect(writing).rejects.toThrow(/in 24 tries \(database is locked\)/);
  expect(waits.slice(0, 9)).toEqual([2, 4, 8, 16, 32, 64, 128, 250, 250]);
  other.exec("ROLLBACK");
  await store.transaction(async (tx) => tx.put("fleet", "head", head(1)));
  other.close();
  await store.close();
});

test("what the work makes of documents that changed between two reads is not believed: it runs again", async () => {
  const store = openSqlite(":memory:");
  const setBoth = (version: number) =>
    store.transaction(async (tx) => {
      tx.put("fleet", "left", head(version));
      tx.put("fleet", "right", head(version));
    });
  await setBoth(1);
  let runs = 0;
  await store.transaction(async (tx) => {
    const left = await tx.get("fleet", "left");
    if (runs++ === 0) await setBoth(2);
    const right = await tx.get("fleet", "right");
    if (left?.value.version !== right?.value.version) throw new Error("torn");
  });
  expect(runs).toBe(2);
  await store.close();
});

test("a file that is no database is named in the error", () => {
  const file = join(folder, "notes.txt");
  writeFileSync(file, "not a database, however one looks at it");
  expect(() => openSqlite(file)).toThrow(
    new StoreUnavailable(`the store's file ${file} cannot be opened: file is not a database`),
  );
});

test("a file of a newer layout is refused", () => {
  const file = join(folder, "newer.db");
  const database = new DatabaseSync(file);
  database.exec("PRAGMA user_version = 99");
  database.close();
  expect(() => openSqlite(file)).toThrow(/newer Tidekeeper \(layout 99, this one knows 1\)/);
});

test.each([
  ["", "the store's URL is empty"],
  ["sqlite:", 'the store\'s URL "sqlite:" is not understood'],
  ["postgres://x", 'the store\'s URL "postgres://x" is not understood'],
  ["firestore:", 'the store\'s URL "firestore:" is not understood'],
  ["firestore:p/a/b", 'the store\'s URL "firestore:p/a/b" is not understood'],
])("the URL %j is refused with what would be right", async (url, message) => {
  await expect(openStore(url)).rejects.toThrow(
    `${message}; write sqlite:FILE, sqlite::memory: or firestore:PROJECT[/DATABASE]`,
  );
});

test("a URL opens the store it names", async () => {
  const store = await openStore(`sqlite:${newFile()}`);
  await store.transaction(async (tx) => tx.put("fleet", "head", head(1)));
  expect((await store.get("fleet", "head"))?.value).toEqual(head(1));
  await store.close();
});

test.each([
  ["refuse", "there is no file"],
  ["stand-in", undefined],
] as const)("a file that is not there: %s makes none, nor its folder", async (missing, message) => {
  const file = newFile();
  const opening = openStore(`sqlite:${file}`, { missing });
  if (message !== undefined) await expect(opening).rejects.toThrow(new RegExp(`^${message} ${file};`));
  else {
    const store = await opening;
    await store.transaction(async (tx) => tx.put("fleet", "head", head(1)));
    await store.close();
  }
  expect(existsSync(dirname(file))).toBe(false);
});

test("a function whose store is known by its id makes none in its place", async () => {
  const file = newFile();
  const told = { TIDEKEEPER_PROJECT: "demo", TIDEKEEPER_STORE: `sqlite:${file}`, TIDEKEEPER_STORE_ID: "known" };
  await expect(makeHome(readSettings(told))).rejects.toThrow(StoreUnavailable);
  expect(existsSync(file)).toBe(false);
});
