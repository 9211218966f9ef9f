/** A signal: something may have changed, look. Never a fact: what is decided is decided on what Vertex AI shows. */
import type { Millis } from "../../time/clock.ts";
import { type NameParts, parseName } from "../../vertex/names.ts";

/** Where a signal came from. */
type SignalSource = "monitoring-incident" | "audit-log" | "compute-operation" | "scheduler" | "message" | "text";

export interface Signal {
  readonly source: SignalSource;
  /**
   * The same for every delivery of one occurrence. The Pub/Sub message id is not enough: an export, or a repeated
   * notification, gives the same occurrence another one.
   */
  readonly dedupeKey: string;
  /** When it happened, by the sender's clock: for texts only, never for order. */
  readonly at?: Millis;
  readonly endpoint?: NameParts;
  readonly deployedModelId?: string;
  /** The fleet's name of a target, or its key. */
  readonly target?: string;
  readonly project?: string;
  /** Region. */
  readonly location?: string;
  /** Compute Engine instance, for machines of one's own. */
  readonly instance?: string;
  /** `closed`: whatever it was is over, as far as the sender knows. */
  readonly state?: "open" | "closed";
  /** What it says, for logs and reasons. */
  readonly text: string;
}

/** What came with the body. */
export interface Delivery {
  readonly attributes: Readonly<Record<string, string>>;
  /** Names the delivery where the body carries no identity of its own. */
  readonly messageId: string;
}

/**
 * One source's shape. Fields that are not used are not looked at; fields that are used must be right.
 * @returns undefined for a body of another shape.
 */
export type Recognise = (body: unknown, delivery: Delivery) => Signal | undefined;

/** A timestamp as RFC 3339 text, in milliseconds; undefined where there is none or it cannot be read. */
export function instantOf(text: string | undefined): Millis | undefined {
  const at = Date.parse(text ?? "");
  return Number.isNaN(at) ? undefined : at;
}

/** The endpoint that a full resource name means, whatever follows it, with or without the service's host in front. */
export function endpointOf(name: string | undefined): NameParts | undefined {
  const parts = parseName((name ?? "").replace(/^\/\/[^/]+\//, ""));
  return parts?.collection === "endpoints" ? parts : undefined;
}

/** Only the fields that are known: an optional field is absent, never undefined. */
export function known<T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}
