/** How bad the world is: the chance of each kind of fault, for as long as faults last. */
import type { Dice } from "../dice.ts";

/** Chances per occasion. */
export interface Rates {
  /** A process dies at an await. */
  readonly crash: number;
  /** A process freezes at an await, and thaws minutes or hours later. */
  readonly freeze: number;
  /** A person does something exactly at an await of somebody's reconcile. */
  readonly interlope: number;
  /** An await takes noticeable time. */
  readonly slow: number;
  readonly storeDown: number;
  /** A transaction runs again although nothing differs. */
  readonly conflict: number;
  /** A commit is made and reported as failed. */
  readonly ambiguous: number;
  readonly busDown: number;
  readonly lost: number;
  readonly duplicate: number;
  /** A message takes minutes. */
  readonly late: number;
  readonly readFails: number;
  readonly readLags: number;
  readonly listShort: number;
  /** A search by label does not find what is there, for minutes. */
  readonly labelHidden: number;
  /** A call is on its way for seconds. */
  readonly callSlow: number;
  readonly callFails: number;
  /** A call is carried out and answered with an error. */
  readonly answerLost: number;
  /** There is no capacity for a persistent resource. */
  readonly soldOut: number;
  /** Machines of an alternative are refused: no quota, or not to be had at all. */
  readonly othersRefused: number;
  readonly operationFails: number;
  readonly operationSlow: number;
  readonly tickMissed: number;
  readonly tickDoubled: number;
}

const calm: Rates = {
  crash: 0,
  freeze: 0,
  interlope: 0,
  slow: 0.1,
  storeDown: 0,
  conflict: 0,
  ambiguous: 0,
  busDown: 0,
  lost: 0,
  duplicate: 0,
  late: 0,
  readFails: 0,
  readLags: 0,
  listShort: 0,
  labelHidden: 0,
  callSlow: 0,
  callFails: 0,
  answerLost: 0,
  soldOut: 0,
  othersRefused: 0,
  operationFails: 0,
  operationSlow: 0,
  tickMissed: 0,
  tickDoubled: 0,
};

const rough: Rates = {
  crash: 0.012,
  freeze: 0.004,
  interlope: 0.01,
  slow: 0.3,
  storeDown: 0.01,
  conflict: 0.03,
  ambiguous: 0.015,
  busDown: 0.02,
  lost: 0.1,
  duplicate: 0.15,
  late: 0.1,
  readFails: 0.03,
  readLags: 0.05,
  listShort: 0.03,
  labelHidden: 0.5,
  callSlow: 0.08,
  callFails: 0.12,
  answerLost: 0.1,
  soldOut: 0.35,
  othersRefused: 0.4,
  operationFails: 0.1,
  operationSlow: 0.1,
  tickMissed: 0.05,
  tickDoubled: 0.1,
};

/** The weather of one world. */
export class Weather {
  readonly #rough: Rates;
  #stormy = true;

  /** Each seed has faults of its own: some kinds are left out, so that the others get further. */
  constructor(dice: Dice) {
    const strength = dice.pick([0, 0.3, 1, 1, 2.5]);
    const entries = Object.entries(rough).map(([name, rate]) => {
      const factor = dice.chance(0.3) ? 0 : dice.chance(0.15) ? 4 * strength : strength;
      return [name, Math.min(rate * factor, 0.6)] as const;
    });
    this.#rough = { ...(Object.fromEntries(entries) as unknown as Rates), slow: rough.slow };
  }

  get stormy(): boolean {
    return this.#stormy;
  }

  get rates(): Rates {
    return this.#stormy ? this.#rough : calm;
  }

  /** Faults end. */
  calmDown(): void {
    this.#stormy = false;
  }
}
