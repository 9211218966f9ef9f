/** Turns whatever arrives on the preemption topic into signals: one literal list of the shapes that are understood. */
import { z } from "zod";
import { BadEvent, type Envelope } from "../envelope.ts";
import { parseForeignJson } from "../schema.ts";
import { auditLog } from "./audit-log.ts";
import { computeOperation } from "./compute-operation.ts";
import { message } from "./message.ts";
import { monitoringIncident } from "./monitoring-incident.ts";
import { scheduler } from "./scheduler.ts";
import type { Delivery, Recognise, Signal } from "./signal.ts";
import { text } from "./text.ts";

/** What a delivery came to: something to look at, or why it can never be understood. */
export type Normalised = { readonly signals: readonly Signal[] } | { readonly rejected: string };

/** A log entry is at most 256 KB; with its wrapping this is plenty, in bytes. */
const largestSignal = 512 * 1024;

const sources: readonly Recognise[] = [monitoringIncident, auditLog, computeOperation, message, scheduler, text];

/** A CloudEvent in structured form, as a message's body: the event itself is its data. */
const cloudEvent = z.looseObject({ specversion: z.string(), type: z.string(), data: z.looseObject({}) });
/** Compute Engine's own list of operations. */
const operationList = z.looseObject({ kind: z.literal("compute#operationList"), items: z.array(z.unknown()).max(500) });

/** The bodies to look at: most messages hold one. */
function bodiesOf(body: unknown): readonly unknown[] {
  const event = cloudEvent.safeParse(body);
  if (event.success) return bodiesOf(event.data.data);
  const list = operationList.safeParse(body);
  return list.success ? list.data.items : [body];
}

/** JSON where it looks like JSON, a line of text otherwise, and attributes where there is no data. */
function bodyOf({ data, attributes }: Envelope): unknown {
  if (data.length === 0) return { ...attributes };
  const looksLikeJson = /^[\s\uFEFF]*[{["]/.test(data.subarray(0, 64).toString("utf8"));
  if (looksLikeJson) return parseForeignJson(data, largestSignal);
  return data.length > 1024 ? undefined : data.toString("utf8");
}

/** What a body of no known shape was, for the one who sent it. */
function describe(body: unknown): string {
  if (typeof body !== "object" || body === null) return "the message is no line of text that names one target";
  if ("jsonPayload" in body || "textPayload" in body) return "a log line is no signal: only audit entries are";
  return `the message has the keys ${Object.keys(body).slice(0, 8).join(", ") || "none"}, which is no known shape`;
}

/** An audit entry of another call: understood, and nothing to look at. A broad log sink must not fill the dead letters. */
const otherCall = z.looseObject({ protoPayload: z.looseObject({ methodName: z.string(), resourceName: z.string() }) });

const help =
  'publish {"type":"preempted","target":"NAME"}, a Monitoring incident, an audit log entry or a Compute Engine operation';

/** Reads the signals in a delivery; never throws, for what cannot be understood now cannot be later either. */
export function normaliseSignal(envelope: Envelope): Normalised {
  const { attributes, messageId } = envelope;
  const delivery: Delivery = { attributes, messageId };
  try {
    const body = bodyOf(envelope);
    const signals = bodiesOf(body).flatMap((one) => {
      for (const recognise of sources) {
        const signal = recognise(one, delivery);
        if (signal !== undefined) return [signal];
      }
      return [];
    });
    const understood = signals.length > 0 || otherCall.safeParse(body).success;
    return understood ? { signals } : { rejected: `${describe(body)}; ${help}` };
  } catch (error) {
    if (error instanceof BadEvent) return { rejected: `${error.message}; ${help}` };
    throw error;
  }
}
