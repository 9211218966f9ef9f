/** What the world outside does to the fleet during a demo: as data, so that a plan can be looked at before it is lived. */
import type { FleetEventInput } from "../../../../shared/events/schema.ts";
import type { PersistentResourcePolicy } from "../../../../shared/fleet/fleet.ts";
import type { Millis } from "../../../../shared/time/clock.ts";

/** A place that Spot machines come from, as the local cloud's market names it. */
export interface SpotPlace {
  readonly project: string;
  readonly region: string;
  readonly machineType: string;
  readonly acceleratorType: string;
  readonly provisioning: "SPOT";
}

/** An event to publish. */
export interface EventToSend {
  readonly do: "event";
  readonly event: FleetEventInput & { readonly id: string };
  /** How often it is published: the bus delivers at least once, and so do senders. */
  readonly copies: number;
  /** Whether it is to be refused: one event of every demo is wrong on purpose. */
  readonly refused: boolean;
}

/** Fields of a message as JSON has them. */
interface Fields {
  readonly [field: string]: unknown;
}

/** A job to run: submitted to Vertex AI while the resource is up, and sent to Tidekeeper while it is not. */
export interface JobToRun {
  readonly do: "job";
  readonly policy: PersistentResourcePolicy;
  /** Of the event, where it takes one. */
  readonly id: string;
  readonly runs: Millis;
  /** A CustomJob without the resource it runs on. */
  readonly customJob: { readonly displayName: string; readonly jobSpec: Fields; readonly labels: Fields };
}

/** A place has no Spot machines any more, and those it gave are taken back. */
export interface Outage {
  readonly do: "outage";
  readonly place: SpotPlace;
  readonly until: Millis;
  /** Names of the models that somebody's alert speaks of; without one the tick alone finds it. */
  readonly signals: readonly string[];
}

/** Somebody's alert about a model to which nothing has happened: a signal is a reason to look, never a fact. */
export interface FalseAlarm {
  readonly do: "false-alarm";
  readonly target: string;
}

/** A place has Spot machines again. */
export interface Recovery {
  readonly do: "recovery";
  readonly place: SpotPlace;
}

/** Something that happens at a world time. */
export type Happening = { readonly at: Millis } & (EventToSend | JobToRun | FalseAlarm | Outage | Recovery);

/** The time that a plan covers. */
export interface Span {
  readonly from: Millis;
  /** Nothing new happens from here on, and what was taken is back: the fleet comes to rest. */
  readonly calm: Millis;
}
