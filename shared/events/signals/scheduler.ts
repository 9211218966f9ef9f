/**
 * A Cloud Scheduler job's message. Its body is whatever the job was given and carries no identity: the job's name and
 * schedule time come as attributes where the job sets them.
 */
import { z } from "zod";
import { known, type Recognise } from "./signal.ts";

const schema = z.looseObject({ customData: z.base64() });
const inner = z.looseObject({ target: z.string().min(1).max(512).optional() });

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Recognises a request to look: at the target that the body or an attribute names, or at every Spot model. */
export const scheduler: Recognise = (body, { attributes, messageId }) => {
  const parsed = schema.safeParse(body);
  if (!parsed.success) return undefined;
  const content = inner.safeParse(parsedJson(Buffer.from(parsed.data.customData, "base64").toString("utf8")));
  const { jobName, scheduleTime } = attributes;
  const target = (content.success ? content.data.target : undefined) ?? attributes["target"];
  const named = jobName !== undefined && scheduleTime !== undefined;
  return known({
    source: "scheduler" as const,
    dedupeKey: named ? `schedule/${jobName}/${scheduleTime}` : `message/${messageId}`,
    target,
    text: `scheduler job ${jobName ?? ""} asks to look at ${target ?? "every Spot model"}`,
  });
};
