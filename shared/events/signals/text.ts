/** A line that a person published: `gcloud pubsub topics publish ... --message="preempted chat"`, or the name alone. */
import { endpointOf, known, type Recognise } from "./signal.ts";

const line = /^(?:preempted[ :]+)?(\S{1,512})$/i;

/** A target's name as the fleet allows it. */
const targetName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** Recognises one word: a target's name, or an endpoint's full resource name. */
export const text: Recognise = (body, { messageId }) => {
  const [, word] = typeof body === "string" ? (line.exec(body.trim()) ?? []) : [];
  if (word === undefined) return undefined;
  const endpoint = endpointOf(word);
  if (endpoint === undefined && !targetName.test(word)) return undefined;
  return known({
    source: "text" as const,
    dedupeKey: `message/${messageId}`,
    endpoint,
    target: endpoint === undefined ? word : undefined,
    project: endpoint?.project,
    location: endpoint?.location,
    text: `${word} was preempted, somebody says`,
  });
};
