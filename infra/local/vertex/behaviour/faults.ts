/** Fault injection: which faults a call meets. */
import type { ApiError, Json } from "../../wire/service.ts";
import { errorOf, type Status, status } from "../api/errors.ts";
import type { Location } from "../api/names.ts";
import { stockoutText } from "../capacity/texts.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { createCell } from "../kernel/slices.ts";
import { type FaultEffect, type FaultInput, type FaultRule, faultSchema } from "./fault-rules.ts";
import { requestQuotaError } from "./request-quota.ts";

/** What is to go wrong with the operation that a call starts. */
export type OperationFault = {
  /** The operation ends with this error. */
  failure?: Status;
  /** A resource whose creation fails is left in ERROR, whatever the switches say. */
  errorState?: true;
  /** Its duration is multiplied by this. */
  factor?: number;
  /** It never ends, and what it should do never happens, or happens all the same. */
  stuck?: "without-effect" | "with-effect";
};

/** What is to go wrong with a call. */
export interface CallFaults {
  readonly refusal: ApiError | undefined;
  readonly lostAnswer: ApiError | undefined;
  readonly operation: OperationFault;
  /** World milliseconds by which the answer is late. */
  readonly delay: number;
  readonly lag: { readonly rule: string; readonly milliseconds: number } | undefined;
  readonly listItems: number | undefined;
}

/** What of a call the rules look at. */
interface FaultSubject {
  readonly method: string;
  readonly location: Location | undefined;
  /** Resource names in the request. */
  readonly names: readonly string[];
}

/** The rules in force. */
export interface Faults {
  list(): readonly FaultRule[];
  /** Adds a rule, or each of a list; throws a ZodError for a bad one. */
  add(input: Json | FaultInput | FaultInput[]): readonly FaultRule[];
  /** Removes one rule, or all. */
  remove(id?: string): void;
  /** The faults this call meets; uses up counted rules. */
  meet(subject: FaultSubject): CallFaults;
}

/** Creates an empty set of rules. */
export function createFaults(kernel: Kernel): Faults {
  const memory = createCell<{ next: number; rules: FaultRule[] }>(kernel.slices, "faults", { next: 1, rules: [] });

  const meets = (rule: FaultRule, { method, location, names }: FaultSubject): boolean => {
    const { match, probability } = rule;
    if (match.method !== undefined && match.method !== method) return false;
    if (match.project !== undefined && match.project !== location?.project) return false;
    if (match.region !== undefined && match.region !== location?.region) return false;
    if (match.resource !== undefined && !names.some((name) => name.includes(match.resource ?? ""))) return false;
    return probability >= 1 || kernel.chance.next() < probability;
  };
  const use = (rule: FaultRule): void => {
    if (rule.count === undefined) return;
    rule.count -= 1;
    if (rule.count === 0) memory.value.rules = memory.value.rules.filter(({ id }) => id !== rule.id);
  };

  return {
    list: () => memory.value.rules,
    add(input) {
      const rules = (Array.isArray(input) ? input : [input])
        .map((item) => faultSchema.parse(item))
        .map((rule) => ({ ...rule, id: String(memory.value.next++) }));
      memory.value.rules.push(...rules);
      return rules;
    },
    remove(id) {
      memory.value.rules = id === undefined ? [] : memory.value.rules.filter((rule) => rule.id !== id);
    },
    meet(subject) {
      const met = memory.value.rules.filter((rule) => meets(rule, subject));
      met.forEach(use);
      return combine(met, subject);
    },
  };
}

type Draft = { -readonly [Key in keyof CallFaults]: CallFaults[Key] };

function combine(rules: readonly FaultRule[], subject: FaultSubject): CallFaults {
  const faults: Draft = {
    refusal: undefined,
    lostAnswer: undefined,
    operation: {},
    delay: 0,
    lag: undefined,
    listItems: undefined,
  };
  for (const { effect, id } of rules) apply(faults, effect, id, subject);
  return faults;
}

function apply(faults: Draft, effect: FaultEffect, rule: string, subject: FaultSubject): void {
  switch (effect.kind) {
    case "error":
      faults.refusal ??= errorOf(status(effect.code, effect.message ?? defaultText(effect.code)));
      return;
    case "quota": {
      const quota = effect.quota ?? "CustomModelServingPreemptibleL4GPUsPerProjectPerRegion";
      faults.refusal ??= errorOf(status("RESOURCE_EXHAUSTED", `The following quotas are exceeded: ${quota}`));
      return;
    }
    case "request-quota":
      faults.refusal ??= requestQuotaError("submissions", subject.location);
      return;
    case "stockout":
      if (effect.as === "error") faults.refusal ??= errorOf(status("UNAVAILABLE", stockoutText));
      else faults.operation.failure ??= status("UNAVAILABLE", stockoutText);
      if (effect.as === "error-state") faults.operation.errorState = true;
      return;
    case "operation-error":
      faults.operation.failure ??= status(effect.code, effect.message);
      return;
    case "answer-lost":
      faults.lostAnswer ??= errorOf(status(effect.code, defaultText(effect.code)));
      return;
    case "never-finishes":
      faults.operation.stuck ??= effect.effect ? "with-effect" : "without-effect";
      return;
    case "slow":
      faults.operation.factor = (faults.operation.factor ?? 1) * effect.factor;
      faults.delay += effect.seconds * 1000;
      return;
    case "status-lags":
      faults.lag ??= { rule, milliseconds: effect.seconds * 1000 };
      return;
    case "list-ends-early":
      faults.listItems ??= effect.items;
      return;
  }
}

function defaultText(code: string): string {
  return code === "UNAVAILABLE" ? "The service is currently unavailable." : `Injected fault: ${code}.`;
}
