/** Other systems that publish events and signals: sensible ones, repeated ones, hopeless ones. */
import type { Fleet } from "../../../shared/fleet/fleet.ts";
import type { Dice } from "../dice.ts";
import { elastic, machineType, modelsOf, poolsOf, resourceOf } from "../scenario.ts";
import type { Story } from "../story.ts";
import type { PubSub } from "../world/bus.ts";

/** What askers stand on. */
export interface AskersParts {
  readonly pubsub: PubSub;
  readonly dice: Dice;
  readonly story: Story;
  readonly fleet: () => Fleet;
}

/** A size asked for as a change. */
export interface DeltaAsked {
  readonly eventId: string;
  readonly delta: number;
}

/** The askers. */
export class Askers {
  readonly #parts: AskersParts;
  #count = 0;
  #last: object | undefined;
  /** Every change of size that was asked for of the elastic pool. */
  readonly deltas: DeltaAsked[] = [];

  constructor(parts: AskersParts) {
    this.#parts = parts;
  }

  /** Asks for something, or for the same again. */
  ask(): void {
    const { dice } = this.#parts;
    const again = this.#last !== undefined && dice.chance(0.15) ? this.#last : undefined;
    this.publish(again ?? this.#draw());
  }

  /** Says that a model was preempted, which need not be true. */
  signal(): void {
    const { dice, fleet, pubsub, story } = this.#parts;
    const models = modelsOf(fleet());
    if (models.length === 0) return;
    const { endpoint, name } = dice.pick(models);
    story.tell(endpoint, `a signal says that ${name} was preempted`);
    pubsub.publish("signals", { data: { type: "preempted", target: name } });
  }

  /** Asks for a release of a target: what an operator does after having looked. */
  release(target: string): void {
    this.publish({ type: "release", target, id: this.#id(), ttl: "2h", source: "operator" });
  }

  /** Asks that nothing be changed. */
  hold(target: string, ttl: string): void {
    this.publish({ type: "hold", target, id: this.#id(), ttl, source: "operator" });
  }

  publish(event: object): void {
    const { pubsub, story, fleet } = this.#parts;
    this.#last = event;
    const named = fleet().targets.find(({ name }) => name === (event as { target?: string }).target);
    story.tell(named && resourceOf(named), `asked for: ${JSON.stringify(event).slice(0, 160)}`);
    pubsub.publish("events", { data: event });
  }

  #id(): string {
    this.#count += 1;
    return `ask-${this.#count}`;
  }

  #draw(): object {
    const { dice, fleet } = this.#parts;
    const { targets } = fleet();
    if (targets.length === 0 || dice.chance(0.04)) return this.#hopeless();
    const target = dice.pick(targets);
    const common = { target: target.name, ...(dice.chance(0.9) ? { id: this.#id() } : {}) };
    if (target.name === elastic.name) return this.#change(target.name);
    const ttl = dice.pick(["10m", "40m", "90m"]);
    const isPool = poolsOf(fleet()).some(({ name }) => name === target.name);
    const roll = dice.next();
    if (roll < 0.35) {
      const size = dice.chance(0.7) ? { replicas: dice.whole(0, 7) } : { delta: dice.whole(-2, 2) };
      return { type: "scale", ...common, ttl, ...size };
    }
    if (roll < 0.5) return { type: "wake", ...common, ttl };
    if (roll < 0.6) return { type: "hold", ...common, ttl: dice.pick(["5m", "20m", "50m"]) };
    if (roll < 0.7) return { type: "release", ...common, ttl };
    if (roll < 0.74 || !isPool) return { type: "reboot", ...common, ttl };
    return { type: "job", ...common, ttl: dice.pick(["40m", "90m", "2h"]), customJob: this.#job() };
  }

  #change(target: string): object {
    const { dice } = this.#parts;
    const delta = dice.pick([-2, -1, 1, 2, 3]);
    if (this.deltas.length >= 8) return { type: "wake", target, id: this.#id(), ttl: "10m" };
    const id = this.#id();
    this.deltas.push({ eventId: id, delta });
    return { type: "scale", target, id, ttl: "7d", pool: elastic.pool, delta };
  }

  #job(): object {
    const minutes = this.#parts.dice.whole(5, 40);
    return {
      displayName: "asked-for",
      labels: { "local-run-seconds": String(minutes * 60) },
      jobSpec: {
        workerPoolSpecs: [
          { machineSpec: { machineType }, replicaCount: "1", containerSpec: { imageUri: "gcr.io/demo/train" } },
        ],
      },
    };
  }

  #hopeless(): object {
    return this.#parts.dice.pick([
      { type: "dance", target: "office", id: this.#id() },
      { type: "wake", target: "nobody", id: this.#id() },
      { type: "scale", target: "office" },
      { hello: "world" },
    ]);
  }
}
