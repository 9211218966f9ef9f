/** Tidekeeper's functions in a simulated world: a few processes each, running the real code on ports of this world. */

import { type Home, homeOf } from "../../../shared/home.ts";
import { receiveEvent, receivePoke, receiveSignal } from "../../../shared/receive.ts";
import type { Settings } from "../../../shared/settings.ts";
import { OutcomesNotPublished } from "../../../shared/state/outbox.ts";
import { StoreUnavailable } from "../../../shared/state/store.ts";
import { tick } from "../../../shared/tick.ts";
import type { Dice } from "../dice.ts";
import { BusDown, type Message, type PubSub } from "./bus.ts";
import { Instance, type Surroundings } from "./instance.ts";
import type { Memory } from "./memory.ts";
import { openReaderPort, type ReaderPortParts } from "./reader-port.ts";
import { openStorePort } from "./store-port.ts";
import { openWriterPort, type WriterPortParts } from "./writer-port.ts";

type Role = "scale" | "redeploy" | "tick" | "reconcile";

/** What the functions run in. */
export interface FunctionsParts extends Surroundings {
  readonly memory: Memory;
  readonly pubsub: () => PubSub;
  readonly reader: Omit<ReaderPortParts, "instance" | "dice" | "weather">;
  readonly writer: Omit<WriterPortParts, "instance" | "dice" | "weather" | "clock">;
  /** Read at each start of a process: the store id is known after the first apply. */
  readonly settings: () => Settings;
}

interface Process {
  readonly instance: Instance;
  readonly home: Home;
  readonly openWriter: Parameters<typeof receivePoke>[2];
}

/** Processes of one function that run at the same time. */
const processesEach = 3;

/** Errors that a function may end with: Pub/Sub delivers again. Anything else is a defect. */
function isExpected(error: unknown): boolean {
  if (error instanceof OutcomesNotPublished) return error.errors.every(isExpected);
  return error instanceof StoreUnavailable || error instanceof BusDown;
}

/** The functions. */
export class Functions {
  readonly #parts: FunctionsParts;
  readonly #dice: Dice;
  readonly #processes = new Map<Role, Process[]>();
  readonly #started: Instance[] = [];
  #count = 0;

  constructor(parts: FunctionsParts) {
    this.#parts = parts;
    this.#dice = parts.dice.fork("functions");
  }

  /** Hands a message to a process of the function that is subscribed to its topic. */
  async deliver({ topic }: Message, push: object): Promise<void> {
    switch (topic) {
      case "events":
        return this.#run("scale", ({ home }) => receiveEvent(home, push));
      case "signals":
        return this.#run("redeploy", ({ home }) => receiveSignal(home, push));
      case "pokes":
        return this.#run("reconcile", ({ home, openWriter }) => receivePoke(home, push, openWriter));
      case "outcomes":
      case "dead-letters":
        return undefined;
    }
  }

  /** Ends every process, as a new deployment does. */
  restart(): void {
    for (const instance of this.#started) instance.kill();
    this.#started.length = 0;
    this.#processes.clear();
  }

  /** One tick. */
  async tick(): Promise<void> {
    try {
      await this.#run("tick", async ({ home }) => void (await tick(home)));
    } catch (error) {
      if (!isExpected(error)) throw error;
    }
  }

  async #run(role: Role, work: (process: Process) => Promise<void>): Promise<void> {
    const process = this.#process(role);
    try {
      await work(process);
    } catch (error) {
      if (!isExpected(error)) {
        const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
        this.#parts.story.violate("no unexpected error", undefined, `${role} threw ${text}`);
      }
      throw error;
    }
  }

  /** A process that takes work; a new one where an old one has died or sleeps. */
  #process(role: Role): Process {
    const running = (this.#processes.get(role) ?? []).filter(({ instance }) => instance.available);
    if (running.length < processesEach) running.push(this.#start(role));
    this.#processes.set(role, running);
    return this.#dice.pick(running);
  }

  #start(role: Role): Process {
    const { memory, pubsub, reader, writer, weather, clock, settings, story } = this.#parts;
    this.#count += 1;
    const name = `${role}-${this.#count}`;
    const dice = this.#dice.fork(name);
    // Only the way between observation and start is interesting for people's hands.
    const around = role === "reconcile" ? this.#parts : { ...this.#parts, interlope: async () => {} };
    const instance = new Instance(name, { ...around, dice });
    this.#started.push(instance);
    const home = homeOf({
      settings: settings(),
      store: openStorePort({ instance, memory, dice, weather }),
      reader: openReaderPort({ ...reader, instance, dice, weather }),
      bus: pubsub().openPort(instance),
      log: (_severity, message, fields) => {
        const target = fields?.["target"];
        story.tell(typeof target === "string" ? target.replace(/#.*/, "") : undefined, `${name}: ${message}`);
      },
      clock: async () => {
        await instance.pass("reading the clock");
        return instance.clock;
      },
    });
    const port = openWriterPort({ ...writer, instance, dice, weather, clock });
    const openWriter = async () => {
      await instance.pass("opening the writer");
      return port;
    };
    return { instance, home, openWriter };
  }
}
