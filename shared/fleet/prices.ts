/** What a machine costs. An unknown price is unknown, never zero. */
import type { Fleet, Price, Rung } from "./fleet.ts";

/** A machine somewhere, bought in some way. */
export interface PricedMachine {
  readonly machineType?: string | undefined;
  readonly acceleratorType?: string | undefined;
  readonly acceleratorCount?: number | undefined;
  readonly location: string;
  readonly provisioning: Rung["provisioning"];
}

/**
 * Price of one machine for an hour, in the fleet's currency. A price entry applies where every key it has agrees; the one
 * with the most keys wins. A reservation costs what on-demand costs, used or not.
 * @returns undefined where the fleet names no price.
 */
export function priceOf(fleet: Pick<Fleet, "prices">, machine: PricedMachine): number | undefined {
  let best: Price | undefined;
  for (const price of fleet.prices) {
    if (agrees(price, machine) && (best === undefined || keysOf(price) > keysOf(best))) best = price;
  }
  switch (machine.provisioning) {
    case "spot":
      return best?.spot;
    case "flex-start":
      return best?.flexStart;
    case "on-demand":
    case "reservation":
      return best?.onDemand;
  }
}

function agrees(price: Price, machine: PricedMachine): boolean {
  return (
    price.machineType === machine.machineType &&
    (price.acceleratorType === undefined || price.acceleratorType === machine.acceleratorType) &&
    (price.acceleratorCount === undefined || price.acceleratorCount === machine.acceleratorCount) &&
    (price.location === undefined || price.location === machine.location)
  );
}

/** Location weighs most: a price for a place is meant for it. */
function keysOf(price: Price): number {
  return (
    (price.location === undefined ? 0 : 4) +
    (price.acceleratorType === undefined ? 0 : 2) +
    (price.acceleratorCount === undefined ? 0 : 1)
  );
}
