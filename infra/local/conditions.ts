/**
 * What a world is like from its start: the service's switches, faults, and the market for machines. The same JSON as
 * `POST /behaviour`, `/faults` and `/market` take, checked before anything runs.
 */
import { z } from "zod";
import { type BehaviourChange, behaviourSchema } from "./vertex/behaviour/behaviour.ts";
import { type FaultInput, faultSchema } from "./vertex/behaviour/fault-rules.ts";
import { type MarketInput, marketSchema } from "./vertex/capacity/market-actions.ts";
import type { VertexModel } from "./vertex/vertex.ts";

/** How a world differs from one where everything works and machines have no end. */
export interface Conditions {
  /** Switches that differ from their defaults. */
  readonly behaviour?: BehaviourChange;
  /** Fault rules in force. */
  readonly faults?: readonly FaultInput[];
  /** What is done to the market, in this order. */
  readonly market?: readonly MarketInput[];
}

/** Conditions that cannot be: which, where, and what is wrong with each key. */
export class ConditionsRefused extends Error {
  override readonly name = "ConditionsRefused";
  /** What is wrong with the JSON, for those who have words of their own for it; none where the market refused it. */
  readonly issues: readonly z.core.$ZodIssue[];

  constructor(message: string, options: ErrorOptions & { readonly issues?: readonly z.core.$ZodIssue[] } = {}) {
    super(message, options);
    this.issues = options.issues ?? [];
  }
}

const schemas = { behaviour: behaviourSchema, faults: z.array(faultSchema), market: z.array(marketSchema) };

/**
 * Checks conditions as people write them; one fault rule or market action may stand without a list around it.
 * @param where - their origin, for the error.
 * @param words - texts for its issues instead of zod's.
 * @throws ConditionsRefused naming every wrong key.
 */
export function readConditions<Kind extends keyof Conditions>(
  kind: Kind,
  json: unknown,
  where: string,
  words?: z.core.$ZodErrorMap,
): Required<Conditions>[Kind] {
  const given = kind === "behaviour" ? json : [json].flat();
  const result = schemas[kind].safeParse(given, words === undefined ? {} : { error: words });
  if (!result.success) {
    const { issues } = result.error;
    throw new ConditionsRefused(`${where}: ${z.prettifyError(result.error)}`, { issues });
  }
  // What was written, not what was read: defaults must not overrule what the saved state of a world says.
  return given as Required<Conditions>[Kind];
}

/**
 * Puts conditions into force. Fault rules replace all that were there: a world that starts again has them once.
 * @throws ConditionsRefused for what the market cannot do, such as a trace whose series overrule each other.
 */
export function applyConditions({ behaviour, faults, market }: VertexModel, conditions: Conditions): void {
  if (conditions.behaviour !== undefined) behaviour.change(conditions.behaviour);
  if (conditions.faults !== undefined) {
    faults.remove();
    faults.add([...conditions.faults]);
  }
  for (const action of conditions.market ?? []) {
    try {
      market.act(action);
    } catch (cause) {
      throw new ConditionsRefused(`market action "${action.action}": ${(cause as Error).message}`, { cause });
    }
  }
}
