/** What is acknowledged, and what is delivered again: the retry contract where Pub/Sub or the store fails half-way. */
import { createServer, type Server } from "node:net";
import { beforeEach, describe, expect, test } from "vitest";
import { openBus } from "../../shared/events/bus.ts";
import { openEnvelope } from "../../shared/events/envelope.ts";
import { parseEvent } from "../../shared/events/schema.ts";
import { type Home, homeOf } from "../../shared/home.ts";
import { receiveEvent } from "../../shared/receive.ts";
import { applyFleet } from "../../shared/state/apply.ts";
import { openSqlite } from "../../shared/state/sqlite.ts";
import { createReader } from "../../shared/vertex/reader.ts";
import { fleet } from "./state/fleet.ts";
import { monday9 } from "./state/samples.ts";

const delivery = (messageId: string, event: object) => ({
  message: { messageId, data: Buffer.from(JSON.stringify(event)).toString("base64") },
});

describe("while Pub/Sub takes no messages", () => {
  let silent: Server;
  let home: Home;
  const logged: string[] = [];
  beforeEach(async () => {
    // Takes connections, and never says a word.
    silent = createServer((socket) => socket.on("error", () => socket.destroy()));
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const address = silent.address();
    process.env["METADATA_SERVER_DETECTION"] = "none";
    process.env["PUBSUB_EMULATOR_HOST"] = `127.0.0.1:${address && typeof address === "object" ? address.port : ""}`;
    logged.length = 0;
    const store = openSqlite(":memory:");
    const { storeId } = await applyFleet(store, fleet, { by: "test", now: monday9 });
    home = homeOf({
      settings: { project: "demo", prefix: "tidekeeper", store: "", storeId, local: undefined, clock: undefined },
      store,
      reader: createReader({ project: "demo", rest: "http://127.0.0.1:1" }),
      bus: openBus({ project: "demo", prefix: "tidekeeper", longest: 600 }),
      log: (_severity, text) => logged.push(text),
      clock: () => Promise.resolve({ now: () => monday9, wire: () => monday9 }),
    });
    return async () => {
      await home.store.close();
      silent.close();
      delete process.env["PUBSUB_EMULATOR_HOST"];
    };
  });

  const told = async () => (await home.store.list("outbox")).map(({ id }) => id);

  test("what was stored is acknowledged, and its outcome stays owed", async () => {
    await receiveEvent(home, delivery("1", { type: "scale", target: "training", delta: 2 }));
    expect(await told()).toEqual(["1/accepted"]);
    expect(logged).toContain("outcomes were not published; the next tick publishes them");
  });

  test("what cannot be set aside is delivered again, unanswered", async () => {
    await expect(receiveEvent(home, delivery("2", { type: "scale", target: "nobody", delta: 2 }))).rejects.toThrow();
    expect(await told()).toEqual([]);
  });
});

describe("events that no store could hold as they are", () => {
  const open = (message: object) => openEnvelope({ message }).messageId;
  const data = Buffer.from("{}").toString("base64");

  test("a message id of other characters is known by its hash, the same each time", () => {
    expect(open({ messageId: "17", data })).toBe("17");
    const strange = open({ messageId: "é".repeat(250), data });
    expect(strange).toMatch(/^id-[0-9a-f]{32}$/);
    expect(open({ messageId: "é".repeat(250), data })).toBe(strange);
    expect(open({ messageId: "\ud83d", data })).not.toBe(strange);
  });

  const job = (spec: string) =>
    parseEvent({
      data: Buffer.from(`{"type":"job","target":"a","customJob":{"displayName":"j","jobSpec":${spec}}}`),
      attributes: {},
      messageId: "1",
      publishedAt: undefined,
      type: "",
    });

  test.each([
    { what: "a number that is endless", spec: '{"a":1e999}', why: /number at "a" is too large/ },
    {
      what: "numbers that grow when they are written out",
      spec: `{"a":[${Array.from({ length: 6_000 }, () => "1e20").join()}]}`,
      why: /customJob: is larger than 32768 bytes when its numbers are written out/,
    },
  ])("$what is refused", ({ spec, why }) => {
    expect(() => job(spec)).toThrow(why);
  });
});
